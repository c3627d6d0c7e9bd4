package filter

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"saring/rules"
)

// New compiles a ruleset. Rules in draft are left out. The error names the file and line of a term that cannot
// be matched.
func New(rs *rules.Ruleset) (*Filter, error) { return NewWith(rs, Words) }

// NewWith is New with an engine. All engines give the same verdicts.
func NewWith(rs *rules.Ruleset, e Engine) (*Filter, error) {
	f := &Filter{ruleset: rs, version: rs.Version}
	f.scratch.New = func() any { return new(scratch) }
	c := newCompiler(f)
	for i := range rs.Rules {
		if r := &rs.Rules[i]; r.Status != rules.Draft {
			out := rule{Rule: r, when: c.compile(&r.When)}
			for k := range r.Unless {
				u := &r.Unless[k]
				out.unless = append(out.unless, unless{c.compile(&u.Cond), u.InSentence})
			}
			f.rules = append(f.rules, out)
		}
	}
	if len(c.mistakes) > 0 {
		return nil, c.mistakes
	}
	f.bags, f.conds = len(c.bags), len(c.conds)
	c.pack()
	f.needs = newNeeds(f.rules, c.costs())
	return f, c.findAt(f.needs.levels(f.rules, f.bags), e)
}

// findAt makes the finders of the patterns of each level; a pattern is looked for at the first level of its bags.
func (c *compiler) findAt(level []int, e Engine) (err error) {
	var ids [levels][]int32
	for i := range c.f.patterns {
		first := exceptions
		for _, bag := range c.f.patterns[i].bags {
			first = min(first, level[bag])
		}
		ids[first] = append(ids[first], int32(i))
	}
	for l := range ids {
		if c.f.finders[l], err = newFinder(e, ids[l], c.f.patterns, &c.f.vocabulary); err != nil {
			return err
		}
	}
	return nil
}

// compiler gives each different folded word a number, each different set of them, each different row of these, and each
// different bag of rows.
type compiler struct {
	f        *Filter
	words    map[string]int32
	sets     map[string]int32
	patterns map[string]int32
	terms    map[*[]string][]int32 // by the first word of a term: the patterns that it is
	bags     map[string]int
	conds    map[string]int32
	groups   map[*rules.Cond]int // bags by the first term of a group, whose terms all its uses share
	fold     folder
	mistakes rules.Mistakes
}

func newCompiler(f *Filter) *compiler {
	return &compiler{f: f, terms: map[*[]string][]int32{}, words: map[string]int32{}, sets: map[string]int32{}, patterns: map[string]int32{}, bags: map[string]int{}, conds: map[string]int32{}, groups: map[*rules.Cond]int{}}
}

// compile gives the same number to conditions that are the same, in whatever rules they stand.
func (c *compiler) compile(in *rules.Cond) cond {
	out := c.cond(in)
	key := []byte(out.op)
	key = fmt.Append(key, out.bag, out.n, out.within, out.ordered)
	for i := range out.of {
		key = fmt.Append(key, " ", out.of[i].id)
	}
	id, known := c.conds[string(key)]
	if !known {
		id = int32(len(c.conds))
		c.conds[string(key)] = id
	}
	out.id = id
	return out
}

func (c *compiler) cond(in *rules.Cond) cond {
	out := cond{op: in.Op, n: in.N, within: in.Within, ordered: in.Ordered}
	if in.Op == rules.Term {
		out.bag = c.bag(c.term(in))
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
			all = append(all, c.term(&in.Of[i])...)
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

// Limits of the patterns of one term.
const (
	maxRows     = 64 // as some forms of a word are two words (al-qaeda)
	maxJoined   = 4  // so many spellings of a phrase are also looked for without its spaces
	shortJoined = 9  // letters that it must have for that
)

// term returns the patterns of a term: its words, and its likeliest spellings written as one word.
func (c *compiler) term(leaf *rules.Cond) []int32 {
	if len(leaf.Words) == 0 {
		c.wordless(leaf)
		return nil
	}
	key := &leaf.Words[0]
	ids, known := c.terms[key]
	if known {
		return ids
	}
	rows := [][]int32{nil}
	for _, forms := range leaf.Words {
		rows = c.goOn(rows, forms)
	}
	if len(leaf.Words) > 1 {
		rows = append(rows, c.joined(leaf)...)
		if row := c.row(leaf.Spellings(1)[0]); len(row) < len(leaf.Words) {
			rows = append(rows, row) // "i s i s" is folded to one word
		}
	}
	for _, row := range rows {
		if len(row) > 0 {
			ids = append(ids, c.pattern(row, leaf.Term))
		}
	}
	if len(ids) == 0 {
		c.wordless(leaf)
	}
	c.terms[key] = ids
	return ids
}

func (c *compiler) wordless(leaf *rules.Cond) {
	c.mistakes = append(c.mistakes, rules.Mistake{Position: leaf.Pos,
		What: fmt.Sprintf("the term %q has no letter or digit, so it can never match", leaf.Term)})
}

// goOn adds a word to rows: the set of its forms, and each form that is more than one word on its own.
func (c *compiler) goOn(rows [][]int32, forms []string) (out [][]int32) {
	var single []int32
	var phrases [][]int32
	for _, form := range forms {
		switch words := c.fields(form); len(words) {
		case 0:
		case 1:
			single = append(single, words[0])
		default:
			phrases = append(phrases, c.literally(words))
		}
	}
	if len(single) == 0 && len(phrases) == 0 {
		return rows // a mark of punctuation alone
	}
	for _, row := range rows {
		if len(single) > 0 {
			out = append(out, append(slices.Clone(row), c.set(single)))
		}
	}
	for _, row := range rows {
		for _, p := range phrases {
			out = append(out, slices.Concat(row, p))
		}
	}
	return out[:min(len(out), maxRows)]
}

// joined is the row of the likeliest spellings of a phrase without spaces, as in a hashtag, if they are long enough.
func (c *compiler) joined(leaf *rules.Cond) [][]int32 {
	var words []int32
	for _, s := range leaf.Spellings(maxJoined) {
		if s = strings.ReplaceAll(s, " ", ""); len(s) >= shortJoined {
			if w := c.fields(s); len(w) == 1 {
				words = append(words, w[0])
			}
		}
	}
	if len(words) == 0 {
		return nil
	}
	return [][]int32{{c.set(words)}}
}

// row is a text, word by word.
func (c *compiler) row(text string) []int32 { return c.literally(c.fields(text)) }

// literally makes a set of each word.
func (c *compiler) literally(words []int32) (row []int32) {
	for _, w := range words {
		row = append(row, c.set([]int32{w}))
	}
	return row
}

// fields folds a text and returns the numbers of its words.
func (c *compiler) fields(text string) (ids []int32) {
	c.fold.fold(text)
	eachWord(c.fold.out, func(w []byte) {
		id, known := c.words[string(w)]
		if !known {
			id = int32(len(c.words))
			c.words[string(w)] = id
			c.f.addWord(w)
		}
		ids = append(ids, id)
	})
	return ids
}

func (c *compiler) set(words []int32) int32 {
	words = slices.Compact(slices.Sorted(slices.Values(words)))
	key := numbers(words)
	id, known := c.sets[key]
	if !known {
		id = int32(len(c.sets))
		c.sets[key] = id
		c.f.addSet(words)
	}
	return id
}

func (c *compiler) pattern(row []int32, term string) int32 {
	key := numbers(row)
	id, known := c.patterns[key]
	if !known {
		id = int32(len(c.f.patterns))
		c.patterns[key] = id
		c.f.patterns = append(c.f.patterns, pattern{sets: row, term: term})
	}
	return id
}

// pack puts the lists of all patterns into one piece of memory each.
func (c *compiler) pack() {
	var sets, bags []int32
	for i := range c.f.patterns {
		sets, bags = append(sets, c.f.patterns[i].sets...), append(bags, c.f.patterns[i].bags...)
	}
	sets, bags = slices.Clone(sets), slices.Clone(bags)
	for i := range c.f.patterns {
		p := &c.f.patterns[i]
		n, m := len(p.sets), len(p.bags)
		p.sets, p.bags = sets[:n:n], bags[:m:m]
		sets, bags = sets[n:], bags[m:]
	}
	c.f.patterns = slices.Clone(c.f.patterns)
}

// bag returns the bag of some patterns.
func (c *compiler) bag(ids []int32) int {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	key := numbers(ids)
	n, known := c.bags[key]
	if !known {
		n = len(c.bags)
		c.bags[key] = n
		for _, id := range ids {
			p := &c.f.patterns[id]
			p.bags = append(p.bags, int32(n))
		}
	}
	return n
}

// numbers is a key for a list of numbers.
func numbers(list []int32) string {
	key := make([]byte, 0, 4*len(list))
	for _, id := range list {
		key = binary.LittleEndian.AppendUint32(key, uint32(id))
	}
	return string(key)
}

// costs says of each bag how often it is likely to be met, in no unit: everyday words are met often, and a phrase at
// most as often as its rarest word.
func (c *compiler) costs() []float64 {
	often := make([]float64, c.f.sets())
	for set := range often {
		often[set] = 0.01
		for _, w := range c.f.set(int32(set)) {
			if rules.Everyday(string(c.f.word(w))) {
				often[set]++
			}
		}
	}
	costs := make([]float64, len(c.bags))
	for i := range c.f.patterns {
		p := &c.f.patterns[i]
		least := often[p.sets[0]]
		for _, set := range p.sets[1:] {
			least = min(least, often[set]/10) // and the words beside it must be there too
		}
		for _, bag := range p.bags {
			costs[bag] += least
		}
	}
	return costs
}

// vocabulary is the words of patterns, and the sets of them.
type vocabulary struct {
	text  []byte  // the words, one after the other
	ends  []int32 // of each word
	lists []int32 // the sets, one after the other
	upTo  []int32 // the end of each set
}

func (v *vocabulary) addWord(w []byte) {
	v.text = append(v.text, w...)
	v.ends = append(v.ends, int32(len(v.text)))
}

func (v *vocabulary) addSet(words []int32) {
	v.lists = append(v.lists, words...)
	v.upTo = append(v.upTo, int32(len(v.lists)))
}

func (v *vocabulary) words() int { return len(v.ends) }
func (v *vocabulary) sets() int  { return len(v.upTo) }

func (v *vocabulary) word(i int32) []byte { return v.text[before(v.ends, i):v.ends[i]] }
func (v *vocabulary) set(i int32) []int32 { return v.lists[before(v.upTo, i):v.upTo[i]] }

func before(ends []int32, i int32) int32 {
	if i == 0 {
		return 0
	}
	return ends[i-1]
}

// has reports whether a word is in a set.
func (v *vocabulary) has(set int32, word []byte) bool {
	for _, w := range v.set(set) {
		if bytes.Equal(v.word(w), word) {
			return true
		}
	}
	return false
}
