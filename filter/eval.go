package filter

import (
	"cmp"
	"slices"
	"sort"

	"saring/rules"
)

// eval reports whether a condition holds, and the places that make it hold.
func (s *scratch) eval(f *Filter, c *cond) ([]place, bool) {
	switch c.op {
	case rules.Term:
		at := s.at[c.term] // all of them: whoever repeats a word must not hide the last one
		return at, len(at) > 0
	case rules.Any:
		var out []place
		for i := range c.of {
			if at, ok := s.eval(f, &c.of[i]); ok {
				out = append(out, at...)
			}
		}
		return out, len(out) > 0
	case rules.All:
		var out []place
		for i := range c.of {
			at, ok := s.eval(f, &c.of[i])
			if !ok {
				return nil, false
			}
			out = append(out, at...)
		}
		return out, true
	case rules.Near:
		var lists [][]place
		for i := range c.of {
			at, ok := s.eval(f, &c.of[i])
			if !ok {
				return nil, false
			}
			lists = append(lists, inOrder(at))
		}
		out := near(lists, c.within, c.ordered)
		return out, len(out) > 0
	}
	return nil, false
}

// inOrder sorts places by where they end, each once.
func inOrder(at []place) []place {
	at = slices.Clone(at)
	slices.SortFunc(at, func(a, b place) int {
		return cmp.Or(a.end-b.end, a.first-b.first, a.from-b.from, a.term-b.term)
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
