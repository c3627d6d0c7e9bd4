package accuracy

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"saring/ingest"
)

// TestEvasions holds every evasion of some sentences to testdata/evasions.txt, which a person can read. \u{N} is a
// character that cannot be seen.
func TestEvasions(t *testing.T) {
	var b strings.Builder
	for _, c := range []struct{ language, text string }{
		{"id", "Wahai ikhwan, berbaiatlah kepada Khalifah dan sebarkan kabarnya ke orang-orang di masjid!"},
		{"en", "You people are waiting for the mujahideen: join the Khilafah before tonight, https://example.org/a @kanal_contoh"},
		{"id", "Jum'at sore #SalingBantu"},
	} {
		fmt.Fprintf(&b, "%s: %s\n", c.language, c.text)
		for _, e := range Evasions {
			for _, s := range Strengths {
				fmt.Fprintf(&b, "  %-14s %-4s %s\n", e.Name, s, visible(e.Apply(c.text, c.language, s)))
			}
		}
		b.WriteString("\n")
	}
	golden(t, "testdata/evasions.txt", b.String())
}

func visible(s string) string {
	var b strings.Builder
	for _, c := range s {
		if strings.ContainsRune("\u200b\u200c\u200d\u2060\ufeff\u00ad", c) {
			fmt.Fprintf(&b, "\\u{%04x}", c)
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// golden compares with a file, or writes it when SARING_UPDATE is set.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("SARING_UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is another; SARING_UPDATE=1 writes it. Now:\n%s", file, got)
	}
}

// TestWords lists all that an evasion may make of a word.
func TestWords(t *testing.T) {
	for _, c := range []struct {
		evasion, language, word, want string
	}{
		{"leet", "en", "kill", "k1l1 k1ll k!ll k!l1 ki1l ki11 kil1 k11l k!1l"},
		{"leet", "en", "myth", "my7h"},
		{"leet", "en", "dry", "dry"},
		{"leet", "en", "a", "a"},
		{"spaced", "id", "bai'at", "b a i a t"},
		{"dotted", "id", "api", "a.p.i a-p-i a_p_i a*p*i"},
		{"homoglyph", "en", "cab", "сab cаb cαb"},
		{"full-width", "id", "api", "ａｐｉ"},
		{"stretched", "id", "x", "x"},
		{"colloquial", "id", "kepada", "kpd"},
		{"colloquial", "id", "Yang", "Yg"},
		{"colloquial", "id", "SUDAH", "SDH UDH UDAH"},
		{"colloquial", "id", "orang-orangnya", "orang2nya"},
		{"colloquial", "id", "jihad", "jhad jihd djihad"},
		{"colloquial", "id", "sebarkan", "sebarin sebarkn sbarkan sebrkan"},
		{"colloquial", "id", "namanya", "namany nmanya namnya namanja"},
		{"colloquial", "id", "api", "api"},
		{"colloquial", "en", "killing", "killin"},
		{"colloquial", "en", "king", "king"},
		{"colloquial", "en", "you", "u"},
		{"transliterated", "id", "jihad", "jihaad"},
		{"transliterated", "id", "khilafah", "hilafah khilaafah khilafat khilafa hilaafah hilafat hilafa khilaafat khilaafa"},
		{"transliterated", "id", "berjihadlah", "berjihaadlah"},
		{"transliterated", "id", "Ustadz", "Ustaadz Ustaz Ustadh Ustaaz Ustaadh"},
		{"transliterated", "id", "Allah", "Alloh Allaah"},
		{"transliterated", "id", "baiat", "bayat bai'at bai’at bai`at baiah baia bay'at bay’at bay`at bayah baya bai'ah bai’ah bai`ah bai'a bai’a bai`a"},
		{"transliterated", "id", "adalah", "adalah"},
		{"transliterated", "en", "harbor", "harbor"},
	} {
		i := slices.IndexFunc(Evasions, func(e Evasion) bool { return e.Name == c.evasion })
		got := map[string]bool{}
		for seed := range uint64(2000) {
			got[Evasions[i].Func(rand.New(rand.NewPCG(seed, 0)), c.language, c.word)] = true
		}
		want := map[string]bool{}
		for _, w := range strings.FieldsFunc(c.want, func(r rune) bool { return r == ' ' && c.evasion != "spaced" }) {
			want[w] = true
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s of %s is %q, want %q", c.evasion, c.word, slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
		}
	}
}

// checkEvasion fails when an evasion makes of a post's text what is none, or makes something else the second time.
func checkEvasion(t *testing.T, text string, languages ...string) {
	t.Helper()
	for _, e := range Evasions {
		for _, language := range languages {
			for _, s := range Strengths {
				got := e.Apply(text, language, s)
				if !utf8.ValidString(got) || len(got) > ingest.MaxText {
					t.Fatalf("%s, %s of %.80q: %d bytes, valid UTF-8: %v", e.Name, s, text, len(got), utf8.ValidString(got))
				}
				if got != e.Apply(text, language, s) {
					t.Fatalf("%s, %s of %.80q: another one the second time", e.Name, s, text)
				}
				for _, token := range strings.Fields(text) {
					if strings.Contains(token, "://") && !strings.Contains(got, token) {
						t.Fatalf("%s, %s of %.80q: the address %q is gone", e.Name, s, text, token)
					}
				}
			}
		}
	}
}

func TestEvasionsKeepAPost(t *testing.T) {
	for _, text := range []string{
		"", " ", "😀", "a", "'", "--", "’’a’’", "https://example.org/jihad", "@jihad", "جهاد في سبيل الله", "e\u0301e\u0301e\u0301",
		strings.Repeat("jihad ", ingest.MaxText/6), strings.Repeat("a", ingest.MaxText), strings.Repeat("a ", ingest.MaxText/2),
		strings.Repeat("é", ingest.MaxText/2),
	} {
		checkEvasion(t, text, "id", "en")
	}
	groups, err := Bundled()
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range groups {
		if i%thin > 0 {
			continue
		}
		for _, kind := range Kinds {
			for _, text := range g.Texts[kind] {
				checkEvasion(t, text, g.Language)
			}
		}
	}
}

// TestSome counts how many words are changed.
func TestSome(t *testing.T) {
	const text = "satu dua tiga empat lima enam tujuh delapan sembilan sepuluh"
	for _, c := range []struct {
		strength Strength
		want     int
	}{{Some, 3}, {All, 10}} { // nine words have four letters
		got, changed := strings.Fields(Evasions[0].Apply(text, "id", c.strength)), 0
		for i, w := range strings.Fields(text) {
			if got[i] != w {
				changed++
			}
		}
		if changed != c.want {
			t.Errorf("%s: %d words changed, want %d: %q", c.strength, changed, c.want, got)
		}
	}
}

func FuzzEvasions(f *testing.F) {
	f.Add("Wahai ikhwan, berbaiatlah kepada Khalifah! https://example.org/a")
	f.Add("orang-orang bai'at--'-' x\u0301")
	f.Fuzz(func(t *testing.T, text string) {
		if utf8.ValidString(text) && len(text) <= ingest.MaxText {
			checkEvasion(t, text, "id", "en")
		}
	})
}
