package filter

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"

	"saring/ingest"
	"saring/rules"
)

// A Filter is a compiled ruleset.
type Filter struct {
	rules    []rule
	patterns []pattern // by id
	vocabulary
	bags    int // how many bags there are
	conds   int // how many different conditions there are
	needs   needs
	finders [levels]finder
	ruleset *rules.Ruleset
	version string
	scratch sync.Pool
	inWords sync.Map // by *rules.Cond: the condition in words, for explanations
}

// rule is a rule that applies, with its conditions over bags of patterns.
type rule struct {
	*rules.Rule
	when   cond
	unless []unless
}

type unless struct {
	cond
	inSentence bool
}

// cond is a rules.Cond with a bag in a leaf.
type cond struct {
	id      int32 // the same for conditions that are the same
	op      rules.Op
	bag     int // of a term, or of several any of which will do
	of      []cond
	n       int
	within  int
	ordered bool
}

// pattern is a row of sets of folded words; a text has it if it has one word of each side by side. A bag is a set of
// patterns; a text has it if it has one of them.
type pattern struct {
	sets []int32
	term string  // the first term that it is, as its lexicon has it
	bags []int32 // that it is in
}

// Patterns are looked for at two levels, the next only if the one before leaves a rule that could apply.
const (
	conditions = iota // what makes rules apply
	exceptions        // what only keeps them from it
	levels
)

// Version names the ruleset.
func (f *Filter) Version() string { return f.version }

// Counts returns how many rules apply and how many different words they look for.
func (f *Filter) Counts() (rules, words int) { return len(f.rules), f.words() }

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
	possible := s.look(f, text)
	if len(possible) == 0 {
		return Verdict{Threshold: rules.Threshold, Ruleset: f.version, Rules: []RuleScore{}, Hits: []Hit{}}, nil
	}
	s.lookCloser(f, text)
	return f.weigh(s, possible, text)
}

// look returns the rules that can apply to a text, by where their terms seem to stand.
func (s *scratch) look(f *Filter, text string) []int32 {
	s.begin(f)
	s.find(f, conditions, text)
	possible := f.needs.triggered(s, f.patterns)
	if len(possible) == 0 {
		return nil
	}
	s.collect(f)
	s.rough = true
	possible = slices.DeleteFunc(possible, func(r int32) bool {
		if !f.needs.met(s, r) {
			return true
		}
		_, ok := s.eval(&f.rules[r].when)
		return !ok
	})
	s.rough = false
	return possible
}

// begin forgets the text before.
func (s *scratch) begin(f *Filter) {
	s.kept, s.found = s.kept[:0], s.found[:0]
	if len(s.seen) < f.conds || s.looks >= math.MaxUint32-2 {
		s.seen, s.looks = make([]seen, f.conds), 0
	}
	s.looks++
}

// find adds the patterns of a level to s.found.
func (s *scratch) find(f *Filter, level int, text string) {
	f.finders[level](s, text)
	s.found = append(s.found, s.walk.found...)
}

// lookCloser finds all patterns of a text, where exactly they stand, and in which sentences.
func (s *scratch) lookCloser(f *Filter, text string) {
	s.find(f, exceptions, text)
	s.fold.track = true
	s.fold.fold(text)
	s.fold.track = false
	s.confirm(f)
	s.collect(f)
	s.sentences(text)
	s.looks++ // what was seen before was rough
	s.balance = balance(s.fold.out)
}

// weigh evaluates the conditions of the rules that can apply, and adds up what does.
func (f *Filter) weigh(s *scratch, possible []int32, text string) (v Verdict, shadow []string) {
	v = Verdict{Threshold: rules.Threshold, Ruleset: f.version, Rules: []RuleScore{}, Hits: []Hit{}}
	var top *rules.Rule
	for _, i := range possible {
		r := &f.rules[i]
		hits, ok := s.applies(r)
		if !ok {
			continue
		}
		if r.Status == rules.Shadow {
			shadow = append(shadow, r.ID)
			continue
		}
		v.Score += r.Weight
		v.Rules = append(v.Rules, RuleScore{ID: r.ID, Title: r.Title, Score: r.Weight})
		v.Hits = append(v.Hits, s.hits(f, r, hits, text)...)
		if top == nil || r.Threshold < v.Threshold {
			v.Threshold = r.Threshold
		}
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
	v.Language = language(s.balance, top.Language)
	slices.SortStableFunc(v.Rules, func(a, b RuleScore) int { return cmp.Compare(b.Score, a.Score) })
	slices.SortFunc(v.Hits, func(a, b Hit) int {
		return cmp.Or(a.Start-b.Start, b.End-a.End, cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Term, b.Term))
	})
	v.Hits = bounded(slices.Compact(v.Hits))
	return v, shadow
}

// applies reports whether a rule applies, and the places that make it apply.
func (s *scratch) applies(r *rule) ([]place, bool) {
	if foreign(s.balance, r.Language) {
		return nil, false
	}
	places, ok := s.eval(&r.when)
	if !ok {
		return nil, false
	}
	masked := false
	for i := range r.unless {
		u := &r.unless[i]
		s.inOne = u.inSentence
		at, holds := s.eval(&u.cond)
		s.inOne = false
		if holds && u.inSentence {
			s.mask(at)
			masked = true
		} else if holds {
			ok = false
			break
		}
	}
	if masked && ok {
		s.masking = true
		places, ok = s.eval(&r.when)
	}
	if masked {
		s.unmask()
	}
	return places, ok
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
	fold     folder
	walk     walk
	touched  []uint8     // by rule: which of its triggers were found
	possible []int32     // rules
	found    []candidate // of all patterns; confirmed after confirm
	at       [][]place   // by bag: where one of its patterns stands
	met      []int32     // the bags that stand anywhere
	kept     []place     // what conditions found, one after the other
	stack    [][]place   // what the parts of a condition found, while it is evaluated
	last     []int       // by sentence, for together
	have     []int

	rough   bool   // nothing is known yet of sentences and quotations: what could hold, holds
	seen    []seen // by condition: what it came to in the last look that asked
	looks   uint32 // how many looks at a text there were, rough and close
	words   []int
	in      []int32 // by word: its sentence
	quotes  []place // stretches between quotation marks
	masked  []bool  // by sentence: what stands in it does not count
	masking bool
	inOne   bool // a condition has to hold within one sentence
	balance int  // of the languages of the text
}

// seen is what a condition came to in a look.
type seen struct {
	look uint32
	ok   bool
	at   []place
}

// place is one occurrence of a pattern.
type place struct {
	pattern    int // -1 for a quotation
	first, end int // words, half open
	from, to   int // bytes of fold.out, half open, without the spaces around; after confirm
}

// collect sorts what was found by bags.
func (s *scratch) collect(f *Filter) {
	if len(s.at) < f.bags {
		s.at = make([][]place, f.bags)
	}
	for _, bag := range s.met {
		s.at[bag] = s.at[bag][:0]
	}
	s.met = s.met[:0]
	for _, c := range s.found {
		p := &f.patterns[c.pattern]
		end := int(c.word) + 1
		at := place{pattern: int(c.pattern), first: end - len(p.sets), end: end}
		if len(s.words) > 0 {
			at.from, at.to = s.words[at.first], s.words[at.end]-1
		}
		for _, bag := range p.bags {
			if len(s.at[bag]) == 0 {
				s.met = append(s.met, bag)
			}
			s.at[bag] = append(s.at[bag], at)
		}
	}
	s.words = s.words[:0]
}

// confirm compares the words of every candidate with the folded text and leaves out those that only seemed to be there.
func (s *scratch) confirm(f *Filter) {
	s.words = s.words[:0]
	for i, c := range s.fold.out {
		if c == ' ' {
			s.words = append(s.words, i+1)
		}
	}
	s.found = slices.DeleteFunc(s.found, func(c candidate) bool {
		sets := f.patterns[c.pattern].sets
		first := int(c.word) + 1 - len(sets)
		for i, set := range sets {
			if !f.vocabulary.has(set, s.fold.out[s.words[first+i]:s.words[first+i+1]-1]) {
				return true
			}
		}
		return false
	})
}

// hits turns places into spans of the original text.
func (s *scratch) hits(f *Filter, r *rule, places []place, text string) []Hit {
	out := make([]Hit, 0, len(places))
	for _, p := range places {
		if p.pattern < 0 {
			continue // a quotation is no hit
		}
		start, end := int(s.fold.spans[p.from].start), int(s.fold.spans[p.to-1].end)
		out = append(out, Hit{Rule: r.ID, Term: f.patterns[p.pattern].term, Start: start, End: end, Text: text[start:end]})
	}
	return out
}

// Test runs every rule's own texts: those it must match and those it must pass. The error is rules.Mistakes.
// Rules in draft are tested as if they applied.
func Test(rs *rules.Ruleset) error {
	f, err := New(applied(rs))
	if err != nil {
		return err
	}
	var mistakes rules.Mistakes
	for i := range rs.Rules {
		r := &rs.Rules[i]
		for _, t := range r.Match {
			if !f.matches(r.ID, t) {
				mistakes = append(mistakes, rules.Mistake{Position: r.Pos, What: fmt.Sprintf("rule %q does not match its own text %q", r.ID, t)})
			}
		}
		for _, t := range r.Pass.All() {
			if f.matches(r.ID, t) {
				mistakes = append(mistakes, rules.Mistake{Position: r.Pos, What: fmt.Sprintf("rule %q matches a text that it must pass: %q", r.ID, t)})
			}
		}
	}
	if len(mistakes) > 0 {
		return mistakes
	}
	return nil
}

func (f *Filter) matches(rule, text string) bool {
	return slices.ContainsFunc(f.Text(text).Rules, func(r RuleScore) bool { return r.ID == rule })
}
