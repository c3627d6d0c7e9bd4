package index

import (
	"strings"
	"unicode/utf8"

	"saring/filter"
)

// A Kind says why a span of a text is marked.
type Kind string

const (
	Plain      Kind = "plain"
	RuleHit    Kind = "hit"   // a rule matched here
	QueryMatch Kind = "query" // the query asked for this
)

// A Span is a piece of a text of one kind. The spans of a text, joined, are the text.
type Span struct {
	Text string `json:"text"`
	Kind Kind   `json:"kind"`
}

// Spans splits the text of a flag at the hits of its rules and at what the query asked for. Where both are, the
// rule's hit is shown. Hits that point outside the text or into a character are moved to the nearest boundary.
func Spans(f *filter.Flag, q Query) []Span {
	text := f.Post.Text()
	marks := make([]Kind, len(text))
	ws := words(text)
	for _, p := range q.parts {
		if p.not {
			continue
		}
		p.matches(ws, f.Language, func(from, to int) { paint(marks, ws[from].start, ws[to].end, QueryMatch) })
	}
	for _, h := range f.Hits {
		start, end := boundaries(text, h.Start, h.End)
		paint(marks, start, end, RuleHit)
	}
	return runs(text, marks)
}

func paint(marks []Kind, start, end int, k Kind) {
	for i := start; i < end; i++ {
		marks[i] = k
	}
}

// boundaries widens a span to whole characters inside the text.
func boundaries(text string, start, end int) (int, int) {
	start, end = min(max(start, 0), len(text)), min(max(end, 0), len(text))
	if start >= end {
		return start, start
	}
	for start > 0 && !utf8.RuneStart(text[start]) {
		start--
	}
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end++
	}
	return start, end
}

// runs joins neighbours of one kind.
func runs(text string, marks []Kind) []Span {
	var out []Span
	start := 0
	for i := 1; i <= len(text); i++ {
		if i < len(text) && marks[i] == marks[start] {
			continue
		}
		kind := marks[start]
		if kind == "" {
			kind = Plain
		}
		out = append(out, Span{text[start:i], kind})
		start = i
	}
	return out
}

// Excerpt keeps about max bytes of the spans around the first that is marked, and puts "…" where it cut.
func Excerpt(spans []Span, max int) []Span {
	var b strings.Builder
	first := -1
	for _, s := range spans {
		if first < 0 && s.Kind != Plain {
			first = b.Len()
		}
		b.WriteString(s.Text)
	}
	text := b.String()
	if len(text) <= max {
		return spans
	}
	from := 0
	if first > max/3 {
		from = wordStart(text, first-max/4)
	}
	to := len(text)
	if from+max < to {
		to = wordStart(text, from+max)
	}
	return cut(spans, from, to, len(text))
}

// wordStart is the beginning of a word near at, or of a character when there is no space near.
func wordStart(text string, at int) int {
	if i := strings.IndexAny(text[at:min(at+24, len(text))], " \n\t"); i >= 0 {
		return at + i + 1
	}
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}

// cut keeps the bytes [from, to) of all spans together.
func cut(spans []Span, from, to, length int) []Span {
	var out []Span
	if from > 0 {
		out = append(out, Span{"… ", Plain})
	}
	at := 0
	for _, s := range spans {
		a, b := max(from-at, 0), min(to-at, len(s.Text))
		if a < b {
			out = append(out, Span{s.Text[a:b], s.Kind})
		}
		at += len(s.Text)
	}
	if to < length {
		out = append(out, Span{" …", Plain})
	}
	return out
}
