package forms

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var functions = []struct {
	name string
	of   func(string) []string
	most int // forms of a word, 0 for any number
}{
	{"indonesian", Indonesian, maxIndonesian},
	{"command", Command, 0},
	{"english", English, 0},
	{"transliteration", Transliterations, maxTransliterations},
	{"colloquial", Colloquial, maxColloquial},
}

// TestForms checks each function against its text file: what must be among the forms of a word, and what must not.
func TestForms(t *testing.T) {
	for _, f := range functions {
		for _, line := range lines(t, f.name+".txt") {
			word, list, ok := strings.Cut(line, ": ")
			if !ok {
				t.Fatalf("%s.txt: no colon in %q", f.name, line)
			}
			word, not := strings.CutSuffix(word, " not")
			forms := f.of(word)
			for want := range strings.SplitSeq(list, ", ") {
				if slices.Contains(forms, want) == not {
					t.Errorf("%s of %s: %s is there: %t, in\n%s", f.name, word, want, not, strings.Join(forms, ", "))
				}
			}
		}
	}
}

// TestNoFormIsAnEverydayWord checks that no rule makes of a word of a lexicon a word that everybody says.
func TestNoFormIsAnEverydayWord(t *testing.T) {
	common := map[string]bool{}
	for _, w := range fields(t, "everyday.txt") {
		common[w] = true
	}
	for file, of := range map[string]func(string) []string{"roots.txt": Colloquial, "loans.txt": Transliterations} {
		for _, root := range fields(t, file) {
			for _, form := range of(root)[1:] {
				if common[form] && !slices.Contains(strings.Fields(shortened[root]), form) {
					t.Errorf("%s becomes %s", root, form)
				}
			}
		}
	}
}

// TestFormsAreStable fails when a form is added, lost or moved. Verdicts name the version of their ruleset, and what a
// ruleset matches depends on what is here.
func TestFormsAreStable(t *testing.T) {
	const golden = "23e9444e4256af5a0bc413f25e1bca299cb095279a94cc18ba9039b6af699b54"
	sum := sha256.New()
	for _, file := range []string{"roots.txt", "loans.txt"} {
		for _, word := range fields(t, file) {
			for _, f := range functions {
				fmt.Fprintln(sum, f.name, word, strings.Join(f.of(word), ","))
			}
		}
	}
	for _, line := range lines(t, "english.txt") {
		word, _, _ := strings.Cut(line, ":")
		fmt.Fprintln(sum, strings.Join(English(strings.TrimSuffix(word, " not")), ","))
	}
	for _, word := range slices.Sorted(maps.Keys(shortened)) {
		fmt.Fprintln(sum, strings.Join(Colloquial(word), ","))
	}
	if got := fmt.Sprintf("%x", sum.Sum(nil)); got != golden {
		t.Errorf("forms changed: bump rules.formatVersion, or old verdicts cannot be reproduced (then write %s here)", got)
	}
}

// FuzzForms checks what every function promises of every word.
func FuzzForms(f *testing.F) {
	for word := range strings.SplitSeq("bunuh,bai'at,run over,al-qaeda,y up,,',qu,orang-orang,jama'ah,é", ",") {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		for _, f := range functions {
			forms := f.of(word)
			if len(forms) == 0 || forms[0] != word {
				t.Fatalf("%s(%q) does not begin with the word: %q", f.name, word, forms)
			}
			if f.most > 0 && len(forms) > f.most {
				t.Errorf("%s(%q) has %d forms", f.name, word, len(forms))
			}
			seen := map[string]bool{}
			for _, form := range forms {
				if seen[folded(form)] {
					t.Errorf("%s(%q) has %q twice", f.name, word, form)
				}
				seen[folded(form)] = true
			}
			if !slices.Equal(forms, f.of(word)) {
				t.Errorf("%s(%q) is not the same twice", f.name, word)
			}
		}
	})
}

// BenchmarkForms is the cost of one word of each function: what loading a ruleset pays.
func BenchmarkForms(b *testing.B) {
	for _, f := range functions {
		b.Run(f.name, func(b *testing.B) {
			for b.Loop() {
				if len(f.of("istisyhadiyah")) < 2 {
					b.Fatal("no forms")
				}
			}
		})
	}
}

// lines are the lines of a file of test data without its comments.
func lines(t *testing.T, name string) (list []string) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			list = append(list, line)
		}
	}
	return list
}

// fields are the words of a file of test data.
func fields(t *testing.T, name string) []string {
	t.Helper()
	return strings.Fields(strings.Join(lines(t, name), " "))
}
