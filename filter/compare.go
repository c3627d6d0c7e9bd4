package filter

import (
	"cmp"
	"maps"
	"slices"

	"saring/ingest"
	"saring/rules"
)

// A Comparison is what two rulesets say of the same posts.
type Comparison struct {
	From   string       `json:"from"` // the version before
	To     string       `json:"to"`   // and after
	Posts  int          `json:"posts"`
	Before int          `json:"before"` // posts that were flagged
	After  int          `json:"after"`  // posts that are flagged
	Newly  int          `json:"newly"`  // flagged after, not before
	Gone   int          `json:"gone"`   // flagged before, not after
	Rules  []RuleChange `json:"rules"`  // those that applied to a post, what changed most first
}

// A RuleChange is what became of one rule. Rules in shadow and in draft are counted as those in use are, but they flag
// nothing, so nothing is new or gone by them.
type RuleChange struct {
	ID          string       `json:"id"`
	Title       string       `json:"title"`
	Status      rules.Status `json:"status"`      // after; "" when the rule is no more
	Fingerprint string       `json:"fingerprint"` // after
	Before      int          `json:"before"`      // posts that it applied to
	After       int          `json:"after"`
	Newly       int          `json:"newly"`
	Gone        int          `json:"gone"`
	Samples     []Change     `json:"samples,omitempty"`
}

// A Change is one post whose verdict changed.
type Change struct {
	Post    string  `json:"post"` // platform/channel/message
	URL     string  `json:"url,omitempty"`
	Text    string  `json:"text"`
	Flagged bool    `json:"flagged"` // after
	Verdict Verdict `json:"verdict"` // the one that flags it
}

// A Comparer collects a comparison.
type Comparer struct {
	before, after *Filter
	samples       int
	out           Comparison
	rules         map[string]*RuleChange
}

// Compare compares two rulesets, and keeps so many posts a rule as samples of what is new, and of what is gone.
func Compare(before, after *rules.Ruleset, samples int) (*Comparer, error) {
	c := &Comparer{samples: samples, out: Comparison{From: before.Version, To: after.Version}, rules: map[string]*RuleChange{}}
	var err error
	if c.before, err = New(tried(before)); err != nil {
		return nil, err
	}
	if c.after, err = New(tried(after)); err != nil {
		return nil, err
	}
	for i := range after.Rules {
		r := &after.Rules[i]
		*c.rule(r.ID) = RuleChange{ID: r.ID, Title: r.Title, Status: r.Status, Fingerprint: r.Fingerprint()}
	}
	return c, nil
}

// tried is the ruleset with its drafts in shadow, so that it is seen what they would do.
func tried(rs *rules.Ruleset) *rules.Ruleset {
	all := &rules.Ruleset{Version: rs.Version, Rules: slices.Clone(rs.Rules)}
	for i := range all.Rules {
		if all.Rules[i].Status == rules.Draft {
			all.Rules[i].Status = rules.Shadow
		}
	}
	return all
}

func (c *Comparer) rule(id string) *RuleChange {
	if c.rules[id] == nil {
		c.rules[id] = &RuleChange{ID: id}
	}
	return c.rules[id]
}

// Add judges a post by both.
func (c *Comparer) Add(p ingest.Post) {
	before, quietBefore := c.before.judge(p.Text())
	after, quietAfter := c.after.judge(p.Text())
	c.out.Posts++
	count(&c.out.Before, before.Flagged())
	count(&c.out.After, after.Flagged())
	newly, gone := after.Flagged() && !before.Flagged(), before.Flagged() && !after.Flagged()
	count(&c.out.Newly, newly)
	count(&c.out.Gone, gone)
	for _, id := range append(ids(before), quietBefore...) {
		c.rule(id).Before++
	}
	for _, id := range append(ids(after), quietAfter...) {
		c.rule(id).After++
	}
	if newly {
		c.changed(p, after, true)
	}
	if gone {
		c.changed(p, before, false)
	}
}

func count(n *int, yes bool) {
	if yes {
		*n++
	}
}

func ids(v Verdict) []string {
	out := make([]string, len(v.Rules))
	for i, r := range v.Rules {
		out[i] = r.ID
	}
	return out
}

// changed notes a post that is newly flagged, or no longer, with the rules that flag it.
func (c *Comparer) changed(p ingest.Post, v Verdict, flagged bool) {
	for _, id := range ids(v) {
		r := c.rule(id)
		n := &r.Gone
		if flagged {
			n = &r.Newly
		}
		if *n++; *n <= c.samples {
			r.Samples = append(r.Samples, Change{Post: p.Key(), URL: p.URL(), Text: p.Text(), Flagged: flagged, Verdict: v})
		}
	}
}

// Result is the comparison up to here.
func (c *Comparer) Result() Comparison {
	out := c.out
	out.Rules = []RuleChange{}
	for _, r := range slices.SortedFunc(maps.Values(c.rules), func(a, b *RuleChange) int {
		return cmp.Or(b.Newly+b.Gone-a.Newly-a.Gone, b.After+b.Before-a.After-a.Before, cmp.Compare(a.ID, b.ID))
	}) {
		out.Rules = append(out.Rules, *r)
	}
	return out
}
