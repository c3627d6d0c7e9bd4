package filter

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"saring/rules"
)

// TestExplain runs the cases of testdata/explain: lexicons, then texts, each with lines of its explanation under it,
// indented. With SARING_UPDATE in the environment it writes them anew instead; read the difference before you keep it.
func TestExplain(t *testing.T) {
	files, err := filepath.Glob("testdata/explain/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f := compiled(t, ruleset(t, map[string]string{"lexicon.yml": string(a.Files[0].Data)}))
			texts := &a.Files[1]
			var got strings.Builder
			for text := range strings.Lines(string(texts.Data)) {
				if text = strings.TrimRight(text, "\n"); text == "" || strings.HasPrefix(text, " ") {
					continue
				}
				e, err := f.ExplainWith(text, ExplainOptions{Drafts: true})
				if err != nil {
					t.Fatal(err)
				}
				checkExplanation(t, f, e)
				got.WriteString(text + "\n" + sketch(e) + "\n")
			}
			if os.Getenv("SARING_UPDATE") == "" {
				compareLines(t, got.String(), string(texts.Data))
				return
			}
			texts.Data = []byte(got.String())
			if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// sketch is an explanation in few lines.
func sketch(e Explanation) string {
	var b strings.Builder
	s := e.Sum
	fmt.Fprintf(&b, "  verdict: %g of %g%s, flagged %t", s.Score, s.Threshold, by(s.ThresholdFrom), s.Flagged)
	if s.From != "" {
		fmt.Fprintf(&b, "; %s %s%s; %s%s", s.Category, s.Severity, by(s.From), s.Action, by(s.ActionFrom))
	}
	b.WriteString("\n")
	for _, w := range e.Words {
		for i, d := range w.Done {
			if i == 0 {
				fmt.Fprintf(&b, "  %+q -> %s:", w.Text, w.Folded)
			}
			fmt.Fprintf(&b, " %s;", d.Text)
			if i == len(w.Done)-1 {
				b.WriteString("\n")
			}
		}
	}
	for _, r := range e.Rules {
		sign := "-"
		switch {
		case r.Counts:
			sign = "+"
		case r.Applies:
			sign = "~"
		}
		fmt.Fprintf(&b, "  %s %s (%g): %s\n", sign, r.ID, r.Weight, r.Why.Text)
		sketchNode(&b, "    when ", r.When)
		for _, o := range r.Unless {
			sketchNode(&b, "    unless ", o.Node)
			for _, s := range o.TakesBack {
				fmt.Fprintf(&b, "      takes back: %s\n", s.Text)
			}
		}
		if r.Left != nil {
			sketchNode(&b, "    left ", *r.Left)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func by(rule string) string {
	if rule == "" {
		return ""
	}
	return " by " + rule
}

func sketchNode(b *strings.Builder, indent string, n Node) {
	sign := "-"
	if n.Holds {
		sign = "+"
	}
	_, at, _ := strings.Cut(n.At, ".yml:")
	fmt.Fprintf(b, "%s%s %s (%s): %s\n", indent, sign, n.Condition, at, n.Why.Text)
	for _, sub := range n.Of {
		sketchNode(b, strings.Repeat(" ", len(indent)-len(strings.TrimLeft(indent, " "))+2), sub)
	}
}

// checkExplanation compares an explanation with the verdict, and itself with the text.
func checkExplanation(t testing.TB, f *Filter, e Explanation) {
	t.Helper()
	want, shadow := f.judge(e.Text)
	got, err := json.Marshal([]any{e.Verdict, e.Shadow})
	if err != nil {
		t.Fatal(err)
	}
	if w, _ := json.Marshal([]any{want, shadow}); string(w) != string(got) {
		t.Fatalf("%+q:\nexplained %s\nproduction %s", e.Text, got, w)
	}
	if e.Sum.From != "" {
		if r := ruleOf(f, e.Sum.From); r.Category != want.Category || r.Severity != want.Severity {
			t.Errorf("%+q: %s decides, but the verdict is %s %s", e.Text, e.Sum.From, want.Category, want.Severity)
		}
	}
	if (e.Sum.From == "") != (len(want.Rules) == 0) || (e.Sum.ActionFrom == "") != (len(want.Rules) == 0) {
		t.Errorf("%+q: %+v", e.Text, e.Sum)
	}
	counted := 0
	for _, r := range e.Rules {
		in := slices.ContainsFunc(want.Rules, func(s RuleScore) bool { return s.ID == r.ID })
		if in != r.Counts || r.Applies != (in || slices.Contains(shadow, r.ID) || r.Status == rules.Draft && r.Applies) {
			t.Errorf("%+q: rule %s applies %t, counts %t, in the verdict %t", e.Text, r.ID, r.Applies, r.Counts, in)
		}
		if r.Counts {
			counted++
		}
		if r.Applies && !r.When.Holds {
			t.Errorf("%+q: rule %s applies, and its condition does not hold", e.Text, r.ID)
		}
	}
	if counted != len(want.Rules) && e.RulesLeftOut == 0 {
		t.Errorf("%+q: %d rules of the verdict are explained, want %d", e.Text, counted, len(want.Rules))
	}
	checkSpans(t, e)
}

// checkSpans wants every span inside the text, and the pieces to be the text.
func checkSpans(t testing.TB, e Explanation) {
	t.Helper()
	within := func(s Span, text string) {
		if s.Start < 0 || s.Start >= s.End || s.End > len(e.Text) || text != e.Text[s.Start:s.End] {
			t.Fatalf("%+q: span %v of %+q", e.Text, s, text)
		}
	}
	for _, w := range e.Words {
		within(w.Span, w.Text)
	}
	for _, s := range slices.Concat(e.Sentences, e.Quotations) {
		within(s, e.Text[s.Start:s.End])
	}
	hits := 0
	for _, f := range e.Found {
		within(f.Span, f.Text)
		if f.Role == Counts {
			hits++
		}
	}
	if hits == 0 && len(e.Verdict.Hits) > 0 && e.FoundLeftOut == 0 {
		t.Errorf("%+q: no hit is found", e.Text)
	}
	var b strings.Builder
	for _, p := range e.Pieces() {
		b.WriteString(p.Text)
	}
	if b.String() != e.Text && utf8.ValidString(e.Text) {
		t.Errorf("%+q: its pieces are %+q", e.Text, b.String())
	}
}

func ruleOf(f *Filter, id string) *rules.Rule {
	i := slices.IndexFunc(f.rules, func(r rule) bool { return r.ID == id })
	return f.rules[i].Rule
}

// TestExplainIsProduction compares every text that the lexicons and the sample hold with its verdict.
func TestExplainIsProduction(t *testing.T) {
	f := bundledFilter(t)
	for i, p := range sample(t) {
		if i%thin > 0 {
			continue
		}
		checkExplanation(t, f, f.Explain(p.Text()))
	}
	for i, r := range f.ruleset.Rules {
		if i%thin > 0 {
			continue
		}
		for _, text := range slices.Concat(r.Match, r.Pass.All()) {
			checkExplanation(t, f, f.Explain(text))
		}
	}
}

// TestExplainOneRule: the rule that was asked for is explained whole, whatever stands in the text.
func TestExplainOneRule(t *testing.T) {
	f := bundledFilter(t)
	id := f.rules[0].ID
	e, err := f.ExplainWith("Nothing at all.", ExplainOptions{Rule: id})
	if err != nil || len(e.Rules) != 1 || e.Rules[0].ID != id || e.Rules[0].When.Condition != f.rules[0].When.String() {
		t.Errorf("%+v, %v", e.Rules, err)
	}
	if _, err := f.ExplainWith("x", ExplainOptions{Rule: "no-such-rule"}); err == nil || !strings.Contains(err.Error(), "no-such-rule") {
		t.Error(err)
	}
}

// TestExplainBound: no text makes an explanation huge, and none makes it slow.
func TestExplainBound(t *testing.T) {
	f := bundledFilter(t)
	all := strings.Join(spellings(f.ruleset, 4), " ")
	for name, text := range map[string]string{
		"every term": all[:min(len(all), 64<<10)], "one stretched letter": strings.Repeat("a", 64<<10),
		"few terms": strings.Repeat("bunuh kafir isis baiat ayo kami ", 2000),
		"sentences": strings.Repeat("Bunuh! \"Baiat\" ", 4000), "marks": "a" + strings.Repeat("\u0301", 30_000), "nothing": "",
	} {
		e := f.Explain(text)
		checkExplanation(t, f, e)
		data, err := json.Marshal(e)
		if err != nil || len(data) > 4<<20 {
			t.Errorf("%s: %d bytes, %v", name, len(data), err)
		}
		t.Log(name, len(data), "bytes")
	}
}

// FuzzExplain: the explanation of any text has production's verdict, and all of its spans are in the text.
func FuzzExplain(f *testing.F) {
	for _, text := range []string{"", "Ayo berbaiat kepada ISIS!", "b 4 i a t  \"ISIS\". Jangan", "\xff\u200b#BomBali"} {
		f.Add(text)
	}
	all, err := bundled()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			return
		}
		checkExplanation(t, all, all.Explain(text))
	})
}
