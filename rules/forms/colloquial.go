package forms

import "strings"

// Colloquial gives the spellings of an Indonesian word in chats and comments, likeliest first, at most maxColloquial:
// from a short list for the words that everybody shortens, by rule for the others. What is another everyday word is
// left out.
func Colloquial(word string) []string {
	l := newList(word)
	for _, s := range strings.Fields(shortened[word]) {
		l.add(s)
	}
	w := folded(word)
	if len(w) >= minColloquial && onlyLetters(w) {
		for _, rule := range colloquialRules {
			for _, s := range rule(w) {
				if len(l.out) < maxColloquial && len(s) >= 3 && !everyday[s] {
					l.add(s)
				}
			}
		}
	}
	return l.out
}

// maxColloquial is how many spellings a word has at most.
const maxColloquial = 12

// minColloquial is how many letters a word must have to be respelled by rule.
const minColloquial = 4

var colloquialRules = []func(string) []string{suffixShort, diphthong, withoutInner, withoutFirst, oldSpelling}

// suffixShort shortens -kan and -nya.
func suffixShort(w string) []string {
	if stem, ok := strings.CutSuffix(w, "kan"); ok && len(stem) >= 3 {
		return []string{stem + "in", stem + "kn", stem + "ken"}
	}
	if stem, ok := strings.CutSuffix(w, "nya"); ok && len(stem) >= 3 {
		return []string{stem + "ny", stem + "nye", stem + "x"}
	}
	return nil
}

// diphthong writes e for ai and o for au at the end.
func diphthong(w string) []string {
	if stem, ok := strings.CutSuffix(w, "ai"); ok {
		return []string{stem + "e"}
	}
	if stem, ok := strings.CutSuffix(w, "au"); ok {
		return []string{stem + "o"}
	}
	return nil
}

// withoutFirst leaves the first vowel out.
func withoutFirst(w string) []string {
	if len(w) < 5 || isVowel(w[0]) || isVowel(w[1]) == false {
		return nil
	}
	return []string{w[:1] + w[2:]}
}

// withoutInner leaves all vowels between consonants out.
func withoutInner(w string) []string {
	if len(w) < 5 {
		return nil
	}
	var out []byte
	for i := range len(w) {
		if i == 0 || i == len(w)-1 || !isVowel(w[i]) {
			out = append(out, w[i])
		}
	}
	if len(out)-vowels(string(out)) < 3 {
		return nil
	}
	return []string{string(out)}
}

var old = strings.NewReplacer("ny", "nj", "sy", "sj", "u", "oe", "j", "dj", "y", "j", "c", "tj")

// oldSpelling is that of before 1972 (and oe for u of before 1947).
func oldSpelling(w string) []string {
	if s := old.Replace(w); s != w {
		return []string{s}
	}
	return nil
}

// shortened are the everyday words that everybody shortens.
var shortened = map[string]string{
	"yang": "yg yng", "dengan": "dgn dg dngn", "kepada": "kpd kpda", "untuk": "utk tuk untk", "kita": "kt kta",
	"kalian": "klian klyan klean kalean", "mereka": "mrk mrka mereke", "saudara": "sdr sodara", "semua": "smua smw semuanya",
	"orang": "org orng", "tidak": "tdk gak ga nggak ngga gk tak", "jangan": "jgn jan jngn", "sudah": "sdh udah udh dah",
	"akan": "akn", "dalam": "dlm dlam", "dari": "dr dri", "karena": "krn karna krna", "bisa": "bs bsa", "juga": "jg jga",
	"saja": "aja sj", "ayo": "ayok yok yuk", "mari": "mri", "pada": "pd", "dan": "dn", "harus": "hrs", "teman": "tmn temen",
	"ikut": "ikt ikutan",
}

// everyday are words that no rule may make of another word.
var everyday = words("ayah daulat")
