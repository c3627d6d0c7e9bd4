package filter

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Some characters can be read in two ways: a digit is a number or a letter, an exclamation mark ends a word or is an
// i in it, a Cyrillic letter is one or looks like a Latin one, a capital in a hashtag begins a word or not. This file
// says which. It never asks a list of words; ordinary text must survive where the two meet:
//
//   - Look-alike letters are Latin in a word that has Latin letters too.
//   - Symbols (@ $ €) are letters between letters: kh@lifah; but not in an address: nama@contoh.example. "$" is one at
//     the beginning too, before a vowel, y or h: $yahid; and like "@" at the end of a word that has another such sign:
//     i$i$.
//   - ! and | are mostly put between words, so they are letters only where a part beside them is no word of its own:
//     it has no vowel (j!had, sh!t) or is very short (kaf!r, ba!at, pol!si), and where no capital begins a sentence
//     after them. "Allahu akbar!serang" stays apart. + is t only after one or two letters, between vowels: ma+i.
//   - Digits between letters are letters: b0m, k4f1r.
//   - A digit before letters is one if the rest is a word then: 4yo, 8om, 1s1s, 5yahid; but not 3gp, 1st, 5pm, 8am.
//     Two and more are a number: 17an, 80mb, 100rb.
//   - A digit after letters is one if the word has another one (m4r1), or if it comes after three letters and can be
//     spoken there: polis1, baia7; but not jam5, mp3, g20, covid19.
//
// Six, eight and nine are g, b and g: se6era, 8unuh, san9at. Two is never a letter.
type sign struct {
	*foldEntry
	at     span
	as     byte // the Latin letter that it is read as, 0 for its text
	begins bool // a word begins here
	out    bool // it only separates
}

// takeApart looks at all from text[i:] up to what separates words for sure, and leaves the signs of its words in
// f.queue.
func (f *folder) takeApart(text string, i int) {
	hasSymbols := f.collect(text, i)
	if f.tag {
		hashtag(f.signs)
	}
	if hasSymbols {
		if f.upTo+1 < len(text) && text[f.upTo] == '.' && isLetter(text[f.upTo+1]) {
			eachPart(f.signs, splitAddress)
		}
		eachPart(f.signs, readSymbols)
	}
	eachPart(f.signs, readWord)
	if hasSymbols {
		f.signs = withoutOut(f.signs)
	}
	f.queue = f.signs
}

// splitAddress separates at the "@" of what may be the first part of an address, before its dot.
func splitAddress(s []sign) {
	at := -1
	for i, one := range withoutLead(s) {
		if one.foldEntry == &ascii['@'] {
			if at >= 0 {
				return
			}
			at = i
		}
	}
	if at >= 0 {
		withoutLead(s)[at].out = true
	}
}

// withoutLead leaves out the symbols that s begins with, but for one that can be an s.
func withoutLead(s []sign) []sign {
	for len(s) > 0 && s[0].isSymbol() && s[0].alike != 's' {
		s = s[1:]
	}
	return s
}

// withoutOut leaves out what only separates.
func withoutOut(s []sign) []sign {
	kept, begins := s[:0], false
	for _, one := range s {
		if begins = begins || one.begins || one.out; !one.out {
			one.begins, begins = begins, false
			kept = append(kept, one)
		}
	}
	return kept
}

// collect fills f.signs, and reports whether there are symbols among them.
func (f *folder) collect(text string, i int) (hasSymbols bool) {
	f.signs = f.signs[:0]
	begins := false
loop:
	for i < len(text) {
		e, n := entryAt(text, i)
		switch e.class {
		case classSep, classHash, classFlag:
			break loop
		case classApostrophe:
			if begins = begins || len(f.signs) == 0 || !f.letterFollows(text, i+n); !begins {
				f.signs[len(f.signs)-1].at.end = int32(i + n)
			}
		case classDrop:
			if len(f.signs) > 0 && !begins {
				f.signs[len(f.signs)-1].at.end = int32(i + n)
			}
		default:
			at := span{int32(i), int32(i + n)}
			hasSymbols = hasSymbols || e.class == classSymbol || e.class == classWeak
			if _, first := utf8.DecodeRuneInString(e.text); first == len(e.text) {
				f.signs = append(f.signs, sign{foldEntry: e, at: at, begins: begins})
			} else {
				for _, c := range e.text { // a ligature
					f.signs = append(f.signs, sign{foldEntry: entryOf(c), at: at, begins: begins})
					begins = false
				}
			}
			begins = false
		}
		i += n
	}
	f.upTo = i
	return hasSymbols
}

// take appends the next word of the queue. It returns where to go on after the queue.
func (f *folder) take() int {
	for n, s := range f.queue {
		if n > 0 && s.begins {
			f.queue = f.queue[n:]
			return f.upTo
		}
		if n == 0 {
			f.at.start = s.at.start
		}
		text := s.text
		if s.as != 0 {
			text = latinLetters[s.as-'a' : s.as-'a'+1]
		}
		f.put(text, int(s.at.start), int(s.at.end))
		f.at.end = s.at.end
	}
	f.queue = nil
	return f.upTo
}

const latinLetters = "abcdefghijklmnopqrstuvwxyz"

// eachPart calls read for each stretch of signs that are not separated.
func eachPart(s []sign, read func([]sign)) {
	for from := 0; from < len(s); {
		if s[from].out {
			from++
			continue
		}
		to := from + 1
		for to < len(s) && !s[to].begins && !s[to].out {
			to++
		}
		read(s[from:to])
		from = to
	}
}

// isSymbol reports whether the sign separates unless it is a letter.
func (s *sign) isSymbol() bool { return s.class == classSymbol || s.class == classWeak }

// isDigit reports whether it is a digit that is read as one.
func (s *sign) isDigit() bool { return (s.class == classLeet || s.class == classDigit) && s.as == 0 }

// sound is the Latin letter that a sign is or can be read as, 0 for none.
func (s *sign) sound() byte {
	switch {
	case s.as != 0:
		return s.as
	case s.alike == 0 && s.text != "" && isLetter(s.text[0]):
		return s.text[0]
	}
	return s.alike
}

func isVowel(c byte) bool { return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' }

// hasVowel reports whether there is a vowel among signs; digits count only where they are read as letters.
func hasVowel(s []sign) bool {
	for i := range s {
		if !s[i].isDigit() && isVowel(s[i].sound()) {
			return true
		}
	}
	return false
}

// readSymbols says which symbols of a part are letters.
func readSymbols(s []sign) {
	rest := withoutLead(s)
	for i := range s[:len(s)-len(rest)] {
		s[i].out = true
	}
	if s = rest; isAlternating(s) {
		for i := range s {
			s[i].out = s[i].isSymbol()
		}
		return
	}
	readWeak(s)
	eachPart(s, readStrong)
}

// isAlternating reports whether these are three letters or more with one symbol between them all, which is none itself:
// j|i|h|a|d, but not p@s@r.
func isAlternating(s []sign) bool {
	if len(s) < 5 || len(s)%2 == 0 {
		return false
	}
	for i := range s {
		if s[i].isSymbol() != (i%2 == 1) || i%2 == 1 && s[i].foldEntry != s[1].foldEntry {
			return false
		}
	}
	return !isVowel(s[1].alike) || slices.ContainsFunc(s, func(s sign) bool { return !s.isSymbol() && isVowel(s.sound()) })
}

// readWeak looks at the symbols that mostly separate, and what is on both sides of each.
func readWeak(s []sign) {
	from := 0
	for i := 0; i < len(s); i++ {
		if s[i].class != classWeak {
			continue
		}
		after := i
		for after < len(s) && s[after].class == classWeak {
			after++
		}
		to := after
		for to < len(s) && s[to].class != classWeak {
			to++
		}
		as := weakLetter(s[from:i], s[i:after], s[after:to])
		for k := i; k < after; k++ {
			s[k].as, s[k].out = as, as == 0
		}
		from, i = after, to-1
	}
}

// weakLetter is as what such symbols are read between two parts, 0 if they separate.
func weakLetter(left, mid, right []sign) byte {
	as := mid[0].alike
	if len(left) == 0 || len(right) == 0 || len(mid) > 1 && (as != 'l' || len(mid) > 2) {
		return 0
	}
	if !slices.ContainsFunc(left, sign.isLetter) || !slices.ContainsFunc(right, sign.isLetter) {
		return 0
	}
	before, after := &left[len(left)-1], &right[0]
	if before.sound() == 0 || after.sound() == 0 || before.lower && after.upper {
		return 0
	}
	between := !isVowel(before.sound()) && !isVowel(after.sound())
	noWord := len(left) == 1 && len(right) > 1 || len(left) == 2 && len(right) <= 3 || !hasSound(left) || hasOther(left) || hasOther(right)
	noEnd := between && len(right) <= 2 && !hasSound(right)
	switch {
	case as == 't':
		if len(left) > 2 || !isVowel(before.sound()) || !isVowel(after.sound()) {
			return 0
		}
	case as == 'l' && between && (noWord || noEnd):
		return 'i'
	case as == 'l' && !noWord:
		return 0
	case !noWord && !noEnd && !(between && len(right) <= 3 && hasSound(right)):
		return 0
	}
	return as
}

// hasOther reports whether there is a digit or symbol between two letters.
func hasOther(s []sign) bool {
	for i := 1; i+1 < len(s); i++ {
		if (s[i].class == classLeet || s[i].class == classSymbol) && s[i-1].isLetter() && s[i+1].isLetter() {
			return true
		}
	}
	return false
}

// hasSound reports whether there is a vowel among signs, or a digit that can be one.
func hasSound(s []sign) bool {
	for i := range s {
		if isVowel(s[i].sound()) {
			return true
		}
	}
	return false
}

// readStrong looks at the other symbols of a part: those between letters are letters.
func readStrong(s []sign) {
	first, last, letters, latin := len(s), -1, 0, false
	for i := range s {
		if s[i].isLetter() {
			first, last = min(first, i), i
			latin = latin || s[i].isLatin()
			if s[i].sound() != 0 {
				letters++
			}
		}
	}
	if letters >= 3 {
		if first == 2 && isSyllable(s[0], s[1]) {
			first = 0
		}
		if last == len(s)-3 && isSyllable(s[last+2], s[last+1]) {
			last += 2
		}
	}
	more := false // there is a symbol or digit that is surely a letter
	for i := range s {
		between := latin && i > first && i < last
		switch s[i].class {
		case classSymbol:
			s[i].as, s[i].out = s[i].alike, !between
			more = more || between
		case classLeet:
			more = more || between && letters >= 2 && !s[i-1].isDigit() && canRead(s[i:i+digitsAt(s[i:])])
		case classWeak:
			s[i].out = !latin
		}
	}
	if len(s) < 3 {
		return
	}
	if s[0].class == classSymbol && latin && leadsS(s) {
		s[0].out = false
	}
	if end := &s[len(s)-1]; end.class == classSymbol && (end.as == 's' || end.as == 'a') && more && last == len(s)-2 {
		end.out = false
	}
}

// isSyllable reports whether a digit and a symbol beside it can be letters at the end of a word: a consonant and a
// vowel (7@, $3).
func isSyllable(digit, symbol sign) bool {
	return digit.class == classLeet && symbol.class == classSymbol && isVowel(digit.alike) != isVowel(symbol.alike)
}

func (s sign) isLetter() bool { return s.class == classLetter || s.class == classAlike }

func (s *sign) isLatin() bool { return s.text != "" && isLetter(s.text[0]) }

// leadsS reports whether a word can begin with an s and the signs after the first.
func leadsS(s []sign) bool {
	next := s[1].sound()
	return s[0].alike == 's' && len(s) > 3 && s[1].isLetter() && (isVowel(next) || next == 'y' || next == 'h')
}

// readWord says as what the signs of a word are read that are look-alikes or digits.
func readWord(s []sign) {
	latin, letters, read := false, 0, false
	for i := range s {
		switch {
		case s[i].isSymbol():
			latin, read = true, true
		case s[i].isLatin():
			latin = true
		case s[i].class != classAlike:
			continue
		}
		letters++
	}
	if !latin {
		return
	}
	for i := range s {
		if s[i].class == classAlike {
			s[i].as = s[i].alike
		}
	}
	if letters >= 2 {
		readDigits(s, read)
	}
}

// readDigits says which digits of a word are letters; read is whether a symbol in it is one.
func readDigits(s []sign, read bool) {
	lead, count := digitsAt(s), 0
	trail := len(s)
	for i := 0; i < len(s); {
		to := i + digitsAt(s[i:])
		switch {
		case to == i:
			i++
			continue
		case i == 0:
		case to == len(s):
			trail = i
		case readAll(s[i:to]):
			read = true
		}
		count += to - i
		i = to
	}
	end := s[trail:]
	if trails(s[:trail], end, count == 1, read) {
		read = readAll(end) || read
	}
	if leads(s[:lead], s[lead:], read) {
		read = readAll(s[:lead]) || read
	}
	if len(end) == 1 && read {
		readAll(end)
	}
	readOnes(s)
}

// trails reports whether a word can end with letters and digits that are read as some. only is whether the digits are
// the only one of the word, read whether others are read.
func trails(letters, end []sign, only, read bool) bool {
	switch {
	case len(letters) == 0 || len(end) == 0 || len(end) > 2:
		return false
	case len(end) == 2: // of one vowel
		return len(letters) >= 3 && hasVowel(letters) && !end[0].isSeldom() && !end[1].isSeldom() && isVowel(end[0].alike) != isVowel(end[1].alike)
	case read:
		return true
	}
	last := letters[len(letters)-1].sound()
	if !only || len(letters) < 3 || last == 0 {
		return false
	}
	switch end[0].text[0] {
	case '0', '1':
		return true
	case '3':
		return !isVowel(last)
	case '4':
		return !isVowel(last) || last == 'i' || last == 'u'
	case '5', '7':
		return last != 'm' && last != 'b' || len(letters) >= 4
	case '9':
		return last == 'n'
	}
	return false
}

// leads reports whether a word can begin with digits, read as letters, and rest after them.
func leads(digits, rest []sign, read bool) bool {
	if len(digits) == 0 || len(digits) > 2 || !hasVowel(rest) {
		return false
	}
	n := 0
	for i := range rest {
		if !rest[i].isDigit() {
			n++
		}
	}
	next := rest[0].sound()
	if n < 2 || n == 2 && len(rest) == 2 && isSuffix(next, rest[1].sound()) {
		return false
	}
	if read || len(digits) == 2 {
		return true
	}
	switch digit := digits[0].text[0]; digit {
	case '0', '1', '3', '4':
		return next != 0 && (!isVowel(next) || n >= 3 && next != digits[0].alike && digit != '0')
	case '5':
		return isVowel(next) || n >= 3 && strings.IndexByte("hklmnptwy", next) >= 0 || n >= 4
	case '7':
		return isVowel(next) || n >= 3 && strings.IndexByte("hrwy", next) >= 0 || n >= 4
	case '8':
		return isVowel(next) || n >= 4
	}
	return isVowel(next) && n >= 3 || n >= 4
}

// readOnes says which ones that are letters are i and which are l: where the two meet in words, by what is more
// frequent.
func readOnes(s []sign) {
	isOne := func(i int) bool { return s[i].as == 'i' && s[i].text == "1" }
	for i := 0; i < len(s); i++ {
		to := i
		for to < len(s) && isOne(to) {
			to++
		}
		before, after := soundAt(s, i-1), soundAt(s, to)
		switch to - i {
		case 0:
			continue
		case 1:
			if isL(s, i, before, after) {
				s[i].as = 'l'
			}
		case 2: // allah, khalifah, bila
			if isVowel(before) {
				s[i].as = 'l'
			}
			if !isVowel(before) || after == 0 || isVowel(after) {
				s[i+1].as = 'l'
			}
		}
		i = to
	}
}

// isL reports whether a single 1 between two letters, 0 for none, is l.
func isL(s []sign, i int, before, after byte) bool {
	switch before2, after2 := soundAt(s, i-2), soundAt(s, i+2); {
	case isVowel(before):
		return before == 'i' || after == 0 && before != 'a' || isVowel(after) && !(before2 == 'b' && before == 'a' && after == 'a' && after2 == 't') // baiat
	case before == 0 || after == 'i':
		return isVowel(after)
	case (before == 'b' || before == 'c' || before == 'p') && (after == 'e' || after == 'o'):
		return true
	default:
		return after == 'a' && after2 == 'h' && soundAt(s, i+3) == 0 && strings.IndexByte("hgtknp", before) >= 0 // bunuhlah
	}
}

// soundAt is the letter that s[i] is, 0 for none.
func soundAt(s []sign, i int) byte {
	if i < 0 || i >= len(s) || s[i].isDigit() {
		return 0
	}
	return s[i].sound()
}

// readAll reads a row of digits as letters, if all of them can be.
func readAll(s []sign) bool {
	if !canRead(s) {
		return false
	}
	for i := range s {
		s[i].as = s[i].alike
	}
	return true
}

// canRead reports whether all digits of a row can be letters: none is a 2, and a long row has none that seldom is one.
func canRead(s []sign) bool {
	for i := range s {
		if s[i].class != classLeet || len(s) > 2 && s[i].isSeldom() {
			return false
		}
	}
	return true
}

// digitsAt is how many digits s begins with.
func digitsAt(s []sign) (n int) {
	for n < len(s) && s[n].isDigit() {
		n++
	}
	return n
}

// isSeldom reports whether it is a digit that is read as one more often than as a letter.
func (s *sign) isSeldom() bool { c := s.text[0]; return c == '6' || c == '8' || c == '9' }

// isSuffix reports whether two letters are mostly written after a number: 8am, 17-an, 5in.
func isSuffix(a, b byte) bool { return a == 'a' && (b == 'm' || b == 'n') || a == 'i' && b == 'n' }

// hashtag says where the words of a hashtag begin: at capitals (#BomBali, #ISISMenang), unless these go up and down
// (#JiHaD), and at numbers of two digits and more (#Aksi212Damai).
func hashtag(s []sign) {
	letters, row, longest := 0, 0, 0
	for i := range s {
		if s[i].isSymbol() {
			row = 0
		} else if !s[i].isDigit() {
			letters++
			if row++; isCapital(s, i) || s[i].begins {
				row = 1
			}
			longest = max(longest, row)
		}
	}
	for i := 0; i < len(s); i++ {
		if longest >= 3 && isCapital(s, i) {
			s[i].begins = true
		}
		to := i + digitsAt(s[i:])
		if to-i >= 2 && letters >= 2 && (i == 0 || to == len(s) || s[to].upper) {
			s[i].begins = true
			if to < len(s) {
				s[to].begins = true
			}
		}
		i = max(i, to-1)
	}
}

// isCapital reports whether a word of a hashtag begins with a capital: after a small letter, or after two other
// capitals and before small letters that can be spoken (#MUvsPSM has none).
func isCapital(s []sign, i int) bool {
	before := i - 1
	for before >= 0 && s[before].isDigit() {
		before--
	}
	if !s[i].upper || before < 0 || s[before].isSymbol() {
		return false
	}
	if !s[before].upper {
		return true
	}
	to := i + 1
	for to < len(s) && s[to].lower {
		to++
	}
	return i >= 2 && s[i-1].upper && s[i-2].upper && hasSound(s[i+1:to])
}
