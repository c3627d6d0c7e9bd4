package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"saring/filter"
	"saring/ingest"
	"saring/rules"
)

func newRulesExplain() *cobra.Command {
	e := explain{}
	cmd := &cobra.Command{
		Use:   "explain TEXT…",
		Short: "Say why a text would be flagged or not",
		Long: `Say what a text is read as, which terms stand in it, which rules apply and why, which came close and what they lack,
and how the score adds up. The verdict is the one that the same version of the lexicons gives in production. Nothing is
stored and nothing is sent. With "-" the text is read from standard input. The exit code is 1 when it would be flagged.

In the text, [[…]] marks what makes a rule of the verdict apply, […] what a rule looks for, and {…} what only an exception
looks for; on a terminal these are colours.`,
		Example: `  saring rules explain "Ayo b3rbaiat kepada ISIS, kami menunggu"
  saring rules explain --rules my-lexicons --drafts - < text.txt
  saring rules explain --rule id-oath-to-group "Kami setia kepada negara"
  saring rules explain --json "Ayo berbaiat kepada ISIS"`,
		RunE: func(cmd *cobra.Command, args []string) error { return e.run(cmd, args) },
	}
	f := cmd.Flags()
	f.StringVar(&e.rules, "rules", "", "folder of lexicons (default: those in the binary)")
	f.StringVar(&e.o.Rule, "rule", "", "id of one rule: only this one, whole, whatever stands in the text")
	f.BoolVar(&e.o.Drafts, "drafts", false, "rules in draft too, although they never apply")
	f.BoolVar(&e.all, "all", false, "every rule that has a term in the text, however little of it holds")
	f.BoolVar(&e.json, "json", false, "the whole explanation as JSON")
	return cmd
}

// explain is the command's options.
type explain struct {
	rules     string
	o         filter.ExplainOptions
	all, json bool
}

func (e *explain) run(cmd *cobra.Command, args []string) error {
	text, err := argument(cmd.InOrStdin(), args)
	if err != nil {
		return err
	}
	_, f, err := compile(e.rules)
	if err != nil {
		return err
	}
	out, err := f.ExplainWith(text, e.o)
	if err != nil {
		return err
	}
	if e.json {
		enc := json.NewEncoder(cmd.OutOrStdout())
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = enc.Encode(out)
	} else {
		p := explanationPage{Explanation: out, all: e.all, whole: e.o.Rule != "",
			color: isTerminal(cmd.OutOrStdout()) && os.Getenv("NO_COLOR") == ""}
		p.write()
		_, err = io.WriteString(cmd.OutOrStdout(), p.b.String())
	}
	if err == nil && out.Sum.Flagged {
		return errFound
	}
	return err
}

// explain is how the desk explains a text: by the ruleset in use, nil where this process judges nothing.
func (u *up) explain() func(string, filter.ExplainOptions) (filter.Explanation, error) {
	if u.live == nil {
		return nil
	}
	return func(text string, o filter.ExplainOptions) (filter.Explanation, error) {
		return u.live.Filter().ExplainWith(text, o)
	}
}

// argument is the text that a command was given: its arguments, or standard input for "-".
func argument(in io.Reader, args []string) (string, error) {
	text := strings.Join(args, " ")
	switch {
	case len(args) == 0:
		return "", usageError{errors.New("the text is missing; give it in quotes, or - for standard input")}
	case text == "-":
		data, err := io.ReadAll(io.LimitReader(in, ingest.MaxText+2))
		if err != nil {
			return "", fmt.Errorf("standard input: %w", err)
		}
		text = strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	}
	switch {
	case len(text) > ingest.MaxText:
		return "", fmt.Errorf("the text is longer than %d bytes, so no post can have it", ingest.MaxText)
	case !utf8.ValidString(text):
		return "", errors.New("the text is not UTF-8; save it as UTF-8")
	}
	return text, nil
}

// explanationPage is an explanation as a person reads it.
type explanationPage struct {
	filter.Explanation
	all, whole, color bool
	b                 strings.Builder
}

// What is shown of the rules that do not apply.
const (
	closeRules  = 3
	closeEnough = 0.5
	wideLine    = 100 // letters, from which a reason gets a line of its own
)

func (p *explanationPage) write() {
	p.head("Text")
	p.text()
	p.folding()
	shown, rest := p.split()
	p.trials(shown)
	if rest > 0 {
		p.note("more rules with a term in the text: %d (--all shows them)", rest)
	}
	if p.DraftsLeftOut > 0 && !p.whole {
		p.note("rules in draft, left out: %d (--drafts shows them)", p.DraftsLeftOut)
	}
	p.sum()
}

func (p *explanationPage) note(format string, n int) {
	p.line(0, "\n"+p.dim(fmt.Sprintf(format, n)))
}

// text writes the text with marks on what was found.
func (p *explanationPage) text() {
	marks := map[filter.Role][3]string{
		filter.Counts: {"[[", "]]", "1;30;43"}, filter.Wanted: {"[", "]", "4"}, filter.Exception: {"{", "}", "4;36"},
	}
	var b strings.Builder
	for _, piece := range p.Pieces() {
		m := marks[piece.Role]
		switch s := visible(piece.Text); {
		case piece.Role == "":
			b.WriteString(s)
		case p.color:
			b.WriteString(p.style(m[2], s))
		default:
			b.WriteString(m[0] + s + m[1])
		}
	}
	for line := range strings.Lines(b.String()) {
		p.line(1, strings.TrimRight(line, "\n"))
	}
}

// folding writes the words that were changed by more than case.
func (p *explanationPage) folding() {
	first := true
	for _, w := range p.Words {
		if len(w.Done) == 0 {
			continue
		}
		if first {
			p.head("Read as")
			first = false
		}
		var how []string
		for _, d := range w.Done {
			how = append(how, d.Text)
		}
		p.line(1, visible(w.Text)+" → "+p.style("1", visible(w.Folded))+p.dim("  "+strings.Join(how, ", ")))
	}
}

// split returns the rules to show, and how many others have a term in the text.
func (p *explanationPage) split() (shown []filter.Trial, rest int) {
	near := 0
	for _, t := range p.Rules {
		if !t.Applies && !p.all && !p.whole {
			if near++; near > closeRules || t.Closeness < closeEnough {
				rest++
				continue
			}
		}
		shown = append(shown, t)
	}
	return shown, rest + p.RulesLeftOut
}

func (p *explanationPage) trials(trials []filter.Trial) {
	now := ""
	for _, t := range trials {
		head := "Rules that do not apply, the closest first"
		switch {
		case t.Counts:
			head = "Rules that apply"
		case t.Applies:
			head = "Rules that would apply, but are in " + string(rules.Shadow) + " or in " + string(rules.Draft)
		}
		if head != now {
			p.head(head)
			now = head
		} else {
			p.b.WriteString("\n")
		}
		p.trial(t)
	}
}

// trial writes one rule.
func (p *explanationPage) trial(t filter.Trial) {
	p.line(1, p.sign(t.Applies)+" "+p.style("1", t.ID)+"  "+visible(t.Title))
	p.line(2, p.dim(fmt.Sprintf("%s, %s, %s, weight %g; %s", t.Status, t.Category, t.Severity, t.Weight, t.At)))
	p.line(2, p.style("3", visible(t.Why.Text)))
	p.node(2, "when ", t.When)
	if t.When.Holds || p.whole {
		for _, o := range t.Unless {
			p.objection(o)
		}
	}
	if t.Left != nil {
		p.node(2, "when, in what is left: ", *t.Left)
	}
}

// objection writes an exception: whole if it holds.
func (p *explanationPage) objection(o filter.Objection) {
	n := o.Node
	if !n.Holds && !p.whole {
		n.Of = nil
	}
	p.node(2, "unless ", n)
	for _, s := range o.TakesBack {
		p.line(4, "takes back: “"+visible(s.Text)+"”")
	}
}

// node writes a condition and its parts.
func (p *explanationPage) node(indent int, before string, n filter.Node) {
	line := p.sign(n.Holds) + " " + before + visible(n.Condition)
	if before != "" || len(n.Of) > 0 {
		line += p.dim("  " + n.At[strings.LastIndexByte(n.At, '/')+1:])
	}
	why := visible(n.Why.Text)
	if utf8.RuneCountInString(n.Condition)+utf8.RuneCountInString(why) > wideLine {
		p.line(indent, line)
		p.line(indent+2, p.dim(why))
	} else {
		p.line(indent, line+p.dim("  "+why))
	}
	for _, sub := range n.Of {
		p.node(indent+1, "", sub)
	}
	if n.LeftOut > 0 {
		p.line(indent+1, p.dim(fmt.Sprintf("… and %d that do not hold", n.LeftOut)))
	}
}

// sum writes how the score adds up.
func (p *explanationPage) sum() {
	s := p.Sum
	p.head("Score")
	for _, r := range s.Weights {
		p.line(1, fmt.Sprintf("%5g  %s", r.Score, r.ID))
	}
	from := ""
	if s.ThresholdFrom != "" {
		from = ", which is the threshold of " + s.ThresholdFrom
	}
	p.line(1, fmt.Sprintf("%5g  in all; flagged from %g%s", s.Score, s.Threshold, from))
	if s.From != "" {
		p.line(1, fmt.Sprintf("category %s and severity %s are those of %s, the gravest", s.Category, s.Severity, s.From))
		p.line(1, fmt.Sprintf("proposed: %s, by %s", s.Action, s.ActionFrom))
	}
	verdict := p.style("1;32", "not flagged")
	if s.Flagged {
		verdict = p.style("1;31", "flagged")
	}
	p.head("Verdict: " + verdict)
	p.line(0, p.dim("by ruleset "+p.Verdict.Ruleset))
}

func (p *explanationPage) head(title string) {
	if p.b.Len() > 0 {
		p.b.WriteString("\n")
	}
	p.line(0, p.style("1", title))
}

func (p *explanationPage) line(indent int, s string) {
	p.b.WriteString(strings.Repeat("  ", indent) + s + "\n")
}

func (p *explanationPage) sign(is bool) string {
	if is {
		return p.style("32", "✓")
	}
	return p.style("31", "✗")
}

func (p *explanationPage) dim(s string) string { return p.style("2", s) }

// style writes a text in a style of ECMA-48, on a terminal.
func (p *explanationPage) style(code, s string) string {
	if !p.color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// visible writes characters that a terminal obeys or does not show by their numbers.
func visible(s string) string {
	hidden := func(r rune) bool {
		return r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
	}
	if !strings.ContainsFunc(s, hidden) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			fmt.Fprintf(&b, "<U+%04X>", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
