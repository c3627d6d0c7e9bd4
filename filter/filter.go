package filter

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"saring/ingest"
	"saring/rules"
)

// A Filter is a compiled ruleset.
type Filter struct {
	rules    []rule
	terms    []term // by id
	triggers int    // how many of them, the first, are looked for in every post
	needs    needs
	find     finder // of the triggers
	also     finder // of the other terms, those that only keep a rule from applying
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
	words  int // in folded
}

// New compiles a ruleset. Rules in draft are left out. The error names the file and line of a term that cannot
// be matched.
func New(rs *rules.Ruleset) (*Filter, error) { return NewWith(rs, Words) }

// NewWith is New with an engine. All engines give the same verdicts.
func NewWith(rs *rules.Ruleset, e Engine) (*Filter, error) {
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
	f.needs = newNeeds(f.rules, len(f.terms))
	var err, errAlso error
	f.find, err = newFinder(e, f.terms[:f.triggers])
	f.also, errAlso = newFinder(e, f.terms[f.triggers:])
	return f, cmp.Or(err, errAlso)
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
		c.f.terms = append(c.f.terms, term{text: leaf.Term, folded: folded, words: strings.Count(folded, " ") - 1})
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

// judge looks ever more closely: at the terms in a text, at the rules that could apply to these, at where the terms
// stand, and only then at the text folded as a whole. It allocates nothing for a text without a term.
func (f *Filter) judge(text string) (v Verdict, shadow []string) {
	s := f.scratch.Get().(*scratch)
	defer f.scratch.Put(s)
	v = Verdict{Ruleset: f.version, Rules: []RuleScore{}, Hits: []Hit{}}
	f.find(s, text)
	if len(s.walk.found) == 0 {
		return v, nil
	}
	possible := f.needs.possible(&s.tally, s.walk.found)
	if len(possible) == 0 {
		return v, nil
	}
	s.forget(f)
	s.collect(f, 0)
	if !slices.ContainsFunc(possible, func(r int32) bool { _, ok := s.eval(f, &f.rules[r].when); return ok }) {
		return v, nil
	}
	f.also(s, text)
	s.collect(f, f.triggers)
	s.fold.track = true
	s.fold.fold(text)
	s.fold.track = false
	s.confirm(f)
	slices.Sort(possible)
	return f.weigh(s, possible, text)
}

// weigh evaluates the conditions of the rules that can apply, and adds up what does.
func (f *Filter) weigh(s *scratch, possible []int32, text string) (v Verdict, shadow []string) {
	v = Verdict{Ruleset: f.version, Rules: []RuleScore{}, Hits: []Hit{}}
	var top *rules.Rule
	for _, i := range possible {
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
	v.Score = math.Round(v.Score*1e6) / 1e6 // 0.1 + 4.1 + 0.8 is 5
	v.Category, v.Severity = top.Category, top.Severity
	v.Language = language(s.fold.out, top.Language)
	slices.SortStableFunc(v.Rules, func(a, b RuleScore) int { return cmp.Compare(b.Score, a.Score) })
	slices.SortFunc(v.Hits, func(a, b Hit) int {
		return cmp.Or(a.Start-b.Start, b.End-a.End, cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Term, b.Term))
	})
	v.Hits = bounded(slices.Compact(v.Hits))
	return v, shadow
}

// Limits of the hits of one verdict, so that a flag fits into a message however often a text hits.
const (
	maxHits    = 256
	maxHitText = ingest.MaxText // together
)

// bounded keeps the first hits that are within the limits.
func bounded(hits []Hit) []Hit {
	size := 0
	return slices.DeleteFunc(hits[:min(len(hits), maxHits)], func(h Hit) bool {
		size += len(h.Text)
		return size > maxHitText
	})
}

// graver reports whether a comes before b: by severity, then by weight.
func graver(a, b *rules.Rule) bool {
	return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.Weight, b.Weight)) > 0
}

// scratch is what one verdict needs; it is used again for the next.
type scratch struct {
	fold  folder
	walk  walk
	tally tally
	words []int     // where each word begins in fold.out; after confirm
	at    [][]place // by term id: where it stands
	met   []int     // the ids of those that stand anywhere
}

// place is one occurrence of a term.
type place struct {
	term       int
	first, end int // words, half open
	from, to   int // bytes of fold.out, half open, without the spaces around; after confirm
}

// forget empties the places of the text before.
func (s *scratch) forget(f *Filter) {
	if len(s.at) < len(f.terms) {
		s.at = make([][]place, len(f.terms))
	}
	for _, id := range s.met {
		s.at[id] = s.at[id][:0]
	}
	s.met = s.met[:0]
}

// collect sorts what a finder found by terms; first is the id of its first term.
func (s *scratch) collect(f *Filter, first int) {
	for _, c := range s.walk.found {
		id, end := first+int(c.term), int(c.word)+1
		if len(s.at[id]) == 0 {
			s.met = append(s.met, id)
		}
		s.at[id] = append(s.at[id], place{term: id, first: end - f.terms[id].words, end: end})
	}
}

// confirm compares every candidate with the folded text and leaves out those that only seemed to be there.
func (s *scratch) confirm(f *Filter) {
	s.words = s.words[:0]
	for i, c := range s.fold.out[:len(s.fold.out)-1] {
		if c == ' ' {
			s.words = append(s.words, i+1)
		}
	}
	for _, id := range s.met {
		folded := f.terms[id].folded
		s.at[id] = slices.DeleteFunc(s.at[id], func(p place) bool {
			from := s.words[p.first]
			to := from + len(folded) - 2
			return to >= len(s.fold.out) || string(s.fold.out[from-1:to+1]) != folded
		})
		for i := range s.at[id] {
			p := &s.at[id][i]
			p.from, p.to = s.words[p.first], s.words[p.first]+len(folded)-2
		}
	}
}

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
