package filter

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// scanTerms are terms of every kind: short and long words, words of other scripts, phrases that begin alike.
var scanTerms = []string{
	"a", "of", "isis", "jihad", "baiat", "sumpah setia", "sumpah setia kepada", "sumpah setia kepada khilafah", "bergabunglah",
	"bergabunglah dengan kami", "mempertanggungjawabkan", "abcdefgh", "abcdefghi", "di mana saja", "di mana", "9 11", "1488", "جهاد",
	"мир", "a b c", "white power", "the base", "wherever you find them", "kafir", "kafir harbi", "dst",
}

// scannerOf makes a scanner of terms as they are.
func scannerOf(t testing.TB, list []string) (*scanner, []string) {
	t.Helper()
	c := newCompiler(&Filter{})
	var ids []int32
	folds := make([]string, len(list))
	for i, s := range list {
		folds[i] = folded(s)
		ids = append(ids, c.pattern(c.row(s), s))
	}
	return newScanner(ids, c.f.patterns, &c.f.vocabulary), folds
}

// checkScan compares what the scanner finds with what stands in the folded text.
func checkScan(t *testing.T, s *scanner, terms []string, text string) {
	t.Helper()
	var w walk
	var f, whole folder
	s.scan(&w, &f, text)
	whole.fold(text)
	if words := bytes.Count(whole.out, []byte(" ")) - 1; int(w.words) != words {
		t.Fatalf("%q: the scanner sees %d words, the folder %d: %q", text, w.words, words, whole.out)
	}
	var got, want []int
	for _, c := range w.found {
		got = append(got, int(c.pattern))
	}
	slices.Sort(got)
	got = slices.Compact(got)
	for i := range terms {
		if strings.Contains(string(whole.out), terms[i]) {
			want = append(want, i)
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%q folds to %q: the scanner finds %v, want %v", text, whole.out, got, want)
	}
}

func FuzzScan(f *testing.F) {
	s, terms := scannerOf(f, scanTerms)
	for _, text := range []string{
		"Sumpah setia kepada khilafah, sumpah setia", "di mana-mana, di mana saja #BaiatISIS", "J1had j i h a d jihaaad jíhad", "a b c", "a b c d e",
		"mempertanggungjawabkan abcdefgh abcdefghi", "kafir\nharbi kafir\x00harbi", "9/11 1488 جِهَاد мир кафир", "#a#B ##jihad #ISISjihad", "of", "don't isis' 'isis", "aaa bbb ccc ddd",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { checkScan(t, s, terms, text) })
}

// TestScanAtEveryPlace puts each term at every distance from the beginning and the end of a text.
func TestScanAtEveryPlace(t *testing.T) {
	s, terms := scannerOf(t, scanTerms)
	for _, term := range scanTerms {
		for before := range 20 {
			for after := range 20 {
				checkScan(t, s, terms, strings.Repeat("x", before)+" "+term+" "+strings.Repeat("y", after))
				checkScan(t, s, terms, strings.Repeat(".", before)+strings.ToUpper(term)+strings.Repeat(",", after))
			}
		}
	}
}
