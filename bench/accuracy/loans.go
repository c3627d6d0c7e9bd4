package accuracy

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// sounds are the ways in which people write sounds of Arabic in Latin letters, in Indonesian and English. The keys are
// those of DIN 31635, and for the rest: ẗ is -a with tā' marbūṭa, å and ǎ are a and ā beside a heavy consonant, ŵ and
// ŷ end a diphthong, ł is the ll of Allah. Every other letter is written as it is; a doubled one may be single.
var sounds = map[rune][]string{
	'ā': {"a", "aa"}, 'ī': {"i", "ii", "ee"}, 'ū': {"u", "uu", "oo"}, 'å': {"a", "o"}, 'ǎ': {"a", "o", "aa"},
	'ṯ': {"ts", "th", "s"}, 'ḏ': {"dz", "z", "dh"}, 'ḫ': {"kh", "h"}, 'q': {"q", "k"}, 'ḍ': {"dh", "d", "z"},
	'ṣ': {"sh", "s"}, 'ṭ': {"th", "t"}, 'ẓ': {"zh", "z", "dh"}, 'š': {"sy", "sh"}, 'ġ': {"gh", "g"},
	'ʿ': {"'", "", "’", "`"}, 'ʾ': {"'", "", "’", "`"},
	'ḥ': {"h"}, 'ł': {"ll"}, 'ẗ': {"ah", "at", "a"}, 'ŵ': {"w", "u"}, 'ŷ': {"i", "y"},
}

// loans are stems of Arabic that Indonesian and English have taken over, in the letters of sounds.
var loans = strings.Fields(`
	jihād mujāhid ijtihād baŷʿẗ ḫilāfẗ ḫǎlīfẗ daŵlẗ islām islāmiyyẗ kāfir kuffār takfīr murtadd riddẗ ṭǎġūt ṭåwāġīt
	šahīd šuhadāʾ šahādẗ istišhād istišhādiyyẗ ʿamaliyyẗ ʿamaliyyāt hijrẗ muhājir anṣår anṣǎr iḫwān aḫawāt aḫī uḫtī
	ummẗ šarīʿẗ taŵḥīd ałǎh sunnẗ sunnī šīʿẗ rǎfiḍẗ rǎfiḍī salafī fatwā daʿwẗ ġånīmẗ jannẗ ustāḏ šaŷḫ imām mušrik
	munāfiq nifāq sabīliłāh fisabīliłāh qitāl ribāṭ zakāt ṣådaqẗ infāq muʾmin qurʾān ḥadīṯ aḫirẗ ẓǎlim walāʾ barāʾ
	junūd ġåzwẗ istiqåmẗ amīr wilāyẗ nuṣrẗ šabāb qāʿidẗ širk ṣålāt ṣǎlih ṣåbar råmaḍān ġurabāʾ ḫǎwārij maʿrifẗ ḏikr
	ḥarām ḥalāl inšāʾałǎh`)

// Affixes that a loan may have; al- and the like before a hyphen are words of their own.
const (
	loanPrefixes = `(?:(?:di|ke|me|mem|men|meng|ber|ter|per|pe|se|al)?)`
	loanSuffixes = `(?:(?:in|un|een|an|kan|lah|ku|mu|nya|i|is|isme|ist|ists|ism|s|iyah|iyyah)?)`
)

// loan is a stem, with a group for each of its sounds in a pattern of all its spellings.
type loan struct {
	pattern *regexp.Regexp
	sounds  [][]string
}

var loanWords = sync.OnceValue(func() (out []loan) {
	for _, stem := range loans {
		out = append(out, newLoan(stem))
	}
	return out
})

func newLoan(stem string) (l loan) {
	var pattern strings.Builder
	chars := []rune(stem)
	for i := 0; i < len(chars); i++ {
		spelled, ok := sounds[chars[i]]
		switch {
		case !ok && i+1 < len(chars) && chars[i] == chars[i+1]:
			spelled = []string{string(chars[i : i+2]), string(chars[i])}
			i++
		case !ok:
			spelled = []string{string(chars[i])}
		}
		l.sounds = append(l.sounds, spelled)
		longest := slices.Clone(spelled)
		slices.SortStableFunc(longest, func(a, b string) int { return len(b) - len(a) })
		pattern.WriteString("(" + strings.Join(longest, "|") + ")")
	}
	l.pattern = regexp.MustCompile("^" + loanPrefixes + pattern.String() + loanSuffixes + "$")
	return l
}

// transliterated writes one or two sounds of an Arabic loan word in another usual way: thaghut, taghut, thogut.
func transliterated(r *rand.Rand, _, word string) string {
	lower := strings.ToLower(word)
	if len(lower) != len(word) || len(word) < 4 {
		return word
	}
	for _, l := range loanWords() {
		if at := l.pattern.FindStringSubmatchIndex(lower); at != nil {
			return likeCase(word, l.respell(r, lower, at[2:]))
		}
	}
	return word
}

// respell changes sounds of a word; at holds where each begins and ends.
func (l loan) respell(r *rand.Rand, word string, at []int) string {
	var can []int
	for i, s := range l.sounds {
		if len(s) > 1 {
			can = append(can, i)
		}
	}
	r.Shuffle(len(can), func(i, j int) { can[i], can[j] = can[j], can[i] })
	can = can[:min(len(can), 1+r.IntN(2))]
	slices.Sort(can)
	var out strings.Builder
	done := 0
	for _, i := range can {
		now := word[at[2*i]:at[2*i+1]]
		others := slices.DeleteFunc(slices.Clone(l.sounds[i]), func(s string) bool { return s == now })
		out.WriteString(word[done:at[2*i]])
		out.WriteString(others[r.IntN(len(others))])
		done = at[2*i+1]
	}
	return out.String() + word[done:]
}
