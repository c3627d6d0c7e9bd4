package filter

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
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

// checkFold checks what holds for the folding of any text.
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
	if len(text) <= longestReference {
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

// longestReference is how many bytes the reference folds in a reasonable time.
const longestReference = 2000

func FuzzFold(f *testing.F) {
	data, err := os.ReadFile("testdata/fold.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		f.Add(line)
	}
	f.Add("a b c d aaaa b b b b")
	f.Add("\xff\xfe j\xcd\x81i")
	f.Fuzz(checkFold)
}

// TestFoldIsLinear folds texts that are as long as a post may be and as bad as we can think of.
func TestFoldIsLinear(t *testing.T) {
	for name, unit := range map[string]string{
		"one stretched letter": "a", "marks": "\u0301", "letters apart": "a ", "digits in words": "a1", "symbols in words": "a@a",
		"apostrophes": "a'", "only apostrophes": "'", "look-alikes": "aа", "hashtags": "#aB", "ligatures": "ﷺ", "broken bytes": "\xff",
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Repeat(unit, 64<<10/len(unit))
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
