package filter

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"

	"saring/ingest"
	"saring/rules"
)

// A Filter is a compiled ruleset.
type Filter struct {
	rules    []rule
	terms    []term // by id
	triggers int    // how many of them, the first, are the engine's patterns
	engine   engine
	ruleset  *rules.Ruleset
	version  string
	scratch  sync.Pool
}

// rule is a rule that applies, with its conditions over term ids.
type rule struct {
	*rules.Rule
	when   cond
	unless []cond
}

// cond is a rules.Cond with the term's id in a leaf.
type cond struct {
	op      rules.Op
	term    int
	of      []cond
	within  int
	ordered bool
}

// term is a pattern: folded, with a space at each end.
type term struct {
	text   string // as the lexicon has it
	folded string
}

// New compiles a ruleset. Rules in draft are left out. The error names the file and line of a term that cannot
// be matched.
func New(rs *rules.Ruleset) (*Filter, error) {
	f := &Filter{ruleset: rs, version: rs.Version}
	f.scratch.New = func() any { return new(scratch) }
	c := compiler{f: f, ids: map[string]int{}}
	// The terms that can make a rule apply come first: only they are looked for in every post.
	for i := range rs.Rules {
		if r := &rs.Rules[i]; r.Status != rules.Draft {
			f.rules = append(f.rules, rule{Rule: r, when: c.compile(r.When)})
		}
	}
	f.triggers = len(f.terms)
	for i := range f.rules {
		for _, u := range f.rules[i].Unless {
			f.rules[i].unless = append(f.rules[i].unless, c.compile(u))
		}
	}
	if len(c.mistakes) > 0 {
		return nil, c.mistakes
	}
	patterns := make([]string, f.triggers)
	for i := range patterns {
		patterns[i] = f.terms[i].folded
	}
	var err error
	f.engine, err = newEngine(patterns)
	return f, err
}

// compiler gives each different folded term one id.
type compiler struct {
	f        *Filter
	ids      map[string]int
	fold     folder
	mistakes rules.Mistakes
}

func (c *compiler) compile(in rules.Cond) cond {
	out := cond{op: in.Op, within: in.Within, ordered: in.Ordered}
	if in.Op == rules.Term {
		out.term = c.id(in)
	}
	for _, sub := range in.Of {
		out.of = append(out.of, c.compile(sub))
	}
	return out
}

func (c *compiler) id(leaf rules.Cond) int {
	c.fold.fold(leaf.Term)
	folded := string(c.fold.out)
	if len(folded) < 3 {
		c.mistakes = append(c.mistakes, rules.Mistake{Position: leaf.Pos,
			What: fmt.Sprintf("the term %q has no letter or digit, so it can never match", leaf.Term)})
		return 0
	}
	id, known := c.ids[folded]
	if !known {
		id = len(c.f.terms)
		c.ids[folded] = id
		c.f.terms = append(c.f.terms, term{text: leaf.Term, folded: folded})
	}
	return id
}

// Version names the ruleset.
func (f *Filter) Version() string { return f.version }

// Counts returns how many rules apply and how many different terms they look for.
func (f *Filter) Counts() (rules, terms int) { return len(f.rules), len(f.terms) }

// Verdict says what the ruleset says of a post.
func (f *Filter) Verdict(p ingest.Post) Verdict { return f.Text(p.Text()) }

// Text is Verdict for a bare text.
func (f *Filter) Text(text string) Verdict {
	v, _ := f.judge(text)
	return v
}

// Shadow returns the ids of the rules in shadow that apply to a text: they are counted, never published.
func (f *Filter) Shadow(text string) []string {
	_, shadow := f.judge(text)
	return shadow
}

// judge folds, matches and weighs. It allocates nothing for a text without a term.
func (f *Filter) judge(text string) (v Verdict, shadow []string) {
	s := f.scratch.Get().(*scratch)
	defer f.scratch.Put(s)
	v = Verdict{Ruleset: f.version, Rules: []RuleScore{}, Hits: []Hit{}}
	s.fold.track = false
	s.fold.fold(text)
	if !f.engine.contains(s.fold.out) {
		return v, nil
	}
	s.fold.track = true
	s.fold.fold(text)
	s.locate(f, f.engine.match(s.fold.out))
	return f.weigh(s, text)
}

// weigh evaluates the conditions and adds up what applies.
func (f *Filter) weigh(s *scratch, text string) (v Verdict, shadow []string) {
	v = Verdict{Ruleset: f.version, Rules: []RuleScore{}, Hits: []Hit{}}
	var top *rules.Rule
	for i := range f.rules {
		r := &f.rules[i]
		hits, ok := s.eval(f, &r.when)
		if !ok || slices.ContainsFunc(r.unless, func(u cond) bool { _, holds := s.eval(f, &u); return holds }) {
			continue
		}
		if r.Status == rules.Shadow {
			shadow = append(shadow, r.ID)
			continue
		}
		v.Score += r.Weight
		v.Rules = append(v.Rules, RuleScore{ID: r.ID, Title: r.Title, Score: r.Weight})
		v.Hits = append(v.Hits, s.hits(f, r.ID, hits, text)...)
		if top == nil || graver(r.Rule, top) {
			top = r.Rule
		}
		if r.Status == rules.Hold || v.Action == "" {
			v.Action = r.Status
		}
	}
	if top == nil {
		return v, shadow
	}
	v.Category, v.Severity = top.Category, top.Severity
	v.Language = language(s.fold.out, top.Language)
	slices.SortStableFunc(v.Rules, func(a, b RuleScore) int { return cmp.Compare(b.Score, a.Score) })
	slices.SortFunc(v.Hits, func(a, b Hit) int {
		return cmp.Or(a.Start-b.Start, b.End-a.End, cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Term, b.Term))
	})
	v.Hits = slices.Compact(v.Hits)
	return v, shadow
}

// graver reports whether a comes before b: by severity, then by weight.
func graver(a, b *rules.Rule) bool {
	return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.Weight, b.Weight)) > 0
}

// scratch is what one verdict needs; it is used again for the next.
type scratch struct {
	fold    folder
	words   []int           // where each word begins in fold.out
	spans   map[int][]place // by term id, what has been looked up
	present []bool          // by term id, for the triggers: the engine has seen it
}

// place is one occurrence of a term.
type place struct {
	term       int
	first, end int // words, half open
	from, to   int // bytes of fold.out, half open, without the spaces around
}

// maxPlaces bounds how often one term is located in one text.
const maxPlaces = 64

// locate prepares the scratch for conditions over the terms that the engine found.
func (s *scratch) locate(f *Filter, found []int) {
	s.words = s.words[:0]
	for i, c := range s.fold.out[:len(s.fold.out)-1] {
		if c == ' ' {
			s.words = append(s.words, i+1)
		}
	}
	s.spans = map[int][]place{}
	s.present = slices.Grow(s.present[:0], len(f.terms))[:len(f.terms)]
	clear(s.present)
	for _, id := range found {
		s.present[id] = true
	}
}

// places finds a term in the text: at most maxPlaces, in order.
func (s *scratch) places(f *Filter, id int) []place {
	if at, known := s.spans[id]; known {
		return at
	}
	var out []place
	pattern := f.terms[id].folded
	trigger := id < f.triggers
	for from := 0; (!trigger || s.present[id]) && len(out) < maxPlaces; {
		i := bytes.Index(s.fold.out[from:], []byte(pattern))
		if i < 0 {
			break
		}
		at := from + i + 1
		to := from + i + len(pattern) - 1
		out = append(out, place{term: id, from: at, to: to, first: s.wordAt(at), end: s.wordAt(to) + 1})
		from = at
	}
	s.spans[id] = out
	return out
}

// wordAt is the index of the word that a byte of fold.out is in.
func (s *scratch) wordAt(i int) int { return sort.SearchInts(s.words, i+1) - 1 }

// hits turns places into spans of the original text.
func (s *scratch) hits(f *Filter, id string, places []place, text string) []Hit {
	out := make([]Hit, 0, len(places))
	for _, p := range places {
		start, end := int(s.fold.spans[p.from].start), int(s.fold.spans[p.to-1].end)
		out = append(out, Hit{Rule: id, Term: f.terms[p.term].text, Start: start, End: end, Text: text[start:end]})
	}
	return out
}

// Test runs every rule's own texts: those it must match and those it must pass. The error is rules.Mistakes.
// Rules in draft are tested as if they applied.
func Test(rs *rules.Ruleset) error {
	var mistakes rules.Mistakes
	for i := range rs.Rules {
		r := rs.Rules[i]
		r.Status = rules.Warn
		one, err := New(&rules.Ruleset{Version: rs.Version, Rules: []rules.Rule{r}})
		if err != nil {
			var ms rules.Mistakes
			if errors.As(err, &ms) {
				mistakes = append(mistakes, ms...)
				continue
			}
			return err
		}
		for _, t := range r.Match {
			if len(one.Text(t).Rules) == 0 {
				mistakes = append(mistakes, rules.Mistake{Position: r.Pos, What: fmt.Sprintf("rule %q does not match its own text %q", r.ID, t)})
			}
		}
		for _, t := range r.Pass {
			if len(one.Text(t).Rules) > 0 {
				mistakes = append(mistakes, rules.Mistake{Position: r.Pos, What: fmt.Sprintf("rule %q matches a text that it must pass: %q", r.ID, t)})
			}
		}
	}
	if len(mistakes) > 0 {
		return mistakes
	}
	return nil
}
