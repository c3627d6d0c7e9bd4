package filter

import (
	"cmp"
	"slices"

	"saring/rules"
)

// needs says, from the terms of a text alone, which rules can apply to it. Most posts have a common word of some
// rule ("kill", "join"), and very few have one of everything that a rule needs; only those are looked at closely.
type needs struct {
	clauses  [][][]int // by rule: bags, at least one of each
	triggers [][]use   // by bag: the rules for which it is rare
	always   []int32   // rules that need no term at all
}

// use is a bag in one of the two rarest clauses of a rule, which must both be there before more is looked at.
type use struct {
	rule   int32
	clause uint8 // its bit
}

const bothClauses = 1 | 2

func newNeeds(rs []rule, costs []float64) needs {
	n := needs{clauses: make([][][]int, len(rs)), triggers: make([][]use, len(costs))}
	for i := range rs {
		n.clauses[i] = clauses(&rs[i].when, costs)
		if len(n.clauses[i]) == 0 {
			n.always = append(n.always, int32(i))
			continue
		}
		slices.SortFunc(n.clauses[i], func(a, b []int) int { return cmp.Compare(cost(a, costs), cost(b, costs)) })
		for k, clause := range n.clauses[i][:min(2, len(n.clauses[i]))] {
			bit := uint8(1 << k)
			if len(n.clauses[i]) == 1 {
				bit = bothClauses
			}
			for _, bag := range clause {
				n.triggers[bag] = append(n.triggers[bag], use{int32(i), bit})
			}
		}
	}
	return n
}

// levels says of each bag when it is looked for.
func (n *needs) levels(rs []rule, bags int) []int {
	level := make([]int, bags)
	for bag := range level {
		level[bag] = exceptions
	}
	for i := range rs {
		rs[i].when.bags(func(bag int) { level[bag] = conditions })
	}
	return level
}

// bags calls f for each bag of a condition.
func (c *cond) bags(f func(bag int)) {
	if c.op == rules.Term {
		f(c.bag)
	}
	for i := range c.of {
		c.of[i].bags(f)
	}
}

// clauses are what must hold for a condition to hold: at least one bag of each.
func clauses(c *cond, costs []float64) (out [][]int) {
	switch c.op {
	case rules.Term:
		return [][]int{{c.bag}}
	case rules.Quote:
		return nil
	case rules.Any, rules.AtLeast: // one clause that every alternative implies
		var union []int
		for i := range c.of {
			sub := clauses(&c.of[i], costs)
			if len(sub) == 0 {
				return nil
			}
			union = append(union, rarest(sub, costs)...)
		}
		slices.Sort(union)
		return [][]int{slices.Compact(union)}
	}
	for i := range c.of {
		out = append(out, clauses(&c.of[i], costs)...)
	}
	return out
}

// rarest is the clause that is met least often.
func rarest(clauses [][]int, costs []float64) []int {
	return slices.MinFunc(clauses, func(a, b []int) int { return cmp.Compare(cost(a, costs), cost(b, costs)) })
}

func cost(clause []int, costs []float64) (sum float64) {
	for _, bag := range clause {
		sum += costs[bag]
	}
	return sum
}

// triggered returns the rules of which both triggers were found, in their order. It is valid until the next call.
func (n *needs) triggered(s *scratch, patterns []pattern) []int32 {
	if len(s.touched) < len(n.clauses) {
		s.touched = make([]uint8, len(n.clauses))
	}
	s.possible = s.possible[:0]
	for _, c := range s.found {
		for _, bag := range patterns[c.pattern].bags {
			for _, u := range n.triggers[bag] {
				if s.touched[u.rule] == 0 {
					s.possible = append(s.possible, u.rule)
				}
				s.touched[u.rule] |= u.clause
			}
		}
	}
	both := s.possible[:0]
	for _, r := range s.possible {
		if s.touched[r] == bothClauses {
			both = append(both, r)
		}
		s.touched[r] = 0
	}
	s.possible = append(both, n.always...)
	slices.Sort(s.possible)
	return s.possible
}

// met reports whether everything that a rule needs was found somewhere.
func (n *needs) met(s *scratch, rule int32) bool {
	for _, clause := range n.clauses[rule] {
		if !slices.ContainsFunc(clause, func(bag int) bool { return len(s.at[bag]) > 0 }) {
			return false
		}
	}
	return true
}
