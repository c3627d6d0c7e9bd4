package index

import (
	"fmt"
	"strings"
)

// A Problem is a kind of mistake in a query, so that a desk can say it in its own language.
type Problem string

const (
	UnknownField  Problem = "unknown_field"  // Allowed lists the fields
	UnknownValue  Problem = "unknown_value"  // Allowed lists the values of the field
	EmptyValue    Problem = "empty_value"    // nothing follows the colon
	BadDate       Problem = "bad_date"       // not YYYY-MM-DD, or no such day
	NoWord        Problem = "no_word"        // no letter and no digit
	ShortPrefix   Problem = "short_prefix"   // fewer than MinPrefix letters before the *
	StarInside    Problem = "star_inside"    // a * that is not at the end of one word
	OpenQuote     Problem = "open_quote"     // a quotation mark without its second one
	LoneMinus     Problem = "lone_minus"     // a minus before nothing
	TooLong       Problem = "too_long"       // more than MaxQuery bytes
	TooManyParts  Problem = "too_many_parts" // more than MaxParts parts
	BadCharacters Problem = "bad_characters" // invalid UTF-8
)

// A QueryError says what is wrong in a query, where, and what would be right.
type QueryError struct {
	Problem Problem
	Column  int      // of the mistake, in characters from 1
	Got     string   // what stands there
	Allowed []string // what could stand there, when that is a closed list
}

func (e *QueryError) Error() string {
	return fmt.Sprintf("column %d: %s", e.Column, e.explain())
}

func (e *QueryError) explain() string {
	allowed := strings.Join(e.Allowed, ", ")
	switch e.Problem {
	case UnknownField:
		return fmt.Sprintf("there is no field %q; fields are %s; to look for these characters, put them in quotes", e.Got, allowed)
	case UnknownValue:
		return fmt.Sprintf("%q is not a value of this field; it must be one of %s", e.Got, allowed)
	case EmptyValue:
		return "a value must follow the colon, without a space"
	case BadDate:
		return fmt.Sprintf("%q is no date; write YYYY-MM-DD, for example 2026-11-20", e.Got)
	case NoWord:
		return fmt.Sprintf("%q has no letter and no digit; write a word", e.Got)
	case ShortPrefix:
		return fmt.Sprintf("%q is too short; write at least %d letters before the *", e.Got, MinPrefix)
	case StarInside:
		return fmt.Sprintf("in %q the * stands where it means nothing; it may end one word, as in serang*", e.Got)
	case OpenQuote:
		return "the quotation mark is never closed"
	case LoneMinus:
		return "a word must follow the minus, without a space"
	case TooLong:
		return fmt.Sprintf("the query is longer than %d bytes", MaxQuery)
	case TooManyParts:
		return fmt.Sprintf("the query has more than %d parts", MaxParts)
	}
	return "the query is not valid UTF-8"
}
