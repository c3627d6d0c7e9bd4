package rules_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"saring/rules"
)

// FuzzParse reads any two files as lexicons. Either all the mistakes have a place in one of the files, or the rules
// are within the scope and the limits, and the archive gives the same ruleset again.
func FuzzParse(f *testing.F) {
	cases, _ := filepath.Glob("testdata/mistakes/*.txt")
	for _, name := range cases { // small ones: the fuzzer stands still over big ones
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range a.Files {
			f.Add(file.Data, []byte(good("a")))
		}
	}
	f.Add([]byte(good("a")), []byte(good("b")))
	f.Add([]byte("title: t\ngroups: {g: [x, y]}\n"), []byte(strings.Replace(good("a"), "satu", "\"$g within 5 words before any of (a, b)\"", 1)))
	f.Add([]byte("? [a, b]\n: c\n"), []byte("title: &a\n  *a : *a\n"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		archive, err := json.Marshal(map[string][]byte{"a.yml": a, "b.yml": b})
		if err != nil {
			t.Fatal(err)
		}
		rs, err := rules.FromArchive(archive)
		if err != nil {
			checkMistakes(t, err, map[string][]byte{"ruleset/a.yml": a, "ruleset/b.yml": b})
			return
		}
		checkRules(t, rs)
		again, err := rs.Archive()
		if err != nil || !bytes.Equal(again, archive) {
			t.Fatalf("the archive is another: %v", err)
		}
	})
}

func checkMistakes(t *testing.T, err error, files map[string][]byte) {
	var ms rules.Mistakes
	if !errors.As(err, &ms) || len(ms) == 0 {
		t.Fatalf("no mistakes but %v", err)
	}
	for i, m := range ms {
		// A carriage return and some other characters end a line of YAML too.
		breaks := strings.NewReplacer("\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(string(files[m.File]))
		lines := 1 + strings.Count(breaks, "\n")
		if _, known := files[m.File]; !known || m.Line < 1 || m.Line > lines+1 || m.Column < 1 || m.What == "" {
			t.Fatalf("a mistake at no place of the %d lines: %v", lines, m)
		}
		if i > 0 && m.File < ms[i-1].File {
			t.Fatalf("the mistakes are not in order: %v", ms)
		}
	}
}

func checkRules(t *testing.T, rs *rules.Ruleset) {
	ids := map[string]bool{}
	for _, r := range rs.Rules {
		if ids[r.ID] || r.ID == "" || r.Title == "" || r.Severity.Rank() < 0 || !(r.Weight > 0 && r.Weight <= 10) ||
			r.When.Op == "" || len(r.Match) == 0 || len(r.Pass.All()) == 0 {
			t.Fatalf("a rule that should not have loaded: %+v", r)
		}
		ids[r.ID] = true
		r.When.Terms(func(c *rules.Cond) {
			if c.Term == "" || c.Term[0] == '$' || c.Pos.Line < 1 {
				t.Fatalf("a term that should not have loaded: %+v", c)
			}
		})
	}
}
