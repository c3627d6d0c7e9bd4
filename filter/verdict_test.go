package filter

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"

	"saring/rules"
)

// TestVerdicts runs the cases of testdata/verdict: lexicons, then texts, each with "=> " and its verdict. With
// SARING_UPDATE in the environment it writes the verdicts anew instead; read the difference before you keep it.
func TestVerdicts(t *testing.T) {
	files, err := filepath.Glob("testdata/verdict/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts := &a.Files[len(a.Files)-1]
			lexicons := map[string]string{}
			for _, f := range a.Files[:len(a.Files)-1] {
				lexicons[f.Name] = string(f.Data)
			}
			rs := ruleset(t, lexicons)
			if err := Test(rs); err != nil {
				t.Error(err)
			}
			texts.Data = runVerdicts(t, compiled(t, rs), string(texts.Data))
			if os.Getenv("SARING_UPDATE") != "" {
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// runVerdicts compares every text's verdict with the line after it, and returns the cases as they should be.
func runVerdicts(t *testing.T, f *Filter, cases string) []byte {
	var out strings.Builder
	text := ""
	for line := range strings.Lines(cases) {
		want, result := strings.CutPrefix(strings.TrimSpace(line), "=> ")
		switch {
		case result:
			got := tell(f, text)
			if got != want && os.Getenv("SARING_UPDATE") == "" {
				t.Errorf("%s\n got %s\nwant %s", text, got, want)
			}
			line = "=> " + got + "\n"
		case !strings.HasPrefix(line, "#"):
			text = strings.TrimSpace(line)
		}
		out.WriteString(line)
	}
	return []byte(out.String())
}

// tell is what a filter says of a text, in one line.
func tell(f *Filter, text string) string {
	v := f.Text(text)
	out := "nothing"
	if len(v.Rules) > 0 {
		flag := ""
		if v.Flagged() {
			flag = " flag"
		}
		out = fmt.Sprintf("%g%s %s %s %s %s", v.Score, flag, v.Category, v.Severity, v.Action, v.Language)
	}
	for _, r := range v.Rules {
		out += "; " + r.ID + ":"
		for _, h := range v.Hits {
			if h.Rule == r.ID {
				out += fmt.Sprintf(" %q", h.Text)
			}
		}
	}
	if shadow := f.Shadow(text); len(shadow) > 0 {
		out += "; in shadow: " + strings.Join(shadow, " ")
	}
	return out
}

// ruleset loads lexicons, by file name.
func ruleset(t testing.TB, lexicons map[string]string) *rules.Ruleset {
	t.Helper()
	dir := t.TempDir()
	for name, data := range lexicons {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	rs, err := rules.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// lexicon is a file of rules that each look for one condition, written as YAML, by their ids.
func lexicon(when map[string]string) string {
	var b strings.Builder
	b.WriteString("title: A lexicon of a test\nrules:\n")
	for _, id := range slices.Sorted(maps.Keys(when)) {
		fmt.Fprintf(&b, "  - {id: %s, title: t, category: threat, severity: low, weight: 6, when: %q, match: [m], pass: [p]}\n", id, when[id])
	}
	return b.String()
}

func compiled(t testing.TB, rs *rules.Ruleset) *Filter {
	t.Helper()
	f, err := New(rs)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// bundled is the filter of the lexicons in the binary, compiled once.
var bundled = sync.OnceValues(func() (*Filter, error) {
	rs, err := rules.Bundled()
	if err != nil {
		return nil, err
	}
	return New(rs)
})

func bundledFilter(t testing.TB) *Filter {
	t.Helper()
	f, err := bundled()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestBundled runs the own texts of every rule in the binary.
func TestBundled(t *testing.T) {
	if err := Test(bundledFilter(t).ruleset); err != nil {
		t.Fatal(err)
	}
}

// TestTest says which texts of which rule do not hold, and where the rule stands. Also those of a draft.
func TestTest(t *testing.T) {
	rs := ruleset(t, map[string]string{"a.yml": `
title: Rules that do not hold
rules:
  - {id: silent, title: t, category: threat, severity: low, when: satu, match: [dua], pass: [tiga]}
  - {id: loud, title: t, status: draft, category: threat, severity: low, when: satu, match: [satu], pass: [satu dua]}
`})
	err := Test(rs)
	dir := filepath.Dir(rs.Rules[0].Pos.File)
	want := dir + `/a.yml:4:5: rule "silent" does not match its own text "dua"
` + dir + `/a.yml:5:5: rule "loud" matches a text that it must pass: "satu dua"`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// TestNoWord refuses a term of which folding leaves nothing.
func TestNoWord(t *testing.T) {
	rs := ruleset(t, map[string]string{"a.yml": lexicon(map[string]string{"a": "??"})})
	_, err := New(rs)
	want := rs.Rules[0].When.Pos.File + `:3:74: the term "??" has no letter or digit, so it can never match`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestRepeats looks for what a flood of one of its words would hide.
func TestRepeats(t *testing.T) {
	f := compiled(t, ruleset(t, map[string]string{"a.yml": lexicon(map[string]string{"a": "kucing within 5 words of anjing"})}))
	text := strings.Repeat("kucing dan lalu itu, ", 1000) + "anjing " + strings.Repeat("satu dua tiga anjing ", 1000)
	v := f.Text(text)
	if len(v.Rules) != 1 || len(v.Hits) != 2 || v.Hits[0].Start != strings.LastIndex(text, "kucing") || v.Hits[1].Text != "anjing" {
		t.Errorf("%+v", v)
	}
}

// TestHitsFit: a word of 60 kB that many rules look for does not make a flag that no message can hold.
func TestHitsFit(t *testing.T) {
	when := map[string]string{}
	for i := range 50 {
		when[fmt.Sprint("r", i)] = "any of (isis, lain)"
	}
	text := "is" + strings.Repeat("i", 60_000) + "s lain"
	v := compiled(t, ruleset(t, map[string]string{"a.yml": lexicon(when)})).Text(text)
	checkVerdict(t, v, text)
	if len(v.Rules) != 50 || v.Hits[0].End != 60_003 {
		t.Errorf("%d rules, first hit to %d", len(v.Rules), v.Hits[0].End)
	}
}
