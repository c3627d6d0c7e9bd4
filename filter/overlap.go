package filter

import (
	"fmt"
	"slices"
	"strings"

	"saring/rules"
)

// Overlaps advises on rules whose own texts are all flagged by another rule of the same category, alone: one of the two is
// perhaps not needed. Rules in draft are looked at as if they applied.
func Overlaps(rs *rules.Ruleset) (rules.Mistakes, error) {
	f, err := New(applied(rs))
	if err != nil {
		return nil, err
	}
	var out rules.Mistakes
	for i := range rs.Rules {
		r := &rs.Rules[i]
		if ids := f.matchingAll(r); len(ids) > 0 {
			out = append(out, rules.Mistake{Position: r.Pos, Advice: true,
				What: fmt.Sprintf("every text that rule %q must match is flagged by %s too: is it needed?", r.ID, strings.Join(ids, ", "))})
		}
	}
	return out, nil
}

// matchingAll returns the other rules of its category that flag all texts of a rule, each alone.
func (f *Filter) matchingAll(r *rules.Rule) (ids []string) {
	for i, text := range r.Match {
		var now []string
		for _, other := range f.Text(text).Rules {
			if o := f.rule(other.ID); other.ID != r.ID && o.Category == r.Category && o.Weight >= o.Threshold && (i == 0 || slices.Contains(ids, other.ID)) {
				now = append(now, other.ID)
			}
		}
		ids = now
	}
	return ids
}

func (f *Filter) rule(id string) *rule {
	return &f.rules[slices.IndexFunc(f.rules, func(r rule) bool { return r.ID == id })]
}

// applied is the ruleset with every rule, also one in draft or shadow, as if it were in use.
func applied(rs *rules.Ruleset) *rules.Ruleset {
	all := &rules.Ruleset{Version: rs.Version, Rules: slices.Clone(rs.Rules)}
	for i := range all.Rules {
		all.Rules[i].Status = rules.Warn
	}
	return all
}
