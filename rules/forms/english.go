package forms

import "strings"

// English gives the inflected forms of an English word: of a verb kills, killed, killing, killer and killers, of a noun
// its plural and its possessive (which folding writes without the apostrophe). As it cannot know which of the two a word
// is, it gives both, but no verb of a word whose ending makes it a noun. Of a phrase that ends in a particle (run over)
// the first word is inflected, of every other phrase the last, as a noun.
//
// Sources: Quirk, Greenbaum, Leech and Svartvik, A Comprehensive Grammar of the English Language (1985), 3.2–3.19
// (verbs), 5.73–5.103 (plurals).
func English(word string) []string {
	l := newList(word)
	if i := strings.LastIndexByte(word, ' '); i > 0 && i < len(word)-1 {
		first, rest, _ := strings.Cut(word, " ")
		if particles[word[i+1:]] {
			for _, f := range verbForms(first) {
				l.add(f + " " + rest)
			}
		} else {
			for _, f := range nounForms(word[i+1:]) {
				l.add(word[:i+1] + f)
			}
		}
		return l.sorted()
	}
	w := folded(word)
	if len(w) < 2 || !onlyLetters(w) {
		return l.sorted()
	}
	for _, s := range spelledBoth(w) {
		l.add(s)
		for _, f := range nounForms(s) {
			l.add(f)
		}
		if isNoun(s) {
			continue
		}
		for _, f := range append(verbForms(s), agentForms(s)...) {
			l.add(f)
		}
	}
	return l.sorted()
}

var particles = words("over up down off out in into away on at out apart through")

// isNoun reports whether the ending of a word makes it a noun.
func isNoun(w string) bool {
	if irregularNouns[w] != "" {
		return true
	}
	for _, end := range []string{"tion", "sion", "ist", "ism", "ity", "ness", "ship", "hood", "ean", "ian", "een", "man", "woman", "ology", "ance", "ence"} {
		if len(w) > len(end)+2 && strings.HasSuffix(w, end) {
			return true
		}
	}
	return strings.HasSuffix(w, "i") || strings.HasSuffix(w, "u")
}

// nounForms are the plural and the possessive.
func nounForms(w string) []string {
	list := []string{plural(w), w + "s"}
	if p := irregularNouns[w]; p != "" {
		list = []string{p, w + "s", p + "s"}
	} else if stem, ok := strings.CutSuffix(w, "man"); ok && len(stem) > 1 && !plainMan[w] {
		list = []string{stem + "men", w + "s", stem + "mens"}
	}
	return list
}

var plainMan = words("human roman german ottoman shaman talisman")

var irregularNouns = map[string]string{
	"man": "men", "woman": "women", "child": "children", "person": "people", "wife": "wives", "knife": "knives",
	"life": "lives", "thief": "thieves", "wolf": "wolves", "half": "halves", "foot": "feet", "tooth": "teeth",
	"crisis": "crises", "hypocrisy": "hypocrisies",
}

// plural is also the third person of a verb.
func plural(w string) string {
	switch last := w[len(w)-1]; {
	case hasAnySuffix(w, "s", "x", "z", "sh"), strings.HasSuffix(w, "ch") && !hardCh[w], takesEs[w]:
		return w + "es"
	case last == 'y' && !isVowel(w[len(w)-2]):
		return w[:len(w)-1] + "ies"
	}
	return w + "s"
}

var (
	hardCh  = words("monarch patriarch epoch stomach")
	takesEs = words("hero echo veto torpedo go do undergo negro embargo")
)

// verbForms are the third person, the past, the participles and the gerund.
func verbForms(w string) []string {
	list := []string{plural(w)}
	for _, stem := range stemsBefore(w, "ing") {
		list = append(list, stem+"ing")
	}
	if past, ok := irregularVerbs[w]; ok {
		return append(list, strings.Fields(past)...)
	}
	for _, stem := range stemsBefore(w, "ed") {
		list = append(list, stem+"ed")
	}
	return list
}

// agentForms are who does it: killer, killers.
func agentForms(w string) []string {
	if agents, ok := agentOf[w]; ok {
		return strings.Fields(agents)
	}
	if _, irregular := irregularVerbs[w]; irregular || hasAnySuffix(w, "er", "or", "ar", "ee") {
		return nil
	}
	var list []string
	for _, stem := range stemsBefore(w, "er") {
		list = append(list, stem+"er", stem+"ers")
	}
	return list
}

// stemsBefore is what of a verb stands before -ed, -er or -ing. British and American spelling differ after l.
func stemsBefore(w, ending string) []string {
	last := w[len(w)-1]
	switch {
	case ending == "ing" && strings.HasSuffix(w, "ie"):
		return []string{w[:len(w)-2] + "y"}
	case last == 'e' && (ending != "ing" || !hasAnySuffix(w, "ee", "oe", "ye")):
		return []string{w[:len(w)-1]}
	case last == 'y' && ending != "ing" && !isVowel(w[len(w)-2]):
		return []string{w[:len(w)-1] + "i"}
	case strings.HasSuffix(w, "ic"):
		return []string{w + "k"}
	case doubles(w):
		return []string{w + string(last)}
	case hasAnySuffix(w, "el", "al", "il") && len(w) > 4 && !isVowel(w[len(w)-3]):
		return []string{w, w + "l"}
	}
	return []string{w}
}

// doubles reports whether a verb doubles its last letter: one syllable that ends in one vowel and one consonant, and
// those that are stressed at the end.
func doubles(w string) bool {
	if stressedAtEnd[w] {
		return true
	}
	n := len(w)
	if n < 3 || isVowel(w[n-1]) || strings.IndexByte("wxy", w[n-1]) >= 0 || !isVowel(w[n-2]) {
		return false
	}
	for i := range n - 2 {
		if isVowel(w[i]) {
			return i == 1 && w[:2] == "qu" && i == n-3 // quit: u is no vowel after q
		}
	}
	return true
}

var stressedAtEnd = words(`commit submit admit permit refer prefer transfer rebel expel compel propel repel occur control
	patrol regret begin forget annul abet`)

// irregularVerbs are the past and the participle of verbs that do not take -ed only.
var irregularVerbs = map[string]string{
	"arise": "arose arisen", "awake": "awoke awoken", "be": "am is are was were been", "bear": "bore borne",
	"beat": "beat beaten", "become": "became become", "begin": "began begun", "bind": "bound", "bleed": "bled",
	"blow": "blew blown", "break": "broke broken", "bring": "brought", "build": "built", "burn": "burned burnt",
	"buy": "bought", "catch": "caught", "choose": "chose chosen", "come": "came", "cut": "cut", "die": "died",
	"do": "did done", "draw": "drew drawn", "drive": "drove driven", "fall": "fell fallen", "fight": "fought",
	"find": "found", "flee": "fled", "get": "got gotten", "give": "gave given", "go": "went gone", "hang": "hung hanged",
	"have": "had", "hide": "hid hidden", "hit": "hit", "hold": "held", "hurt": "hurt", "join": "joined", "keep": "kept",
	"know": "knew known", "lead": "led", "leave": "left", "lie": "lied lay lain", "light": "lit lighted", "lose": "lost",
	"make": "made", "meet": "met", "pay": "paid", "put": "put", "ride": "rode ridden", "rise": "rose risen",
	"run": "ran", "say": "said", "see": "saw seen", "seek": "sought", "sell": "sold", "send": "sent", "set": "set",
	"shed": "shed", "shoot": "shot", "slay": "slew slain slayed", "speak": "spoke spoken", "spend": "spent",
	"spill": "spilled spilt", "split": "split", "stand": "stood", "steal": "stole stolen", "strike": "struck stricken",
	"swear": "swore sworn", "take": "took taken", "teach": "taught", "tear": "tore torn", "tell": "told",
	"think": "thought", "throw": "threw thrown", "win": "won", "write": "wrote written",
}

// agentOf are doers that rules give otherwise, or that verbs in irregularVerbs have.
var agentOf = map[string]string{
	"fight": "fighter fighters", "shoot": "shooter shooters", "slay": "slayer slayers", "make": "maker makers",
	"give": "giver givers", "send": "sender senders", "buy": "buyer buyers", "sell": "seller sellers",
	"lead": "leader leaders", "seek": "seeker seekers", "join": "joiner joiners", "build": "builder builders",
	"execute": "executioner executioners executor executors", "conquer": "conqueror conquerors",
	"murder": "murderer murderers", "slaughter": "slaughterer slaughterers", "plunder": "plunderer plunderers",
	"martyr": "",
}

// spelledBoth is a word in British and American spelling, the given one first.
func spelledBoth(w string) []string {
	list := []string{w}
	if len(w) >= 7 && !onlyIse[w] {
		if stem, ok := strings.CutSuffix(w, "ise"); ok {
			list = append(list, stem+"ize")
		} else if stem, ok := strings.CutSuffix(w, "ize"); ok {
			list = append(list, stem+"ise")
		}
	}
	for british, american := range american {
		if w == british {
			list = append(list, american)
		} else if w == american {
			list = append(list, british)
		}
	}
	return list
}

var onlyIse = words(`advertise compromise disguise enterprise exercise expertise franchise improvise merchandise otherwise
	paradise promise supervise surprise televise comprise`)

var american = map[string]string{
	"armour": "armor", "behaviour": "behavior", "colour": "color", "defence": "defense", "dishonour": "dishonor",
	"favour": "favor", "honour": "honor", "labour": "labor", "neighbour": "neighbor", "offence": "offense",
	"saviour": "savior", "valour": "valor", "organisation": "organization",
}

func hasAnySuffix(w string, ends ...string) bool {
	for _, end := range ends {
		if strings.HasSuffix(w, end) {
			return true
		}
	}
	return false
}
