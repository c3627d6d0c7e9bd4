package rules

import "slices"

// Threshold is the score from which a post is flagged, unless a rule names its own.
const Threshold = 5.0

// A Lexicon is one file of rules on one theme.
type Lexicon struct {
	File   string
	Title  string
	Groups map[string][]string // named terms, used in conditions as $name
	Rules  []Rule
	groups map[string]group
}

// Terms counts the different terms of all rules.
func (rs *Ruleset) Terms() int {
	seen := map[string]bool{}
	for i := range rs.Rules {
		note := func(c *Cond) { seen[c.Term] = true }
		rs.Rules[i].When.Terms(note)
		for k := range rs.Rules[i].Unless {
			rs.Rules[i].Unless[k].Terms(note)
		}
	}
	return len(seen)
}

// A Rule says what to look for, when it counts and how grave it is. See docs/lexicon.md.
type Rule struct {
	ID        string
	Title     string
	Language  string // one of Languages
	Status    Status
	Category  Category
	Severity  Severity
	Weight    float64 // what it adds to the score of the post, 0 < weight <= 10
	Threshold float64 // the score of the post from which the rule flags it
	When      Cond
	Unless    []Unless
	Match     []string // texts that the rule must match
	Pass      Pass     // texts that it must not match
	Pos       Position
	Dossier
}

// A Dossier says who answers for a rule and why we may look for it. Lint demands it whole.
type Dossier struct {
	Author         string
	Approver       string // a second person, who has read the rule
	Date           string // yyyy-mm-dd
	Expires        string // yyyy-mm-dd: looked at again before that day
	Rationale      string // why we may look for this
	Source         string // where the knowledge is from
	References     []string
	Origin         string   // one of Origins
	FalsePositives []string // who says the same words innocently
}

// Pass are texts that a rule must pass, by who speaks.
type Pass struct {
	News     []string // reports, also those that quote
	Everyday []string // ordinary life and religious speech
	Counter  []string // counter-speech: refusal, warning, refutation
	Unsorted []string // a list without kinds, which lint does not accept
}

// All are the texts of every kind.
func (p Pass) All() []string { return slices.Concat(p.News, p.Everyday, p.Counter, p.Unsorted) }

// A Position is where something stands in a lexicon, for messages to its author.
type Position struct {
	File         string
	Line, Column int
}
