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
	w := folded(word)
	head, last, phrase := cutLast(w)
	switch {
	case phrase && particles[last]:
		verb, rest, _ := strings.Cut(w, " ")
		for _, f := range verbForms(verb) {
			l.add(f + " " + rest)
		}
	case phrase:
		for _, f := range nounForms(last) {
			l.add(head + f)
		}
	default:
		for _, s := range spelledBoth(w) {
			l.add(s)
			for _, f := range inflected(s) {
				l.add(f)
			}
		}
	}
	return l.out
}

// cutLast cuts the last word off a phrase. It reports whether there are two words.
func cutLast(w string) (head, last string, ok bool) {
	i := strings.LastIndexByte(w, ' ')
	return w[:i+1], w[i+1:], i > 0
}

// inflected are the forms of one word, as a noun and as a verb.
func inflected(w string) []string {
	if len(w) < 2 || !onlyLetters(w) {
		return nil
	}
	list := nounForms(w)
	if !isNoun(w) {
		list = append(list, verbForms(w)...)
		list = append(list, agentForms(w)...)
	}
	return list
}

var particles = words("over up down off out in into away on at apart through")

// isNoun reports whether a word is a noun only, as its ending says or the list.
func isNoun(w string) bool {
	if verbsToo[w] {
		return false
	}
	return nouns[w] || irregularNouns[w] != "" || len(w) > 5 && hasAnySuffix(w, "tion", "sion", "ist", "ism", "ity", "ness",
		"ship", "hood", "ean", "ian", "een", "man", "ology", "ance", "ence") || hasAnySuffix(w, "i", "u")
}

var (
	// verbsToo are verbs that end like a noun.
	verbsToo = words(`advance assist balance caution commission consist enlist finance influence insist knife mention persist
		question ration resist sanction sentence silence station worship`)

	// nouns are common in lexicons, and no verbs.
	nouns = words(`allegiance brother caliphate christian church city cop crusader disbeliever dog embassy enemy hero
		imam infidel jew jihad kafir khilafah lion martyrdom mosque mujahid murtad muslim oath officer official
		people police politician priest rabbi racist shia sister soldier synagogue taghut temple terrorist traitor troop
		unbeliever weapon`)
)

// nounForms are the plural and the possessive.
func nounForms(w string) []string {
	several := irregularNouns[w]
	if stem, ok := strings.CutSuffix(w, "man"); ok && len(stem) > 1 && !plainMan[w] {
		several = stem + "men"
	}
	if several == "" {
		several = plural(w)
	}
	list := []string{several, w + "s"}
	if !strings.HasSuffix(several, "s") {
		list = append(list, several+"s")
	}
	return list
}

var plainMan = words("human roman german ottoman shaman talisman")

var irregularNouns = map[string]string{
	"child": "children", "crisis": "crises", "foot": "feet", "half": "halves", "knife": "knives", "life": "lives",
	"man": "men", "person": "people", "thief": "thieves", "tooth": "teeth", "wife": "wives", "wolf": "wolves",
	"woman": "women",
}

// plural is also the third person of a verb.
func plural(w string) string {
	switch last := w[len(w)-1]; {
	case hasAnySuffix(w, "s", "x", "z", "sh"), strings.HasSuffix(w, "ch") && !hardCh[w], takesEs[w]:
		return w + "es"
	case last == 'y' && len(w) > 1 && !isVowel(w[len(w)-2]):
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
	if p, ok := past(w); ok {
		return append(list, p...)
	}
	for _, stem := range stemsBefore(w, "ed") {
		list = append(list, stem+"ed")
	}
	return list
}

// agentForms are who does it: killer, killers.
func agentForms(w string) []string {
	if agents := agentOf[w]; agents != "" {
		return strings.Fields(agents)
	}
	if _, irregular := past(w); irregular || hasAnySuffix(w, "er", "or", "ar", "ee", "yr") {
		return nil
	}
	if stem, ok := strings.CutSuffix(w, "ate"); ok && len(stem) > 2 {
		return []string{stem + "ator", stem + "ators"}
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
	case last == 'y' && ending != "ing" && len(w) > 1 && !isVowel(w[len(w)-2]):
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
	return vowels(strings.TrimPrefix(w, "qu")) <= 1
}

// stressedAtEnd has also the few that double it without that stress.
var stressedAtEnd = words(`abet admit annul begin commit compel control expel forget kidnap occur patrol permit prefer
	propel rebel refer regret repel submit transfer worship`)

// irregularVerbs are the past and the participle of verbs that do not take -ed only.
var irregularVerbs = pairs(`
	arise: arose arisen
	awake: awoke awoken
	be: am is are was were been
	bear: bore borne
	beat: beat beaten
	become: became
	begin: began begun
	bind: bound
	bite: bit bitten
	bleed: bled
	blow: blew blown
	break: broke broken
	bring: brought
	build: built
	burn: burned burnt
	buy: bought
	catch: caught
	choose: chose chosen
	come: came
	cut: cut
	do: did done
	draw: drew drawn
	drive: drove driven
	fall: fell fallen
	feed: fed
	fight: fought
	find: found
	flee: fled
	forsake: forsook forsaken
	get: got gotten
	give: gave given
	go: went gone
	hang: hung hanged
	have: has had
	hide: hid hidden
	hit: hit
	hold: held
	hurt: hurt
	keep: kept
	know: knew known
	lay: laid
	lead: led
	leave: left
	lie: lied lay lain
	light: lit lighted
	lose: lost
	make: made
	meet: met
	pay: paid
	put: put
	ride: rode ridden
	rise: rose risen
	run: ran
	say: said
	see: saw seen
	seek: sought
	sell: sold
	send: sent
	set: set
	shed: shed
	shoot: shot
	slay: slew slain slayed
	speak: spoke spoken
	spend: spent
	spill: spilled spilt
	split: split
	spread: spread
	stand: stood
	steal: stole stolen
	stick: stuck
	strike: struck stricken
	swear: swore sworn
	sweep: swept
	take: took taken
	teach: taught
	tear: tore torn
	tell: told
	think: thought
	throw: threw thrown
	tread: trod trodden
	win: won
	write: wrote written
`)

// past gives the irregular past forms of a verb, also of one that is made with over-, under- and the like.
func past(w string) (forms []string, ok bool) {
	if f := irregularVerbs[w]; f != "" {
		return strings.Fields(f), true
	}
	for _, prefix := range []string{"over", "under", "with", "up", "out", "re"} {
		if base, cut := strings.CutPrefix(w, prefix); cut && irregularVerbs[base] != "" {
			for _, f := range strings.Fields(irregularVerbs[base]) {
				forms = append(forms, prefix+f)
			}
			return forms, true
		}
	}
	return nil, false
}

// agentOf are the doers of verbs that are irregular, or whose doer is.
var agentOf = pairs(`
	build: builder builders
	buy: buyer buyers
	conquer: conqueror conquerors
	execute: executioner executioners executor executors
	fight: fighter fighters
	give: giver givers
	lead: leader leaders
	make: maker makers
	murder: murderer murderers
	seek: seeker seekers
	sell: seller sellers
	send: sender senders
	shoot: shooter shooters
	slaughter: slaughterer slaughterers
	slay: slayer slayers
`)

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
	for i, word := range transatlantic {
		if word == w {
			list = append(list, transatlantic[i^1])
		}
	}
	return list
}

var onlyIse = words(`advertise compromise disguise enterprise exercise expertise franchise improvise merchandise otherwise
	paradise promise supervise surprise televise comprise`)

// transatlantic are pairs of a British and an American spelling that no rule gives.
var transatlantic = strings.Fields(`
	armour armor
	behaviour behavior
	colour color
	defence defense
	dishonour dishonor
	favour favor
	honour honor
	labour labor
	neighbour neighbor
	offence offense
	organisation organization
	saviour savior
	valour valor
`)

func hasAnySuffix(w string, ends ...string) bool {
	for _, end := range ends {
		if strings.HasSuffix(w, end) {
			return true
		}
	}
	return false
}
