package rules_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"saring/rules"
)

// folder writes lexicons into a new folder.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func load(t testing.TB, files map[string]string) *rules.Ruleset {
	t.Helper()
	rs, err := rules.Load(folder(t, files))
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

// mistakes loads a folder that has some, and returns the message without the folder's name.
func mistakes(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := folder(t, files)
	rs, err := rules.Load(dir)
	if err == nil || rs != nil {
		t.Fatalf("it loads: %+v, %v", rs, err)
	}
	return strings.ReplaceAll(err.Error(), dir+"/", "")
}

// good is a lexicon of one rule with that id.
func good(id string) string {
	return "title: A lexicon of a test\nrules:\n  - {id: " + id + ", title: t, category: threat, severity: low, when: satu, match: [satu], pass: [dua]}\n"
}

// TestMistakes runs the cases of testdata/mistakes: files, and all the mistakes in them. With SARING_UPDATE in the
// environment it writes the mistakes anew.
func TestMistakes(t *testing.T) {
	cases, err := filepath.Glob("testdata/mistakes/*.txt")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			files := map[string]string{}
			want := &a.Files[len(a.Files)-1]
			for _, f := range a.Files[:len(a.Files)-1] {
				files[f.Name] = string(f.Data)
			}
			got := mistakes(t, files) + "\n"
			if os.Getenv("SARING_UPDATE") != "" {
				want.Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got != string(want.Data) {
				t.Errorf("got\n%s\nwant\n%s", got, want.Data)
			}
		})
	}
}

// TestRule reads every key of a file and of a rule.
func TestRule(t *testing.T) {
	dir := folder(t, map[string]string{"a.yml": `
title: Everything
language: any
description: d
author: a
source: lists
origin: community
date: 2026-11-22
groups:
  pets: [kucing, "anjing "]
rules:
  - id: whole
    title: " A title "
    language: en
    status: hold
    category: financing
    severity: critical
    weight: 2.5
    when: $pets within 9 words before (satu and 2)
    unless: [tidak, "any of ($pets), in the same sentence"]
    threshold: 7
    match: [m]
    pass: {news: [p], everyday: [q], counter: [r, s]}
    rationale: >-
      why
      so
    references: [r]
    falsepositives: [f]
    author: b
    approver: c
    date: 2026-11-23
    expires: 2027-11-22
  - {id: short, title: t, category: threat, severity: low, when: satu, match: [m], pass: [p]}
`})
	rs, err := rules.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	at := func(line, column int) rules.Position {
		return rules.Position{File: dir + "/a.yml", Line: line, Column: column}
	}
	term := func(s string, line, column int) rules.Cond {
		return rules.Cond{Op: rules.Term, Term: s, Words: [][]string{{s}}, Pos: at(line, column)}
	}
	pets := []rules.Cond{term("kucing", 10, 10), term("anjing", 10, 18)}
	want := []rules.Rule{{
		ID: "whole", Title: "A title", Language: "en", Status: rules.Hold, Category: rules.Financing, Severity: rules.Critical, Weight: 2.5, Threshold: 7,
		When: rules.Cond{Op: rules.Near, Within: 9, Ordered: true, Pos: at(19, 11), Of: []rules.Cond{
			{Op: rules.Any, Group: "pets", Of: pets, Pos: at(19, 11)},
			{Op: rules.All, Of: []rules.Cond{term("satu", 19, 40), term("2", 19, 49)}, Pos: at(19, 39)},
		}},
		Unless: []rules.Unless{{Cond: term("tidak", 20, 14)}, {InSentence: true,
			Cond: rules.Cond{Op: rules.Any, Pos: at(20, 22), Of: []rules.Cond{{Op: rules.Any, Group: "pets", Of: pets, Pos: at(20, 30)}}}}},
		Match: []string{"m"}, Pass: rules.Pass{News: []string{"p"}, Everyday: []string{"q"}, Counter: []string{"r", "s"}}, Pos: at(12, 5),
		Dossier: rules.Dossier{Author: "b", Approver: "c", Date: "2026-11-23", Expires: "2027-11-22", Rationale: "why so", Source: "lists",
			References: []string{"r"}, Origin: "community", FalsePositives: []string{"f"}},
	}, {
		ID: "short", Title: "t", Language: "any", Status: rules.Warn, Category: rules.Threat, Severity: rules.Low, Weight: rules.Threshold, Threshold: rules.Threshold,
		When: term("satu", 33, 66), Match: []string{"m"}, Pass: rules.Pass{Unsorted: []string{"p"}}, Pos: at(33, 5),
		Dossier: rules.Dossier{Author: "a", Date: "2026-11-22", Source: "lists", Origin: "community"},
	}}
	if !reflect.DeepEqual(rs.Rules, want) {
		got, _ := json.MarshalIndent(rs.Rules, "", " ")
		wanted, _ := json.MarshalIndent(want, "", " ")
		t.Errorf("got\n%s\nwant\n%s", got, wanted)
	}
	if l := rs.Lexicons; len(l) != 1 || l[0].File != dir+"/a.yml" || l[0].Title != "Everything" ||
		!slices.Equal(l[0].Groups["pets"], []string{"kucing", "anjing"}) || !reflect.DeepEqual(l[0].Rules, want) {
		t.Errorf("%+v", l)
	}
	var terms []string
	rs.Rules[0].When.Terms(func(c *rules.Cond) { terms = append(terms, c.Term) })
	if !slices.Equal(terms, []string{"kucing", "anjing", "satu", "2"}) {
		t.Errorf("terms %v", terms)
	}
}

// TestBundled loads the lexicons in the binary, whose rules give all that docs/lexicon.md asks for.
func TestBundled(t *testing.T) {
	rs, err := rules.Bundled()
	if err != nil {
		t.Fatal(err)
	}
	if len(rs.Lexicons) < 13 || len(rs.Rules) < 50 {
		t.Errorf("%d lexicons, %d rules", len(rs.Lexicons), len(rs.Rules))
	}
	categories := map[rules.Category]bool{}
	for _, r := range rs.Rules {
		categories[r.Category] = true
		for what, ok := range map[string]bool{
			"three texts to match": len(r.Match) >= 3, "three texts to pass": len(r.Pass.All()) >= 3, "a rationale": r.Rationale != "",
			"references": len(r.References) > 0, "false positives": len(r.FalsePositives) > 0, "an author": r.Author != "", "a date": r.Date != "",
		} {
			if !ok {
				t.Errorf("%s:%d: rule %s lacks %s", r.Pos.File, r.Pos.Line, r.ID, what)
			}
		}
	}
	if len(categories) != len(rules.Categories) {
		t.Errorf("rules of the categories %v only", slices.Sorted(maps.Keys(categories)))
	}
}

// TestGroupsAcrossFiles uses a group before and after the file that defines it.
func TestGroupsAcrossFiles(t *testing.T) {
	uses := "title: Uses a group\nrules:\n  - {id: ID, title: t, category: threat, severity: low, when: $pets, match: [kucing], pass: [dua]}\n"
	rs := load(t, map[string]string{
		"a.yml": strings.Replace(uses, "ID", "before", 1),
		"m.yml": "title: Groups alone\ngroups: {pets: [kucing]}\n",
		"z.yml": strings.Replace(uses, "ID", "after", 1),
	})
	for _, r := range rs.Rules {
		if r.When.Op != rules.Any || len(r.When.Of) != 1 || r.When.Of[0].Term != "kucing" || filepath.Base(r.When.Of[0].Pos.File) != "m.yml" {
			t.Errorf("%s: %+v", r.ID, r.When)
		}
	}
	if len(rs.Rules) != 2 || rs.Rules[0].ID != "before" {
		t.Errorf("rules are not in the order of files: %+v", rs.Rules)
	}
}

// TestSameIDInTwoFiles names both places.
func TestSameIDInTwoFiles(t *testing.T) {
	got := mistakes(t, map[string]string{"a.yml": good("one"), "b.yml": "\n\n" + good("one")})
	if want := `b.yml:5:5: rule "one" is already defined at a.yml:3; give this one another id`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestLimits(t *testing.T) {
	for name, c := range map[string]struct {
		data, want string // "" for what loads
	}{
		"a file of 4 MiB":           {good("a") + strings.Repeat("#", 4<<20-len(good("a"))), ""},
		"a file of 4 MiB and a bit": {good("a") + strings.Repeat("#", 4<<20-len(good("a"))+1), "a.yml: 4194305 bytes; the limit is 4194304"},
		"conditions 16 deep":        {strings.Replace(good("a"), "satu", nested(16), 1), ""},
		"conditions 17 deep":        {strings.Replace(good("a"), "satu", nested(17), 1), "conditions stand in each other more than 16 deep"},
		"conditions 900 deep":       {strings.Replace(good("a"), "satu", nested(900), 1), "conditions stand in each other more than 16 deep"},
		"YAML 200,000 deep":         {strings.Repeat("[", 200_000), "exceeded max depth of 10000"},
		"keys 100,000 deep":         {strings.Repeat("a: {", 100_000), "exceeded max depth of 10000"},
		"a million anchors":         {"title: t\ngroups: {g: [" + strings.Repeat("&a x,", 700_000) + "x]}\n", ""},
		"billions of laughs":        {"title: t\ngroups:\n" + bomb(), "YAML aliases are not read"},
		"an alias of itself":        {"title: t\nrules: &a [*a]\n", "a.yml:2:12: *a: YAML aliases are not read; write it out, or make a group of it"},
		"not UTF-8":                 {"title: t\ngroups: {g: [é\xe9]}\n", "a.yml:2:15: not UTF-8 from here on; save the file as UTF-8"},
		"UTF-16":                    {"\xff\xfet\x00i\x00", "a.yml:1:1: not UTF-8 from here on; save the file as UTF-8"},
		"a null byte":               {good("a") + "\x00", "control characters are not allowed"},
		"a byte order mark":         {"\ufeff" + good("a"), ""},
		"line ends of Windows":      {strings.ReplaceAll(good("a"), "\n", "\r\n"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want == "" {
				load(t, map[string]string{"a.yml": c.data})
			} else if got := mistakes(t, map[string]string{"a.yml": c.data}); !strings.Contains(got, c.want) {
				t.Errorf("got  %.500s\nwant %s", got, c.want)
			}
		})
	}
}

// nested is a term in so many conditions.
func nested(depth int) string {
	return strings.Repeat("(", depth) + "satu" + strings.Repeat(")", depth)
}

// bomb is groups that would be 10 to the 9th terms if aliases were followed.
func bomb() string {
	var b strings.Builder
	b.WriteString("  g0: &g0 [" + strings.Repeat("x, ", 9) + "x]\n")
	for i := 1; i < 9; i++ {
		fmt.Fprintf(&b, "  g%d: &g%d [%s*g%d]\n", i, i, strings.Repeat(fmt.Sprintf("*g%d, ", i-1), 9), i-1)
	}
	return b.String()
}

// TestFolders says what is wrong with a folder, and reads only what an author has put there.
func TestFolders(t *testing.T) {
	dir := folder(t, map[string]string{"a.yml": good("a"), ".hidden.yml": "not: a lexicon", "a.yml~": "old", "b.yaml": "other", "notes.txt": "x"})
	if err := os.Symlink("nobody@nowhere.1:2", filepath.Join(dir, ".#a.yml")); err != nil { // Emacs, while somebody edits a.yml
		t.Fatal(err)
	}
	if rs, err := rules.Load(dir); err != nil || len(rs.Lexicons) != 1 {
		t.Errorf("%+v, %v", rs, err)
	}
	many := t.TempDir()
	for i := range 501 {
		if err := os.WriteFile(filepath.Join(many, fmt.Sprintf("%d.yml", i)), []byte("title: t\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "sub.yml"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		dir:                          "sub.yml: ",
		many:                         "501 files in " + many + "; the limit is 500",
		filepath.Join(dir, "a.yml"):  "a.yml is a file; name the folder that holds it",
		filepath.Join(dir, "no"):     "no such file or directory",
		t.TempDir():                  "no *.yml in ",
		filepath.Join(dir, "\x00no"): "invalid argument",
	} {
		rs, err := rules.Load(name)
		if rs != nil || err == nil || !strings.HasPrefix(err.Error(), "lexicons: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
}

// TestVersion: the same files have the same version wherever they are and however they got there, and any other
// byte or name has another.
func TestVersion(t *testing.T) {
	files := map[string]string{"a.yml": good("a"), "b.yml": good("b"), "c.yml": "title: t\ngroups: {g: [x]}\n"}
	version := load(t, files).Version
	if len(version) != 16 || strings.Trim(version, "0123456789abcdef") != "" {
		t.Errorf("version %q", version)
	}
	for range 5 { // maps are walked in another order each time
		if again := load(t, maps.Clone(files)).Version; again != version {
			t.Errorf("version %s, and again %s", version, again)
		}
	}
	seen := map[string]string{version: "unchanged"}
	other := func(what string, change func(map[string]string)) {
		changed := maps.Clone(files)
		change(changed)
		v := load(t, changed).Version
		if before, taken := seen[v]; taken {
			t.Errorf("%s: the same version as %s", what, before)
		}
		seen[v] = what
	}
	other("a comment", func(f map[string]string) { f["a.yml"] += "#" })
	other("another comment", func(f map[string]string) { f["a.yml"] += "#!" })
	other("a space", func(f map[string]string) { f["a.yml"] += " " })
	other("a comment in another file", func(f map[string]string) { f["b.yml"] += "#" })
	other("a word", func(f map[string]string) { f["c.yml"] = strings.Replace(f["c.yml"], "x", "y", 1) })
	other("a name", func(f map[string]string) { f["d.yml"] = f["c.yml"]; delete(f, "c.yml") })
	other("contents changed places", func(f map[string]string) { f["a.yml"], f["b.yml"] = f["b.yml"], f["a.yml"] })
	other("a file less", func(f map[string]string) { delete(f, "c.yml") })
}

// TestArchive: a ruleset can be stored, fetched, loaded again and written to a folder, and stays the same.
func TestArchive(t *testing.T) {
	rs := load(t, map[string]string{"a.yml": good("a") + "# ☕\r\n", "b.yml": good("b")})
	data, err := rs.Archive()
	if err != nil {
		t.Fatal(err)
	}
	again, err := rules.FromArchive(data)
	if err != nil || again.Version != rs.Version || len(again.Rules) != 2 || again.Rules[0].Pos.File != "ruleset/a.yml" {
		t.Fatalf("%+v, %v", again, err)
	}
	dir := filepath.Join(t.TempDir(), "old")
	if err := again.Write(dir); err != nil {
		t.Fatal(err)
	}
	written, err := rules.Load(dir)
	if err != nil || written.Version != rs.Version {
		t.Fatalf("%+v, %v", written, err)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "a.yml")); string(got) != good("a")+"# ☕\r\n" {
		t.Errorf("written: %q", got)
	}
	if err := again.Write(dir); !errors.Is(err, os.ErrExist) {
		t.Errorf("a folder that is there: %v", err)
	}
	for name, data := range map[string]string{"nothing": "", "no object": "[]", "no files": "{}", "null": "null", "no base64": `{"a.yml":"!"}`, "no lexicon": `{"a.yml":"eA=="}`} {
		if rs, err := rules.FromArchive([]byte(data)); err == nil || rs != nil {
			t.Errorf("%s: %+v", name, rs)
		}
	}
}

// TestWriteStaysInside: an archive whose names lead elsewhere is not written.
func TestWriteStaysInside(t *testing.T) {
	for _, name := range []string{"../out.yml", "/out.yml", "a/b.yml", "..", ".", ""} {
		parent := t.TempDir()
		data := fmt.Sprintf(`{%q:"dGl0bGU6IHQKZ3JvdXBzOiB7ZzogW2FdfQo="}`, name) // title: t, groups: {g: [a]}
		rs, err := rules.FromArchive([]byte(data))
		if err != nil {
			continue
		}
		if err := rs.Write(filepath.Join(parent, "to")); err == nil {
			t.Errorf("%q was written", name)
		}
		if _, err := os.Stat(filepath.Join(parent, "out.yml")); err == nil {
			t.Errorf("%q left the folder", name)
		}
	}
}
