// Package forms knows the forms of one word: what an author of rules need not list.
//
// Its functions are pure. They take a word in lower-case ASCII (apostrophes and hyphens may stand in it) and give plain
// spellings, each once: the word itself, then the rest, the commonest first, so that a caller may take as many as it can
// bear. They know nothing of rules, posts or folding, only of the writing of Indonesian, English and Arabic loans. What
// folding makes equal anyway (case, marks, look-alikes, digits for letters, stretched letters, apostrophes, hyphens) is
// given once.
//
// What they give belongs to the answer of a ruleset: when it changes, so does what a rule finds, and a verdict of before
// could not be reproduced. TestFormsAreStable sees to it that nobody changes it unawares.
package forms

import "strings"

// list gathers spellings in the order they come, each once.
type list struct {
	out  []string
	seen map[string]bool
}

func newList(word string) *list {
	return &list{out: []string{word}, seen: map[string]bool{folded(word): true}}
}

// add takes a spelling, unless it or what folding reads it as is there.
func (l *list) add(spelling string) {
	key := folded(spelling)
	if l.seen[key] || stretched(key) {
		return
	}
	l.seen[key] = true
	l.out = append(l.out, spelling)
}

var folding = strings.NewReplacer("'", "", "-", " ")

// folded is how a word is read after folding, as far as it matters here.
func folded(word string) string { return strings.TrimSpace(folding.Replace(word)) }

// stretched reports whether a letter stands three times in a row, which folding would read as one.
func stretched(word string) bool {
	for i := 2; i < len(word); i++ {
		if word[i] == word[i-1] && word[i] == word[i-2] {
			return true
		}
	}
	return false
}

func isVowel(c byte) bool { return strings.IndexByte("aeiou", c) >= 0 }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' }

// vowels counts the vowels of a word. In an Indonesian root they are its syllables, but for ai, au and oi at its end.
func vowels(word string) (n int) {
	for i := range len(word) {
		if isVowel(word[i]) {
			n++
		}
	}
	return n
}

// onlyLetters reports whether a word has nothing but letters.
func onlyLetters(word string) bool {
	return strings.IndexFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }) < 0
}

// words is the set of the words of a text, apart by white space.
func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(text) {
		set[w] = true
	}
	return set
}

// pairs reads lines of "word: its spellings".
func pairs(text string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(text) {
		if word, list, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			m[word] = list
		}
	}
	return m
}
