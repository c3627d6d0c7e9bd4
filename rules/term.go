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
// What a term matches is spelled out when it is loaded, so that matching stays a comparison of whole words.

// Limits of what a term is spelled out to.
const (
	maxWordForms = 200
	maxPhrases   = 240 // of the forms of its words with each other, the likeliest
	maxHurried   = 4   // so many forms of a word are also written in a hurry
	maxJoined    = 20  // so many spellings of a phrase are also written without its spaces
	shortJoined  = 9   // letters that it must have for that
)

// spelled fills in the spellings of a term of a language.
func (p *parser) spelled(c Cond, language string) Cond {
	var words []spelledWord
	for _, w := range strings.Fields(c.Term) {
		word, err := spell(w, language)
		if err != "" {
			p.mistake(c.Pos, fmt.Sprintf("%s: %s", quoted(c.Term), err))
			return c
		}
		words = append(words, word)
	}
	c.Spellings = phrase(words)
	return c
}

// spelledWord is what one word of a term matches.
type spelledWord struct {
	forms      []string // by its marks, the plainest first
	colloquial []string // as it is written in a hurry
}

// spell reads a word and its marks.
func spell(word, language string) (out spelledWord, mistake string) {
	plain, marks := cutMarks(word)
	if plain == "" {
		return out, fmt.Sprintf("%q is a mark without a word", word)
	}
	out.forms = []string{plain}
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
			return out, "! is for Indonesian commands; an English command is the word itself"
		case in == "id":
			derive = forms.Indonesian
		case in == "en":
			derive = forms.English
		default:
			return out, "write +id or +en: the file has no language that says which forms are meant"
		}
		out.forms = derived(out.forms, derive)
	}
	if language == "id" {
		for _, f := range out.forms[:min(len(out.forms), maxHurried)] {
			out.colloquial = append(out.colloquial, forms.Colloquial(f)...)
		}
		out.colloquial = slices.DeleteFunc(unique(out.colloquial), func(s string) bool { return slices.Contains(out.forms, s) })
	}
	return out, ""
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

// phrase spells out a term: every form of each word with every other, one word at a time written in a hurry, all of
// them so, and the whole without its spaces.
func phrase(words []spelledWord) []string {
	var out []string
	for rank := 0; len(out) < maxPhrases; rank++ {
		before := len(out)
		out = ranked(out, "", words, rank)
		if len(out) == before {
			break // all of them are there
		}
	}
	out = out[:min(len(out), maxPhrases)]
	plainest, hurried := make([]string, len(words)), make([]string, len(words))
	for i, w := range words {
		plainest[i], hurried[i] = w.forms[0], w.forms[0]
		if len(w.colloquial) > 0 {
			hurried[i] = w.colloquial[0]
		}
	}
	for i, w := range words {
		for _, c := range w.colloquial {
			one := slices.Clone(plainest)
			one[i] = c
			out = append(out, strings.Join(one, " "))
		}
	}
	out = append(out, strings.Join(hurried, " "))
	if len(words) > 1 {
		for _, s := range out[:min(len(out), maxJoined)] {
			if joined := strings.ReplaceAll(s, " ", ""); len(joined) >= shortJoined {
				out = append(out, joined)
			}
		}
	}
	return unique(out)
}

// ranked appends the phrases whose forms have places in their lists that sum up to rank: the plainest first.
func ranked(out []string, beginning string, words []spelledWord, rank int) []string {
	if len(words) == 0 {
		if rank == 0 && len(out) < maxPhrases {
			out = append(out, beginning)
		}
		return out
	}
	forms := words[0].forms
	for i := 0; i <= min(rank, len(forms)-1); i++ {
		out = ranked(out, strings.TrimSpace(beginning+" "+forms[i]), words[1:], rank-i)
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
