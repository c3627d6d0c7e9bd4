package filter

import (
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

// A finder leaves the patterns that occur in a text, and perhaps some that do not, in s.walk.found.
type finder func(s *scratch, text string)

// newFinder makes a finder of some patterns.
func newFinder(e Engine, ids []int32, patterns []pattern, v *vocabulary) (finder, error) {
	switch e {
	case Words:
		scanner := newScanner(ids, patterns, v)
		return func(s *scratch, text string) { scanner.scan(&s.walk, &s.fold, text) }, nil
	case Cloudflare:
		engine, err := newEngine(ids, patterns, v)
		return engine.find, err
	}
	return nil, fmt.Errorf("there is no engine %q; the engines are %v", e, Engines)
}

// engine finds words by cloudflare/ahocorasick in a text that has been folded as a whole, and goes on with them in a
// trie. It may be shared.
type engine struct {
	m    *ahocorasick.Matcher
	ids  map[string]int // of the words
	trie *trie
}

// cloudflare/ahocorasick holds 4,168 bytes for each byte of its patterns, and never gives them back.
const (
	bytesPerPatternByte = 4168
	engineBudget        = 2 << 30
)

// newEngine refuses words that would take more memory than the budget.
func newEngine(ids []int32, patterns []pattern, v *vocabulary) (*engine, error) {
	e := &engine{ids: map[string]int{}}
	var list []string
	size := 1
	for _, id := range ids {
		for _, set := range patterns[id].sets {
			for _, w := range v.set(set) {
				word := string(v.word(w))
				if _, known := e.ids[word]; !known {
					e.ids[word] = len(list)
					list = append(list, " "+word+" ")
					size += len(word) + 2
				}
			}
		}
	}
	if need := size * bytesPerPatternByte; need > engineBudget {
		return nil, fmt.Errorf("%d words of %d bytes would take %d MB of memory with the engine %s; the limit is %d MB: take the engine %s",
			len(list), size, need>>20, Cloudflare, engineBudget>>20, Words)
	}
	e.trie, _ = newTrie(ids, patterns, v, e.key)
	e.m = ahocorasick.NewStringMatcher(list)
	return e, nil
}

// key is what the trie knows a word by: its number, mixed.
func (e *engine) key(word []byte) uint64 { return uint64(e.ids[string(word)]+1) * prime }

// match returns the numbers of the words that occur, each once, in no order. Matcher.Match would be a data race between
// goroutines; this is not.
func (e *engine) match(folded []byte) []int { return e.m.MatchThreadSafe(folded) }

// find folds a text and goes through its words.
func (e *engine) find(s *scratch, text string) {
	w := &s.walk
	*w = walk{found: w.found[:0], active: w.active[:0], next: w.next}
	s.fold.fold(text)
	if !e.m.Contains(s.fold.out) {
		return
	}
	there := map[int]bool{}
	for _, id := range e.match(s.fold.out) {
		there[id] = true
	}
	eachWord(s.fold.out, func(word []byte) {
		if id, known := e.ids[string(word)]; known && there[id] {
			e.trie.step(w, e.key(word))
		} else {
			w.pass()
		}
	})
}
