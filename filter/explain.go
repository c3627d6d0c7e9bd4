package filter

import (
	"cmp"
	"fmt"
	"slices"

	"saring/rules"
)

// An Explanation says how a ruleset comes to its verdict on a text: what the text was read as, what was found in it,
// how each rule fared, and how the verdict adds up. All offsets are bytes of Text, half open. However the text is made,
// an explanation has a limited size: what says LeftOut counts what was left out.
type Explanation struct {
	Text          string     `json:"text"`
	Verdict       Verdict    `json:"verdict"` // the same that Filter.Text gives
	Shadow        []string   `json:"shadow"`  // rules in shadow that apply: they are counted, never published
	Words         []Word     `json:"words"`   // what the text was read as
	WordsLeftOut  int        `json:"words_left_out,omitempty"`
	Sentences     []Span     `json:"sentences"`
	Quotations    []Span     `json:"quotations"`
	Found         []Found    `json:"found"` // terms of Rules, in the order of the text
	FoundLeftOut  int        `json:"found_left_out,omitempty"`
	Rules         []Trial    `json:"rules"` // those that apply, then the others, the closest first
	RulesLeftOut  int        `json:"rules_left_out,omitempty"`
	DraftsLeftOut int        `json:"drafts_left_out,omitempty"` // rules in draft, which nobody asked for
	Sum           Arithmetic `json:"sum"`
}

// Span is a part of the text of an Explanation.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Found is a term that stands in the text.
type Found struct {
	Span
	Text     string   `json:"text"`
	Term     string   `json:"term"`     // as the lexicon has it
	Spelling string   `json:"spelling"` // of the term: the one that was met, folded
	Rules    []string `json:"rules,omitempty"`
	Role     Role     `json:"role,omitempty"`
}

// A Role is what a term that was found is for.
type Role string

const (
	Counts    Role = "counts"    // it makes a rule of the verdict apply: a hit
	Wanted    Role = "wanted"    // a rule asks for it
	Exception Role = "exception" // it stands in an exception alone
)

// A Trial is how one rule fared.
type Trial struct {
	ID        string         `json:"id"`
	Title     string         `json:"title"`
	Status    rules.Status   `json:"status"`
	Category  rules.Category `json:"category"`
	Severity  rules.Severity `json:"severity"`
	Weight    float64        `json:"weight"`
	Threshold float64        `json:"threshold"`
	At        string         `json:"at"` // file:line
	Applies   bool           `json:"applies"`
	Counts    bool           `json:"counts"` // it applies and is part of the verdict: neither in shadow nor in draft
	Why       Reason         `json:"why"`
	When      Node           `json:"when"`
	Unless    []Objection    `json:"unless,omitempty"`
	Left      *Node          `json:"left,omitempty"` // When once more, without the sentences that exceptions take back

	Closeness float64 `json:"closeness"` // how much of its condition holds, from 0 to 1
}

// An Objection is an exception of a rule.
type Objection struct {
	Node
	InSentence bool      `json:"in_sentence"`          // it takes back sentences, not the whole post
	TakesBack  []Passage `json:"takes_back,omitempty"` // the first of the sentences
}

// A Passage is a part of the text that can be long: Text is it in one line, without its middle when it is.
type Passage struct {
	Span
	Text string `json:"text"`
}

// An Arithmetic is how a verdict adds up. It names the rules that decide, "" for none.
type Arithmetic struct {
	Weights       []RuleScore    `json:"weights"`
	Score         float64        `json:"score"`
	Threshold     float64        `json:"threshold"`
	ThresholdFrom string         `json:"threshold_from,omitempty"` // "" when it is that of every rule
	Flagged       bool           `json:"flagged"`
	Category      rules.Category `json:"category,omitempty"`
	Severity      rules.Severity `json:"severity,omitempty"`
	From          string         `json:"category_from,omitempty"`
	Action        rules.Status   `json:"action,omitempty"`
	ActionFrom    string         `json:"action_from,omitempty"`
}

// ExplainOptions ask for more than a verdict needs.
type ExplainOptions struct {
	Rule   string // only this rule, whole, even if none of its terms stands in the text
	Drafts bool   // rules in draft too. They never apply
}

// Limits of an explanation.
const (
	maxWords     = 1500
	maxSentences = 500
	maxFound     = maxHits
	maxTrials    = 40
)

// Explain says how the verdict on a text comes about.
func (f *Filter) Explain(text string) Explanation {
	e, err := f.ExplainWith(text, ExplainOptions{})
	if err != nil { // only options have mistakes
		panic(err)
	}
	return e
}

// ExplainWith is Explain with options. It returns an error for a rule that does not exist and rules.Mistakes for drafts
// that cannot be compiled.
func (f *Filter) ExplainWith(text string, o ExplainOptions) (Explanation, error) {
	drafts, err := f.drafts(o)
	if err != nil {
		return Explanation{}, err
	}
	e := Explanation{Text: text}
	e.Verdict, e.Shadow = f.judge(text)
	s := f.scratch.Get().(*scratch)
	defer f.scratch.Put(s)
	x := newExplainer(f, s, text, o)
	x.read(&e)
	e.Rules, e.RulesLeftOut = x.trials(e.applied())
	if drafts == nil {
		e.DraftsLeftOut = len(f.ruleset.Rules) - len(f.rules)
	} else {
		y := newExplainer(drafts, new(scratch), text, o)
		more, left := y.trials(nil)
		e.addDrafts(more, left)
		x.noted = append(x.noted, y.noted...)
	}
	e.note(x.noted)
	e.Sum = f.arithmetic(e.Verdict)
	return e, nil
}

// drafts is a filter of the rules in draft that are asked for, nil for none.
func (f *Filter) drafts(o ExplainOptions) (*Filter, error) {
	rs := &rules.Ruleset{Version: f.version}
	exists := o.Rule == ""
	for _, r := range f.ruleset.Rules {
		exists = exists || r.ID == o.Rule
		if r.Status == rules.Draft && (r.ID == o.Rule || o.Rule == "" && o.Drafts) {
			r.Status = rules.Shadow // else it would not be compiled
			rs.Rules = append(rs.Rules, r)
		}
	}
	if !exists {
		return nil, fmt.Errorf("no rule has the id %q", o.Rule)
	}
	if len(rs.Rules) == 0 && !o.Drafts {
		return nil, nil
	}
	return New(rs)
}

// addDrafts puts trials of drafts among the others.
func (e *Explanation) addDrafts(trials []Trial, leftOut int) {
	for _, t := range trials {
		t.Status, t.Counts = rules.Draft, false
		if t.Applies {
			t.Why = reason("rule.draft")
		}
		e.Rules = append(e.Rules, t)
	}
	sortTrials(e.Rules)
	e.RulesLeftOut += leftOut + max(len(e.Rules)-maxTrials, 0)
	e.Rules = e.Rules[:min(len(e.Rules), maxTrials)]
}

// applied are the rules that apply, by id: whether they count.
func (e *Explanation) applied() map[string]bool {
	out := map[string]bool{}
	for _, r := range e.Verdict.Rules {
		out[r.ID] = true
	}
	for _, id := range e.Shadow {
		out[id] = false
	}
	return out
}

// note keeps what was found, each span and term once with all of its rules.
func (e *Explanation) note(found []Found) {
	hits := map[Hit]bool{}
	for _, h := range e.Verdict.Hits {
		hits[Hit{Rule: h.Rule, Start: h.Start, End: h.End}] = true
	}
	for i := range found {
		f := &found[i]
		if f.Role == Wanted && hits[Hit{Rule: f.Rules[0], Start: f.Start, End: f.End}] {
			f.Role = Counts
		}
	}
	roles := []Role{Counts, Wanted, Exception}
	slices.SortStableFunc(found, func(a, b Found) int {
		return cmp.Or(a.Start-b.Start, b.End-a.End, cmp.Compare(a.Term, b.Term), slices.Index(roles, a.Role)-slices.Index(roles, b.Role))
	})
	e.Found = found[:0]
	for _, f := range found {
		if n := len(e.Found); n > 0 && e.Found[n-1].Span == f.Span && e.Found[n-1].Term == f.Term {
			if last := &e.Found[n-1]; !slices.Contains(last.Rules, f.Rules[0]) {
				last.Rules = append(last.Rules, f.Rules[0])
			}
			continue
		}
		e.Found = append(e.Found, f)
	}
	size := 0
	all := len(e.Found)
	e.Found = slices.DeleteFunc(e.Found[:min(all, maxFound)], func(f Found) bool {
		size += len(f.Text)
		return size > maxHitText
	})
	e.FoundLeftOut = all - len(e.Found)
}

// A Piece is a part of the text of an explanation, with the strongest role of what was found there, "" for nothing.
type Piece struct {
	Text string
	Role Role
}

// Pieces are the whole text, cut where the role changes.
func (e *Explanation) Pieces() []Piece {
	strength := map[Role]uint8{Wanted: 1, Exception: 2, Counts: 3}
	role := []Role{"", Wanted, Exception, Counts}
	marks := make([]uint8, len(e.Text)+1)
	marks[len(e.Text)] = 255
	for _, f := range e.Found {
		for i := f.Start; i < f.End; i++ {
			marks[i] = max(marks[i], strength[f.Role])
		}
	}
	var out []Piece
	start := 0
	for i := range e.Text {
		if marks[i] != marks[start] {
			out = append(out, Piece{e.Text[start:i], role[marks[start]]})
			start = i
		}
	}
	if start < len(e.Text) {
		out = append(out, Piece{e.Text[start:], role[marks[start]]})
	}
	return out
}

// arithmetic names the rules that decide what a verdict is. It chooses as weigh does, in the order of the ruleset.
func (f *Filter) arithmetic(v Verdict) Arithmetic {
	a := Arithmetic{Weights: v.Rules, Score: v.Score, Threshold: v.Threshold, Flagged: v.Flagged(), Category: v.Category, Severity: v.Severity, Action: v.Action}
	in := map[string]bool{}
	for _, r := range v.Rules {
		in[r.ID] = true
	}
	var top *rules.Rule
	for i := range f.rules {
		r := f.rules[i].Rule
		if !in[r.ID] {
			continue
		}
		if top == nil || graver(r, top) {
			top = r
			a.From = r.ID
		}
		if r.Threshold == v.Threshold && r.Threshold != rules.Threshold && a.ThresholdFrom == "" {
			a.ThresholdFrom = r.ID
		}
		if r.Status == v.Action && a.ActionFrom == "" {
			a.ActionFrom = r.ID
		}
	}
	return a
}
