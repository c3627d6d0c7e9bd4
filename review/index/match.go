package index

import (
	"slices"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search/query"
)

// forms are what a word is looked for as: itself, and its stem in either language, as it stands and as a stem.
func forms(w string) (plain, stems []string) {
	plain = []string{w}
	for _, s := range []string{stemIndonesian(w), stemEnglish(w)} {
		if !slices.Contains(stems, s) {
			stems = append(stems, s)
		}
		if !slices.Contains(plain, s) {
			plain = append(plain, s)
		}
	}
	return plain, stems
}

// bleve is the query as a tree for the shards: every part must hold; of several values of one field one must.
func (q Query) bleve() query.Query {
	var must, mustNot []query.Query
	either := map[string][]query.Query{}
	for _, p := range q.parts {
		switch {
		case p.not:
			mustNot = append(mustNot, p.bleve())
		case p.kind == fieldPart:
			either[p.field] = append(either[p.field], p.bleve())
		case p.kind != datePart:
			must = append(must, p.bleve())
		}
	}
	for _, field := range Fields {
		if qs := either[field]; qs != nil {
			must = append(must, anyOf(qs...))
		}
	}
	if from, to := q.days(); !from.IsZero() || !to.IsZero() {
		must = append(must, dayRange(from, to))
	}
	if len(must) == 0 {
		must = append(must, bleve.NewMatchAllQuery())
	}
	return query.NewBooleanQuery(must, nil, mustNot)
}

func (p part) bleve() query.Query {
	switch p.kind {
	case wordPart:
		return p.word()
	case prefixPart:
		return prefixQuery{p.terms[0]}
	case fieldPart:
		return p.fieldQuery()
	case datePart:
		if p.field == "after" {
			return dayRange(p.day, time.Time{})
		}
		return dayRange(time.Time{}, p.day)
	}
	if len(p.terms) == 1 {
		return term(textField, p.terms[0])
	}
	return query.NewPhraseQuery(p.terms, textField)
}

func (p part) word() query.Query {
	plain, stems := forms(p.terms[0])
	var qs []query.Query
	for _, w := range plain {
		qs = append(qs, term(textField, w))
	}
	for _, s := range stems {
		qs = append(qs, term(textField, stemMark+s))
	}
	return anyOf(qs...)
}

func (p part) fieldQuery() query.Query {
	if p.field == "channel" {
		return anyOf(term(channelField, p.value), term(handleField, p.value))
	}
	return term(p.field, p.value) // the other fields are called in the index as in the query
}

func term(field, value string) query.Query {
	q := bleve.NewTermQuery(value)
	q.SetField(field)
	return q
}

func anyOf(qs ...query.Query) query.Query {
	if len(qs) == 1 {
		return qs[0]
	}
	return bleve.NewDisjunctionQuery(qs...)
}

// dayRange finds the days in [from, to). A shard has eight at most.
func dayRange(from, to time.Time) query.Query {
	var low, high string
	if !from.IsZero() {
		low = from.In(WIB).Format(time.DateOnly)
	}
	if !to.IsZero() {
		high = to.In(WIB).Format(time.DateOnly)
	}
	q := bleve.NewTermRangeQuery(low, high)
	q.SetField(dayField)
	return q
}

// matches marks the words of a text that a part asks for, by their index.
func (p part) matches(ws []word, language string, mark func(from, to int)) {
	switch p.kind {
	case wordPart:
		plain, stems := forms(p.terms[0])
		for i, w := range ws {
			if slices.Contains(plain, w.term) || slices.Contains(stems, stem(language, w.term)) {
				mark(i, i)
			}
		}
	case prefixPart:
		for i, w := range ws {
			if len(w.term) >= len(p.terms[0]) && w.term[:len(p.terms[0])] == p.terms[0] {
				mark(i, i)
			}
		}
	case phrasePart:
		for i := 0; i+len(p.terms) <= len(ws); i++ {
			if slices.EqualFunc(ws[i:i+len(p.terms)], p.terms, func(w word, t string) bool { return w.term == t }) {
				mark(i, i+len(p.terms)-1)
			}
		}
	}
}
