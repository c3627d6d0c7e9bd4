package rules

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// The order of keys in a formatted lexicon.
var (
	fileKeys = []string{"title", "language", "description", "author", "approver", "date", "expires", "source", "origin", "groups", "rules"}
	ruleKeys = []string{"id", "title", "language", "status", "category", "severity", "weight", "threshold", "author", "approver", "date", "expires",
		"rationale", "source", "references", "origin", "falsepositives", "when", "unless", "match", "pass"}
	passKeys = []string{"news", "everyday", "counter"}
)

// Widths of formatted lines, in characters.
const (
	formatWidth = 110
	inlineWidth = 80 // a longer condition stands under its key
)

// Format writes a lexicon the one way that all are written: the keys in order, conditions in the words of
// Cond.String, two spaces of indentation, an empty line between rules. Comments stay, and so does the version of what
// the rules do. The error is Mistakes when the file cannot be read.
func Format(name string, data []byte) ([]byte, error) {
	p := newParser()
	doc, ok := p.document(name, data)
	if !ok {
		return nil, p.mistakes
	}
	p.lines = strings.Split(string(data), "\n")
	f := formatter{p: p, name: name}
	f.file(doc)
	if len(p.mistakes) > 0 {
		return nil, p.mistakes.sorted()
	}
	var out bytes.Buffer
	d, err := yaml.NewDumper(&out, yaml.WithIndent(2), yaml.WithCompactSeqIndent(false), yaml.WithLineWidth(formatWidth), yaml.WithQuotePreference(yaml.QuoteDouble))
	if err == nil {
		err = d.Dump(doc)
	}
	if err == nil {
		err = d.Close()
	}
	return spaced(out.Bytes()), err
}

type formatter struct {
	p    *parser
	name string
}

func (f formatter) file(doc *yaml.Node) {
	order(doc, fileKeys)
	for key, value := range pairs(doc) {
		if key.Value == "rules" {
			for _, r := range value.Content {
				f.rule(r)
			}
		}
	}
}

func (f formatter) rule(r *yaml.Node) {
	order(r, ruleKeys)
	r.Style &^= yaml.FlowStyle
	for key, value := range pairs(r) {
		switch key.Value {
		case "when":
			f.sentence(value, node{Node: value, file: f.name, p: f.p}.cond().String())
		case "unless":
			value.Style &^= yaml.FlowStyle
			one := node{Node: &yaml.Node{Kind: yaml.SequenceNode}, file: f.name, p: f.p}
			for _, item := range value.Content {
				one.Content = []*yaml.Node{item}
				for _, u := range one.exceptions() {
					f.sentence(item, u.String())
				}
			}
		case "pass":
			order(value, passKeys)
			value.Style &^= yaml.FlowStyle
			for _, texts := range pairs(value) {
				texts.Style &^= yaml.FlowStyle
			}
		case "match":
			value.Style &^= yaml.FlowStyle
		}
	}
}

// sentence puts a condition in its place. A sentence of one term that is a number stays a text.
func (f formatter) sentence(n *yaml.Node, s string) {
	if s == "" {
		return // a mistake is on record
	}
	n.Value, n.Style = s, 0
	if len(s) > inlineWidth || s[0] == '\'' || s[0] == '"' {
		n.Style = yaml.FoldedStyle
	}
}

// pairs are the keys and values of a mapping.
func pairs(n *yaml.Node) func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		if n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// order puts the keys of a mapping into their order; those that are not known come last.
func order(n *yaml.Node, keys []string) {
	if n.Kind != yaml.MappingNode {
		return
	}
	type pair struct{ key, value *yaml.Node }
	var all []pair
	for key, value := range pairs(n) {
		all = append(all, pair{key, value})
	}
	rank := func(p pair) int {
		if i := slices.Index(keys, p.key.Value); i >= 0 {
			return i
		}
		return len(keys)
	}
	slices.SortStableFunc(all, func(a, b pair) int { return rank(a) - rank(b) })
	n.Content = n.Content[:0]
	for _, p := range all {
		n.Content = append(n.Content, p.key, p.value)
	}
}

var (
	section = regexp.MustCompile(`^(groups|rules):`)
	item    = regexp.MustCompile(`^  - `)
)

// spaced puts an empty line before groups, before rules, and between two rules; comments stay with what follows them.
func spaced(data []byte) []byte {
	var out, comments []string
	in, first := "", false
	for _, line := range strings.Split(strings.TrimRight(string(data), "\n"), "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			comments = append(comments, line)
			continue
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		head := section.MatchString(line)
		if head || in == "rules:" && item.MatchString(line) && !first {
			out = append(out, "")
		}
		first = false
		if head {
			in, first = strings.Fields(line)[0], true
		}
		out = append(append(out, comments...), line)
		comments = nil
	}
	return []byte(strings.Join(append(out, comments...), "\n") + "\n")
}
