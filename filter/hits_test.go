package filter

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"saring/ingest"
	"saring/rules"
)

// hitTerms are looked for in the tests of where hits stand.
var hitTerms = []string{"baiat", "bom bali", "isis", "jihad", "khilafah", "sumpah setia", "جهاد"}

func hitFilter(t testing.TB) *Filter {
	return compiled(t, ruleset(t, map[string]string{"a.yml": lexicon(map[string]string{"a": "any of (" + strings.Join(hitTerms, ", ") + ")"})}))
}

// TestHits runs the cases of testdata/hits.txt.
func TestHits(t *testing.T) {
	f := hitFilter(t)
	data, err := os.ReadFile("testdata/hits.txt")
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for n, line := range strings.Split(string(data), "\n") {
		want, result := strings.CutPrefix(line, "=> ")
		switch {
		case line == "" || strings.HasPrefix(line, "# "):
		case result:
			v := f.Text(text)
			checkVerdict(t, v, text)
			var got []string
			for _, h := range v.Hits {
				got = append(got, fmt.Sprintf("%s %d:%d %+q", h.Term, h.Start, h.End, h.Text))
			}
			if got == nil {
				got = []string{"nothing"}
			}
			if g := strings.Join(got, "; "); g != want {
				t.Errorf("line %d: %q\n got %s\nwant %s", n+1, text, g, want)
			}
		default:
			text = unescape(line)
		}
	}
}

var escaped = regexp.MustCompile(`\\u\{([0-9A-F]+)\}`)

// unescape puts characters in the place of \u{N}.
func unescape(s string) string {
	return escaped.ReplaceAllStringFunc(s, func(s string) string {
		r, _ := strconv.ParseInt(s[3:len(s)-1], 16, 32)
		return string(rune(r))
	})
}

// checkVerdict checks what holds for the verdict on any text.
func checkVerdict(t testing.TB, v Verdict, text string) {
	t.Helper()
	score := 0.0
	for i, r := range v.Rules {
		score += r.Score
		if i > 0 && r.Score > v.Rules[i-1].Score {
			t.Fatalf("%q: the rules are not in order: %+v", text, v.Rules)
		}
	}
	if d := v.Score - score; d > 1e-6 || d < -1e-6 {
		t.Fatalf("%q: a score of %v, and rules of %v", text, v.Score, score)
	}
	if v.Flagged() != (v.Score >= rules.Threshold) {
		t.Fatalf("%q: score %v, flagged %v", text, v.Score, v.Flagged())
	}
	if applied := len(v.Rules) > 0; applied != (v.Category != "") || applied != (v.Severity != "") || applied != (v.Action != "") ||
		applied != (v.Language != "") || applied != (len(v.Hits) > 0) {
		t.Fatalf("%q: a verdict in part: %+v", text, v)
	}
	if v.Rules == nil || v.Hits == nil {
		t.Fatalf("%q: null in the JSON of %+v", text, v)
	}
	checkHits(t, v, text)
}

func checkHits(t testing.TB, v Verdict, text string) {
	t.Helper()
	size, last := 0, 0
	for _, h := range v.Hits {
		if h.Start < last || h.End <= h.Start || h.End > len(text) || text[h.Start:h.End] != h.Text {
			t.Fatalf("%q: the hit %+v after one at %d", text, h, last)
		}
		if utf8.ValidString(text) && !utf8.ValidString(h.Text) {
			t.Fatalf("%q: the hit %+v is not of whole characters", text, h)
		}
		if !slices.ContainsFunc(v.Rules, func(r RuleScore) bool { return r.ID == h.Rule }) {
			t.Fatalf("%q: the hit %+v is of a rule that did not apply", text, h)
		}
		last = h.Start
		size += len(h.Text)
	}
	if len(v.Hits) > maxHits || size > ingest.MaxText {
		t.Fatalf("%d hits of %d bytes", len(v.Hits), size)
	}
	if len(slices.Compact(slices.Clone(v.Hits))) != len(v.Hits) {
		t.Fatalf("%q: a hit is listed twice: %+v", text, v.Hits)
	}
}

// evasions are ways to write a letter that folding sees through. Each is for the letters after the first.
var evasions = []func(r *rand.Rand, c rune) string{
	func(_ *rand.Rand, c rune) string { return string(c) },
	func(_ *rand.Rand, c rune) string { return string(unicode.ToUpper(c)) },
	func(_ *rand.Rand, c rune) string { return string(c - 'a' + 'ａ') },
	func(_ *rand.Rand, c rune) string { return string(c - 'a' + '𝐚') },
	func(_ *rand.Rand, c rune) string { return string(c - 'a' + '𝙰') },
	func(_ *rand.Rand, c rune) string { return string(c - 'a' + 'ⓐ') },
	func(r *rand.Rand, c rune) string { return strings.Repeat(string(c), 3+r.IntN(5)) },
	func(r *rand.Rand, c rune) string {
		return string(c) + pick(r, "\u200b", "\u200d", "\u00ad", "\ufeff", "\u2060", "\u202e", "\ufe0f", "\u034f", "ـ")
	},
	func(r *rand.Rand, c rune) string { return string(c) + strings.Repeat("\u0336", 1+r.IntN(9)) },
	func(r *rand.Rand, c rune) string { return string(c) + pick(r, "\u0301", "\u0323", "\u0489", "\u20dd") },
	func(r *rand.Rand, c rune) string {
		for _, pair := range []string{"aа", "eе", "iі", "oο", "kк", "hһ", "sѕ", "dԁ", "tт", "bв"} {
			if rune(pair[0]) == c {
				return pair[1:]
			}
		}
		return string(c)
	},
}

func pick(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

// evade writes a term with some evasions. Of every word the first letter stays Latin, because look-alikes count
// only beside Latin letters.
func evade(r *rand.Rand, term string) string {
	var b strings.Builder
	for _, word := range strings.Fields(term) {
		if b.Len() > 0 {
			b.WriteString(pick(r, " ", "  ", "-", "_", ". ", " / ", "\n", "\u00a0", " 🔥 ", "\u3000", "..."))
		}
		letters := []rune(word)
		for i, c := range letters {
			switch {
			case i == 0:
				b.WriteString(evasions[r.IntN(7)](r, c))
			case i < len(letters)-1 && r.IntN(6) == 0:
				b.WriteString(string(c) + pick(r, "'", "’", "ʼ"))
			default:
				b.WriteString(evasions[r.IntN(len(evasions))](r, c))
			}
		}
	}
	return b.String()
}

// digits writes a term with digits and symbols for letters: not for the first of a word, and not for the last.
func digits(r *rand.Rand, term string) string {
	out := []byte(term)
	for i := 1; i < len(out)-1; i++ {
		if at := strings.IndexByte("aeiost", out[i]); at >= 0 && out[i-1] != ' ' && out[i+1] != ' ' && r.IntN(2) == 0 {
			out[i] = "4310$7"[at]
		}
	}
	return string(out)
}

// apart writes a word with something between all letters.
func apart(r *rand.Rand, word string) string {
	return strings.Join(strings.Split(word, ""), pick(r, " ", ".", "-", " . ", "_", "/", "\u3000"))
}

// TestEvasions writes a term in thousands of ways into a sentence: each time there is one hit, exactly on it.
func TestEvasions(t *testing.T) {
	f := hitFilter(t)
	for seed := range uint64(20_000) {
		r := rand.New(rand.NewPCG(seed, 1))
		term := hitTerms[r.IntN(len(hitTerms)-1)]
		written := ""
		switch {
		case seed%8 == 0 && !strings.Contains(term, " "):
			written = apart(r, term)
		case seed%8 == 1:
			written = digits(r, term)
		default:
			written = evade(r, term)
		}
		before := pick(r, "", "Dan ", "kata: ", "🔥", "مرحبا ", "\u200b", "Я ", "ＡＢ ", "(", "«", "10 ", "x\u0301y ", "\xff")
		after := pick(r, "", " lalu", "!", "🔥", " مرحبا", ", itu", ")", "»", " Я", "\n\n", "\xff")
		text := before + written + after
		v := f.Text(text)
		checkVerdict(t, v, text)
		if len(v.Hits) != 1 || v.Hits[0].Start != len(before) || v.Hits[0].Term != term {
			t.Fatalf("seed %d: %q for %s in %+q: hits %+v", seed, written, term, text, v.Hits)
		}
		// What is left out after the last letter belongs to it; nothing else may.
		if v.Hits[0].Text != written {
			t.Fatalf("seed %d: %+q, and the hit is %+q", seed, written, v.Hits[0].Text)
		}
	}
}
