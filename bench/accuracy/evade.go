package accuracy

import (
	"hash/fnv"
	"iter"
	"math/rand/v2"
	"strings"
	"unicode"
	"unicode/utf8"

	"saring/ingest"
)

// An Evasion is one way of writing that people read without trouble, and that is meant to pass a filter.
type Evasion struct {
	Name string
	// Func gives another spelling of a word, or the word itself where the evasion does not apply.
	Func func(r *rand.Rand, language, word string) string

	hyphens bool // a word with hyphens in it is one: orang-orang
	wide    bool // the spaces around a word are doubled, so that its letters do not run into the next one's
}

// Evasions are all of them.
var Evasions = []Evasion{
	{Name: "leet", Func: leet},
	{Name: "spaced", Func: spaced, wide: true},
	{Name: "dotted", Func: dotted},
	{Name: "zero-width", Func: zeroWidth},
	{Name: "homoglyph", Func: homoglyph},
	{Name: "stretched", Func: stretched},
	{Name: "full-width", Func: fullWidth},
	{Name: "styled", Func: styled},
	{Name: "colloquial", Func: colloquial, hyphens: true},
	{Name: "transliterated", Func: transliterated},
}

// A Strength says how much of a text an evasion changes.
type Strength string

const (
	Some Strength = "some" // a third of the words with four letters or more that it applies to, at least one
	All  Strength = "all"  // every word that it applies to
)

// Strengths lists them.
var Strengths = []Strength{Some, All}

// Apply writes a text in the way of the evasion: always the same one for the same text. Addresses and handles stay, as
// they would lead nowhere else. The result is the text itself when no word can be changed; like the text it is valid
// UTF-8 and at most ingest.MaxText long, for which words at the end may stay as they are.
func (e Evasion) Apply(text, language string, s Strength) string {
	r := dice(e.Name, string(s), text)
	words := wordsOf(text, e.hyphens)
	var changed []int
	for i := range words {
		w := &words[i]
		if s == Some && letters(w.text) < 4 {
			continue
		}
		if w.other = e.Func(r, language, w.text); w.other != w.text {
			changed = append(changed, i)
		}
	}
	if s == Some {
		r.Shuffle(len(changed), func(i, j int) { changed[i], changed[j] = changed[j], changed[i] })
		changed = changed[:(len(changed)+2)/3]
	}
	size := len(text)
	for _, i := range changed {
		w := &words[i]
		if size += len(w.other) - len(w.text) + 2; size > ingest.MaxText { // 2: for wider spaces
			break
		}
		w.changed = true
	}
	return e.write(text, words)
}

// write puts the changed words into the text.
func (e Evasion) write(text string, words []word) string {
	var out strings.Builder
	before := word{}
	for _, w := range append(words, word{start: len(text), end: len(text)}) {
		gap := text[before.end:w.start]
		if e.wide && (before.changed || w.changed) {
			gap = widen(gap)
		}
		out.WriteString(gap)
		if w.changed {
			out.WriteString(w.other)
		} else {
			out.WriteString(w.text)
		}
		before = w
	}
	return out.String()
}

// widen makes two spaces of one, and puts spaces around a hyphen that has none.
func widen(gap string) string {
	if gap == "-" {
		return " - "
	}
	if i := strings.IndexFunc(gap, unicode.IsSpace); i >= 0 {
		return gap[:i] + " " + gap[i:]
	}
	return gap
}

// dice are the same for the same texts, on every machine.
func dice(texts ...string) *rand.Rand {
	h := fnv.New64a()
	for _, t := range texts {
		h.Write([]byte(t))
		h.Write([]byte{0})
	}
	return rand.New(rand.NewPCG(h.Sum64(), 0))
}

// word is a word of a text, at text[start:end].
type word struct {
	start, end  int
	text, other string
	changed     bool
}

// wordsOf finds the words outside of addresses and handles: letters, marks and digits, with apostrophes between them,
// and hyphens if asked for.
func wordsOf(text string, hyphens bool) []word {
	joins := "'’‘`ʼ"
	if hyphens {
		joins += "-"
	}
	var words []word
	for token := range fields(text) {
		if t := token.text; t[0] == '@' || strings.Contains(t, "://") || strings.Contains(t, "t.me/") {
			continue
		}
		start := -1
		end := token.start
		for i, c := range token.text + " " {
			switch i += token.start; {
			case unicode.In(c, unicode.L, unicode.M, unicode.Nd):
				if start < 0 {
					start = i
				}
				end = i + utf8.RuneLen(c)
			case start >= 0 && (i > end || !strings.ContainsRune(joins, c)):
				words = append(words, word{start: start, end: end, text: text[start:end]})
				start = -1
			}
		}
	}
	return words
}

// fields are the parts of a text between white space.
func fields(text string) iter.Seq[word] {
	return func(yield func(word) bool) {
		start := -1
		for i, c := range text + " " {
			switch space := unicode.IsSpace(c); {
			case !space && start < 0:
				start = i
			case space && start >= 0:
				if !yield(word{start: start, end: i, text: text[start:i]}) {
					return
				}
				start = -1
			}
		}
	}
}

func letters(word string) (n int) {
	for _, c := range word {
		if unicode.IsLetter(c) {
			n++
		}
	}
	return n
}

// leets are what stands for a letter, the usual one first. Those of the second line are rarer.
var leets = map[rune]string{
	'a': "4@", 'e': "3", 'i': "1!", 'o': "0", 's': "5$", 't': "7",
	'b': "8", 'g': "96", 'l': "1", 'z': "2",
}

const rareLeets = "bglz"

// leet writes digits and symbols for letters: j1h4d. A letter stays a letter somewhere, and no symbol stands at an end,
// where it would be a handle or an exclamation mark.
func leet(r *rand.Rand, _, word string) string {
	return some(r, word, func(i, n int, c rune) string {
		other := leets[unicode.ToLower(c)]
		switch {
		case other == "" || strings.ContainsRune(rareLeets, unicode.ToLower(c)) && r.IntN(3) > 0:
			return ""
		case i > 0 && i < n-1 && r.IntN(4) == 0:
			return other[len(other)-1:]
		}
		return other[:1]
	})
}

// homoglyphs are Cyrillic, Armenian and Greek letters that look like a Latin one.
var homoglyphs = map[rune]string{
	'a': "аα", 'c': "с", 'd': "ԁ", 'e': "е", 'h': "һ", 'i': "іι", 'j': "јϳ", 'k': "кκ", 'm': "м", 'n': "ո", 'o': "оο",
	'p': "рρ", 'q': "ԛ", 's': "ѕ", 't': "т", 'u': "սυ", 'v': "ν", 'w': "ԝ", 'x': "хχ", 'y': "у",
	'A': "АΑ", 'B': "ВΒ", 'C': "С", 'E': "ЕΕ", 'H': "НΗ", 'I': "ІΙ", 'J': "Ј", 'K': "КΚ", 'M': "МΜ", 'N': "Ν", 'O': "ОΟ",
	'P': "РΡ", 'S': "Ѕ", 'T': "ТΤ", 'X': "ХΧ", 'Y': "ΥҮ", 'Z': "Ζ",
}

// homoglyph mixes letters of other scripts among the Latin ones of a word.
func homoglyph(r *rand.Rand, _, word string) string {
	return some(r, word, func(_, _ int, c rune) string {
		others := []rune(homoglyphs[c])
		if len(others) == 0 {
			return ""
		}
		return string(others[r.IntN(len(others))])
	})
}

// some replaces about half of the characters of a word for which other gives another, at least one, and leaves one
// Latin letter of it.
func some(r *rand.Rand, word string, other func(i, n int, c rune) string) string {
	chars := []rune(word)
	out := make([]string, len(chars))
	var can []int
	latin := 0
	for i, c := range chars {
		if c < utf8.RuneSelf && unicode.IsLetter(c) {
			latin++
		}
		if out[i] = other(i, len(chars), c); out[i] != "" {
			can = append(can, i)
		}
	}
	r.Shuffle(len(can), func(i, j int) { can[i], can[j] = can[j], can[i] })
	keep := min((len(can)+1)/2, latin-1)
	for k, i := range can {
		if k >= keep {
			out[i] = ""
		}
	}
	for i, c := range chars {
		if out[i] == "" {
			out[i] = string(c)
		}
	}
	return strings.Join(out, "")
}

// spaced sets the letters of a word apart: j i h a d.
func spaced(_ *rand.Rand, _, word string) string { return strings.Join(bare(word), " ") }

// dotted is spaced with dots, or now and then with another separator.
func dotted(r *rand.Rand, _, word string) string {
	return strings.Join(bare(word), string("......-_*"[r.IntN(9)]))
}

// bare are the letters and digits of a word, each with its marks.
func bare(word string) []string {
	var out []string
	for _, c := range word {
		switch {
		case unicode.IsMark(c) && len(out) > 0:
			out[len(out)-1] += string(c)
		case unicode.In(c, unicode.L, unicode.M, unicode.Nd):
			out = append(out, string(c))
		}
	}
	return out
}

// zeroWidth puts one to three characters that nobody sees into a word.
func zeroWidth(r *rand.Rand, _, word string) string {
	hidden := []string{"\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad"}
	chars := strings.Split(word, "")
	for range min(1+r.IntN(3), len(chars)-1) {
		chars[r.IntN(len(chars)-1)] += hidden[r.IntN(len(hidden))]
	}
	return strings.Join(chars, "")
}

const vowels = "aeiou"

// stretched writes one letter, mostly a vowel, three times or more: jihaaad.
func stretched(r *rand.Rand, _, word string) string {
	var at, vowelAt []int
	for i, c := range word {
		if unicode.IsLetter(c) {
			at = append(at, i)
			if strings.ContainsRune(vowels, unicode.ToLower(c)) {
				vowelAt = append(vowelAt, i)
			}
		}
	}
	if len(at) < 2 {
		return word
	}
	if len(vowelAt) > 0 && r.IntN(5) > 0 {
		at = vowelAt
	}
	i := at[r.IntN(len(at))]
	_, n := utf8.DecodeRuneInString(word[i:])
	return word[:i] + strings.Repeat(word[i:i+n], 2+r.IntN(4)) + word[i:]
}

// fullWidth writes a word in the wide characters of East Asian fonts.
func fullWidth(_ *rand.Rand, _, word string) string {
	return strings.Map(func(c rune) rune {
		if c > ' ' && c < 0x7f {
			return c + 0xfee0
		}
		return c
	}, word)
}

// styles are where Unicode's mathematical alphabets without gaps begin: bold, bold italic, bold script, bold Fraktur,
// sans-serif, sans-serif bold, monospace.
var styles = []rune{0x1d400, 0x1d468, 0x1d4d0, 0x1d56c, 0x1d5a0, 0x1d5d4, 0x1d670}

// styled writes the letters of a word in such an alphabet.
func styled(r *rand.Rand, _, word string) string {
	style := styles[r.IntN(len(styles))]
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return style + c - 'A'
		case c >= 'a' && c <= 'z':
			return style + 26 + c - 'a'
		}
		return c
	}, word)
}
