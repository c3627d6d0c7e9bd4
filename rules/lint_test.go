package rules_test

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"saring/rules"
)

// TestLint runs the lexicon of testdata/lint.txt, in which every rule has one fault, on 2026-11-22.
func TestLint(t *testing.T) {
	a, err := txtar.ParseFile("testdata/lint.txt")
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t, map[string]string{"a.yml": string(a.Files[0].Data)})
	rs, err := rules.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := rules.Lint(rs, time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	if got, want := strings.ReplaceAll(found.Error(), dir+"/", "")+"\n", string(a.Files[1].Data); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestGrave leaves advice out.
func TestGrave(t *testing.T) {
	all := rules.Mistakes{{What: "a", Advice: true}, {What: "b"}}
	if got := all.Grave(); len(got) != 1 || got[0].What != "b" || len(all) != 2 {
		t.Errorf("%v of %v", got, all)
	}
}
