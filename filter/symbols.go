package filter

import "slices"

// Symbols in a word are letters or not:
//
//   - @ $ € and the like are letters between letters: kh@lifah. So they are one beside a digit at an end of the word
//     that makes a syllable with them (7@kbir, ummah@7), and $ at the beginning, before a vowel, y or h ($yahid), or at the
//     end of a word that has another sign (i$i$). In an address they separate: nama@contoh.example.
//   - ! and | are mostly put between words, so they are letters only if a part beside them is no word of its own: it has
//     no vowel (j!had, sh!t), is very short (kaf!r, ba!at, pol!si), or has another digit or symbol between letters
//     (k4f!run). A capital after a small letter begins a sentence. "Allahu akbar!serang" stays apart.
//   - + is a t only after one or two letters, between vowels: ma+i.
//   - One symbol between all letters stands for none: j|i|h|a|d.

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

// withoutLead leaves out the symbols that s begins with, but for one that can be an s.
func withoutLead(s []sign) []sign {
	for len(s) > 0 && s[0].isSymbol() && s[0].alike != 's' {
		s = s[1:]
	}
	return s
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

// readStrong looks at the other symbols of a part.
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

// isSyllable reports whether a digit and a symbol beside it can be a consonant and a vowel.
func isSyllable(digit, symbol sign) bool {
	return digit.class == classLeet && symbol.class == classSymbol && isVowel(digit.alike) != isVowel(symbol.alike)
}

// leadsS reports whether a word can begin with an s and the signs after the first.
func leadsS(s []sign) bool {
	next := s[1].sound()
	return s[0].alike == 's' && len(s) > 3 && s[1].isLetter() && (isVowel(next) || next == 'y' || next == 'h')
}
