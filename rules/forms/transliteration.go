package forms

import (
	"slices"
	"strings"
)

// Transliterations gives the spellings of an Arabic loan that Indonesians and English speakers write, whichever of them
// it is given, likeliest first, at most maxTransliterations. A word is read as a row of sounds, each of which has a few
// spellings with a cost: 1 for what every second writer does, up to 4 for what few do. The spellings of the word come in
// the order of the sum of what was changed; of equal ones the alphabet decides.
//
// Sources: the Indonesian standard (joint decree of the ministers of religion and of education, 158/1987 and
// 0543b/U/1987) and its loans in KBBI; ALA-LC romanization of Arabic; the spellings of names on the UN lists.
func Transliterations(word string) []string {
	l := newList(word)
	if len(folded(word)) < minTransliterated {
		return l.sorted()
	}
	best := []spelling{{}}
	for _, choices := range soundsOf(word) {
		best = extend(best, choices)
	}
	for _, s := range best {
		if len(l.out) == maxTransliterations {
			break
		}
		if !everyday[s.text] {
			l.add(s.text)
		}
	}
	return l.out
}

// maxTransliterations is how many spellings a word has at most.
const maxTransliterations = 64

// minTransliterated is how many letters a word must have. Shorter ones (al, fi, bin) are what they are.
const minTransliterated = 4

// spelling is one way to write a sound or a row of them. Cost is what was changed: 0 for nothing.
type spelling struct {
	text string
	cost int
}

// beam is how many beginnings are kept. It is more than what is given, because some of them end in the same word.
const beam = 4 * maxTransliterations

// extend puts every choice behind every beginning, and keeps the cheapest.
func extend(beginnings, choices []spelling) []spelling {
	cost := map[string]int{}
	for _, b := range beginnings {
		for _, c := range choices {
			text := b.text + c.text
			if old, ok := cost[text]; !ok || b.cost+c.cost < old {
				cost[text] = b.cost + c.cost
			}
		}
	}
	list := make([]spelling, 0, len(cost))
	for text, c := range cost {
		list = append(list, spelling{text, c})
	}
	slices.SortFunc(list, func(a, b spelling) int {
		if a.cost != b.cost {
			return a.cost - b.cost
		}
		return strings.Compare(a.text, b.text)
	})
	return list[:min(len(list), beam)]
}

// sound is a class of spellings of one sound.
type sound struct {
	spelled  string // how it stands in the word
	doubled  bool
	ain      bool // an apostrophe follows
	vowel    bool
	emphatic bool // makes an a beside it an o
}

// digraphs are the pairs and triples of letters that are one sound, the longest first.
var digraphs = []string{"sch", "sy", "sh", "sj", "th", "ts", "kh", "gh", "dz", "dh", "zh", "dj",
	"aa", "ee", "ii", "oo", "ou", "uu", "au", "aw", "ai", "ay", "ei", "ey"}

// consonants are the spellings of a consonant, by how it stands in the word.
var consonants = map[string][]spelling{
	"sch": {{"sy", 1}, {"sh", 1}},
	"sj":  {{"sy", 1}, {"sh", 2}},
	"sy":  {{"sh", 1}, {"sch", 4}, {"sj", 4}},
	"sh":  {{"sy", 1}, {"s", 2}, {"sch", 4}},                     // ش, and in Indonesian ص
	"th":  {{"t", 1}, {"ts", 3}, {"s", 3}},                       // ط in Indonesian, ث in English
	"ts":  {{"th", 1}, {"s", 1}},                                 // ث
	"kh":  {{"h", 2}, {"k", 2}},                                  // خ
	"gh":  {{"g", 1}, {"q", 4}},                                  // غ
	"dz":  {{"z", 1}, {"dh", 1}, {"d", 2}},                       // ذ
	"dh":  {{"d", 1}, {"dz", 2}, {"z", 2}, {"dl", 3}, {"zh", 3}}, // ض ظ, and in English ذ
	"zh":  {{"z", 1}, {"dh", 1}, {"dz", 2}},                      // ظ
	"dj":  {{"j", 1}},
	"j":   {{"dj", 3}},
	"q":   {{"k", 1}}, // ق
	"k":   {{"q", 3}},
	"z":   {{"dz", 3}, {"zh", 4}},
	"s":   {{"sh", 3}, {"ts", 4}},
	"t":   {{"th", 2}},
	"d":   {{"dh", 2}, {"dz", 4}},
}

// vowelSpellings are those of a vowel.
var vowelSpellings = map[string][]spelling{
	"a":  {{"aa", 4}},
	"i":  {{"ee", 4}, {"ii", 4}, {"e", 4}},
	"e":  {{"i", 2}, {"a", 3}},
	"u":  {{"oo", 4}, {"uu", 4}, {"o", 4}},
	"o":  {{"a", 1}, {"u", 2}},
	"aa": {{"a", 1}},
	"ii": {{"i", 1}, {"ee", 1}},
	"ee": {{"i", 1}, {"ii", 2}},
	"uu": {{"u", 1}, {"oo", 1}},
	"oo": {{"u", 1}, {"uu", 2}, {"ou", 3}, {"o", 3}},
	"ou": {{"u", 1}, {"oo", 1}},
	"au": {{"aw", 1}, {"ow", 4}},
	"aw": {{"au", 1}, {"ow", 4}},
	"ai": {{"ay", 1}, {"ei", 3}, {"ae", 3}},
	"ay": {{"ai", 1}, {"ei", 3}, {"ey", 3}},
	"ei": {{"ai", 1}, {"ay", 1}, {"ey", 2}},
	"ey": {{"ay", 1}, {"ai", 1}, {"ei", 2}},
}

// longAtEnd are the spellings of a vowel that is mostly long: the one before the last consonant.
var longAtEnd = map[string][]spelling{
	"a": {{"aa", 2}},
	"i": {{"ee", 1}, {"ii", 2}, {"e", 4}},
	"u": {{"oo", 1}, {"uu", 2}, {"ou", 3}, {"o", 4}},
}

// endings are the spellings of the feminine ending. After an emphatic its a may be an o.
var endings = map[string][]spelling{
	"ah": {{"a", 1}, {"at", 2}, {"eh", 4}},
	"at": {{"ah", 1}, {"a", 2}, {"eh", 4}},
	"a":  {{"ah", 1}, {"at", 3}, {"aa", 3}},
	"oh": {{"ah", 1}, {"a", 2}, {"at", 2}},
	"eh": {{"ah", 1}, {"a", 1}, {"at", 2}},
}

// soundsOf reads a word as a row of sounds, each with its spellings, its own first.
func soundsOf(word string) [][]spelling {
	sounds := read(word)
	var rows [][]spelling
	for i := 0; i < len(sounds); i++ {
		if i == len(sounds)-2 || i == len(sounds)-1 {
			if end := ending(sounds[i:]); end != "" && i > 1 {
				rows = append(rows, own(end, withO(end, endings[end], i > 0 && sounds[i-1].emphatic)))
				break
			}
		}
		rows = append(rows, own(sounds[i].text(), choices(sounds, i)))
	}
	return rows
}

// read cuts a word into sounds.
func read(word string) []sound {
	var list []sound
	for i := 0; i < len(word); {
		s := sound{spelled: word[i : i+1]}
		for _, d := range digraphs {
			if strings.HasPrefix(word[i:], d) && isOneSound(word, i, d) {
				s.spelled = d
				break
			}
		}
		i += len(s.spelled)
		switch {
		case !isLetter(s.spelled[0]) && s.spelled != "'":
			s.spelled = " "
		case s.spelled == "'":
			if len(list) > 0 {
				list[len(list)-1].ain = true
			}
			continue
		case isVowel(s.spelled[0]):
			s.vowel = true
		default:
			s.emphatic = emphatics[s.spelled]
			if strings.HasPrefix(word[i:], s.spelled) {
				s.doubled = true
				i += len(s.spelled)
			}
		}
		list = append(list, s)
	}
	return list
}

var emphatics = words("q r gh kh th dh sh zh t")

// isOneSound reports whether the letters d at word[i:] are one sound: w and y are consonants before a vowel.
func isOneSound(word string, i int, d string) bool {
	last, next := d[len(d)-1], i+len(d)
	return len(d) < 2 || !isVowel(d[0]) || last != 'w' && last != 'y' || next == len(word) || !isVowel(word[next])
}

func (s sound) text() string {
	if s.doubled {
		return s.spelled + s.spelled
	}
	return s.spelled
}

// own puts the spelling that stands in the word before the others.
func own(text string, others []spelling) []spelling {
	return append([]spelling{{text, 0}}, others...)
}

// ending is the feminine ending that the last sounds are, or nothing.
func ending(last []sound) string {
	text := last[0].text()
	if len(last) == 2 {
		if text += last[1].text(); len(text) != 2 {
			return ""
		}
	}
	if _, ok := endings[text]; ok {
		return text
	}
	return ""
}

// withO adds the spellings with o for a, which an emphatic beside it brings about.
func withO(text string, list []spelling, emphatic bool) []spelling {
	if emphatic && strings.HasPrefix(text, "a") {
		return append([]spelling{{"o" + text[1:], 1}}, list...)
	}
	return list
}

// choices are the other spellings of a sound where it stands.
func choices(sounds []sound, i int) []spelling {
	s := sounds[i]
	if s.vowel {
		return vowelChoices(sounds, i)
	}
	before, after := i > 0 && sounds[i-1].vowel, i+1 < len(sounds) && sounds[i+1].vowel
	var list []spelling
	for _, c := range consonants[s.spelled] {
		if s.doubled {
			list = append(list, spelling{c.text + c.text, c.cost})
		}
		list = append(list, spelling{c.text, c.cost + b2i(s.doubled)})
	}
	switch {
	case s.doubled:
		list = append(list, spelling{s.spelled, 1})
	case !before || !after || len(s.spelled) > 1:
	case s.spelled == "y":
		list = append(list, spelling{"yy", 1})
		if prev := sounds[i-1].spelled; prev == "i" {
			list = append(list, spelling{"", 1})
		} else {
			list = append(list, spelling{"i", 1})
		}
	case s.spelled == "w":
		list = append(list, spelling{"ww", 2})
	default:
		list = append(list, spelling{s.spelled + s.spelled, 2})
	}
	if s.spelled == "h" && i > 0 && strings.HasPrefix(sounds[i-1].spelled, "s") {
		list = append(list, spelling{"", 1}) // istishhad: s h h
	}
	return list
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// vowelChoices are the other spellings of a vowel: long before the last consonant, o for a beside an emphatic, y for an
// i before a vowel, and what an 'ain or a hamza after it brings.
func vowelChoices(sounds []sound, i int) []spelling {
	s := sounds[i]
	list := vowelSpellings[s.spelled]
	if i == len(sounds)-2 && longAtEnd[s.spelled] != nil {
		list = longAtEnd[s.spelled]
	}
	list = slices.Clone(list)
	near := func(k int) bool { return k >= 0 && k < len(sounds) && sounds[k].emphatic }
	if s.spelled == "a" && (near(i-1) || near(i+1)) {
		list = append(list, spelling{"o", 1 + b2i(!near(i-1))})
	}
	vowelNext := i+1 < len(sounds) && sounds[i+1].vowel
	switch {
	case s.spelled == "i" && vowelNext:
		list = append(list, spelling{"iy", 1}, spelling{"iyy", 2})
	case s.ain && !vowelNext:
		list = append(list, spelling{s.spelled + "k", 1}) // da'wah, dakwah
		if len(s.spelled) == 1 {
			list = append(list, spelling{s.spelled + s.spelled, 2})
		}
	case s.spelled == "ai" && vowelNext:
		list = append(list, spelling{"ay", 1})
	}
	return list
}
