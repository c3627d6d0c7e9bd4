package filter

import "unicode/utf8"

// A sign is a character of a word that can be read in several ways: a digit is a number or a letter, an exclamation mark
// ends a word or is an i in it, a Cyrillic letter is one or looks like a Latin one, a capital in a hashtag begins a word
// or not. What is decided, symbol by symbol and digit by digit, never asks a list of words, and ordinary text must
// survive where the two meet. See symbols.go, leet.go and hashtag.go; look-alikes are Latin in a word that has Latin
// letters too.
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

// readWord says as what the look-alikes and digits of a word are read.
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

// isSymbol reports whether it separates unless it is a letter.
func (s *sign) isSymbol() bool { return s.class == classSymbol || s.class == classWeak }

// isDigit reports whether it is a digit that is read as one.
func (s *sign) isDigit() bool { return (s.class == classLeet || s.class == classDigit) && s.as == 0 }

func (s sign) isLetter() bool { return s.class == classLetter || s.class == classAlike }

func (s *sign) isLatin() bool { return s.text != "" && isLetter(s.text[0]) }

// sound is the Latin letter that it is or can be read as, 0 for none.
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

// hasSound reports whether there is a vowel among signs, or a digit that can be one.
func hasSound(s []sign) bool {
	for i := range s {
		if isVowel(s[i].sound()) {
			return true
		}
	}
	return false
}
