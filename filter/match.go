package filter

import (
	"fmt"

	"github.com/cloudflare/ahocorasick"
)

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
		return engine{}, fmt.Errorf("%d terms of %d bytes would take %d MB of memory; the limit is %d MB",
			len(patterns), size, need>>20, engineBudget>>20)
	}
	return engine{m: ahocorasick.NewStringMatcher(patterns)}, nil
}

// contains reports whether any pattern occurs. It allocates nothing.
func (e engine) contains(folded []byte) bool { return e.m.Contains(folded) }

// match returns the indexes of the patterns that occur, each once, in no order. Matcher.Match would be a data
// race between goroutines; this is not.
func (e engine) match(folded []byte) []int { return e.m.MatchThreadSafe(folded) }
