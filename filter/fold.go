package filter

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
	"unsafe"
)

// Folding makes of a text its words, each between single spaces, in one spelling: "Ｊ1had,  JÍHAD!" and
// " jihad jihad " become the same. Terms are folded by the same code as texts. What is folded:
//
//   - case, width, compatibility forms and styled letters (the NFKD form of Unicode without its marks), and Latin
//     letters of other alphabets than ours (ø, ɓ, ʀ);
//   - forms of Arabic letters that differ by language or keyboard, and digits of every script;
//   - zero-width and other invisible characters, combining marks, tatweel, apostrophes inside a word: left out;
//   - look-alike letters of other scripts, only inside a word that has Latin letters too;
//   - digits and symbols that stand for letters, as symbols.go and leet.go say;
//   - a letter three times or more: once;
//   - the letters of a word that stand apart: one word, as apart.go says;
//   - a hashtag: its words, told by their capitals, underscores and numbers;
//   - everything else that is no letter, digit or mark: a space.
//
// To fold what has been folded changes nothing. The time is linear in the length of the text.
//
// folder keeps where each folded byte came from if it is asked to.
type folder struct {
	out   []byte
	spans []span // of the source, one for each byte of out; only if track
	track bool

	word   int  // where the last word begins in out
	at     span // where it stands in the source, with all that belongs to it
	last   rune // its last letter, 0 for none
	repeat int  // how often that came in a row

	tag   bool   // we are in a hashtag
	signs []sign // what a word is made of that can be read in several ways
	queue []sign // those of them that are still to be appended
	upTo  int    // where they end in the source

	row        []single // the single letters before the last word, for apart.go
	rowAt      int      // where the first of them begins in out
	moved      []byte   // what stands behind them, while they are joined
	movedSpans []span

	looked int  // up to where letterFollows has looked
	found  bool // what it saw there
}

// span is a half-open range of bytes.
type span struct{ start, end int32 }

// fold folds text into f.out, replacing what was there.
func (f *folder) fold(text string) {
	f.out, f.spans = append(f.out[:0], ' '), f.spans[:0]
	if f.track {
		f.spans = append(f.spans, span{})
	}
	f.begin()
	f.out = slices.Grow(f.out, len(text)+16)
	b := unsafe.Slice(unsafe.StringData(text), len(text))
	for i := 0; i < len(b); {
		x := load(b, i)
		if n := letters(x); n > 0 {
			if end := f.plain(b, i, x, n); end > 0 {
				i = end
				continue
			}
		} else if kinds[b[i]] != kindOdd {
			i++
			continue
		}
		i = f.advance(text, i)
	}
}

// begin forgets the text before.
func (f *folder) begin() {
	f.queue, f.row, f.tag = f.queue[:0], f.row[:0], false
	f.looked = 0
}

// plain appends a word of ASCII letters that begins with n letters of x, and a space. It returns where to go on, or
// 0 if the word must be looked at more closely.
func (f *folder) plain(b []byte, i int, x uint64, n int) int {
	at, end, stretched := len(f.out), i, triples(x|low20, n)
	for ; ; n = letters(x) {
		f.out = slices.Grow(f.out, 16)
		binary.LittleEndian.PutUint64(f.out[len(f.out):len(f.out)+8], x|low20)
		stretched |= triples(x|low20, n)
		if n < 8 {
			f.out = f.out[:len(f.out)+n]
			end += n
			break
		}
		f.out = f.out[:len(f.out)+6] // so that each three letters in a row are in one window
		end += 6
		x = load(b, end)
	}
	if stretched != 0 || !plainEnd(b, i, end) {
		f.out = f.out[:at]
		return 0
	}
	f.out = append(f.out, ' ')
	if f.track {
		for k := i; k < end; k++ {
			f.spans = append(f.spans, span{int32(k), int32(k + 1)})
		}
		f.spans = append(f.spans, span{int32(end), int32(end)})
	}
	return end
}

// plainEnd reports whether the word of ASCII letters b[i:end] ends there for sure, and is not the first of letters
// apart.
func plainEnd(b []byte, i, end int) bool {
	if end == len(b) {
		return true
	}
	kind := kinds[b[end]]
	if end-i == 1 {
		return kind == kindSep && wordFollows(unsafe.String(unsafe.SliceData(b), len(b)), end+1)
	}
	return kind == kindSep || kind == kindMark && (end+1 == len(b) || kinds[b[end+1]] == kindSep)
}

// wordFollows reports whether there is surely a word of more than one letter at text[i:]: two different letters.
func wordFollows(text string, i int) bool {
	return i+1 < len(text) && isLetter(text[i]) && isLetter(text[i+1]) && text[i]|0x20 != text[i+1]|0x20
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// advance appends the next word of text[i:], if one begins there, and a space. A single letter may be the first of a
// row, so it goes on to the first word that is none; and it goes on to the end of a hashtag. It returns where to go
// on.
func (f *folder) advance(text string, i int) int {
	f.row = f.row[:0]
	for {
		i = f.next(text, i)
		if n := len(f.out) - f.word; n > 0 {
			if (n > utf8.UTFMax || !f.isApart(text)) && len(f.row) > 0 {
				f.join(text)
			}
			f.emit(" ", int(f.at.end), int(f.at.end))
		}
		switch {
		case len(f.queue) > 0 || f.tag && i < len(text):
		case len(f.row) == 0 || len(f.row) == 1 && wordFollows(text, i):
			return i
		case i == len(text):
			f.word = len(f.out)
			f.join(text)
			return i
		}
	}
}

// next appends the word at text[i:], or nothing where words are separated. It returns where to go on.
func (f *folder) next(text string, i int) int {
	f.word, f.last = len(f.out), 0
	if len(f.queue) > 0 {
		return f.take()
	}
	e, n := entryAt(text, i)
	switch {
	case e.class == classHash:
		f.tag = true
		return i + n
	case e.class == classSep:
		f.tag = f.tag && text[i] == '_'
		return i + n
	case e.class == classFlag:
		f.tag = false
		return f.flags(text, i)
	}
	if !f.tag || plainTag(text, i) {
		end, next, plain := f.run(text, i)
		if plain {
			f.at = span{int32(i), int32(end)}
			f.tag = f.tag && (next == end || text[end] == '_')
			return next
		}
		f.cut(f.word)
		f.looked, f.last = 0, 0
	}
	f.takeApart(text, i)
	return f.take()
}

// plainTag reports whether the part of a hashtag at text[i:] is one word of ASCII letters for sure.
func plainTag(text string, i int) bool {
	first := text[i]
	for i++; i < len(text) && text[i] >= 'a' && text[i] <= 'z'; i++ {
	}
	return isLetter(first) && (i == len(text) || text[i] == '#' || kinds[text[i]] == kindSep)
}

// run appends characters up to the end of the word, each as what it is. It returns where the word ended and where to
// go on, and whether there is surely no other way to read the word.
func (f *folder) run(text string, i int) (end, next int, plain bool) {
	var letters, latin, digits int // the digits are those in a row up to here
	var alike, leet bool
	for i < len(text) {
		e, n := entryAt(text, i)
		next = i + n
		switch e.class {
		case classAlike, classLetter:
			leet = leet || digits > 0 && (letters > 0 || digits <= 2)
			alike = alike || e.class == classAlike
			letters += len(e.text)
			for k := range len(e.text) {
				if e.text[k] < utf8.RuneSelf {
					latin++
				}
			}
			digits = 0
		case classLeet:
			digits++
		case classDigit:
			digits = -len(text) // no letter, nor those beside it
		case classDrop:
			f.extend(next)
			i = next
			continue
		case classApostrophe:
			if len(f.out) == f.word || !f.letterFollows(text, next) {
				return i, next, isPlain(letters, latin, digits, alike, leet)
			}
			f.extend(next)
			i = next
			continue
		case classHash, classFlag:
			return i, i, isPlain(letters, latin, digits, alike, leet)
		case classSep:
			return i, next, isPlain(letters, latin, digits, alike, leet)
		default:
			plain = !f.letterFollows(text, next) || len(f.out) == f.word && e.alike != 's'
			if plain && letters >= 3 && next < len(text) {
				after, _ := entryAt(text, next)
				plain = after.class != classLeet
			}
			return i, next, plain && isPlain(letters, latin, digits, alike, leet)
		}
		if s := e.text; f.track || e.only == f.last || e.only < 0 {
			f.put(s, i, next)
		} else if f.last, f.repeat = e.only, 1; len(s) == 1 {
			f.out = append(f.out, s[0])
		} else {
			f.out = append(f.out, s...)
		}
		i = next
	}
	return i, i, isPlain(letters, latin, digits, alike, leet)
}

// isPlain reports whether no look-alike or digit of a word could be read as a letter.
func isPlain(letters, latin, digits int, alike, leet bool) bool {
	leet = leet || (digits == 1 || digits == 2) && letters >= 2
	return latin == 0 || !alike && !(leet && latin >= 2)
}

// put appends what the character at text[start:end] is read as, unless it stretches a letter.
func (f *folder) put(s string, start, end int) {
	for s != "" {
		c, n := rune(s[0]), 1
		if c >= utf8.RuneSelf {
			c, n = utf8.DecodeRuneInString(s)
		}
		if c != f.last {
			f.last, f.repeat = c, 1
			f.emit(s[:n], start, end)
		} else {
			f.putAgain(c, s[:n], start, end)
		}
		s = s[n:]
	}
}

// putAgain appends a letter or digit that came right before.
func (f *folder) putAgain(c rune, s string, start, end int) {
	if f.repeat++; c < 'a' || f.repeat == 2 {
		f.emit(s, start, end)
		return
	}
	if f.repeat == 3 {
		f.cut(len(f.out) - len(s)) // the second of three
	}
	f.extend(end)
}

// cut takes back what was appended from n on.
func (f *folder) cut(n int) {
	f.out = f.out[:n]
	if f.track {
		f.spans = f.spans[:n]
	}
}

// extend makes the last letter of the word, if there is one, stand for everything up to end in the source.
func (f *folder) extend(end int) {
	if f.track && len(f.out) > f.word {
		_, n := utf8.DecodeLastRune(f.out)
		for k := len(f.spans) - n; k < len(f.spans); k++ {
			f.spans[k].end = int32(end)
		}
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

// letterFollows reports whether a letter comes next in text[i:], perhaps after digits and symbols that can stand
// for one. It looks at each character once however often it is asked, as long as i grows.
func (f *folder) letterFollows(text string, i int) bool {
	if i >= f.looked {
		f.looked, f.found = i, false
		for f.looked < len(text) && !f.found {
			e, n := entryAt(text, f.looked)
			f.looked += n
			switch e.class {
			case classLetter, classAlike:
				f.found = true
			case classSep, classHash, classFlag:
				return false
			}
		}
	}
	return f.found
}

// flags appends the letters of flags at text[i:], as a word of their own; but an even number of them side by side is
// flags. It returns where to go on.
func (f *folder) flags(text string, i int) int {
	f.at.start = int32(i)
	for i < len(text) {
		n := 0
		to := i
		for to < len(text) {
			e, size := entryAt(text, to)
			if e.class != classFlag {
				break
			}
			n, to = n+1, to+size
		}
		if n%2 == 0 && n > 0 {
			if len(f.out) == f.word {
				return to
			}
			return i
		}
		if e, size := entryAt(text, i); n == 0 && e.class == classDrop {
			f.extend(i + size)
			i += size
			f.at.end = int32(i)
			continue
		}
		if n == 0 {
			return i
		}
		for ; i < to; i += utf8.UTFMax {
			e, _ := entryAt(text, i)
			f.put(e.text, i, i+utf8.UTFMax)
		}
		f.at.end = int32(i)
	}
	return i
}
