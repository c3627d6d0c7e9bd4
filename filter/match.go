package filter

import (
	"bytes"
	"fmt"

	"github.com/cloudflare/ahocorasick"
)

// An Engine is a way of finding terms. All of them find the same.
type Engine string

const (
	Words      Engine = "words"      // the scanner: one walk, no allocation
	Cloudflare Engine = "cloudflare" // cloudflare/ahocorasick on the folded text: the reference, slow and large
)

// Engines lists them, the default first.
var Engines = []Engine{Words, Cloudflare}

// A finder leaves the terms that occur in a text, and perhaps some that do not, in s.walk.found.
type finder func(s *scratch, text string)

func newFinder(e Engine, terms []pattern) (finder, error) {
	switch e {
	case Words:
		scanner := newScanner(terms)
		return func(s *scratch, text string) { scanner.scan(&s.walk, &s.fold, text) }, nil
	case Cloudflare:
		patterns := make([]string, len(terms))
		for i := range terms {
			patterns[i] = terms[i].folded
		}
		engine, err := newEngine(patterns)
		return func(s *scratch, text string) { engine.find(s, terms, text) }, err
	}
	return nil, fmt.Errorf("there is no engine %q; the engines are %v", e, Engines)
}

// engine finds which of some patterns occur in a folded text. It may be shared.
type engine struct {
	m *ahocorasick.Matcher
}

// cloudflare/ahocorasick holds 4,168 bytes for each byte of its patterns, and never gives them back.
const (
	bytesPerPatternByte = 4168
	engineBudget        = 2 << 30
)

// newEngine refuses patterns that would take more memory than the budget.
func newEngine(patterns []string) (engine, error) {
	size := 1
	for _, p := range patterns {
		size += len(p)
	}
	if need := size * bytesPerPatternByte; need > engineBudget {
		return engine{}, fmt.Errorf("%d terms of %d bytes would take %d MB of memory with the engine %s; the limit is %d MB: take the engine %s",
			len(patterns), size, need>>20, Cloudflare, engineBudget>>20, Words)
	}
	return engine{m: ahocorasick.NewStringMatcher(patterns)}, nil
}

// match returns the indexes of the patterns that occur, each once, in no order. Matcher.Match would be a data
// race between goroutines; this is not.
func (e engine) match(folded []byte) []int { return e.m.MatchThreadSafe(folded) }

// find folds a text and notes every place of every pattern in it.
func (e engine) find(s *scratch, terms []pattern, text string) {
	s.walk.found = s.walk.found[:0]
	s.fold.fold(text)
	if !e.m.Contains(s.fold.out) {
		return
	}
	for _, id := range e.match(s.fold.out) {
		words, pattern := int32(0), []byte(terms[id].folded)
		for from := 0; ; {
			i := bytes.Index(s.fold.out[from:], pattern)
			if i < 0 {
				break
			}
			words += int32(bytes.Count(s.fold.out[from:from+i], []byte(" ")))
			s.walk.found = append(s.walk.found, candidate{int32(id), words + int32(terms[id].words) - 1})
			from += i + 1
			words++
		}
	}
}
