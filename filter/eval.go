package filter

import (
	"slices"

	"saring/rules"
)

// eval reports whether a condition holds, and the places that make it hold.
func (s *scratch) eval(f *Filter, c *cond) ([]place, bool) {
	switch c.op {
	case rules.Term:
		at := s.places(f, c.term)
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
			lists = append(lists, byPlace(at))
		}
		out := near(lists, c.within, c.ordered)
		return out, len(out) > 0
	}
	return nil, false
}

func byPlace(at []place) []place {
	at = slices.Clone(at)
	slices.SortFunc(at, func(a, b place) int { return a.first - b.first })
	return at
}

// near returns the places of every window of at most within words that has one place of each list, in the order
// of the lists if ordered.
func near(lists [][]place, within int, ordered bool) []place {
	var out []place
	// A window is sought at each place that could begin it, so the work is the product of places and lists.
	for k, list := range lists {
		if ordered && k > 0 {
			break
		}
		for _, p := range list {
			if window := windowAt(lists, k, p, within, ordered); window != nil {
				out = append(out, window...)
			}
		}
	}
	return out
}

// windowAt returns one place of each list in the window that begins at p, a place of list k, or nil.
func windowAt(lists [][]place, k int, p place, within int, ordered bool) []place {
	window := make([]place, 0, len(lists))
	after := p.first
	for j, list := range lists {
		if j == k {
			window = append(window, p)
			after = max(after, p.end)
			continue
		}
		from := p.first
		if ordered {
			from = after
		}
		i := slices.IndexFunc(list, func(q place) bool { return q.first >= from && q.end-p.first <= within })
		if i < 0 {
			return nil
		}
		window = append(window, list[i])
		after = list[i].end
	}
	if p.end-p.first > within {
		return nil
	}
	return window
}
