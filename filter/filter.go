package filter

import (
	"cmp"
	"encoding/binary"
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
	patterns []pattern // by id
	triggers int       // how many of them, the first, are looked for in every post
	bags     int       // how many bags there are
	needs    needs
	find     finder // of the triggers
	also     finder // of the other patterns, those that only keep a rule from applying
	ruleset  *rules.Ruleset
	version  string
	scratch  sync.Pool
	spelled  map[*string][]int32 // by the first spelling of a term: the patterns that its spellings are
}

// rule is a rule that applies, with its conditions over bags of patterns.
type rule struct {
	*rules.Rule
	when   cond
	unless []unless
	names  *sync.Map // by pattern that was hit: the term of this rule that has it, as the lexicon has it
}

type unless struct {
	cond
	inSentence bool
}

// cond is a rules.Cond with a bag in a leaf.
type cond struct {
	op      rules.Op
	bag     int // of a term, or of several any of which will do
	of      []cond
	n       int
	within  int
	ordered bool
}

// pattern is a folded spelling of a term, with a space at each end. A bag is a set of patterns; a text has it if it
// has one of them.
type pattern struct {
	folded string
	words  int     // in folded
	bags   []int32 // that it is in
}

// New compiles a ruleset. Rules in draft are left out. The error names the file and line of a term that cannot
// be matched.
func New(rs *rules.Ruleset) (*Filter, error) { return NewWith(rs, Words) }

// NewWith is New with an engine. All engines give the same verdicts.
func NewWith(rs *rules.Ruleset, e Engine) (*Filter, error) {
	f := &Filter{ruleset: rs, version: rs.Version}
	f.scratch.New = func() any { return new(scratch) }
	f.spelled = map[*string][]int32{}
	c := compiler{f: f, ids: map[string]int32{}, bags: map[string]int{}, groups: map[*rules.Cond]int{}}
	// The terms that can make a rule apply come first: only they are looked for in every post.
	for i := range rs.Rules {
		if r := &rs.Rules[i]; r.Status != rules.Draft {
			f.rules = append(f.rules, rule{Rule: r, when: c.compile(&r.When), names: new(sync.Map)})
		}
	}
	f.triggers = len(f.patterns)
	for i := range f.rules {
		for k := range f.rules[i].Unless {
			u := &f.rules[i].Unless[k]
			f.rules[i].unless = append(f.rules[i].unless, unless{c.compile(&u.Cond), u.InSentence})
		}
	}
	if len(c.mistakes) > 0 {
		return nil, c.mistakes
	}
	f.bags = len(c.bags)
	f.needs = newNeeds(f.rules, f.bags)
	var err, errAlso error
	f.find, err = newFinder(e, f.patterns[:f.triggers])
	f.also, errAlso = newFinder(e, f.patterns[f.triggers:])
	return f, cmp.Or(err, errAlso)
}

// term is the first term of a rule that has a pattern. Only what is hit is asked for, again and again.
func (f *Filter) term(r *rule, pattern int32) string {
	if known, ok := r.names.Load(pattern); ok {
		return known.(string)
	}
	name := ""
	look := func(leaf *rules.Cond) {
		if name == "" && slices.Contains(f.spelled[&leaf.Spellings[0]], pattern) {
			name = leaf.Term
		}
	}
	r.When.Terms(look)
	for i := range r.Unless {
		r.Unless[i].Terms(look)
	}
	r.names.Store(pattern, name)
	return name
}

// compiler gives each different folded spelling one id, and each different set of them one bag.
type compiler struct {
	f        *Filter
	ids      map[string]int32
	bags     map[string]int
	groups   map[*rules.Cond]int // bags by the first term of a group, whose terms all its uses share
	fold     folder
	mistakes rules.Mistakes
}

func (c *compiler) compile(in *rules.Cond) cond {
	out := cond{op: in.Op, n: in.N, within: in.Within, ordered: in.Ordered}
	if in.Op == rules.Term {
		out.bag = c.bag(c.spellings(in))
		return out
	}
	if in.Op == rules.Any && !slices.ContainsFunc(in.Of, func(sub rules.Cond) bool { return sub.Op != rules.Term }) {
		shared := in.Group != "" && len(in.Of) > 0
		if shared {
			if bag, known := c.groups[&in.Of[0]]; known {
				return cond{op: rules.Term, bag: bag}
			}
		}
		var all []int32
		for i := range in.Of {
			all = append(all, c.spellings(&in.Of[i])...)
		}
		bag := c.bag(all)
		if shared {
			c.groups[&in.Of[0]] = bag
		}
		return cond{op: rules.Term, bag: bag}
	}
	of := in.Of
	if in.Op == rules.AtLeast && len(of) == 1 && of[0].Group != "" {
		of = of[0].Of // so many different terms of the group
	}
	for i := range of {
		out.of = append(out.of, c.compile(&of[i]))
	}
	return out
}

// spellings returns the ids of what a term matches.
func (c *compiler) spellings(leaf *rules.Cond) []int32 {
	if len(leaf.Spellings) == 0 {
		c.wordless(leaf)
		return nil
	}
	key := &leaf.Spellings[0]
	ids, known := c.f.spelled[key]
	if !known {
		for _, s := range leaf.Spellings {
			if id, ok := c.id(s); ok {
				ids = append(ids, id)
			}
		}
		c.f.spelled[key] = ids
	}
	if len(ids) == 0 {
		c.wordless(leaf)
	}
	return ids
}

func (c *compiler) wordless(leaf *rules.Cond) {
	c.mistakes = append(c.mistakes, rules.Mistake{Position: leaf.Pos,
		What: fmt.Sprintf("the term %q has no letter or digit, so it can never match", leaf.Term)})
}

func (c *compiler) id(spelling string) (id int32, ok bool) {
	c.fold.fold(spelling)
	if len(c.fold.out) < 3 {
		return 0, false
	}
	folded := string(c.fold.out)
	id, known := c.ids[folded]
	if !known {
		id = int32(len(c.f.patterns))
		c.ids[folded] = id
		c.f.patterns = append(c.f.patterns, pattern{folded: folded, words: strings.Count(folded, " ") - 1})
	}
	return id, true
}

// bag returns the bag of some patterns.
func (c *compiler) bag(ids []int32) int {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	key := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		key = binary.LittleEndian.AppendUint32(key, uint32(id))
	}
	n, known := c.bags[string(key)]
	if !known {
		n = len(c.bags)
		c.bags[string(key)] = n
		for _, id := range ids {
			p := &c.f.patterns[id]
			p.bags = append(p.bags, int32(n))
		}
	}
	return n
}

// Version names the ruleset.
func (f *Filter) Version() string { return f.version }

// Counts returns how many rules apply and how many different spellings they look for.
func (f *Filter) Counts() (rules, spellings int) { return len(f.rules), len(f.patterns) }

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
	slices.Sort(possible)
	return f.weigh(s, possible, text)
}

// look returns the rules that can apply to a text, by where their terms seem to stand.
func (s *scratch) look(f *Filter, text string) []int32 {
	s.kept = s.kept[:0]
	f.find(s, text)
	if len(s.walk.found) == 0 {
		return nil
	}
	possible := f.needs.possible(&s.tally, f.patterns, s.walk.found)
	if len(possible) == 0 {
		return nil
	}
	s.found = append(s.found[:0], s.walk.found...)
	s.collect(f)
	s.rough = true
	ok := slices.ContainsFunc(possible, func(r int32) bool { _, ok := s.eval(&f.rules[r].when); return ok })
	s.rough = false
	if !ok {
		return nil
	}
	return possible
}

// lookCloser finds all patterns of a text, where exactly they stand, and in which sentences.
func (s *scratch) lookCloser(f *Filter, text string) {
	f.also(s, text)
	for _, c := range s.walk.found {
		s.found = append(s.found, candidate{c.term + int32(f.triggers), c.word})
	}
	s.fold.track = true
	s.fold.fold(text)
	s.fold.track = false
	s.confirm(f)
	s.collect(f)
	s.sentences(text)
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
	fold  folder
	walk  walk
	tally tally
	found []candidate // of all patterns; confirmed after confirm
	at    [][]place   // by bag: where one of its patterns stands
	met   []int32     // the bags that stand anywhere
	kept  []place     // what conditions found, one after the other
	stack [][]place   // what the parts of a condition found, while it is evaluated
	last  []int       // by sentence, for together
	have  []int

	rough   bool // nothing is known yet of sentences and quotations: what could hold, holds
	words   []int
	in      []int32 // by word: its sentence
	quotes  []place // stretches between quotation marks
	masked  []bool  // by sentence: what stands in it does not count
	masking bool
	inOne   bool // a condition has to hold within one sentence
	balance int  // of the languages of the text
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
		p := &f.patterns[c.term]
		end := int(c.word) + 1
		at := place{pattern: int(c.term), first: end - p.words, end: end}
		if len(s.words) > 0 {
			at.from = s.words[at.first]
			at.to = at.from + len(p.folded) - 2
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

// confirm compares every candidate with the folded text and leaves out those that only seemed to be there.
func (s *scratch) confirm(f *Filter) {
	s.words = s.words[:0]
	for i, c := range s.fold.out[:len(s.fold.out)-1] {
		if c == ' ' {
			s.words = append(s.words, i+1)
		}
	}
	s.found = slices.DeleteFunc(s.found, func(c candidate) bool {
		p := &f.patterns[c.term]
		from := s.words[int(c.word)+1-p.words]
		to := from + len(p.folded) - 2
		return to >= len(s.fold.out) || string(s.fold.out[from-1:to+1]) != p.folded
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
		out = append(out, Hit{Rule: r.ID, Term: f.term(r, int32(p.pattern)), Start: start, End: end, Text: text[start:end]})
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
