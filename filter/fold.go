package filter

import (
	"strings"
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
	seen    uint // what the word has in it
	letters int
	last    byte // the letter before, 0 for none
	repeat  int  // how often it came in a row
	singles int  // single-letter words in a row up to here
	runAt   int  // where the first of them began in out

	tag bool // the word is in a hashtag

	looked int  // up to where letterFollows has looked
	letter bool // what it saw there
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
	f.begin()
	for i := 0; i < len(text); {
		end, next := f.next(text, i)
		if len(f.out) > f.word {
			f.emit(" ", end, end)
			f.countSingles()
		}
		i = next
	}
	f.joinSingles()
}

// begin forgets the text before.
func (f *folder) begin() { f.singles, f.looked, f.tag = 0, 0, false }

// next appends the word at text[i:], or nothing where words are separated. It returns where the word ended and where
// to go on.
func (f *folder) next(text string, i int) (end, next int) {
	f.word, f.seen, f.letters = len(f.out), 0, 0
	f.tag = f.tag || i > 0 && text[i-1] == '#'
	end, next = f.run(text, i, false)
	if f.seen&hasLatin != 0 && (f.seen&(hasAlike|hasSymbol) != 0 || f.seen&hasLeet != 0 && f.letters >= 2) {
		f.cut(f.word)
		f.looked = 0
		end, next = f.run(text, i, true)
	}
	f.tag = f.tag && end == next // the hashtag goes on
	return end, next
}

// run folds characters up to the end of the word. It returns where the word ended and where to go on. With alike
// set, look-alikes and digits are read as the letters they stand for.
func (f *folder) run(text string, i int, alike bool) (end, next int) {
	f.last, f.repeat = 0, 0
	lower := false
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
		s, inside := f.read(e, text, i+n, alike)
		if !inside {
			return i, i + n
		}
		if f.tag && s != "" {
			upper := text[i] >= 'A' && text[i] <= 'Z'
			if upper && lower {
				return i, i // the next word of the hashtag
			}
			lower = !upper
		}
		f.put(s, i, i+n)
		i += n
	}
	return i, i
}

// read says what a character inside a word is read as, or that it ends the word. next is where the one after it
// stands.
func (f *folder) read(e *foldEntry, text string, next int, alike bool) (s string, inside bool) {
	switch e.class {
	case classSep:
		return "", false
	case classApostrophe:
		return "", len(f.out) > f.word && f.letterFollows(text, next)
	case classSymbol:
		if len(f.out) == f.word || !f.letterFollows(text, next) {
			return "", false // beside a word, not in it
		}
		f.seen |= hasSymbol
		return e.alike, alike
	case classLeet:
		f.seen |= hasLeet
		if alike && f.letterFollows(text, next) { // digits at the end of a word are a number: covid19
			return e.alike, true
		}
	case classAlike:
		f.seen |= hasAlike
		if alike {
			return e.alike, true
		}
	}
	return e.text, true
}

// put appends what the characters at text[start:end] are read as, unless it stretches a letter.
func (f *folder) put(s string, start, end int) {
	if s == "" || s[0] >= utf8.RuneSelf {
		if s != "" {
			f.emit(s, start, end)
			f.last = 0
		} else if len(f.out) > f.word {
			f.extend(end) // what is left out belongs to the letter before it
		}
		return
	}
	for k := range len(s) {
		c := s[k]
		if c < 'a' {
			f.last = 0
			f.emit(s[k:k+1], start, end)
			continue
		}
		f.seen |= hasLatin
		f.letters++
		if c != f.last {
			f.last, f.repeat = c, 1
			f.emit(s[k:k+1], start, end)
			continue
		}
		switch f.repeat++; f.repeat {
		case 2:
			f.emit(s[k:k+1], start, end)
		case 3:
			f.cut(len(f.out) - 1) // the second of three
			f.extend(end)
		default:
			f.extend(end)
		}
	}
}

// cut takes back what was appended from n on.
func (f *folder) cut(n int) {
	f.out = f.out[:n]
	if f.track {
		f.spans = f.spans[:n]
	}
}

// extend makes the last byte stand for everything up to end in the source.
func (f *folder) extend(end int) {
	if f.track {
		f.spans[len(f.spans)-1].end = int32(end)
	}
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

func isSingle(word []byte) bool { return len(word) == 1 && word[0] >= 'a' && word[0] <= 'z' }

// minSingles is how many single letters in a row are one word with its letters apart.
const minSingles = 4

// countSingles notes whether the word just ended is a single letter, and joins a row of them that it ends.
func (f *folder) countSingles() {
	if isSingle(f.out[f.word : len(f.out)-1]) {
		if f.singles++; f.singles == 1 {
			f.runAt = f.word
		}
		return
	}
	f.joinSingles()
}

// joinSingles makes one word of the last single letters in a row, if there are enough. What follows them moves up.
func (f *folder) joinSingles() {
	n := f.singles
	f.singles = 0
	if n < minSingles {
		return
	}
	to, after := f.runAt, f.runAt+2*n
	for i := 0; i < n; {
		c, row := f.out[f.runAt+2*i], 1
		for i+row < n && f.out[f.runAt+2*(i+row)] == c {
			row++
		}
		keep := row
		if row >= 3 {
			keep = 1 // stretched
		}
		for k := range keep {
			f.out[to] = c
			if f.track {
				f.spans[to] = f.spans[f.runAt+2*(i+k)]
			}
			to++
		}
		if f.track {
			f.spans[to-1].end = f.spans[f.runAt+2*(i+row-1)].end
		}
		i += row
	}
	if f.track {
		copy(f.spans[to:], f.spans[after-1:])
	}
	to += copy(f.out[to:], f.out[after-1:]) // the space after the last of them, and on
	f.cut(to)
}

// letterFollows reports whether a letter comes next in text[i:], perhaps after digits and symbols that can stand
// for one. It looks at each character once however often it is asked, as long as i grows.
func (f *folder) letterFollows(text string, i int) bool {
	if i >= f.looked {
		f.looked, f.letter = i, false
		for f.looked < len(text) && !f.letter {
			r, n := utf8.DecodeRuneInString(text[f.looked:])
			f.looked += n
			switch entryOf(r).class {
			case classLetter, classAlike:
				f.letter = true
			case classSep:
				return false
			}
		}
	}
	return f.letter
}

// What a character is to folding.
const (
	classSep        = iota
	classLetter     // text
	classDigit      // text
	classDrop       // invisible: nothing
	classApostrophe // nothing inside a word, a separator elsewhere
	classSymbol     // alike between letters, a separator elsewhere
	classLeet       // text; alike before a letter, in a word with letters
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
	if strings.ContainsRune(apostrophes, r) {
		return foldEntry{class: classApostrophe}
	}
	if r == 'ـ' || unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Variation_Selector) {
		return foldEntry{class: classDrop}
	}
	if s, ok := leet[r]; ok && !unicode.IsDigit(r) {
		return foldEntry{class: classSymbol, alike: s}
	}
	if !unicode.In(r, unicode.L, unicode.N, unicode.So) {
		return foldEntry{class: classSep}
	}
	text := compatible(r)
	if text == "" {
		return foldEntry{class: classSep}
	}
	e := foldEntry{class: classLetter, text: text}
	switch c, n := utf8.DecodeRuneInString(text); {
	case n < len(text):
		if strings.ContainsFunc(text, unicode.IsNumber) {
			return foldEntry{class: classSep} // a fraction, a month: no part of a word
		}
	case leet[c] != "":
		e.class, e.alike = classLeet, leet[c]
	case alikes[c] != "":
		e.class, e.alike = classAlike, alikes[c]
	case unicode.In(c, unicode.N):
		e.class = classDigit
	}
	return e
}

// compatible is the lower-case compatibility form of a character, of letters and digits only.
func compatible(r rune) string {
	var out []byte
	for _, d := range norm.NFKD.String(string(unicode.ToLower(r))) {
		for _, d := range norm.NFKD.String(string(unicode.ToLower(d))) {
			if s, ok := spelled[d]; ok {
				out = append(out, s...)
			} else if (unicode.IsLetter(d) || unicode.IsDigit(d)) && d != 'ـ' && !strings.ContainsRune(apostrophes, d) {
				out = utf8.AppendRune(out, d)
			}
		}
	}
	return string(out)
}
