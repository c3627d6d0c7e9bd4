package filter

import "saring/rules"

// needs says, from the terms of a text alone, which rules can apply to it. Most posts have a common word of some
// rule ("kill", "join"), and very few have one of everything that a rule needs; only those are looked at closely.
type needs struct {
	uses [][]use  // by bag
	all  []uint64 // by rule: a bit for each clause
}

// A use is a clause of a rule that a pattern of the bag satisfies.
type use struct {
	rule   int32
	clause uint64 // its bit
}

// maxClauses is the bits of a mask. A rule with more is looked at when the first of them are there.
const maxClauses = 64

func newNeeds(rs []rule, bags int) needs {
	n := needs{uses: make([][]use, bags), all: make([]uint64, len(rs))}
	for i := range rs {
		for k, clause := range clauses(&rs[i].when) {
			if k == maxClauses {
				break
			}
			n.all[i] |= 1 << k
			for _, bag := range clause {
				n.uses[bag] = append(n.uses[bag], use{int32(i), 1 << k})
			}
		}
	}
	return n
}

// clauses are what must hold for a condition to hold: at least one bag of each.
func clauses(c *cond) (out [][]int) {
	switch c.op {
	case rules.Term:
		return [][]int{{c.bag}}
	case rules.Quote:
		return nil
	case rules.Any, rules.AtLeast: // one clause that every alternative implies
		var union []int
		for i := range c.of {
			sub := clauses(&c.of[i])
			if len(sub) == 0 {
				return nil
			}
			union = append(union, shortest(sub)...)
		}
		return [][]int{union}
	}
	for i := range c.of {
		out = append(out, clauses(&c.of[i])...)
	}
	return out
}

func shortest(list [][]int) []int {
	best := list[0]
	for _, c := range list {
		if len(c) < len(best) {
			best = c
		}
	}
	return best
}

// tally is where the rules stand for one text.
type tally struct {
	masks   []uint64 // by rule
	touched []int32  // rules whose mask is not 0
}

// possible returns the rules that can apply to a text with these terms, in no order. It is valid until the next call.
func (n *needs) possible(t *tally, patterns []pattern, found []candidate) (out []int32) {
	if len(t.masks) < len(n.all) {
		t.masks = make([]uint64, len(n.all))
	}
	t.touched = t.touched[:0]
	for _, c := range found {
		for _, bag := range patterns[c.term].bags {
			for _, u := range n.uses[bag] {
				if t.masks[u.rule] == 0 {
					t.touched = append(t.touched, u.rule)
				}
				t.masks[u.rule] |= u.clause
			}
		}
	}
	out = t.touched[:0]
	for _, r := range t.touched {
		if t.masks[r] == n.all[r] {
			out = append(out, r)
		}
		t.masks[r] = 0
	}
	return out
}
