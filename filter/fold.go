package filter

import (
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Folding makes of a text its words, each between single spaces, in one spelling: "Ｊ1had,  JÍHAD!" and
// " jihad jihad " become the same. Terms are folded by the same code as texts. What is folded:
//
//   - case, width, compatibility forms and styled letters (the NFKD form of Unicode without its marks);
//   - zero-width and other invisible characters, combining marks, tatweel, apostrophes inside a word: left out;
//   - look-alike letters of other scripts, only inside a word that has Latin letters too;
//   - digits and symbols that stand for letters, only inside a word that has at least two letters;
//   - a letter three times or more: once;
//   - four or more single letters in a row: one word;
//   - a hashtag in camel case: its words;
//   - everything else that is no letter, digit or mark: a space.
//
// folder keeps where each folded byte came from if it is asked to.
type folder struct {
	out   []byte
	spans []span // of the source, one for each byte of out; only if track
	track bool

	word    int  // where the word began in out
	src     int  // where it began in the source
	seen    uint // what the word has in it
	letters int
	singles int // single-letter words in a row up to here
	runAt   int // where the first of them began in out
}

// span is a half-open range of bytes.
type span struct{ start, end int32 }

// What a word has in it.
const (
	hasLatin  = 1 << iota
	hasAlike  // a letter of another script that looks like a Latin one
	hasLeet   // a digit that can stand for a letter
	hasSymbol // a symbol that can, with letters on both sides
)

// fold folds text into f.out, replacing what was there.
func (f *folder) fold(text string) {
	f.out, f.spans = append(f.out[:0], ' '), f.spans[:0]
	if f.track {
		f.spans = append(f.spans, span{})
	}
	f.singles = 0
	for i := 0; i < len(text); {
		i = f.foldWord(text, i)
	}
	f.joinSingles()
}

// foldWord folds the word at text[i:], or skips what separates words, and returns where it ended.
func (f *folder) foldWord(text string, i int) int {
	f.word, f.src, f.seen, f.letters = len(f.out), i, 0, 0
	hashtag := i > 0 && text[i-1] == '#'
	end, next := f.run(text, i, hashtag, false)
	if f.seen&hasLatin != 0 && (f.seen&(hasAlike|hasSymbol) != 0 || f.seen&hasLeet != 0 && f.letters >= 2) {
		f.out = f.out[:f.word]
		if f.track {
			f.spans = f.spans[:f.word]
		}
		end, next = f.run(text, i, hashtag, true)
	}
	if len(f.out) == f.word {
		return next
	}
	f.emit(" ", end, end)
	f.countSingles()
	return next
}

// run folds characters up to the end of the word. It returns where the word ended and where to go on. With alike
// set, look-alikes and digits are read as the letters they stand for.
func (f *folder) run(text string, i int, hashtag, alike bool) (end, next int) {
	last, repeat, lower := byte(0), 0, false
	for i < len(text) {
		var e *foldEntry
		n := 1
		if c := text[i]; c < utf8.RuneSelf {
			e = &ascii[c]
		} else {
			var r rune
			r, n = utf8.DecodeRuneInString(text[i:])
			e = entryOf(r)
		}
		s, class := e.text, e.class
		switch class {
		case classLeet:
			if symbol := e.text == ""; symbol {
				if len(f.out) == f.word || !letterFollows(text[i+n:]) {
					return i, i + n // beside a word, not in it
				}
				f.seen |= hasSymbol
				if !alike {
					return i, i + n
				}
			}
			f.seen |= hasLeet
			if alike && touchesLetter(f.out, f.word, text[i+n:]) {
				s = e.alike
			}
		case classAlike:
			f.seen |= hasAlike
			if alike {
				s = e.alike
			}
		case classSep:
			return i, i + n
		case classApostrophe:
			if len(f.out) == f.word || !letterFollows(text[i+n:]) {
				return i, i + n
			}
			s = ""
		}
		if len(s) == 1 && s[0] >= 'a' {
			f.seen |= hasLatin
			f.letters++
			upper := text[i] >= 'A' && text[i] <= 'Z'
			if hashtag && upper && lower {
				f.emit(" ", i, i)
				last = 0
			}
			lower = !upper
			if s[0] == last {
				if repeat++; repeat == 3 {
					f.drop(i + n) // the second of three
				}
				if repeat >= 3 {
					s = ""
				}
			} else {
				last, repeat = s[0], 1
			}
		} else if s != "" {
			last = 0
		}
		if s != "" {
			f.emit(s, i, i+n)
		} else if f.track && len(f.out) > f.word {
			f.spans[len(f.spans)-1].end = int32(i + n) // what is left out belongs to the letter before it
		}
		i += n
	}
	return i, i
}

// emit appends s, which came from text[start:end].
func (f *folder) emit(s string, start, end int) {
	f.out = append(f.out, s...)
	if f.track {
		for range len(s) {
			f.spans = append(f.spans, span{int32(start), int32(end)})
		}
	}
}

// drop takes back the last byte, which the one before it stands for, up to end in the source.
func (f *folder) drop(end int) {
	f.out = f.out[:len(f.out)-1]
	if f.track {
		f.spans = f.spans[:len(f.spans)-1]
		f.spans[len(f.spans)-1].end = int32(end)
	}
}

// minSingles is how many single letters in a row are one word with its letters apart.
const minSingles = 4

// countSingles notes whether the word just ended is a single letter, and joins a row of them that it ends.
func (f *folder) countSingles() {
	if len(f.out)-f.word == 2 && f.out[f.word] >= 'a' && f.out[f.word] <= 'z' {
		if f.singles++; f.singles == 1 {
			f.runAt = f.word
		}
		return
	}
	if f.singles >= minSingles {
		tail := len(f.out) - f.word
		word := append([]byte(nil), f.out[f.word:]...)
		var spans []span
		if f.track {
			spans = append(spans, f.spans[f.word:]...)
			f.spans = f.spans[:len(f.spans)-tail]
		}
		f.out = f.out[:len(f.out)-tail]
		f.joinSingles()
		f.out = append(f.out, word...)
		f.spans = append(f.spans, spans...)
	}
	f.singles = 0
}

// joinSingles makes one word of the single letters at the end of out, if there are enough.
func (f *folder) joinSingles() {
	if f.singles < minSingles {
		f.singles = 0
		return
	}
	to := f.runAt
	for i := range f.singles {
		from := f.runAt + 2*i
		f.out[to] = f.out[from]
		if f.track {
			f.spans[to] = f.spans[from]
		}
		to++
	}
	last := f.runAt + 2*f.singles - 1
	f.out[to] = ' '
	if f.track {
		f.spans[to] = f.spans[last]
		f.spans = f.spans[:to+1]
	}
	f.out = f.out[:to+1]
	f.singles = 0
}

// touchesLetter reports whether a letter stands beside a digit: in the word so far or right after it.
func touchesLetter(out []byte, word int, rest string) bool {
	if len(out) > word && out[len(out)-1] >= 'a' {
		return letterFollows(rest) || len(out)-word >= 2
	}
	return letterFollows(rest)
}

// letterFollows reports whether rest begins with a letter, or with a digit or symbol that is followed by one.
func letterFollows(rest string) bool {
	for i, r := range rest {
		if i > 4 {
			return false
		}
		switch e := entryOf(r); e.class {
		case classLetter, classAlike:
			return true
		case classLeet, classDrop, classApostrophe:
		default:
			return false
		}
	}
	return false
}

// What a character is to folding.
const (
	classSep        = iota
	classLetter     // a letter or a digit: text
	classDrop       // invisible: nothing
	classApostrophe // nothing inside a word, a separator elsewhere
	classLeet       // text; alike inside a word with letters
	classAlike      // text; alike inside a word with Latin letters
)

type foldEntry struct {
	class uint8
	text  string
	alike string
}

// leet maps what stands for a letter inside a word. Digits are text of their own elsewhere.
var leet = map[rune]string{'0': "o", '1': "i", '3': "e", '4': "a", '5': "s", '7': "t", '@': "a", '$': "s"}

// alikes are the lower-case letters of other scripts that look like Latin ones.
var alikes = map[rune]string{
	'а': "a", 'в': "b", 'е': "e", 'к': "k", 'м': "m", 'н': "h", 'о': "o", 'р': "p", 'с': "c", 'т': "t", 'у': "y",
	'х': "x", 'ѕ': "s", 'і': "i", 'ј': "j", 'һ': "h", 'ԁ': "d", 'ԛ': "q", 'ԝ': "w", 'ո': "n", 'ս': "u", 'օ': "o",
	'α': "a", 'β': "b", 'ε': "e", 'η': "n", 'ι': "i", 'κ': "k", 'ν': "v", 'ο': "o", 'ρ': "p", 'τ': "t", 'υ': "u",
	'χ': "x", 'ϳ': "j", 'ɑ': "a", 'ɡ': "g", 'ı': "i", 'ɩ': "i", 'ʏ': "y", 'ᴀ': "a", 'ʙ': "b", 'ᴄ': "c", 'ᴅ': "d",
	'ᴇ': "e", 'ɢ': "g", 'ʜ': "h", 'ɪ': "i", 'ᴊ': "j", 'ᴋ': "k", 'ʟ': "l", 'ᴍ': "m", 'ɴ': "n", 'ᴏ': "o", 'ᴘ': "p",
	'ʀ': "r", 'ꜱ': "s", 'ᴛ': "t", 'ᴜ': "u", 'ᴠ': "v", 'ᴡ': "w", 'ᴢ': "z",
}

const apostrophes = "'`´’‘ʼʻʿʾ′"

// spelled are letters whose compatibility form is not how they are read.
var spelled = map[rune]string{'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ł': "l", 'þ': "th", 'ð': "d"}

var ascii = func() (t [utf8.RuneSelf]foldEntry) {
	for r := range rune(utf8.RuneSelf) {
		t[r] = makeEntry(r)
	}
	return t
}()

// pages hold the entries of 256 characters each, made when the first of them is met.
var pages [(unicode.MaxRune + 1) / 256]atomic.Pointer[[256]foldEntry]

func entryOf(r rune) *foldEntry {
	page := pages[r>>8].Load()
	if page == nil {
		page = new([256]foldEntry)
		for i := range page {
			page[i] = makeEntry(r&^0xff + rune(i))
		}
		pages[r>>8].Store(page)
	}
	return &page[r&0xff]
}

// makeEntry says how one character is folded.
func makeEntry(r rune) foldEntry {
	for _, a := range apostrophes {
		if r == a {
			return foldEntry{class: classApostrophe}
		}
	}
	if s, ok := leet[r]; ok {
		if unicode.IsDigit(r) {
			return foldEntry{class: classLeet, text: string(r), alike: s}
		}
		return foldEntry{class: classLeet, alike: s}
	}
	if r == 'ـ' || unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) || unicode.Is(unicode.Variation_Selector, r) {
		return foldEntry{class: classDrop}
	}
	lower := unicode.ToLower(r)
	if s, ok := alikes[lower]; ok {
		return foldEntry{class: classAlike, text: string(lower), alike: s}
	}
	if s, ok := spelled[lower]; ok {
		return foldEntry{class: classLetter, text: s}
	}
	var out []byte
	for _, d := range norm.NFKD.String(string(r)) {
		d = unicode.ToLower(d)
		if s, ok := spelled[d]; ok {
			out = append(out, s...)
		} else if unicode.IsLetter(d) || unicode.IsDigit(d) {
			out = utf8.AppendRune(out, d)
		}
	}
	if len(out) == 0 || !(unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.In(r, unicode.No, unicode.So)) {
		return foldEntry{class: classSep}
	}
	if s := string(out); len(s) == 1 {
		if l, ok := leet[rune(s[0])]; ok {
			return foldEntry{class: classLeet, text: s, alike: l} // a full-width or styled digit
		}
	}
	return foldEntry{class: classLetter, text: string(out)}
}
