package index

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"saring/review"
	"saring/rules"
)

// Limits of a query.
const (
	MaxQuery  = 1024 // bytes
	MaxParts  = 32
	MinPrefix = 3 // letters before a *
)

// A Query is what is looked for, and which page of it. The zero Query finds everything, newest first.
//
//	serangan kota       all of the words, in any inflection (menyerang, diserang)
//	"kata demi kata"    these words as they stand, one after the other
//	serang*             words that begin so
//	-bola               not this word; the minus goes before anything
//	category:threat     one of the Fields; the same field twice means either value
//	after:2026-11-20    flagged on that day (WIB) or later; before: on an earlier day
type Query struct {
	Sort Sort
	Page int // from 1; 0 means 1
	Size int // flags on a page, up to MaxSize; 0 means DefaultSize

	parts []part
}

// Fields can be named in a query.
var Fields = []string{"channel", "category", "severity", "language", "rule", "status", "platform", "after", "before"}

// A part is one condition.
type part struct {
	kind  kind
	not   bool
	src   string   // as it was written, without the minus
	terms []string // of words, phrases and prefixes: folded
	field string
	value string
	day   time.Time // of after and before: its beginning in WIB
}

type kind byte

const (
	wordPart kind = iota
	phrasePart
	prefixPart
	fieldPart
	datePart
)

// values are the closed fields: what may follow the colon.
var values = map[string][]string{
	"category": strs(rules.Categories),
	"severity": strs(rules.Severities),
	"language": {"id", "en"},
	"status":   strs(review.Statuses),
}

func strs[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

// ParseQuery reads a query as Query documents it. The error is a *QueryError.
func ParseQuery(text string) (Query, error) {
	if len(text) > MaxQuery {
		return Query{}, &QueryError{Problem: TooLong, Column: 1 + utf8.RuneCountInString(strings.ToValidUTF8(text[:MaxQuery], ""))}
	}
	if !utf8.ValidString(text) {
		return Query{}, &QueryError{Problem: BadCharacters, Column: 1}
	}
	p := parser{text: text}
	var q Query
	for p.skipSpace(); p.at < len(text); p.skipSpace() {
		if len(q.parts) == MaxParts {
			return Query{}, p.fail(p.at, TooManyParts, "")
		}
		part, err := p.part()
		if err != nil {
			return Query{}, err
		}
		q.parts = append(q.parts, part)
	}
	return q, nil
}

// String is the query in the form that ParseQuery reads.
func (q Query) String() string {
	var b strings.Builder
	for i, p := range q.parts {
		if i > 0 {
			b.WriteByte(' ')
		}
		if p.not {
			b.WriteByte('-')
		}
		b.WriteString(p.src)
	}
	return b.String()
}

// Has reports whether the query asks for that value of a field.
func (q Query) Has(field, value string) bool { return q.find(field, value) >= 0 }

func (q Query) find(field, value string) int {
	value = fieldValue(field, value)
	return slices.IndexFunc(q.parts, func(p part) bool {
		return p.kind == fieldPart && !p.not && p.field == field && p.value == value
	})
}

// Toggle is the query with that value of a field asked for or, where it already was, not asked for any more. The
// value comes from a facet and is taken as it is.
func (q Query) Toggle(field, value string) Query {
	out := q
	out.Page = 0
	if i := q.find(field, value); i >= 0 {
		out.parts = slices.Delete(slices.Clone(q.parts), i, i+1)
		return out
	}
	add := part{kind: fieldPart, field: field, value: fieldValue(field, value), src: field + ":" + quoted(value)}
	out.parts = append(slices.Clip(q.parts), add)
	return out
}

// quoted is the value as it can stand after the colon.
func quoted(v string) string {
	if v != "" && !strings.ContainsAny(v, " \t\n\r\"\\") && utf8.ValidString(v) {
		return v
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v) + `"`
}

// fieldValue is the value in the form of the index.
func fieldValue(field, v string) string {
	switch field {
	case "channel":
		return strings.ToLower(strings.TrimPrefix(v, "@"))
	case "rule":
		return v
	}
	return strings.ToLower(v)
}

// days is the range of flagged_at that the query asks for; a zero time leaves a side open.
func (q Query) days() (from, to time.Time) {
	for _, p := range q.parts {
		switch {
		case p.kind != datePart || p.not:
		case p.field == "after" && p.day.After(from):
			from = p.day
		case p.field == "before" && (to.IsZero() || p.day.Before(to)):
			to = p.day
		}
	}
	return from, to
}
