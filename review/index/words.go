package index

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/blevesearch/bleve/v2/analysis"
)

// maxWord is how much of a word is kept, in bytes of its folded form. Longer ones are cut, here and in queries.
const maxWord = 96

// stemMark begins every stem in the index, so that a phrase and a prefix find what was written and not what it
// was reduced to. It cannot begin a word.
const stemMark = "="

// A word is one word of a text as it is searched: lower case, compatibility forms and accents resolved,
// apostrophes and invisible characters gone.
type word struct {
	term       string
	start, end int // byte offsets into the text, half open
}

// words splits a text. Letters, marks and digits make words; apostrophes and invisible characters inside a word do
// not end it (jum'at); everything else does. Offsets always stand on boundaries of runes.
func words(text string) []word {
	var out []word
	for at := 0; at < len(text); {
		start, end := nextRun(text, at)
		if start < 0 {
			break
		}
		if term := fold(text[start:end]); term != "" {
			out = append(out, word{term, start, end})
		}
		at = end
	}
	return out
}

// nextRun finds the next run of word characters from at on; -1 when there is none. Joiners count only inside.
func nextRun(text string, at int) (start, end int) {
	start = -1
	for i := at; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case wordRune(r):
			if start < 0 {
				start = i
			}
			end = i + size
		case start >= 0 && !joiner(r):
			return start, end
		}
		i += size
	}
	return start, end
}

func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r) || unicode.Is(unicode.No, r)) && !joiner(r)
}

// joiner reports whether r is an apostrophe, or a character that cannot be seen.
func joiner(r rune) bool {
	switch r {
	case '\'', '’', '‘', '`', '´', 'ʼ', 'ʻ', 'ʹ', '＇', 'ـ', '\u034f', '\u115f', '\u1160', '\u3164', '\uffa0':
		return true
	}
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r)
}

// fold brings a run of word characters into the form that is compared.
func fold(run string) string {
	s := run
	if !ascii(s) {
		s = norm.NFKD.String(s)
	}
	var b strings.Builder
	for _, r := range s {
		if r >= utf8.RuneSelf && unicode.Is(unicode.Mn, r) || !wordRune(r) {
			continue
		}
		r = unicode.ToLower(r)
		if b.Len()+utf8.RuneLen(r) > maxWord {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// analyzer gives bleve the words of a text, and beside each word that is not its own stem the marked stem, at the
// same position. It never changes, and may be shared.
type analyzer struct{ language string }

func (a analyzer) Analyze(text []byte) analysis.TokenStream {
	ws := words(string(text))
	out := make(analysis.TokenStream, 0, len(ws)+len(ws)/2)
	for i, w := range ws {
		out = append(out, w.token(w.term, i+1))
		if s := stem(a.language, w.term); s != w.term {
			out = append(out, w.token(stemMark+s, i+1))
		}
	}
	return out
}

func (w word) token(term string, position int) *analysis.Token {
	return &analysis.Token{Term: []byte(term), Start: w.start, End: w.end, Position: position, Type: analysis.AlphaNumeric}
}
