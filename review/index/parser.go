package index

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A parser stands somewhere in the text of a query.
type parser struct {
	text string
	at   int
}

func (p *parser) fail(at int, problem Problem, got string, allowed ...string) *QueryError {
	return &QueryError{Problem: problem, Column: utf8.RuneCountInString(p.text[:at]) + 1, Got: got, Allowed: allowed}
}

func (p *parser) skipSpace() {
	for _, r := range p.text[p.at:] {
		if !unicode.IsSpace(r) {
			return
		}
		p.at += utf8.RuneLen(r)
	}
}

// part reads one part. It stands on something that is no space.
func (p *parser) part() (part, error) {
	not := p.text[p.at] == '-'
	if not {
		p.at++
		if r, _ := utf8.DecodeRuneInString(p.text[p.at:]); p.at == len(p.text) || unicode.IsSpace(r) {
			return part{}, p.fail(p.at-1, LoneMinus, "-")
		}
	}
	start := p.at
	out, err := p.positive()
	if err != nil {
		return part{}, err
	}
	out.not, out.src = not, p.text[start:p.at]
	return out, nil
}

func (p *parser) positive() (part, error) {
	if p.text[p.at] == '"' {
		return p.phrase()
	}
	if name, ok := p.fieldName(); ok {
		return p.field(name)
	}
	return p.word()
}

// fieldName looks for letters and a colon, and goes behind the colon.
func (p *parser) fieldName() (string, bool) {
	rest := p.text[p.at:]
	n := strings.IndexFunc(rest, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') })
	if n <= 0 || rest[n] != ':' {
		return "", false
	}
	p.at += n + 1
	return rest[:n], true
}

func (p *parser) field(written string) (part, error) {
	start := p.at - len(written) - 1
	name := strings.ToLower(written)
	if !slices.Contains(Fields, name) {
		return part{}, p.fail(start, UnknownField, written, Fields...)
	}
	at := p.at
	v, err := p.value()
	if err != nil {
		return part{}, err
	}
	out := part{kind: fieldPart, field: name, value: fieldValue(name, v)}
	if out.value == "" {
		return part{}, p.fail(at, EmptyValue, "", values[name]...)
	}
	if name == "after" || name == "before" {
		day, err := time.ParseInLocation(time.DateOnly, v, WIB)
		if err != nil || day.Year() < 1990 || day.Year() >= 2100 {
			return part{}, p.fail(at, BadDate, v)
		}
		out.kind, out.day = datePart, day
	}
	if allowed := values[name]; allowed != nil && !slices.Contains(allowed, out.value) {
		return part{}, p.fail(at, UnknownValue, v, allowed...)
	}
	return out, nil
}

// value reads what follows a colon: characters up to a space, or anything in quotes.
func (p *parser) value() (string, error) {
	if p.at < len(p.text) && p.text[p.at] == '"' {
		return p.quoted()
	}
	return p.untilSpace(), nil
}

func (p *parser) untilSpace() string {
	rest := p.text[p.at:]
	if n := strings.IndexFunc(rest, unicode.IsSpace); n >= 0 {
		rest = rest[:n]
	}
	p.at += len(rest)
	return rest
}

// quoted reads a string in quotes. A backslash takes the next character as it is.
func (p *parser) quoted() (string, error) {
	start := p.at
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return b.String(), nil
		case c == '\\' && p.at+1 < len(p.text):
			p.at++
			b.WriteByte(p.text[p.at])
		default:
			b.WriteByte(c)
		}
	}
	return "", p.fail(start, OpenQuote, "")
}

func (p *parser) phrase() (part, error) {
	start := p.at
	s, err := p.quoted()
	if err != nil {
		return part{}, err
	}
	terms := termsOf(s)
	if len(terms) == 0 {
		return part{}, p.fail(start, NoWord, s)
	}
	return part{kind: phrasePart, terms: terms}, nil
}

// word reads a bare word or a prefix. What looks like one word and is several (anak-anak) is a phrase.
func (p *parser) word() (part, error) {
	start := p.at
	s := p.untilSpace()
	if n := strings.IndexByte(s, '"'); n > 0 {
		p.at = start + n // a phrase may follow without a space
		s = s[:n]
	}
	bare, star := strings.CutSuffix(s, "*")
	terms := termsOf(bare)
	switch {
	case len(terms) == 0 && !star, strings.Trim(bare, "*") == "" && strings.Count(s, "*") > 1:
		return part{}, p.fail(start, NoWord, s)
	case strings.Contains(bare, "*"), star && len(terms) > 1:
		return part{}, p.fail(start, StarInside, s)
	case star && (len(terms) == 0 || utf8.RuneCountInString(terms[0]) < MinPrefix):
		return part{}, p.fail(start, ShortPrefix, s)
	case star:
		return part{kind: prefixPart, terms: terms}, nil
	case len(terms) > 1:
		return part{kind: phrasePart, terms: terms}, nil
	}
	return part{kind: wordPart, terms: terms}, nil
}

func termsOf(s string) []string {
	var terms []string
	for _, w := range words(s) {
		terms = append(terms, w.term)
	}
	return terms
}
