package main

import (
	"fmt"
	"slices"
	"strings"

	"saring/filter"
)

// A relation checks what an engine found in a post against the terms that stand in it as whole words of fold.
type relation func(f found) error

// found is what one engine found in one post.
type found struct {
	post  *post
	terms []string
	got   []int32 // the engine's
	want  []int32 // sorted, once each
}

// same: the very terms.
func same(f found) error {
	if got := sorted(f.got); !slices.Equal(got, f.want) {
		return fmt.Errorf("found %q, want %q in %q", f.names(got), f.names(f.want), f.post.folded)
	}
	return nil
}

// firstOf: matches do not overlap, so of two terms that share a space or a word, only the first is found. So: some of
// the terms, and at least one where there is one.
func firstOf(f found) error {
	for _, id := range f.got {
		if !slices.Contains(f.want, id) {
			return fmt.Errorf("found %q, which is not in %q", f.terms[id], f.post.folded)
		}
	}
	if len(f.got) == 0 && len(f.want) > 0 {
		return fmt.Errorf("found nothing, want one of %q in %q", f.names(f.want), f.post.folded)
	}
	return nil
}

// anyTerm: yes where there is a term as words; and it may say yes where one stands within words, then it has to
// stand in the text as letters.
func anyTerm(f found) error {
	yes := len(f.got) > 0
	if !yes && len(f.want) > 0 {
		return fmt.Errorf("no, want %q in %q", f.names(f.want), f.post.folded)
	}
	if yes && len(f.want) == 0 {
		text := naive(f.post.raw)
		if !slices.ContainsFunc(f.terms, func(t string) bool { return strings.Contains(text, t) }) {
			return fmt.Errorf("yes, but no term stands in %q", text)
		}
	}
	return nil
}

// asSaring: all the terms; Saring reads more spellings than fold does, so it may find more (see spelledOut).
func asSaring(f found) error {
	for _, id := range f.want {
		if !slices.Contains(f.got, id) {
			return fmt.Errorf("did not find %q in %q", f.terms[id], f.post.raw)
		}
	}
	return nil
}

// spelledOut checks all hits of a verdict of Saring's: those whose span reads as the term when it is folded the plain
// way are the terms of the post, no more and no fewer; each other stands where the term is spelled in another way.
// It returns how many of these there are.
func spelledOut(v filter.Verdict, f found) (others int, err error) {
	number := numbers(f.terms)
	f.got = nil
	for _, h := range v.Hits {
		if f.post.raw[h.Start:h.End] != h.Text {
			return 0, fmt.Errorf("the span of %q is not its text %q", h.Term, h.Text)
		}
		if fold(h.Text) == " "+h.Term+" " {
			f.got = append(f.got, number[h.Term])
		} else {
			others++
		}
	}
	return others, same(f)
}

// oracle finds the terms of a post by looking every one to three of its words up: slow, and simple.
type oracle map[string]int32

func newOracle(terms []string) oracle { return numbers(terms) }

func (o oracle) find(p *post) []int32 {
	words := strings.Fields(p.folded)
	var ids []int32
	for i := range words {
		for n := 1; n <= 3 && i+n <= len(words); n++ {
			if id, ok := o[strings.Join(words[i:i+n], " ")]; ok {
				ids = append(ids, id)
			}
		}
	}
	return sorted(ids)
}

func sorted(ids []int32) []int32 { return slices.Compact(slices.Sorted(slices.Values(ids))) }

func (f found) names(ids []int32) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = f.terms[id]
	}
	return names
}

// check asks an engine about all the posts. It returns in how many there is a term.
func check(e engine, find finder, terms []string, posts []post) (hit int, err error) {
	o := newOracle(terms)
	for i := range posts {
		f := found{post: &posts[i], terms: terms, got: find(&posts[i], nil), want: o.find(&posts[i])}
		if err := e.holds(f); err != nil {
			return hit, fmt.Errorf("%s, %d terms, post %d: %w", e.name, len(terms), i, err)
		}
		if len(f.want) > 0 {
			hit++
		}
	}
	return hit, nil
}
