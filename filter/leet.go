package filter

import "strings"

// Digits in a word are letters or not. 0 1 3 4 5 7 are o i e a s t, 8 is b, 6 and 9 are g; 2 is none: it says that a
// word is doubled (anak2).
//
//   - Between letters they are letters: b0m, k4f1r, san9at.
//   - One or two before letters are, if the rest has a vowel and could go on like that: 4yo, 8om, 1s1s, 74npa. Not 3gp,
//     1st, 5pm, 8am, 17an, 80mb, 100rb, 2024.
//   - One after letters is, if the word has another such sign (m4r1), or if it comes after three letters and can be
//     spoken there: polis1, baia7. Two are, if they make a syllable: habi51. Not jam5, mp3, g20, ak47, bab10, covid19.
//
// Numbers glued to a word (5menit) may come out as letters that are no word: nobody looks for these.

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

// trails reports whether a word can end with letters and digits that are read as some. only is whether the digit is the
// only one of the word, read whether another sign is read as a letter.
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

// isSuffix reports whether two letters are mostly written after a number: 8am, 17an.
func isSuffix(a, b byte) bool { return a == 'a' && (b == 'm' || b == 'n') || a == 'i' && b == 'n' }

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
	before2, after2 := soundAt(s, i-2), soundAt(s, i+2)
	baiat := before2 == 'b' && before == 'a' && after == 'a' && after2 == 't'
	switch {
	case isVowel(before):
		return before == 'i' || after == 0 && before != 'a' || isVowel(after) && !baiat
	case before == 0 || after == 'i':
		return isVowel(after)
	case before == 'b' || before == 'c' || before == 'p':
		if after == 'e' || after == 'o' {
			return true
		}
	}
	bunuhlah := after == 'a' && after2 == 'h' && soundAt(s, i+3) == 0
	return bunuhlah && strings.IndexByte("hgtknp", before) >= 0
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

// isSeldom reports whether it is a digit that is seldom a letter.
func (s *sign) isSeldom() bool { c := s.text[0]; return c == '6' || c == '8' || c == '9' }
