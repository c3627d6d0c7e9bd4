package filter

import (
	"cmp"
	"slices"
	"sort"

	"saring/rules"
)

// eval reports whether a condition holds, and the places that make it hold. They stay as they are until the next text.
func (s *scratch) eval(c *cond) ([]place, bool) {
	if c.op == rules.Term {
		at := s.places(s.at[c.bag]) // all of them: whoever repeats a word must not hide the last one
		return at, len(at) > 0
	}
	if s.masking || s.inOne {
		return s.evalParts(c)
	}
	// Many rules have a condition in common. It is evaluated once.
	known := &s.seen[c.id]
	if known.look != s.looks {
		at, ok := s.evalParts(c)
		*known = seen{s.looks, ok, at}
	}
	return known.at, known.ok
}

func (s *scratch) evalParts(c *cond) ([]place, bool) {
	switch c.op {
	case rules.Quote:
		at := s.places(s.quotes)
		return at, s.rough || len(at) > 0
	case rules.Any:
		return s.some(c.of, 1)
	case rules.AtLeast:
		return s.some(c.of, c.n)
	case rules.All:
		return s.some(c.of, len(c.of))
	}
	base := len(s.stack)
	defer func() { s.stack = s.stack[:base] }()
	for i := range c.of {
		at, ok := s.eval(&c.of[i])
		if !ok {
			return nil, false
		}
		if len(at) > 0 { // a rough look does not see quotations
			s.stack = append(s.stack, inOrder(s.keep(at)))
		}
	}
	lists := s.stack[base:]
	var out []place
	switch {
	case c.op == rules.Near:
		out = s.near(lists, c.within, c.ordered)
	case s.rough:
		out = s.keep(lists...)
	default:
		out = s.together(lists, len(lists))
	}
	return out, len(out) > 0 || s.rough && len(lists) == 0
}

// some returns the places of all conditions that hold, if at least n do.
func (s *scratch) some(of []cond, n int) (out []place, ok bool) {
	base, hold := len(s.stack), 0
	for i := range of {
		if at, ok := s.eval(&of[i]); ok {
			s.stack = append(s.stack, at)
			hold++
		} else if hold+len(of)-i-1 < n {
			break // too few are left
		}
	}
	lists := s.stack[base:]
	s.stack = s.stack[:base]
	switch {
	case hold < n:
		return nil, false
	case s.inOne && n > 1:
		out = s.together(lists, n)
		return out, len(out) > 0
	}
	return s.keep(lists...), true
}

// keep copies places to where they stay until the next text.
func (s *scratch) keep(lists ...[]place) []place {
	start := len(s.kept)
	for _, list := range lists {
		s.kept = append(s.kept, list...)
	}
	return s.kept[start:len(s.kept):len(s.kept)]
}

// inOrder sorts places by where they end, each once.
func inOrder(at []place) []place {
	slices.SortFunc(at, func(a, b place) int {
		return cmp.Or(a.end-b.end, a.first-b.first, a.from-b.from, a.pattern-b.pattern)
	})
	return slices.Compact(at)
}

// near returns the places of every window of at most within words that has one place of each list, in the order
// of the lists if ordered. In order, one comes after the other; else they may overlap.
func (s *scratch) near(lists [][]place, within int, ordered bool) []place {
	start := len(s.kept)
	out := s.kept[start:]
	// A window is sought at each place that could begin it.
	for k, list := range lists {
		if ordered && k > 0 {
			break
		}
		for _, p := range list {
			before := len(out)
			if out = appendWindow(out, lists, k, p, within, ordered); s.inOne && s.crosses(out[before:]) {
				out = out[:before]
			}
		}
	}
	s.kept = append(s.kept[:start], out...)
	return inOrder(s.kept[start:len(s.kept):len(s.kept)])
}

// appendWindow appends one place of each list in the window that begins at p, a place of list k, or nothing if
// there is no such window.
func appendWindow(out []place, lists [][]place, k int, p place, within int, ordered bool) []place {
	if p.end-p.first > within {
		return out
	}
	window := append(out, p)
	from := p.first
	if ordered {
		from = p.end
	}
	for j, list := range lists {
		if j == k {
			continue
		}
		// The place that ends first leaves the most room for those after it.
		i := sort.Search(len(list), func(i int) bool { return list[i].end > from })
		found := false
		for ; i < len(list) && list[i].end-p.first <= within && !found; i++ {
			found = list[i].first >= from
		}
		if !found {
			return out
		}
		window = append(window, list[i-1])
		if ordered {
			from = list[i-1].end
		}
	}
	return window
}
