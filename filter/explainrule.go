package filter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"saring/rules"
)

// A Node is a condition, or a part of one, and whether it holds.
type Node struct {
	Condition string  `json:"condition"` // in words, shortened when it is long
	At        string  `json:"at"`        // file:line:column
	Holds     bool    `json:"holds"`
	Why       Reason  `json:"why"`
	Found     []Found `json:"found,omitempty"` // of a term or a list of terms: the first of those that stand in the text
	Of        []Node  `json:"of,omitempty"`
	LeftOut   int     `json:"left_out,omitempty"` // parts that do not hold and are not listed
}

// Limits of the tree of one rule.
const (
	maxNodes      = 2000
	maxSideBySide = 3 // of which any will do
	maxFoundHere  = 4
	maxCondition  = 160 // letters
	maxExcerpt    = 90
)

// explainer explains one text by one filter.
type explainer struct {
	*scratch
	f        *Filter
	text     string
	o        ExplainOptions
	wordAt   []Span // of the text
	foldedAt []int  // by word: where it begins in fold.out, and one more: where the next would
	noted    []Found
	nodes    int // of the rule that is explained
	rule     *rule
}

// newExplainer looks at a text as judge does at one that has a term.
func newExplainer(f *Filter, s *scratch, text string, o ExplainOptions) *explainer {
	s.begin(f)
	s.find(f, conditions, text)
	s.lookCloser(f, text)
	x := &explainer{scratch: s, f: f, text: text, o: o}
	start := 1
	for i := 1; i < len(s.fold.out); i++ {
		if s.fold.out[i] == ' ' {
			x.wordAt = append(x.wordAt, Span{int(s.fold.spans[start].start), int(s.fold.spans[i-1].end)})
			x.foldedAt = append(x.foldedAt, start)
			start = i + 1
		}
	}
	x.foldedAt = append(x.foldedAt, start)
	return x
}

// span is where a place stands in the text.
func (x *explainer) span(p place) Span { return Span{x.wordAt[p.first].Start, x.wordAt[p.end-1].End} }

// sentence is the sentence of a word.
func (x *explainer) sentence(word int) Span {
	from, to := word, word+1
	for from > 0 && x.in[from-1] == x.in[word] {
		from--
	}
	for to < len(x.wordAt) && x.in[to] == x.in[word] {
		to++
	}
	return x.span(place{first: from, end: to})
}

// trials explains the rules that have a term in the text: those that apply, then those that came closest.
func (x *explainer) trials(applied map[string]bool) (out []Trial, leftOut int) {
	var order []int
	rank := map[int]float64{}
	for i := range x.f.rules {
		r := &x.f.rules[i]
		_, applies := applied[r.ID]
		there := x.there(&r.when)
		if x.o.Rule != "" && r.ID != x.o.Rule || x.o.Rule == "" && there == 0 {
			continue
		}
		if applies {
			there += 2
		}
		rank[i] = there
		order = append(order, i)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rank[b], rank[a]) })
	for _, i := range order[:min(len(order), maxTrials)] {
		r := &x.f.rules[i]
		x.rule, x.nodes = r, 0
		t := x.trial()
		t.Counts = applied[r.ID]
		out = append(out, t)
		x.collectFound(&r.when, Wanted)
		for k := range r.unless {
			x.collectFound(&r.unless[k].cond, Exception)
		}
	}
	sortTrials(out)
	return out, max(len(order)-maxTrials, 0)
}

func sortTrials(trials []Trial) {
	side := func(t Trial) int {
		switch {
		case t.Counts:
			return 0
		case t.Applies:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(trials, func(a, b Trial) int {
		return cmp.Or(side(a)-side(b), cmp.Compare(b.Closeness, a.Closeness), cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.ID, b.ID))
	})
}

// there is the share of a condition's terms that stand in the text, from 0 to 1, wherever they stand.
func (x *explainer) there(c *cond) float64 {
	if c.op == rules.Term {
		return min(float64(len(x.at[c.bag])), 1)
	}
	parts := make([]float64, len(c.of))
	for i := range c.of {
		parts[i] = x.there(&c.of[i])
	}
	return share(c, parts)
}

// share is how much of a condition holds if so much of its parts does.
func share(c *cond, parts []float64) float64 {
	n := len(parts)
	switch c.op {
	case rules.Quote:
		return 0
	case rules.Any:
		n = 1
	case rules.AtLeast:
		n = c.n
	}
	parts = slices.SortedFunc(slices.Values(parts), func(a, b float64) int { return cmp.Compare(b, a) })
	sum := 0.0
	for _, p := range parts[:min(n, len(parts))] {
		sum += p
	}
	return sum / float64(max(n, 1))
}

// collectFound notes where the terms of a condition stand.
func (x *explainer) collectFound(c *cond, role Role) {
	if c.op == rules.Term {
		at := x.at[c.bag]
		for _, p := range at[:min(len(at), 2*maxFound)] {
			f := x.foundAt(p)
			f.Rules, f.Role = []string{x.rule.ID}, role
			x.noted = append(x.noted, f)
		}
	}
	for i := range c.of {
		x.collectFound(&c.of[i], role)
	}
}

func (x *explainer) foundAt(p place) Found {
	at := x.span(p)
	return Found{Span: at, Text: x.text[at.Start:at.End], Term: x.f.patterns[p.pattern].term, Spelling: string(x.fold.out[x.foldedAt[p.first] : x.foldedAt[p.end]-1])}
}

// trial explains a rule.
func (x *explainer) trial() Trial {
	r := x.rule
	t := Trial{ID: r.ID, Title: r.Title, Status: r.Status, Category: r.Category, Severity: r.Severity, Weight: r.Weight,
		Threshold: r.Threshold, At: fmt.Sprintf("%s:%d", r.Pos.File, r.Pos.Line)}
	_, t.Applies = x.applies(r)
	t.When, t.Closeness = x.node(&r.When, &r.when)
	masked := false
	for i := range r.unless {
		u := &r.unless[i]
		o := Objection{InSentence: u.inSentence}
		x.inOne = u.inSentence
		o.Node, _ = x.node(&r.Unless[i].Cond, &u.cond)
		if o.Condition = x.short(&r.Unless[i].Cond); u.inSentence {
			o.Condition += rules.InSentence
		}
		if o.Holds && u.inSentence {
			at, _ := x.eval(&u.cond)
			x.mask(at)
			o.TakesBack = x.sentencesOf(at)
			masked = true
		}
		x.inOne = false
		t.Unless = append(t.Unless, o)
	}
	if masked {
		x.masking = true
		left, _ := x.node(&r.When, &r.when)
		x.unmask()
		t.Left = &left
	}
	t.Why = t.why()
	if t.When.Holds && foreign(x.balance, r.Language) {
		t.Why = reason("rule.foreign", r.Language)
	}
	return t
}

// why says in one line why a rule applies or not.
func (t *Trial) why() Reason {
	if !t.When.Holds {
		return reason("rule.when")
	}
	for _, o := range t.Unless {
		if o.Holds && !o.InSentence {
			return reason("rule.unless", o.Condition)
		}
	}
	switch {
	case t.Applies && t.Left != nil:
		return reason("rule.left")
	case t.Applies && t.Status == rules.Shadow:
		return reason("rule.shadow")
	case t.Applies:
		return reason("rule.applies")
	}
	return reason("rule.takenback")
}

// sentencesOf are the first sentences that places stand in.
func (x *explainer) sentencesOf(at []place) (out []Passage) {
	last := int32(-1)
	for _, p := range inOrder(slices.Clone(at)) {
		for w := p.first; w < p.end && len(out) < maxFoundHere; w++ {
			if x.in[w] <= last {
				continue
			}
			last = x.in[w]
			s := x.sentence(w)
			out = append(out, Passage{s, excerpt(x.text[s.Start:s.End])})
		}
	}
	return out
}

// node explains a condition that has been compiled to c. It returns how much of it holds, from 0 to 1.
func (x *explainer) node(in *rules.Cond, c *cond) (n Node, closeness float64) {
	at, holds := x.eval(c)
	x.nodes++
	n = Node{Condition: x.short(in), At: position(in.Pos), Holds: holds}
	if c.op == rules.Term || c.op == rules.Quote {
		n.Found, n.Why = x.leaf(in, c, at)
		if holds {
			closeness = 1
		}
		return n, closeness
	}
	of := in.Of
	if len(of) != len(c.of) {
		of = of[0].Of // at least so many of a group
	}
	parts := make([]float64, len(of))
	var missing []string
	for i := range of {
		if x.choice(c) && x.absent(&c.of[i]) {
			missing = append(missing, "")
			n.LeftOut++
			continue
		}
		var sub Node
		if sub, parts[i] = x.node(&of[i], &c.of[i]); !sub.Holds {
			missing = append(missing, sub.Condition)
		}
		x.adopt(&n, c, sub, parts[i])
	}
	if closeness = share(c, parts); closeness == 1 && !holds {
		closeness = 0.95
	}
	n.Why = x.why(c, holds, missing, at)
	return n, closeness
}

// adopt lists a part of a condition. Of a list of which any will do, it leaves out what is not there at all.
func (x *explainer) adopt(n *Node, c *cond, sub Node, closeness float64) {
	if x.nodes > maxNodes || x.choice(c) && closeness == 0 {
		n.LeftOut++
		return
	}
	n.Of = append(n.Of, sub)
}

// choice reports whether a condition is a long list of which some will do, so that what is not there is left out.
func (x *explainer) choice(c *cond) bool {
	return (c.op == rules.Any || c.op == rules.AtLeast) && len(c.of) > maxSideBySide && x.o.Rule == ""
}

// absent reports whether nothing of a condition stands in the text.
func (x *explainer) absent(c *cond) bool {
	switch c.op {
	case rules.Term:
		return len(x.at[c.bag]) == 0
	case rules.Quote:
		return len(x.quotes) == 0
	}
	return !slices.ContainsFunc(c.of, func(sub cond) bool { return !x.absent(&sub) })
}

// leaf explains a term, a list of terms, or a quotation.
func (x *explainer) leaf(in *rules.Cond, c *cond, at []place) ([]Found, Reason) {
	if len(at) == 0 {
		switch {
		case c.op == rules.Quote && len(x.quotes) == 0:
			return nil, reason("quote.none")
		case c.op == rules.Quote, len(x.at[c.bag]) > 0:
			return nil, reason("term.takenback")
		case in.Op == rules.Term:
			return nil, reason("term.nowhere")
		}
		return nil, reason("terms.nowhere", terms(in))
	}
	at = inOrder(slices.Clone(at))
	var found []Found
	var texts []string
	for _, p := range at {
		if len(found) == maxFoundHere {
			break
		}
		s := x.span(p)
		f := Found{Span: s, Text: x.text[s.Start:s.End]}
		if c.op == rules.Term {
			f = x.foundAt(p)
		}
		found = append(found, f)
		text := quote(f.Text)
		if in.Op != rules.Term && f.Term != "" && f.Term != strings.ToLower(f.Text) {
			text += " (" + f.Term + ")"
		}
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	if more := len(at) - len(found); more > 0 {
		return found, reason("term.more", strings.Join(texts, ", "), more)
	}
	return found, reason("term.here", strings.Join(texts, ", "))
}

// terms counts the terms of a list and of the groups in it.
func terms(c *rules.Cond) (n int) {
	c.Terms(func(*rules.Cond) { n++ })
	return n
}

func position(p rules.Position) string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// short is a condition in words, which are put together once, unless the rule was asked for and is given whole.
func (x *explainer) short(c *rules.Cond) string {
	if x.o.Rule != "" {
		return c.String()
	}
	if known, ok := x.f.inWords.Load(c); ok {
		return known.(string)
	}
	s := shortened(c.String(), maxCondition)
	x.f.inWords.Store(c, s)
	return s
}
