package rules

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// parser turns lexicon files into lexicons. It goes on after a mistake, so that an author sees all of them.
type parser struct {
	lexicons []Lexicon
	mistakes Mistakes
	groups   map[string]group // of all files
	ruleIDs  map[string]Position
}

// group is a named list of terms, with where each stands.
type group struct {
	pos   Position
	terms []Cond
}

func newParser() *parser {
	return &parser{groups: map[string]group{}, ruleIDs: map[string]Position{}}
}

var nameForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// file reads one lexicon. Groups in its conditions are resolved later, when all files have been read.
func (p *parser) file(name string, data []byte) {
	doc, ok := p.document(name, data)
	if !ok {
		return
	}
	n := node{Node: doc, file: name, p: p}
	lex := Lexicon{File: name, Groups: map[string][]string{}}
	language := "any"
	var rules node
	if !n.members(fields{
		"title":       func(v node) { lex.Title = v.text() },
		"language":    func(v node) { language = v.oneOf(Languages) },
		"description": func(v node) { v.text() },
		"author":      func(v node) { v.text() },
		"date":        func(v node) { v.date() },
		"groups":      func(v node) { p.readGroups(v, &lex) },
		"rules":       func(v node) { rules = v },
	}) {
		return
	}
	if lex.Title == "" {
		n.mistake("title is missing; say what the lexicon is about")
	}
	if rules.Node == nil && len(lex.Groups) == 0 {
		n.mistake("there are neither rules nor groups; a lexicon needs one of them")
	}
	if rules.Node != nil {
		for _, item := range rules.list() {
			lex.Rules = append(lex.Rules, p.rule(item, language))
		}
	}
	p.lexicons = append(p.lexicons, lex)
}

func (p *parser) readGroups(v node, lex *Lexicon) {
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
		g := group{pos: key.pos()}
		for _, item := range value.list() {
			t := item.text()
			switch {
			case t == "":
			case strings.HasPrefix(t, "$"):
				item.mistake("%s: a group lists terms; it cannot name another group", t)
			default:
				g.terms = append(g.terms, Cond{Op: Term, Term: t, Pos: item.pos()})
				lex.Groups[name] = append(lex.Groups[name], t)
			}
		}
		if len(g.terms) == 0 {
			key.mistake("group %q is empty", name)
		}
		p.groups[name] = g
	})
}

// rule reads one rule.
func (p *parser) rule(n node, language string) Rule {
	r := Rule{Language: language, Status: Warn, Weight: Threshold, Pos: n.pos()}
	if n.members(fields{
		"id":             func(v node) { r.ID = v.text() },
		"title":          func(v node) { r.Title = v.text() },
		"language":       func(v node) { r.Language = v.oneOf(Languages) },
		"status":         func(v node) { r.Status = Status(v.oneOf(strs(Statuses))) },
		"category":       func(v node) { r.Category = v.category() },
		"severity":       func(v node) { r.Severity = Severity(v.oneOf(strs(Severities))) },
		"weight":         func(v node) { r.Weight = v.weight() },
		"when":           func(v node) { r.When = v.cond() },
		"unless":         func(v node) { r.Unless = v.conds() },
		"match":          func(v node) { r.Match = v.texts() },
		"pass":           func(v node) { r.Pass = v.texts() },
		"rationale":      func(v node) { r.Rationale = v.text() },
		"references":     func(v node) { r.References = v.texts() },
		"falsepositives": func(v node) { r.FalsePositives = v.texts() },
		"author":         func(v node) { r.Author = v.text() },
		"date":           func(v node) { r.Date = v.date() },
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
	missing("pass: texts that it must pass (a news sentence, an everyday one, counter-speech)", len(r.Pass) == 0)
}

// resolve replaces $groups in all conditions.
func (p *parser) resolve() {
	for i := range p.lexicons {
		for j := range p.lexicons[i].Rules {
			r := &p.lexicons[i].Rules[j]
			p.resolveCond(&r.When)
			for k := range r.Unless {
				p.resolveCond(&r.Unless[k])
			}
		}
	}
}

func (p *parser) resolveCond(c *Cond) {
	if c.Op == Term && strings.HasPrefix(c.Term, "$") {
		g, known := p.groups[c.Term[1:]]
		if !known {
			p.mistake(c.Pos, fmt.Sprintf("no group is named %q; define it under groups in any lexicon of the folder", c.Term[1:]))
			return
		}
		*c = Cond{Op: Any, Of: g.terms, Pos: c.Pos}
		return
	}
	for i := range c.Of {
		p.resolveCond(&c.Of[i])
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

func (n node) weight() float64 {
	v, err := strconv.ParseFloat(n.text(), 64)
	if err != nil || !(v > 0 && v <= 10) {
		n.mistake("weight must be a number over 0 and up to 10; a post is flagged from %g", Threshold)
	}
	return v
}

func (n node) date() string {
	v := n.text()
	if _, err := time.Parse(time.DateOnly, v); err != nil {
		n.mistake("%q is not a date such as 2026-11-22", v)
	}
	return v
}

// conds reads a list of conditions.
func (n node) conds() []Cond {
	var out []Cond
	for _, item := range n.list() {
		if c, err := item.readCond(0); err == nil {
			out = append(out, c)
		}
	}
	return out
}

func (n node) cond() Cond {
	c, _ := n.readCond(0)
	return c
}

// maxDepth bounds how deep conditions may stand in each other.
const maxDepth = 16

var errCond = errors.New("not a condition")

// readCond reads a condition: a term, or any, all or near over conditions.
func (n node) readCond(depth int) (Cond, error) {
	if depth > maxDepth {
		n.mistake("conditions stand in each other more than %d deep", maxDepth)
		return Cond{}, errCond
	}
	if n.Kind == yaml.ScalarNode {
		t := n.text()
		if t == "" {
			return Cond{}, errCond
		}
		return Cond{Op: Term, Term: t, Pos: n.pos()}, nil
	}
	c := Cond{Pos: n.pos()}
	within := node{}
	of := func(op Op) func(node) {
		return func(v node) {
			if c.Op != "" {
				v.mistake("a condition has one of any, all, near; this one has %s and %s", c.Op, op)
			}
			c.Op = op
			for _, item := range v.list() {
				if sub, err := item.readCond(depth + 1); err == nil {
					c.Of = append(c.Of, sub)
				}
			}
		}
	}
	if !n.members(fields{
		"any": of(Any), "all": of(All), "near": of(Near),
		"within":  func(v node) { within = v; c.Within, _ = strconv.Atoi(v.text()) },
		"ordered": func(v node) { c.Ordered = v.oneOf([]string{"true", "false"}) == "true" },
	}) {
		return c, errCond
	}
	switch {
	case c.Op == "":
		n.mistake("expected a condition: a term, or one of any, all, near with a list")
		return c, errCond
	case len(c.Of) == 0:
		n.mistake("%s needs a list of conditions", c.Op)
		return c, errCond
	case c.Op == Near && (within.Node == nil || c.Within < 2 || c.Within > 100):
		n.mistake("near needs within: the number of words, from 2 to 100")
	case c.Op != Near && (within.Node != nil || c.Ordered):
		n.mistake("within and ordered go with near, not with %s", c.Op)
	}
	return c, nil
}

func strs[S ~string](in []S) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}
