package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A Cond is a condition on a text. A leaf has a Term or is a quotation; the others have an Op over Of.
type Cond struct {
	Op      Op
	Term    string     // as the lexicon has it, with its marks
	Words   [][]string // of a term: what each of its words matches, the plainest first; to be folded before they are compared
	Group   string     // Any: the group that Of are the terms of, "" for none
	Of      []Cond
	N       int  // AtLeast: how many
	Within  int  // Near: at most so many words from the first to the last
	Ordered bool // Near: in the order of Of
	Pos     Position
}

// An Op joins conditions.
type Op string

const (
	Term     Op = "term"      // the words stand in the text
	Quote    Op = "quotation" // something stands between quotation marks
	Any      Op = "any"       // at least one of them holds
	All      Op = "all"       // all of them hold, anywhere in the text
	AtLeast  Op = "at least"  // at least N of them hold, anywhere in the text
	Near     Op = "near"      // all of them hold within some words of each other
	Sentence Op = "sentence"  // all of them hold in one sentence
)

// An Unless is a condition that keeps a rule from applying.
type Unless struct {
	Cond
	InSentence bool // it takes back only what the rule found in the sentences in which it holds, not the whole post
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

// String is the condition as an author writes it.
func (c Cond) String() string {
	s, _ := c.write()
	return s
}

// String is the exception as an author writes it.
func (u Unless) String() string {
	if !u.InSentence {
		return u.Cond.String()
	}
	return u.Cond.String() + InSentence
}

// InSentence ends an exception that takes back only what stands in its sentence.
const InSentence = ", in the same sentence"

// How tightly what is written holds together.
const (
	asUnit = iota
	asRelation
	asAnd
	asOr
)

// write returns the condition in words, and how tightly they hold together.
func (c Cond) write() (string, int) {
	switch c.Op {
	case Term:
		return quoted(c.Term), asUnit
	case Quote:
		return "a quotation", asUnit
	case Any:
		simple := !slices.ContainsFunc(c.Of, func(sub Cond) bool { return sub.Op != Term && sub.Group == "" })
		if c.Group != "" {
			return "$" + c.Group, asUnit
		}
		if simple || len(c.Of) < 2 {
			return "any of " + c.list(), asUnit
		}
		return c.join(" or ", asAnd), asOr
	case All:
		if len(c.Of) < 2 {
			return "all of " + c.list(), asUnit
		}
		return c.join(" and ", asRelation), asAnd
	case AtLeast:
		return fmt.Sprintf("at least %d of %s", c.N, c.list()), asUnit
	case Sentence:
		if len(c.Of) == 2 {
			return c.join(" in the same sentence as ", asUnit), asRelation
		}
		return "all of " + c.list() + " in the same sentence", asRelation
	case Near:
		side, order := "of", ""
		if c.Ordered {
			side, order = "before", "in order "
		}
		if len(c.Of) == 2 {
			return c.join(fmt.Sprintf(" within %d words %s ", c.Within, side), asUnit), asRelation
		}
		return fmt.Sprintf("all of %s %swithin %d words", c.list(), order, c.Within), asRelation
	}
	return "", asUnit
}

// join writes the parts with a word between them, in parentheses where they hold together less than most.
func (c Cond) join(word string, most int) string {
	parts := make([]string, len(c.Of))
	for i := range c.Of {
		s, holds := c.Of[i].write()
		if holds > most {
			s = "(" + s + ")"
		}
		parts[i] = s
	}
	return strings.Join(parts, word)
}

// list writes the parts of an operator: one group as it is, all else in parentheses.
func (c Cond) list() string {
	if len(c.Of) == 1 && c.Of[0].Group != "" {
		return "$" + c.Of[0].Group
	}
	parts := make([]string, len(c.Of))
	for i := range c.Of {
		parts[i] = c.Of[i].String()
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// keywords end a term that stands without quotes.
var keywords = []string{"and", "or", "within", "in"}

// bare are terms that need no quotes.
var bare = regexp.MustCompile(`^[^\s(),'"$:#]+( [^\s(),'"$:#]+)*$`)

func quoted(term string) string {
	if strings.HasPrefix(term, "$") {
		return term
	}
	words := strings.Fields(term)
	special := len(words) > 1 && (words[1] == "of" || words[0] == "at" && words[1] == "least" || words[0] == "a" && words[1] == "quotation")
	if bare.MatchString(term) && !special && !slices.ContainsFunc(words, func(w string) bool { return slices.Contains(keywords, w) }) {
		return term
	}
	if strings.Contains(term, "'") {
		return `"` + term + `"`
	}
	return "'" + term + "'"
}

func isNumber(s string) bool { _, err := strconv.Atoi(s); return err == nil }

// token is a word, a sign or a quoted term of a condition.
type token struct {
	text  string
	quote bool // it stood in quotes
	raw   string
	pos   Position
}

var tokenForm = regexp.MustCompile(`'[^']*'|"[^"]*"|[(),]|[^\s(),]+`)

// sentence reads a condition, by recursive descent.
type sentence struct {
	n      node
	tokens []token
	at     int
	depth  int
	failed bool
}

// cond reads the sentence of a node.
func (n node) cond() Cond {
	s, ok := n.sentence()
	if !ok {
		return Cond{Op: unread}
	}
	c := s.or()
	s.end()
	return s.result(c)
}

// conds reads the list of exceptions of a rule.
func (n node) exceptions() []Unless {
	var out []Unless
	for _, item := range n.list() {
		s, ok := item.sentence()
		if !ok {
			continue
		}
		u := Unless{Cond: s.or()}
		s.accept(",")
		u.InSentence = s.acceptAll("in", "the", "same", "sentence")
		s.end()
		if u.Cond = s.result(u.Cond); u.Op != unread {
			out = append(out, u)
		}
	}
	return out
}

// maxTokens bounds a condition.
const maxTokens = 2000

func (n node) sentence() (*sentence, bool) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		n.mistake("expected a condition as a sentence, such as: $oath within 9 words of $groups-listed and $call")
		return nil, false
	}
	s := &sentence{n: n}
	for _, raw := range tokenForm.FindAllString(n.Value, maxTokens+1) {
		t := token{text: raw, raw: raw}
		if raw[0] == '\'' || raw[0] == '"' {
			t.quote = true
			t.text = strings.TrimSpace(strings.Trim(raw, raw[:1]))
		}
		s.tokens = append(s.tokens, t)
	}
	for i, pos := range n.places(s.tokens) {
		s.tokens[i].pos = pos
	}
	switch {
	case len(s.tokens) == 0:
		n.mistake("the condition is empty")
		return nil, false
	case len(s.tokens) > maxTokens:
		n.mistake("the condition is longer than %d words; make groups of its terms", maxTokens)
		return nil, false
	}
	return s, true
}

// result is what was read, or nothing after a mistake.
func (s *sentence) result(c Cond) Cond {
	if s.failed {
		return Cond{Op: unread}
	}
	return c
}

// unread is what a condition with a mistake is.
const unread Op = "unread"

// mistake reports the first mistake of the sentence, at the token that is next.
func (s *sentence) mistake(format string, args ...any) {
	if !s.failed {
		s.n.p.mistake(s.pos(), fmt.Sprintf(format, args...))
	}
	s.failed = true
	s.at = len(s.tokens)
}

// pos is where the next token stands in the file.
func (s *sentence) pos() Position {
	if len(s.tokens) == 0 {
		return s.n.pos()
	}
	return s.tokens[min(s.at, len(s.tokens)-1)].pos
}

// peek is the word that is next, "" for a quoted term and at the end.
func (s *sentence) peek(ahead int) string {
	if i := s.at + ahead; i < len(s.tokens) && !s.tokens[i].quote {
		return s.tokens[i].text
	}
	return ""
}

func (s *sentence) accept(word string) bool {
	if s.peek(0) != word {
		return false
	}
	s.at++
	return true
}

// acceptAll takes all of some words, or none.
func (s *sentence) acceptAll(words ...string) bool {
	for i, w := range words {
		if s.peek(i) != w {
			return false
		}
	}
	s.at += len(words)
	return true
}

func (s *sentence) expect(word, why string) {
	if !s.accept(word) {
		s.mistake("expected %q %s", word, why)
	}
}

// end reports what is left over.
func (s *sentence) end() {
	if s.at < len(s.tokens) {
		s.mistake("%q does not fit here; join conditions with \"and\" or \"or\", and put parentheses around what belongs together", s.tokens[s.at].text)
	}
}

func (s *sentence) or() Cond { return s.list(Any, "or", s.and) }

func (s *sentence) and() Cond { return s.list(All, "and", s.relation) }

// list reads conditions that are joined by a word.
func (s *sentence) list(op Op, word string, part func() Cond) Cond {
	c := Cond{Op: op, Pos: s.pos(), Of: []Cond{part()}}
	for {
		comma := s.peek(0) == "," && s.peek(1) == word
		if comma {
			s.at++
		}
		if !s.accept(word) {
			break
		}
		c.Of = append(c.Of, part())
	}
	if len(c.Of) == 1 {
		return c.Of[0]
	}
	return c
}

// relation reads a unit and what it stands in to another.
func (s *sentence) relation() Cond {
	pos := s.pos()
	listed := s.peek(0) == "all" && s.peek(1) == "of"
	a := s.unit()
	members := []Cond{a}
	if listed && a.Op == All {
		members = a.Of
	}
	ordered := s.acceptAll("in", "order")
	switch {
	case s.accept("within"):
		c := Cond{Op: Near, Pos: pos, Within: s.words(), Ordered: ordered}
		switch {
		case s.failed:
		case ordered && (s.peek(0) == "of" || s.peek(0) == "before" || s.peek(0) == "after"):
			s.mistake(`"in order" goes with all of (…); between two, write "before" or "after"`)
		case s.accept("of"):
			c.Of = []Cond{a, s.unit()}
		case s.accept("before"):
			c.Of, c.Ordered = []Cond{a, s.unit()}, true
		case s.accept("after"):
			c.Of, c.Ordered = []Cond{s.unit(), a}, true
		case !listed || len(members) < 2:
			s.mistake(`expected "of", "before" or "after" and what it is near to; or write: all of (…, …) within %d words`, c.Within)
		default:
			c.Of = members
		}
		return s.single(c)
	case ordered:
		s.mistake(`expected "within" and a number of words after "in order"`)
	case s.acceptAll("in", "the", "same", "sentence", "as"):
		return s.single(Cond{Op: Sentence, Pos: pos, Of: []Cond{a, s.unit()}})
	case listed && len(members) > 1 && s.acceptAll("in", "the", "same", "sentence"):
		return s.single(Cond{Op: Sentence, Pos: pos, Of: members})
	}
	return a
}

// single refuses a second relation, which could be read in two ways.
func (s *sentence) single(c Cond) Cond {
	if w := s.peek(0); w == "within" || w == "in" && s.peek(4) == "as" {
		s.mistake("a second relation: put parentheses around one of the two")
	}
	return c
}

// words reads the number after "within".
func (s *sentence) words() int {
	n, err := strconv.Atoi(s.peek(0))
	if err != nil || n < 2 || n > 100 {
		s.mistake("expected a number of words from 2 to 100 after \"within\"")
		return 0
	}
	s.at++
	s.expect("words", fmt.Sprintf("after within %d", n))
	return n
}

// maxDepth bounds how deep conditions may stand in each other.
const maxDepth = 16

// unit reads a term, a group, a quotation, a list, or a condition in parentheses.
func (s *sentence) unit() Cond {
	if s.depth++; s.depth > maxDepth+1 { // the innermost is a term
		s.mistake("conditions stand in each other more than %d deep", maxDepth)
	}
	defer func() { s.depth-- }()
	pos := s.pos()
	switch {
	case s.at >= len(s.tokens):
		s.mistake("the condition ends here; expected a term, a $group or a list")
		return Cond{}
	case s.tokens[s.at].quote:
		return s.term(s.tokens[s.at].text, s.at+1)
	case s.accept("("):
		c := s.or()
		s.expect(")", "to close the parenthesis")
		if c.Op == All || c.Op == Any { // so that "(a and b) within 5 words" is not taken for "all of (a, b) within 5 words"
			c.Pos = pos
		}
		return c
	case s.acceptAll("any", "of"):
		return s.of(Cond{Op: Any, Pos: pos})
	case s.acceptAll("all", "of"):
		return s.of(Cond{Op: All, Pos: pos})
	case s.acceptAll("a", "quotation"):
		return Cond{Op: Quote, Pos: pos}
	case s.acceptAll("at", "least"), isNumber(s.peek(0)) && s.peek(1) == "of":
		n, err := strconv.Atoi(s.peek(0))
		if err != nil || n < 1 || n > 100 {
			s.mistake("expected a number from 1 to 100")
		}
		s.at++
		s.expect("of", "and a list, or a $group")
		return s.of(Cond{Op: AtLeast, N: n, Pos: pos})
	}
	end := s.at
	for end < len(s.tokens) && !s.tokens[end].quote && !slices.Contains(keywords, s.tokens[end].text) && !strings.Contains("(),", s.tokens[end].text) {
		end++
	}
	words := make([]string, 0, end-s.at)
	for _, t := range s.tokens[s.at:end] {
		words = append(words, t.text)
	}
	if len(words) == 0 {
		s.mistake("expected a term, a $group or a list before %q", s.tokens[s.at].text)
		return Cond{}
	}
	return s.term(strings.Join(words, " "), end)
}

// term makes a leaf, and goes on at a token.
func (s *sentence) term(text string, next int) Cond {
	c := Cond{Op: Term, Term: text, Pos: s.pos()}
	switch {
	case text == "":
		s.mistake("the term is empty")
	case strings.HasPrefix(text, "$") && strings.Contains(text, " "):
		s.mistake("%q: join a group and what follows it with \"and\", \"or\" or a relation", text)
	default:
		s.at = next
	}
	return c
}

// of reads the list of an operator. One group stands for its terms.
func (s *sentence) of(c Cond) Cond {
	at := s.at
	if strings.HasPrefix(s.peek(0), "$") {
		c.Of = []Cond{s.term(s.peek(0), s.at+1)}
		return c
	}
	s.expect("(", "or a $group: a list of conditions with commas between them")
	for !s.failed {
		c.Of = append(c.Of, s.or())
		if !s.accept(",") {
			break
		}
	}
	c.Of = slices.Clone(c.Of) // lists are long, and kept: without the room to grow
	s.expect(")", "or a comma in the list")
	if c.Op == AtLeast && !s.failed && len(c.Of) < c.N && !(len(c.Of) == 1 && strings.HasPrefix(c.Of[0].Term, "$")) {
		s.at = at
		s.mistake("at least %d of %d can never hold", c.N, len(c.Of))
	}
	return c
}
