package forms

import (
	"slices"
	"strings"
)

// Transliterations gives the spellings of an Arabic loan that Indonesians and English speakers write, whichever of them
// it is given, likeliest first, at most maxTransliterations. A word is read as a row of sounds, each of which has a few
// spellings with a cost: 1 for what every second writer does, 2 for what many do, 3 for what some do. The spellings of
// the word come in the order of the sum of what was changed, up to maxCost; of equal ones the alphabet decides. What is
// spelled like an everyday word is left out.
//
// Sources: the Indonesian standard (joint decree of the ministers of religion and of education, 158/1987 and
// 0543b/U/1987) and the loans in KBBI; ALA-LC romanization of Arabic; the aliases of names on the UN lists.
func Transliterations(word string) []string {
	l := newList(word)
	for _, s := range strings.Fields(particlesOf[word]) {
		l.add(s)
	}
	n := len(folded(word))
	if n < minTransliterated || n > longestTransliterated {
		return l.out
	}
	most := maxCost
	if n <= shortWord {
		most--
	}
	for _, s := range spellings(soundsOf(word), most) {
		if len(l.out) < maxTransliterations && len(s.text) >= minTransliterated && !everyday[s.text] {
			l.add(s.text)
		}
	}
	return l.out
}

// maxTransliterations is how many spellings a word has at most.
const maxTransliterations = 64

// maxCost is how much may be changed of a word. A word of shortWord letters or less, of which other words are soon made,
// is changed by one less.
const (
	maxCost   = 4
	shortWord = 4
)

// minTransliterated is how many letters a word must have, and a spelling of it. Shorter ones are in particlesOf. What is
// over longestTransliterated is no word.
const (
	minTransliterated     = 4
	longestTransliterated = 60
)

// particlesOf are the spellings of short words that stand in names and phrases.
var particlesOf = pairs(`
	asy: ash as
	ash: asy as
	adz: ad az adh
	ath: at
	azh: az adz
	fi: fii fee
	fii: fi fee
	bin: ibn ibnu
	ibn: bin ibnu
	ibnu: ibn bin
	abu: aboo abou
`)

// spelling is one way to write a sound or a row of them. Cost is what was changed: 0 for nothing.
type spelling struct {
	text string
	cost int
}

// sound is one sound of a word.
type sound struct {
	spelled string // how it stands in the word, once
	doubled bool   // a consonant that stands twice
	ain     bool   // an apostrophe follows
	vowel   bool
}

func (s sound) text() string {
	if s.doubled {
		return s.spelled + s.spelled
	}
	return s.spelled
}

// spellings puts the spellings of sounds together to words, the cheapest first. Words over the cost are left out.
func spellings(rows [][]spelling, most int) []spelling {
	list := []spelling{{}}
	for _, row := range rows {
		cost := map[string]int{}
		for _, head := range list {
			for _, tail := range row {
				text, c := head.text+tail.text, head.cost+tail.cost
				if old, ok := cost[text]; c <= most && (!ok || c < old) {
					cost[text] = c
				}
			}
		}
		list = list[:0]
		for text, c := range cost {
			list = append(list, spelling{text, c})
		}
		slices.SortFunc(list, func(a, b spelling) int {
			if a.cost != b.cost {
				return a.cost - b.cost
			}
			return strings.Compare(a.text, b.text)
		})
		list = list[:min(len(list), beam)]
	}
	return list
}

// beam is how many beginnings are kept: more than spellings are given, because some end in the same word.
const beam = 4 * maxTransliterations

// soundsOf reads a word as a row of sounds, each with its spellings, its own first.
func soundsOf(word string) (rows [][]spelling) {
	sounds := read(word)
	for i, s := range sounds {
		if end := feminine(sounds[i:]); end != "" && i > 1 {
			return append(rows, ending(sounds, i, end))
		}
		others := vowel
		if !s.vowel {
			others = consonant
		}
		rows = append(rows, append([]spelling{{s.text(), 0}}, others(sounds, i)...))
	}
	return rows
}

// pairsOfLetters are the letters that are one sound together, the longest first.
var pairsOfLetters = []string{"sch", "sy", "sh", "sj", "th", "ts", "kh", "gh", "dz", "dh", "zh", "dj",
	"aa", "ae", "ee", "ii", "oo", "ou", "uu", "au", "aw", "ai", "ay", "ei", "ey"}

// read cuts a word into sounds.
func read(word string) (list []sound) {
	for i := 0; i < len(word); {
		s := sound{spelled: word[i : i+1]}
		for _, p := range pairsOfLetters {
			if strings.HasPrefix(word[i:], p) && oneSound(word, i, p) {
				s.spelled = p
				break
			}
		}
		i += len(s.spelled)
		switch c := s.spelled[0]; {
		case c == '\'':
			if len(list) > 0 {
				list[len(list)-1].ain = true
			}
			continue
		case !isLetter(c):
			s.spelled = " "
		case isVowel(c):
			s.vowel = true
		case strings.HasPrefix(word[i:], s.spelled):
			s.doubled = true
			i += len(s.spelled)
		}
		list = append(list, s)
	}
	return list
}

// oneSound reports whether the letters p at word[i:] are one sound. They are not if w or y is a consonant before a vowel,
// and if the second a belongs to the feminine ending: jamaah.
func oneSound(word string, i int, p string) bool {
	rest := word[i+len(p):]
	switch p {
	case "aw", "ay", "ey":
		return rest == "" || !isVowel(rest[0])
	case "aa":
		return rest != "h" && rest != "t"
	}
	return true
}

// consonants are the spellings of a consonant, by how it stands in the word.
var consonants = map[string][]spelling{
	"sy":  {{"sh", 1}, {"sch", 3}, {"sj", 3}}, // ش
	"sh":  {{"sy", 1}, {"s", 1}, {"sch", 3}},  // ش, and in Indonesian ص
	"sch": {{"sy", 1}, {"sh", 1}},
	"sj":  {{"sy", 1}, {"sh", 2}},
	"th":  {{"t", 1}, {"ts", 2}, {"s", 3}},                       // ث, and in Indonesian ط
	"ts":  {{"th", 1}, {"s", 1}},                                 // ث
	"kh":  {{"h", 2}, {"k", 2}},                                  // خ
	"gh":  {{"g", 1}, {"q", 4}},                                  // غ
	"dz":  {{"z", 1}, {"dh", 1}, {"d", 2}},                       // ذ
	"dh":  {{"d", 1}, {"dz", 2}, {"z", 2}, {"dl", 2}, {"zh", 3}}, // ض, and in English ذ ظ
	"zh":  {{"z", 1}, {"dh", 1}, {"dz", 2}},                      // ظ
	"dj":  {{"j", 1}},                                            // ج, as before 1972
	"j":   {{"dj", 3}},
	"g":   {{"gh", 2}},
	"q":   {{"k", 1}}, // ق
	"k":   {{"q", 2}},
}

// plain are the spellings of a consonant that may stand for an emphatic or an interdental one.
var plain = map[string][]spelling{
	"d": {{"dh", 2}, {"dz", 3}},
	"s": {{"sh", 2}, {"ts", 3}},
	"t": {{"th", 2}},
	"z": {{"dz", 2}, {"zh", 2}},
}

// plainAtEnd are those at the end of a word: hadits, ustadz, ribath.
var plainAtEnd = map[string][]spelling{
	"s": {{"th", 2}, {"ts", 2}},
	"t": {{"th", 2}},
	"z": {{"dz", 2}},
}

// consonant gives the other spellings of the consonant sounds[i].
func consonant(sounds []sound, i int) (list []spelling) {
	s := sounds[i]
	others := consonants[s.spelled]
	if !s.doubled {
		others = append(slices.Clone(others), emphatics(sounds, i)...)
	}
	for _, c := range others {
		if s.doubled && len(c.text) == 1 {
			list = append(list, spelling{c.text + c.text, c.cost})
		}
		list = append(list, spelling{c.text, c.cost + toInt(s.doubled)})
	}
	if s.doubled {
		return append(list, spelling{s.spelled, 1})
	}
	if s.spelled == "h" && i > 0 && strings.HasPrefix(sounds[i-1].spelled, "s") {
		list = append(list, spelling{"", 1}) // istishhad: s h h
	}
	if i == 0 || i == len(sounds)-1 || !sounds[i-1].vowel || !sounds[i+1].vowel || len(sounds[i-1].spelled) > 1 {
		return list
	}
	return append(list, between(sounds, i)...)
}

// between gives the other spellings of a consonant between a short vowel and another vowel: y comes and goes, the others
// may be doubled, mostly before the last vowel: kuffar, murtaddin.
func between(sounds []sound, i int) []spelling {
	s, before := sounds[i].spelled, sounds[i-1].spelled
	switch {
	case s == "y" && before == "i":
		return []spelling{{"yy", 1}, {"", 1}}
	case s == "y":
		return []spelling{{"yy", 1}, {"i", 1}}
	case len(s) > 1 || strings.Contains("jqtz", s):
		return nil
	case i >= len(sounds)-3:
		return []spelling{{s + s, 2}}
	}
	return []spelling{{s + s, 3}}
}

// emphatics gives what the plain consonant sounds[i] may stand for: before a, o or u, and at the end.
func emphatics(sounds []sound, i int) []spelling {
	s := sounds[i].spelled
	switch {
	case i+1 == len(sounds):
		return plainAtEnd[s]
	case s == "d" && i == 0 || !sounds[i+1].vowel:
		return nil
	case s == "z" || strings.IndexByte("aou", sounds[i+1].spelled[0]) >= 0:
		return plain[s]
	}
	return nil
}

// vowelsOf are the spellings of a vowel.
var vowelsOf = map[string][]spelling{
	"a":  {{"aa", 4}},
	"i":  {{"e", 3}, {"ee", 3}, {"ii", 4}},
	"u":  {{"oo", 3}, {"o", 4}, {"uu", 4}},
	"e":  {{"i", 2}, {"ei", 2}, {"a", 3}, {"ai", 3}, {"ay", 3}},
	"o":  {{"a", 1}, {"u", 2}},
	"aa": {{"a", 1}},
	"ii": {{"i", 1}, {"ee", 1}},
	"ee": {{"i", 1}, {"ii", 2}},
	"uu": {{"u", 1}, {"oo", 1}},
	"oo": {{"u", 1}, {"uu", 2}, {"ou", 2}},
	"ou": {{"u", 1}, {"oo", 1}},
	"au": {{"aw", 1}, {"ow", 3}},
	"aw": {{"au", 1}, {"ow", 3}},
	"ai": {{"ay", 1}, {"ae", 2}, {"ei", 3}},
	"ay": {{"ai", 1}, {"ei", 3}, {"ey", 3}},
	"ae": {{"ai", 1}, {"ay", 3}},
	"ei": {{"ai", 1}, {"ay", 1}, {"ey", 2}},
	"ey": {{"ay", 1}, {"ai", 1}, {"ei", 2}},
}

// longOf are the spellings of a vowel that is mostly long: the one before the last consonant.
var longOf = map[string][]spelling{
	"a": {{"aa", 2}},
	"i": {{"ee", 1}, {"ii", 2}, {"e", 3}},
	"u": {{"oo", 1}, {"uu", 2}, {"ou", 2}},
}

// vowel gives the other spellings of the vowel sounds[i].
func vowel(sounds []sound, i int) []spelling {
	s := sounds[i].spelled
	list := slices.Clone(vowelsOf[s])
	switch last := len(sounds) - 1; {
	case longOf[s] == nil:
	case i == last-1:
		list = slices.Clone(longOf[s])
	case i < last-1 && feminine(sounds[i+2:]) != "" || s == "a" && i == 1 && last > 2: // ghaneemah, kaafir
		list = dearer(longOf[s])
	}
	if s == "a" && i == 1 && !sounds[0].vowel && i+2 < len(sounds) && sounds[i+2].vowel {
		list = append(list, spelling{"e", 3}) // jemaah
	}
	if s == "a" {
		list = append(list, withO(sounds, i)...)
	}
	return append(list, hiatus(sounds, i)...)
}

// dearer are the spellings for one more.
func dearer(list []spelling) []spelling {
	list = slices.Clone(list)
	for i := range list {
		list[i].cost++
	}
	return list
}

// withO gives the o for an a beside an emphatic consonant: thoghut, barokallah, anshor, alloh.
func withO(sounds []sound, i int) []spelling {
	before, after := 0, 0
	if i > 0 {
		before = sounds[i-1].emphatic()
	}
	if i+1 < len(sounds) {
		after = sounds[i+1].emphatic()
	}
	switch {
	case before == strong || before == weak && after == strong:
		return []spelling{{"o", 1}}
	case before == weak || after == strong:
		return []spelling{{"o", 2}}
	}
	return nil
}

func (s sound) emphatic() int { return max(emphatic[s.spelled], emphatic[s.text()]) }

// What is emphatic in Arabic always, and what may stand for an emphatic consonant.
const (
	weak = iota + 1
	strong
)

var emphatic = map[string]int{"q": strong, "r": strong, "gh": strong, "kh": strong, "th": strong, "dh": strong,
	"zh": strong, "dz": strong, "ll": strong, "sh": weak, "s": weak, "t": weak, "d": weak, "z": weak, "g": weak}

// hiatus gives what may stand between two vowels, and what an 'ain before a consonant becomes.
func hiatus(sounds []sound, i int) []spelling {
	s := sounds[i]
	next := i+1 < len(sounds) && sounds[i+1].vowel
	switch {
	case next && s.spelled == "i":
		return []spelling{{"iy", 1}, {"iyy", 2}}
	case next && s.spelled == "ai":
		return []spelling{{"ay", 1}}
	case next && s.spelled == "a" && strings.HasPrefix(sounds[i+1].spelled, "a"):
		return []spelling{{"", 2}} // jamah
	case s.ain && !next && len(s.spelled) == 1:
		return []spelling{{s.spelled + "k", 1}, {s.spelled + s.spelled, 2}} // dakwah, daawah
	}
	return nil
}

// feminines are the spellings of the feminine ending.
var feminines = map[string][]spelling{
	"ah": {{"a", 1}, {"at", 2}, {"eh", 3}},
	"at": {{"ah", 1}, {"a", 2}},
	"a":  {{"ah", 1}, {"aa", 2}, {"at", 3}},
	"oh": {{"ah", 1}, {"a", 2}, {"at", 2}},
	"eh": {{"ah", 1}, {"a", 1}, {"at", 2}},
}

// feminine is the feminine ending that the sounds are, or nothing.
func feminine(rest []sound) string {
	text := ""
	for _, s := range rest[:min(len(rest), 3)] {
		text += s.text()
	}
	if feminines[text] == nil {
		return ""
	}
	return text
}

// ending gives the spellings of the feminine ending at sounds[i:]. After an emphatic its a may be an o: rafidhoh.
func ending(sounds []sound, i int, end string) []spelling {
	list := append([]spelling{{end, 0}}, feminines[end]...)
	if end == "ah" && sounds[i-1].text() == "ll" {
		list = append(list, spelling{"aah", 2}) // allaah
	}
	if end[0] == 'a' {
		for range withO(sounds[:i+1], i) {
			list = append(list, spelling{"o" + strings.TrimPrefix(end, "a"), 1})
		}
	}
	return list
}

func toInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
