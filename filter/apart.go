package filter

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Letters of a word that stand apart are one word: "j.i.h.a.d", "J I H A D". What stands between two letters says
// which of them belong together:
//
//   - Letters with the same between them are a word: three and more if there is no white space in it (b.o.m), four
//     and more else (b o m b). Anything else between two letters ends the word: "a.b.c.d e.f.g.h" are two, and so
//     are "b o m b  b a l i".
//   - Beside such a word, two letters are enough: "d i  b a l i".
//   - Of other single letters, four and more in a row are one word too ("j.i-h a_d"), or two and more if the
//     same always stands between their letters ("b o m  d i  j k t"). This also makes it so that a folded text,
//     which has nothing but single spaces, is folded to itself.
//
// Digits and symbols that stand for letters may be among them, if they are not more than the letters, and look-alikes
// if there are Latin letters too. One letter again and again is no word.
//
// Ordinary text that is joined by this does no harm, because nothing that we look for is spelled by it: "A B C D" is
// abcd, U.S.A. is usa. Three initials with spaces (J. R. R. Tolkien) and pairs (e.g., p.s., a.n.) stay as they are.
type single struct {
	*foldEntry      // of the letter as folded
	at         span // in the source, with what is left out before and after it
	start      int32
	kind       uint8
	word       int // the number of the word that it belongs to, 0 for none
}

const (
	singleLetter = iota // Latin
	singleAlike         // looks like a Latin one
	singleDigit         // can stand for one
	singleSymbol        // can stand for one between others; no word of its own
	singleArabic
)

// inWord is as what it is read in a word.
func (s *single) inWord() string {
	if s.alike == 0 || s.kind == singleArabic {
		return s.text
	}
	return latinLetters[s.alike-'a' : s.alike-'a'+1]
}

// isApart notes the last word if it is a single letter, or a digit that can stand for one. It reports whether it is.
func (f *folder) isApart(text string) bool {
	r, n := utf8.DecodeRune(f.out[f.word:])
	if n < len(f.out)-f.word {
		return false
	}
	s := single{foldEntry: entryOf(r), at: f.at}
	if f.track {
		s.start = f.spans[f.word].start
	}
	switch {
	case r >= 'a' && r <= 'z':
	case unicode.Is(unicode.Arabic, r):
		s.kind = singleArabic
	case s.class == classAlike && s.alone:
		s.kind = singleAlike
	case s.class == classLeet:
		s.kind = singleDigit
	default:
		return false
	}
	if len(f.row) > 0 && (f.row[0].kind == singleArabic) != (s.kind == singleArabic) {
		f.join(text)
	}
	if len(f.row) == 0 {
		f.rowAt = f.word
	} else {
		before := f.row[len(f.row)-1].at.end
		s.at.start = skipBack(text, before, s.at.start)
		if symbol, ok := symbolBetween(text, before, s.at.start); ok {
			f.row = append(f.row, symbol)
		}
	}
	f.row = append(f.row, s)
	return true
}

// skipBack goes back from text[i:] over what is left out, at most to from.
func skipBack(text string, from, i int32) int32 {
	for i > from {
		r, n := utf8.DecodeLastRuneInString(text[from:i])
		if entryOf(r).class != classDrop {
			break
		}
		i -= int32(n)
	}
	return i
}

// symbolBetween returns the symbol in text[start:end] if there is one, and the same character before and after it.
func symbolBetween(text string, start, end int32) (s single, ok bool) {
	between := text[start:end]
	if between == "" {
		return s, false
	}
	separator, n := entryAt(between, 0)
	if len(between) <= 2*n || separator.class != classSep || between[:n] != between[len(between)-n:] {
		return s, false
	}
	e, size := entryAt(between, n)
	isLetter := e.class == classSymbol || e.class == classWeak && e.alike == 'i'
	return single{foldEntry: e, at: span{start + int32(n), end - int32(n)}, start: start + int32(n), kind: singleSymbol}, isLetter && size == len(between)-2*n
}

// join makes words of the single letters in f.row. The last word, if it stands behind them, moves up.
func (f *folder) join(text string) {
	row := group(text, f.row)
	f.row = f.row[:0]
	if row == nil {
		return
	}
	f.moved, f.movedSpans = append(f.moved[:0], f.out[f.word:]...), f.movedSpans[:0]
	if f.track {
		f.movedSpans = append(f.movedSpans, f.spans[f.word:]...)
	}
	f.cut(f.rowAt)
	for i, s := range row {
		if i == 0 || s.word == 0 || s.word != row[i-1].word {
			f.word, f.last = len(f.out), 0
		}
		letter := s.text
		if s.word > 0 {
			letter = s.inWord()
		}
		f.put(letter, int(s.start), int(s.at.end))
		if i+1 == len(row) || s.word == 0 || s.word != row[i+1].word {
			f.emit(" ", int(s.at.end), int(s.at.end))
		}
	}
	f.word = len(f.out)
	f.out, f.spans = append(f.out, f.moved...), append(f.spans, f.movedSpans...)
}

// group numbers the words of a row. It returns the row without the symbols that belong to none, or nil if there is no
// word.
func group(text string, row []single) []single {
	if len(row) < 3 {
		return nil
	}
	words, joiner := 0, ""
	mark := func(from, to, least int) bool {
		from, to = wordIn(row, from, to, least)
		if from == to {
			return false
		}
		words++
		for i := from; i < to; i++ {
			row[i].word = words
		}
		return true
	}
	for i := 0; i+1 < len(row); {
		to := sameBetween(text, row, i)
		if mark(i, to, leastLetters(between(text, row, i+1))) {
			if words == 1 {
				joiner = between(text, row, i+1)
			}
			i = to
		} else {
			i = to - 1
		}
	}
	for i := 0; i+1 < len(row) && words > 0; {
		to := sameBetween(text, row, i)
		if row[i].word == 0 && row[i+1].word == 0 && between(text, row, i+1) == joiner {
			mark(i, to, 2)
		}
		i = to - 1
	}
	row = slices.DeleteFunc(row, func(s single) bool { return s.kind == singleSymbol && s.word == 0 })
	for i := 0; i < len(row); {
		to := i
		for to < len(row) && row[to].word == 0 {
			to++
		}
		if !splitRest(text, row[i:to], &words) {
			mark(i, to, 4)
		}
		i = max(to, i+1)
	}
	if words == 0 {
		return nil
	}
	return row
}

// splitRest makes words of the letters that are left, if each has two and more with the same between them.
func splitRest(text string, row []single, words *int) bool {
	if len(row) < 4 {
		return false
	}
	joiner, from := between(text, row, 1), 0
	for to := 1; to <= len(row); to++ {
		if to < len(row) && between(text, row, to) == joiner {
			continue
		}
		if !isWord(row[from:to], 2) {
			return false
		}
		from = to
	}
	*words++
	for i := range row {
		if i > 0 && between(text, row, i) != joiner {
			*words++
		}
		row[i].word = *words
	}
	return true
}

// wordIn returns where the word in row[from:to] is: all of it, or all but the digits at its ends if there are none
// inside; from == to if there is no word.
func wordIn(row []single, from, to, least int) (int, int) {
	a, b := from, to
	for a < b && row[a].kind == singleDigit {
		a++
	}
	for a < b && row[b-1].kind == singleDigit {
		b--
	}
	if isWord(row[a:b], least) && !slices.ContainsFunc(row[a:b], func(s single) bool { return s.kind == singleDigit }) {
		return a, b
	}
	if isWord(row[from:to], least) {
		return from, to
	}
	return to, to
}

// between is what stands before row[i].
func between(text string, row []single, i int) string { return text[row[i-1].at.end:row[i].at.start] }

// sameBetween returns where the letters from row[i] on end that have the same between them and no word yet.
func sameBetween(text string, row []single, i int) (to int) {
	to = i + 2
	for to < len(row) && row[to].word == row[i].word && between(text, row, to) == between(text, row, i+1) {
		to++
	}
	return to
}

// leastLetters is how many letters with the same between them are a word.
func leastLetters(between string) int {
	if between == "" || strings.ContainsFunc(between, unicode.IsSpace) {
		return 4
	}
	return 3
}

// isWord reports whether these can be the letters of a word, and there are enough.
func isWord(row []single, least int) bool {
	if len(row) < least || row[0].kind == singleSymbol || row[len(row)-1].kind == singleSymbol {
		return false
	}
	var kinds [singleArabic + 1]int
	different := false
	for i := range row {
		kinds[row[i].kind]++
		different = different || row[i].inWord() != row[0].inWord()
	}
	letters := kinds[singleLetter] + kinds[singleAlike]
	return different && (kinds[singleArabic] == len(row) || kinds[singleLetter] > 0 && letters >= 2 && len(row) <= 2*letters)
}
