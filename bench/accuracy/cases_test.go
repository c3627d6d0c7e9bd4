package accuracy

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"saring/ingest"
	"saring/rules"
)

// whole is a group with nothing wrong.
const whole = "propaganda: a\nnews: b\ncounter: c\neveryday: d\n"

func TestParse(t *testing.T) {
	const text = "\ufeff# a comment\n\n== one\r\npropaganda: the first\n  goes on \n  and on\nnews: n\n# between\ncounter: c\neveryday: e: e\n" +
		"== two\neveryday:\n  begins in the next line\npropaganda: p\npropaganda: #q\ncounter: c\nnews: n"
	got, err := Parse("cases/threat.en.txt", text)
	if err != nil {
		t.Fatal(err)
	}
	want := []Group{
		{ID: "one", Category: rules.Threat, Language: "en", File: "cases/threat.en.txt", Line: 3, Texts: map[Kind][]string{
			Propaganda: {"the first goes on and on"}, News: {"n"}, Counter: {"c"}, Everyday: {"e: e"}}},
		{ID: "two", Category: rules.Threat, Language: "en", File: "cases/threat.en.txt", Line: 11, Texts: map[Kind][]string{
			Propaganda: {"p", "#q"}, News: {"n"}, Counter: {"c"}, Everyday: {"begins in the next line"}}},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v\nwant\n%v", got, want)
	}
	if apart, err := Parse("cases/apart/threat.en.txt", text); err != nil || !apart[0].KeptApart || !apart[1].KeptApart {
		t.Errorf("%v, %v", apart, err)
	}
}

func TestParseMistakes(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"a name without a language":  {"threat.txt", "", "threat.txt:1: the name says no category"},
		"an unknown category":        {"opinion.id.txt", "", "opinion.id.txt:1: the name says no category"},
		"an unknown language":        {"threat.de.txt", "", "threat.de.txt:1: the name says no category"},
		"an unknown kind":            {"", "== a\n" + whole + "sermon: x\n", `threat.id.txt:6: "sermon: x" is none of`},
		"a line that does not go on": {"", "== a\n" + whole + "more\n", `threat.id.txt:6: "more" is none of`},
		"one space":                  {"", "== a\n" + whole + " more\n", `threat.id.txt:6: " more" is none of`},
		"nothing to go on":           {"", "== a\n" + whole + "\n  more\n", "threat.id.txt:7: a text goes on here"},
		"a missing kind":             {"", "== a\npropaganda: a\ncounter: c\neveryday: d\n", `threat.id.txt:1: group "a" has no news`},
		"an empty text":              {"", "== a\n" + whole + "news: \n", "threat.id.txt:6: news has no text"},
		"a group twice":              {"", "== a\n" + whole + "== a\n" + whole, `threat.id.txt:6: group "a" is already at line 1`},
		"no id":                      {"", "==\n" + whole, `threat.id.txt:1: group id ""`},
		"an id with a space":         {"", "== a b\n" + whole, `threat.id.txt:1: group id "a b"`},
		"a text before a group":      {"", "news: b\n", "threat.id.txt:1: a text before the first group"},
		"not UTF-8":                  {"", "== a\n" + whole + "news: \xff\n", "threat.id.txt:6: not UTF-8"},
		"longer than a post":         {"", "== a\n" + whole + "news: " + strings.Repeat("a", ingest.MaxText+1), "threat.id.txt:6: the text has 65537 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			file := c.file
			if file == "" {
				file = "threat.id.txt"
			}
			_, err := Parse(file, c.text)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

func TestReadFindsAGroupTwice(t *testing.T) {
	_, err := Read([]string{"threat.id.txt", "threat.en.txt"}, func(string) ([]byte, error) { return []byte("== a\n" + whole), nil })
	if want := `threat.en.txt:1: group "a" is already at threat.id.txt:1; give this one another id`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if _, err := Read([]string{"nowhere/threat.id.txt"}, os.ReadFile); err == nil {
		t.Error("a file that is not there was read")
	}
}

// TestBundled holds the cases in the binary to what they promise: 150 groups a language, over all categories, and no
// text twice.
func TestBundled(t *testing.T) {
	groups, err := Bundled()
	if err != nil {
		t.Fatal(err)
	}
	languages, files, texts := map[string]int{}, map[string]int{}, map[string]string{}
	for _, g := range groups {
		languages[g.Language]++
		files[g.Language+" "+string(g.Category)]++
		for _, kind := range Kinds {
			for _, text := range g.Texts[kind] {
				if other, twice := texts[text]; twice {
					t.Errorf("%s:%d: a text of %s is in %s as well", g.File, g.Line, g.ID, other)
				}
				texts[text] = g.ID
			}
		}
	}
	t.Logf("%d groups %v, %d texts", len(groups), languages, len(texts))
	for _, language := range []string{"id", "en"} {
		if languages[language] < 150 {
			t.Errorf("%d groups in %s, want 150 or more", languages[language], language)
		}
		for _, category := range rules.Categories {
			if n := files[language+" "+string(category)]; n < 10 {
				t.Errorf("%d groups of %s in %s, want 10 or more", n, category, language)
			}
		}
	}
}

// FuzzParse reads any file. Either every mistake has a line of it, or what was read can be written and read again.
func FuzzParse(f *testing.F) {
	f.Add("== a\n" + whole + "== b\n" + whole)
	f.Add("# x\n== a\npropaganda: a\n  b\n\nnews: b\nnews: c\ncounter:\n  c\neveryday: d\n  \n")
	names, _ := filepath.Glob("testdata/*.txt")
	for _, name := range names {
		if data, err := os.ReadFile(name); err == nil {
			f.Add(string(data))
		}
	}
	mistake := regexp.MustCompile(`^threat\.id\.txt:([0-9]+): .`)
	f.Fuzz(func(t *testing.T, text string) {
		groups, err := Parse("threat.id.txt", text)
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if !mistake.MatchString(line) {
					t.Fatalf("a mistake without a line: %q", line)
				}
			}
			return
		}
		again, err := Parse("threat.id.txt", written(groups))
		if err != nil {
			t.Fatal(err)
		}
		for i, g := range groups {
			if g.ID != again[i].ID || !maps.EqualFunc(g.Texts, again[i].Texts, slices.Equal) {
				t.Fatalf("%v, and again %v", g, again[i])
			}
			for _, texts := range g.Texts {
				for _, text := range texts {
					if text == "" || !utf8.ValidString(text) || len(text) > ingest.MaxText {
						t.Fatalf("%.80q is no text of a post", text)
					}
				}
			}
		}
	})
}

// written is groups as a file.
func written(groups []Group) string {
	var b strings.Builder
	for _, g := range groups {
		fmt.Fprintf(&b, "== %s\n", g.ID)
		for _, kind := range Kinds {
			for _, text := range g.Texts[kind] {
				fmt.Fprintf(&b, "%s: %s\n", kind, text)
			}
		}
	}
	return b.String()
}
