package filter

import (
	"bytes"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/runenames"
)

// TestFold runs the cases of testdata/fold.txt.
func TestFold(t *testing.T) {
	data, err := os.ReadFile("testdata/fold.txt")
	if err != nil {
		t.Fatal(err)
	}
	var text string
	for n, line := range strings.Split(string(data), "\n") {
		want, result := strings.CutPrefix(line, "=> ")
		switch {
		case line == "" || strings.HasPrefix(line, "# "):
		case result:
			var f folder
			f.fold(text)
			if got := strings.TrimSpace(string(f.out)); got != want {
				t.Errorf("line %d: %q\n got %s\nwant %s", n+1, text, got, want)
			}
		default:
			text = unescape(line)
		}
	}
}

// checkFold checks what holds for the folding of any text, and that it is what the reference says.
func checkFold(t *testing.T, text string) {
	t.Helper()
	plain, tracked := folder{}, folder{track: true}
	plain.fold(text)
	tracked.fold(text)
	if string(plain.out) != string(tracked.out) {
		t.Fatalf("%q: with spans %q, without %q", text, tracked.out, plain.out)
	}
	if len(tracked.spans) != len(tracked.out) {
		t.Fatalf("%q: %d spans for %d bytes", text, len(tracked.spans), len(tracked.out))
	}
	if s := string(plain.out); s[0] != ' ' || s[len(s)-1] != ' ' || strings.Contains(s, "  ") {
		t.Fatalf("%q: not single spaces around words: %q", text, s)
	}
	last, valid := int32(0), utf8.ValidString(text)
	for i, sp := range tracked.spans {
		if tracked.out[i] == ' ' {
			continue
		}
		if sp.start < last || sp.end < sp.start || int(sp.end) > len(text) {
			t.Fatalf("%q: byte %d of %q came from %v", text, i, tracked.out, sp)
		}
		if valid && !utf8.ValidString(text[sp.start:sp.end]) {
			t.Fatalf("%q: byte %d of %q came from a part of a character", text, i, tracked.out)
		}
		last = sp.start
	}
	if len(text) < 4000 {
		if want := reference(text); string(plain.out) != want {
			t.Fatalf("%q\nfolds to  %q\nreference %q", text, plain.out, want)
		}
	}
	again := folder{}
	again.fold(string(plain.out))
	if string(again.out) != string(plain.out) {
		t.Fatalf("%q folds to %q, and that to %q", text, plain.out, again.out)
	}
}

func FuzzFold(f *testing.F) {
	data, err := os.ReadFile("testdata/fold.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		f.Add(unescape(line))
	}
	for seed := range uint64(200) {
		f.Add(puzzle(rand.New(rand.NewPCG(seed, 5))))
	}
	f.Add("\xff\xfe j\xcd\x81i")
	f.Fuzz(checkFold)
}

// puzzle is a short text of few different characters that folding has something to do with.
func puzzle(r *rand.Rand) string {
	const all = "abcishojdABSH0123589!|+$@'#_.,-/~ \n\u200b\u0301аеοاهجﻻﬁæ🇦🇮＃！ｊＡ🅰ж山ß½ª"
	chars, some := []rune(all), []rune{}
	for range 2 + r.IntN(7) {
		some = append(some, chars[r.IntN(len(chars))])
	}
	text := ""
	for range r.IntN(24) {
		text += string(some[r.IntN(len(some))])
	}
	return text
}

// TestFoldPuzzles folds thousands of them.
func TestFoldPuzzles(t *testing.T) {
	for seed := range uint64(20_000) {
		checkFold(t, puzzle(rand.New(rand.NewPCG(seed, 6))))
	}
}

// TestEveryCharacter folds each character alone, and inside a word.
func TestEveryCharacter(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if assigned := runenames.Name(r); assigned != "" && !unicode.In(r, unicode.Han, unicode.Hangul, unicode.Co) {
			checkFold(t, string(r)+" ba"+string(r)+"b")
		}
	}
}

// TestLatin: what is called a Latin letter is folded to it, whatever its style, hooks and strokes.
func TestLatin(t *testing.T) {
	names := regexp.MustCompile(`^(?:(?:FULLWIDTH )?LATIN (?:SMALL|CAPITAL) LETTER|LATIN LETTER SMALL CAPITAL|MATHEMATICAL .* (?:SMALL|CAPITAL)|` +
		`(?:NEGATIVE )?(?:CIRCLED|SQUARED) LATIN (?:SMALL|CAPITAL) LETTER|PARENTHESIZED LATIN (?:SMALL|CAPITAL) LETTER|` +
		`MODIFIER LETTER (?:SMALL|CAPITAL)|LATIN SUBSCRIPT SMALL LETTER|REGIONAL INDICATOR SYMBOL LETTER) (?:DOTLESS |REVERSED )?([A-Z])(?: WITH .*)?$`)
	n := 0
	for r := rune(utf8.RuneSelf); r <= unicode.MaxRune; r++ {
		if name := names.FindStringSubmatch(runenames.Name(r)); name != nil && !strings.Contains(name[0], "WITH SMALL LETTER") {
			n++
			if got, want := folded(string(r)), " "+strings.ToLower(name[1])+" "; got != want {
				t.Errorf("%U %c, %s, is folded to %q", r, r, runenames.Name(r), got)
			}
		}
	}
	if n < 1700 {
		t.Errorf("%d letters: too few were tried", n)
	}
}

// TestFoldIsLinear folds texts that are as long as a post may be and as bad as we can think of.
func TestFoldIsLinear(t *testing.T) {
	for name, unit := range map[string]string{
		"one stretched letter": "a", "marks": "\u0301", "letters apart": "a ", "digits in words": "a1", "symbols in words": "a@a",
		"apostrophes": "a'", "only apostrophes": "'", "look-alikes": "aа", "hashtags": "#aB", "ligatures": "ﻻﬁ", "broken bytes": "\xff",
		"one symbol": "ab|", "marks of exclamation": "kata!", "dotted letters": "a.b-", "wide letters": "a  b c  ", "digits apart": "1 s 3 ",
		"flags": "🇮", "pairs of flags": "🇮🇩a", "capitals": "#ABCa", "numbers in a hashtag": "#a11B", "one hashtag": "Ab", "addresses": "a@b.c",
		"symbols apart": "a . @ . b", "long gaps": "a" + strings.Repeat(".", 500), "invisible between letters": "a.\u200b\u200b\u200b",
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Repeat(unit, 64<<10/len(unit))
			if name == "one hashtag" {
				text = "#" + text
			}
			checkFold(t, text)
			// Eight times the text takes about 8 times as long, or 64 times if the work were quadratic.
			short, long := fastest(text[:len(text)/8]), fastest(text)
			if ratio := float64(long) / float64(short); ratio > 32 {
				t.Errorf("%.1f times as long for a text 8 times as long", ratio)
			}
		})
	}
}

// fastest is the least time of some foldings.
func fastest(text string) time.Duration {
	var f folder
	best := time.Hour
	for range 20 {
		began := time.Now()
		f.fold(text)
		best = min(best, time.Since(began))
	}
	return best
}

func BenchmarkFold(b *testing.B) {
	var text strings.Builder
	for _, p := range sample(b) {
		text.WriteString(p.Text() + "\n")
	}
	for _, track := range []bool{false, true} {
		b.Run(map[bool]string{false: "words", true: "words and places"}[track], func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			f := folder{track: track}
			for b.Loop() {
				f.fold(text.String())
			}
			if words := bytes.Count(f.out, []byte(" ")) - 1; words < 3000 || strings.Contains(string(f.out), "  ") {
				b.Errorf("%d words", words)
			}
		})
	}
}
