package forms

import "strings"

// Command gives the forms of an Indonesian verb that tell somebody to do it: bunuh, bunuhlah, bunuhkan, bunuhkanlah,
// bunuhi, bunuhilah, colloquial bunuhin; and berjihadlah, which is the command of verbs in ber-. There is no passive and
// no form in me- among them, because the form is what tells a call from a report. (The bare root is both.)
//
// A verb that ends in -kan or -i already takes -lah, and -in in its place: ledakkan, ledakkanlah, ledakin.
//
// Sources: Sneddon et al. 2010, ch. 4 (imperatives: the verb without its prefix meN-, with ber- kept, -lah); Sneddon 2006
// (-in for -kan and -i).
func Command(root string) []string {
	l := newList(root)
	r := folded(root)
	if len(r) < minRoot || !onlyLetters(r) {
		return l.out
	}
	l.add(r + "lah")
	stem, derived := underived(r)
	switch {
	case derived:
		l.add(stem + "in")
	case strings.HasPrefix(r, "ber") && bearsPrefix(r):
	default:
		for _, suffix := range []string{"kan", "kanlah", "i", "ilah", "in"} {
			if s, ok := join(r, suffix); ok {
				l.add(s)
			}
		}
		for _, s := range reduced("ber")(r) {
			l.add(s + "lah")
		}
	}
	return l.out
}

// underived takes the suffix -kan or -i from a verb. It reports whether there was one.
func underived(verb string) (stem string, derived bool) {
	if derivedByKan(verb) {
		return strings.TrimSuffix(verb, "kan"), true
	}
	if len(verb) >= 6 && strings.HasSuffix(verb, "i") && !ownI(verb) {
		return strings.TrimSuffix(verb, "i"), true
	}
	return verb, false
}

// ownI reports whether the i at the end of a word of six letters and more is its own: a diphthong, the ending -asi of
// loans, or a root that ends so.
func ownI(word string) bool {
	if endsInI[word] || strings.HasSuffix(word, "ai") {
		return true
	}
	for root := range shortRoots {
		if strings.HasSuffix(word, root) {
			return true
		}
	}
	return len(word) > 4 && strings.HasSuffix(word, "asi") && strings.IndexByte("dgklmnprtv", word[len(word)-4]) >= 0 &&
		!derivedAsi[word]
}

var (
	// shortRoots are what verbs like mencari, memberi and dicuri end in.
	shortRoots = words("beri cari curi cuci ganti gali henti janji kunci nyanyi puji")

	derivedAsi = words("batasi gilasi panasi")

	endsInI = words(`berani bahari energi hakiki histori jihadi mandiri materi nasrani negeri pergi polisi provinsi
		revolusi eksekusi amunisi sanksi santri sendiri strategi takfiri teliti teologi transaksi transisi yahudi`)
)
