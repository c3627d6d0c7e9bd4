package rules

// Threshold is the score from which a verdict is a flag.
const Threshold = 5.0

// A Lexicon is one file of rules on one theme.
type Lexicon struct {
	File   string
	Title  string
	Groups map[string][]string // named terms, used in conditions as $name
	Rules  []Rule
}

// A Rule says what to look for, when it counts and how grave it is. See docs/lexicon.md.
type Rule struct {
	ID       string
	Title    string
	Language string // one of Languages
	Status   Status
	Category Category
	Severity Severity
	Weight   float64 // what it adds to the score, 0 < weight <= 10; Threshold alone flags
	When     Cond
	Unless   []Cond   // each keeps the rule from applying
	Match    []string // texts that the rule must match
	Pass     []string // texts that it must not match
	Pos      Position

	Rationale      string   // why we may look for this
	References     []string // where the knowledge is from
	FalsePositives []string // who says the same words innocently
	Author         string
	Date           string // yyyy-mm-dd
}

// A Cond is a condition on the terms of a text. A leaf has a Term; the others have an Op over Of.
type Cond struct {
	Op      Op
	Term    string // as the lexicon has it, with groups resolved
	Of      []Cond
	Within  int  // Near: at most so many words between the first and the last
	Ordered bool // Near: in the order of Of
	Pos     Position
}

// An Op joins conditions.
type Op string

const (
	Term Op = "term" // the words stand in the text
	Any  Op = "any"  // at least one of them holds
	All  Op = "all"  // all of them hold, anywhere in the text
	Near Op = "near" // all of them hold within some words of each other
)

// A Position is where something stands in a lexicon, for messages to its author.
type Position struct {
	File         string
	Line, Column int
}

// Terms calls f for every term of the condition.
func (c *Cond) Terms(f func(*Cond)) {
	if c.Op == Term {
		f(c)
		return
	}
	for i := range c.Of {
		c.Of[i].Terms(f)
	}
}
