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
		return l.sorted()
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
	return l.sorted()
}

// underived takes the suffix -kan or -i from a verb. It reports whether there was one.
func underived(verb string) (stem string, derived bool) {
	if derivedByKan(verb) {
		return strings.TrimSuffix(verb, "kan"), true
	}
	if len(verb) >= 6 && strings.HasSuffix(verb, "i") && !strings.HasSuffix(verb, "ai") && !endsInI[verb] {
		return strings.TrimSuffix(verb, "i"), true
	}
	return verb, false
}

// endsInI are roots of six letters and more whose i is their own.
var endsInI = words(`berani berapi beroposisi cermati demonstrasi donasi eksekusi evakuasi ganti henti infiltrasi janji
	jihadi kunci mutilasi nyanyi operasi pergi polisi provokasi revolusi sanksi teliti transaksi`)
