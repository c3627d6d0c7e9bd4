package filter

import (
	"cmp"
	"slices"
	"sort"

	"saring/rules"
)

// eval reports whether a condition holds, and the places that make it hold.
func (s *scratch) eval(c *cond) ([]place, bool) {
	switch c.op {
	case rules.Term:
		at := s.places(s.at[c.bag]) // all of them: whoever repeats a word must not hide the last one
		return at, len(at) > 0
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
	lists := make([][]place, 0, len(c.of))
	for i := range c.of {
		at, ok := s.eval(&c.of[i])
		if !ok {
			return nil, false
		}
		if len(at) > 0 { // a rough look does not see quotations
			lists = append(lists, inOrder(at))
		}
	}
	var out []place
	switch {
	case c.op == rules.Near:
		out = near(lists, c.within, c.ordered)
	case s.rough:
		out = slices.Concat(lists...)
	default:
		out = s.together(lists)
	}
	return out, len(out) > 0 || s.rough && len(lists) == 0
}

// some returns the places of all conditions that hold, if at least n do.
func (s *scratch) some(of []cond, n int) (out []place, ok bool) {
	hold := 0
	for i := range of {
		if at, ok := s.eval(&of[i]); ok {
			out = append(out, at...)
			hold++
		}
	}
	if hold < n {
		return nil, false
	}
	return out, true
}

// inOrder sorts places by where they end, each once.
func inOrder(at []place) []place {
	at = slices.Clone(at)
	slices.SortFunc(at, func(a, b place) int {
		return cmp.Or(a.end-b.end, a.first-b.first, a.from-b.from, a.pattern-b.pattern)
	})
	return slices.Compact(at)
}

// near returns the places of every window of at most within words that has one place of each list, in the order
// of the lists if ordered. In order, one comes after the other; else they may overlap.
func near(lists [][]place, within int, ordered bool) []place {
	var out []place
	// A window is sought at each place that could begin it.
	for k, list := range lists {
		if ordered && k > 0 {
			break
		}
		for _, p := range list {
			out = appendWindow(out, lists, k, p, within, ordered)
		}
	}
	return inOrder(out)
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
