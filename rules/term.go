package rules

import (
	"fmt"
	"slices"
	"strings"

	"saring/rules/forms"
)

// A term is words, each perhaps with marks at its end that ask for more than the word itself:
//
//	bunuh!     forms of address in a command: bunuhlah, bunuhi …
//	kill+      every affixed or inflected form; +id and +en name the language where the file has none
//	baiat~     spellings of a loan from Arabic: bai'at, bay'ah …
//
// What a word matches is spelled out when it is loaded, so that matching stays a comparison of whole words. A term of
// several words matches any form of the first, then any of the second, and so on.

// Limits of what a word is spelled out to.
const (
	maxWordForms = 200
	maxHurried   = 6  // so many forms of a word are also written in a hurry
	maxPhrases   = 60 // of the forms of its words with each other, the likeliest; matching itself has no such limit
)

// spelled fills in what the words of a term of a language match. The same word of several terms is spelled out once.
func (p *parser) spelled(c Cond, language string) Cond {
	words := strings.Fields(c.Term)
	c.Words = make([][]string, 0, len(words))
	for _, w := range words {
		key := language + " " + w
		forms, known := p.words[key]
		if !known {
			var err string
			if forms, err = spell(w, language); err != "" {
				p.mistake(c.Pos, fmt.Sprintf("%s: %s", quoted(c.Term), err))
				c.Words = nil
				return c
			}
			p.words[key] = forms
		}
		c.Words = append(c.Words, forms)
	}
	return c
}

// Spellings are what a term matches, the likeliest first, at most so many: every form of each word with every other.
func (c *Cond) Spellings(most int) []string {
	var out []string
	for rank := 0; len(out) < most; rank++ {
		before := len(out)
		out = ranked(out, "", c.Words, rank, most)
		if len(out) == before {
			break // all of them are there
		}
	}
	return unique(out)
}

// spell reads a word and its marks. It returns what the word matches: its forms by its marks, the plainest first, then
// how they are written in a hurry.
func spell(word, language string) (all []string, mistake string) {
	plain, marks := cutMarks(word)
	if plain == "" {
		return nil, fmt.Sprintf("%q is a mark without a word", word)
	}
	all = []string{plain}
	for len(marks) > 0 {
		mark := marks[:1]
		marks = marks[1:]
		in := language
		if mark == "+" && (strings.HasPrefix(marks, "id") || strings.HasPrefix(marks, "en")) {
			in, marks = marks[:2], marks[2:]
		}
		var derive func(string) []string
		switch {
		case mark == "~":
			derive = forms.Transliterations
		case mark == "!" && in != "en":
			derive = forms.Command
		case mark == "!":
			return nil, "! is for Indonesian commands; an English command is the word itself"
		case in == "id":
			derive = forms.Indonesian
		case in == "en":
			derive = forms.English
		default:
			return nil, "write +id or +en: the file has no language that says which forms are meant"
		}
		all = derived(all, derive)
	}
	if language == "id" {
		for _, f := range all[:min(len(all), maxHurried)] {
			all = append(all, forms.Colloquial(f)...)
		}
	}
	return packed(unique(all)), ""
}

// packed puts words into one piece of memory. There are some hundred thousand in a ruleset.
func packed(words []string) []string {
	all, out := strings.Join(words, ""), make([]string, len(words))
	for i, w := range words {
		out[i], all = all[:len(w)], all[len(w):]
	}
	return out
}

// cutMarks parts a word from the marks at its end.
func cutMarks(word string) (plain, marks string) {
	if i := strings.IndexAny(word, "+~!"); i >= 0 {
		rest := strings.NewReplacer("+id", "", "+en", "", "+", "", "~", "", "!", "").Replace(word[i:])
		if rest == "" {
			return word[:i], word[i:]
		}
	}
	return word, ""
}

func derived(words []string, derive func(string) []string) []string {
	out := slices.Clone(words)
	for _, w := range words {
		out = append(out, derive(w)...)
	}
	out = unique(out)
	return out[:min(len(out), maxWordForms)]
}

// ranked appends the phrases whose forms have places in their lists that sum up to rank: the plainest first.
func ranked(out []string, beginning string, words [][]string, rank, most int) []string {
	if len(words) == 0 {
		if rank == 0 && len(out) < most {
			out = append(out, beginning)
		}
		return out
	}
	for i := 0; i <= min(rank, len(words[0])-1) && len(out) < most; i++ {
		out = ranked(out, strings.TrimSpace(beginning+" "+words[0][i]), words[1:], rank-i, most)
	}
	return out
}

// unique leaves out what came before.
func unique(words []string) []string {
	seen := make(map[string]bool, len(words))
	return slices.DeleteFunc(words, func(w string) bool {
		was := seen[w]
		seen[w] = true
		return was
	})
}
