package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// parser turns lexicon files into lexicons. It goes on after a mistake, so that an author sees all of them.
type parser struct {
	lines    []string // of the file that is read
	lexicons []Lexicon
	mistakes Mistakes
	groups   map[string]group // of all files
	ruleIDs  map[string]Position
	words    map[string][]string // what a word of a term matches, by language and word with its marks
}

// group is a named list of terms, with where each stands.
type group struct {
	pos   Position
	terms []Cond
}

func newParser() *parser {
	return &parser{groups: map[string]group{}, ruleIDs: map[string]Position{}, words: map[string][]string{}}
}

var nameForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// file reads one lexicon. Groups in its conditions are resolved later, when all files have been read.
func (p *parser) file(name string, data []byte) {
	doc, ok := p.document(name, data)
	if !ok {
		return
	}
	p.lines = strings.Split(string(data), "\n")
	n := node{Node: doc, file: name, p: p}
	lex := Lexicon{File: name, Groups: map[string][]string{}, groups: map[string]group{}}
	shared := Rule{Language: "any", Status: Warn, Weight: Threshold, Threshold: Threshold}
	var groups, rules node
	if !n.members(fields{
		"title":       func(v node) { lex.Title = v.text() },
		"language":    func(v node) { shared.Language = v.oneOf(Languages) },
		"description": func(v node) { v.text() },
		"groups":      func(v node) { groups = v },
		"rules":       func(v node) { rules = v },
		"author":      func(v node) { shared.Author = v.text() },
		"approver":    func(v node) { shared.Approver = v.text() },
		"date":        func(v node) { shared.Date = v.date() },
		"expires":     func(v node) { shared.Expires = v.date() },
		"source":      func(v node) { shared.Source = v.text() },
		"origin":      func(v node) { shared.Origin = v.oneOf(Origins) },
	}) {
		return
	}
	if groups.Node != nil {
		p.readGroups(groups, &lex, shared.Language)
	}
	if lex.Title == "" {
		n.mistake("title is missing; say what the lexicon is about")
	}
	if rules.Node == nil && len(lex.Groups) == 0 {
		n.mistake("there are neither rules nor groups; a lexicon needs one of them")
	}
	if rules.Node != nil {
		for _, item := range rules.list() {
			lex.Rules = append(lex.Rules, p.rule(item, shared))
		}
	}
	p.lexicons = append(p.lexicons, lex)
}

func (p *parser) readGroups(v node, lex *Lexicon, language string) {
	v.each(func(key, value node) {
		name := key.Value
		if !nameForm.MatchString(name) {
			key.mistake("group name %q: use a-z, 0-9 and single hyphens", name)
			return
		}
		if old, taken := p.groups[name]; taken {
			key.mistake("group %q is already defined at %s:%d; names are shared by all files", name, old.pos.File, old.pos.Line)
			return
		}
		items := value.list()
		g := group{pos: key.pos(), terms: make([]Cond, 0, len(items))}
		for _, item := range items {
			t := item.text()
			switch {
			case t == "":
			case strings.HasPrefix(t, "$"):
				item.mistake("%s: a group lists terms; it cannot name another group", t)
			default:
				g.terms = append(g.terms, p.spelled(Cond{Op: Term, Term: t, Pos: item.pos()}, language))
				lex.Groups[name] = append(lex.Groups[name], t)
			}
		}
		if len(g.terms) == 0 {
			key.mistake("group %q is empty", name)
		}
		p.groups[name] = g
		lex.groups[name] = g
	})
}

// rule reads one rule, which has what its file says of all until it says otherwise.
func (p *parser) rule(n node, shared Rule) Rule {
	r := shared
	r.Pos = n.pos()
	if n.members(fields{
		"id":             func(v node) { r.ID = v.text() },
		"title":          func(v node) { r.Title = v.text() },
		"language":       func(v node) { r.Language = v.oneOf(Languages) },
		"status":         func(v node) { r.Status = Status(v.oneOf(strs(Statuses))) },
		"category":       func(v node) { r.Category = v.category() },
		"severity":       func(v node) { r.Severity = Severity(v.oneOf(strs(Severities))) },
		"weight":         func(v node) { r.Weight = v.number("weight", 10) },
		"threshold":      func(v node) { r.Threshold = v.number("threshold", 100) },
		"when":           func(v node) { r.When = v.cond() },
		"unless":         func(v node) { r.Unless = v.exceptions() },
		"match":          func(v node) { r.Match = v.texts() },
		"pass":           func(v node) { r.Pass = v.pass() },
		"rationale":      func(v node) { r.Rationale = v.text() },
		"source":         func(v node) { r.Source = v.text() },
		"references":     func(v node) { r.References = v.texts() },
		"origin":         func(v node) { r.Origin = v.oneOf(Origins) },
		"falsepositives": func(v node) { r.FalsePositives = v.texts() },
		"author":         func(v node) { r.Author = v.text() },
		"approver":       func(v node) { r.Approver = v.text() },
		"date":           func(v node) { r.Date = v.date() },
		"expires":        func(v node) { r.Expires = v.date() },
	}) {
		p.checkRule(n, r)
	}
	return r
}

func (p *parser) checkRule(n node, r Rule) {
	if old, taken := p.ruleIDs[r.ID]; taken {
		n.mistake("rule %q is already defined at %s:%d; give this one another id", r.ID, old.File, old.Line)
	}
	p.ruleIDs[r.ID] = n.pos()
	switch {
	case r.ID == "":
		n.mistake("id is missing; a rule needs one that never changes")
	case !nameForm.MatchString(r.ID):
		n.mistake("id %q: use a-z, 0-9 and single hyphens", r.ID)
	}
	missing := func(name string, is bool) {
		if is {
			n.mistake("rule %q has no %s", r.ID, name)
		}
	}
	missing("title", r.Title == "")
	missing("category; it is one of "+strings.Join(strs(Categories), ", "), r.Category == "")
	missing("severity; it is one of "+strings.Join(strs(Severities), ", "), r.Severity == "")
	missing("when: what to look for", r.When.Op == "")
	missing("match: texts that it must match", len(r.Match) == 0)
	missing("pass: texts that it must pass (a news sentence, an everyday one, counter-speech)", len(r.Pass.All()) == 0)
}

// resolve replaces $groups in all conditions.
func (p *parser) resolve() {
	for i := range p.lexicons {
		for j := range p.lexicons[i].Rules {
			r := &p.lexicons[i].Rules[j]
			p.resolveCond(&r.When, r.Language)
			for k := range r.Unless {
				p.resolveCond(&r.Unless[k].Cond, r.Language)
			}
		}
	}
}

func (p *parser) resolveCond(c *Cond, language string) {
	if name, isGroup := strings.CutPrefix(c.Term, "$"); isGroup {
		g, known := p.groups[name]
		if !known {
			p.mistake(c.Pos, fmt.Sprintf("no group is named %q; define it under groups in any lexicon of the folder", name))
			return
		}
		*c = Cond{Op: Any, Group: name, Of: g.terms, Pos: c.Pos}
		return
	}
	if c.Op == Term {
		*c = p.spelled(*c, language)
	}
	for i := range c.Of {
		p.resolveCond(&c.Of[i], language)
	}
	if c.Op == AtLeast && len(c.Of) == 1 && c.N > len(c.Of[0].Of) {
		p.mistake(c.Pos, fmt.Sprintf("at least %d of %s can never hold: it has %d terms", c.N, c.Of[0], len(c.Of[0].Of)))
	}
}

func (p *parser) mistake(pos Position, what string) {
	p.mistakes = append(p.mistakes, Mistake{Position: pos, What: what})
}

// node is a YAML node that knows its file, so that every mistake has a place.
type node struct {
	*yaml.Node
	file string
	p    *parser
}

// fields maps the keys of a mapping to what is done with their values.
type fields map[string]func(node)

func (n node) pos() Position { return Position{File: n.file, Line: n.Line, Column: n.Column} }

func (n node) mistake(format string, args ...any) {
	n.p.mistake(n.pos(), fmt.Sprintf(format, args...))
}

// places is where each of the tokens of the node's text stands in the file. They come in the same order there.
func (n node) places(tokens []token) []Position {
	out := slices.Repeat([]Position{n.pos()}, len(tokens))
	from, block := n.Column-1, n.Style&(yaml.FoldedStyle|yaml.LiteralStyle) != 0
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		from++
	}
	next := 0
	for i := n.Line - 1; i < len(n.p.lines) && next < len(tokens); i++ {
		line := n.p.lines[i]
		skip := min(from, len(line))
		if from = 0; block && i == n.Line-1 {
			continue // the sign that a block follows
		}
		for _, at := range tokenForm.FindAllStringIndex(line[skip:], -1) {
			word := line[skip+at[0] : skip+at[1]]
			if next < len(tokens) && (word == tokens[next].raw || strings.TrimRight(word, `"'}],`) == tokens[next].raw) {
				out[next] = Position{File: n.file, Line: i + 1, Column: utf8.RuneCountInString(line[:skip+at[0]]) + 1}
				next++
			}
		}
	}
	return out
}

// expected is the mistake that the node is something else.
func (n node) expected(what string) {
	if n.Kind == yaml.AliasNode {
		n.mistake("*%s: YAML aliases are not read; write it out, or make a group of it", n.Value)
		return
	}
	n.mistake("expected %s", what)
}

func (n node) at(i int) node { return node{Node: n.Content[i], file: n.file, p: n.p} }

// each walks the keys and values of a mapping, and reports whether it is one.
func (n node) each(f func(key, value node)) bool {
	if n.Kind != yaml.MappingNode {
		n.expected("keys with values here")
		return false
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.at(i)
		if seen[key.Value] {
			key.mistake("%q appears twice here", key.Value)
			continue
		}
		seen[key.Value] = true
		f(key, n.at(i+1))
	}
	return true
}

// members reads a mapping with known keys, and reports whether it is a mapping.
func (n node) members(known fields) bool {
	return n.each(func(key, value node) {
		f, ok := known[key.Value]
		if !ok {
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			key.mistake("unknown key %q; known here: %s", key.Value, strings.Join(names, ", "))
			return
		}
		f(value)
	})
}

func (n node) text() string {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		n.expected("a text here")
		return ""
	}
	return strings.TrimSpace(n.Value)
}

func (n node) list() []node {
	if n.Kind != yaml.SequenceNode {
		n.expected("a list here: one item a line, each after a hyphen")
		return nil
	}
	items := make([]node, len(n.Content))
	for i := range n.Content {
		items[i] = n.at(i)
	}
	return items
}

func (n node) texts() []string {
	var out []string
	for _, item := range n.list() {
		if t := item.text(); t != "" {
			out = append(out, t)
		}
	}
	return out
}

func (n node) oneOf(allowed []string) string {
	v := n.text()
	if !slices.Contains(allowed, v) {
		n.mistake("%q is not one of %s", v, strings.Join(allowed, ", "))
	}
	return v
}

// category is a oneOf that says why the list is closed.
func (n node) category() Category {
	v := n.text()
	if !slices.Contains(Categories, Category(v)) {
		n.mistake("category %q is out of scope; the scope is closed (EU 2021/784 Art 2(7)): %s", v, strings.Join(strs(Categories), ", "))
	}
	return Category(v)
}

func (n node) number(name string, most float64) float64 {
	v, err := strconv.ParseFloat(n.text(), 64)
	if err != nil || !(v > 0 && v <= most) {
		n.mistake("%s must be a number over 0 and up to %g; a post is flagged from %g", name, most, Threshold)
	}
	return v
}

// pass reads the texts that a rule must pass: by kind, or as a list.
func (n node) pass() (out Pass) {
	if n.Kind == yaml.SequenceNode {
		out.Unsorted = n.texts()
		return out
	}
	n.members(fields{
		"news":     func(v node) { out.News = v.texts() },
		"everyday": func(v node) { out.Everyday = v.texts() },
		"counter":  func(v node) { out.Counter = v.texts() },
	})
	return out
}

func (n node) date() string {
	v := n.text()
	if _, err := time.Parse(time.DateOnly, v); err != nil {
		n.mistake("%q is not a date such as 2026-11-22", v)
	}
	return v
}

func strs[S ~string](in []S) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}
