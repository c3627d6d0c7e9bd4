package forms

import (
	"regexp"
	"strings"
)

// Indonesian gives the affixed forms of an Indonesian root, the commonest first, at most maxIndonesian: active and
// passive verbs, agents and nouns of the deed, reduplication, clitics, and the verbs of colloquial Jakartan. A word that
// already bears a prefix (berbaiat) takes suffixes only. Forms that the rules allow and nobody writes are left out, as
// far as a rule can tell.
//
// Sources: Sneddon, Adelaar, Djenar and Ewing, Indonesian: A Comprehensive Grammar (2nd ed. 2010), ch. 1 (affixes, the
// nasal, reduplication); PUEBI (Permendikbud 50/2015) and EYD V (2022) on affixes and on loans; Sneddon, Colloquial
// Jakartan Indonesian (2006), ch. 2 (nge-, -in, ke-).
func Indonesian(root string) []string {
	l := newList(root)
	r := folded(root)
	if len(r) < minRoot || !onlyLetters(r) {
		return l.out
	}
	bears := bearsPrefix(r)
	for rank, more := 0, true; more; rank++ { // the first suffix of every class, then the second
		more = false
		for _, c := range classes {
			if rank >= len(c.suffixes) || bears && c.prefixed {
				continue
			}
			more = true
			for _, stem := range c.stems(r) {
				if s, ok := join(stem, c.suffixes[rank]); ok && len(l.out) < maxIndonesian {
					l.add(s)
				}
			}
		}
	}
	return l.out
}

// minRoot is how many letters a root must have. Shorter ones make everyday words: di+a, ke+an.
const minRoot = 3

// maxIndonesian is how many forms a root has at most.
const maxIndonesian = 120

// class is one row of the table of forms: what the stems are, and what may stand after them, the commonest first.
type class struct {
	stems    func(root string) []string
	suffixes []string
	prefixed bool // the stems bear a prefix
}

// onRoots are the suffixes that a root takes without a prefix.
const onRoots = "lah kan i nya an in kanlah ilah ku mu kah pun kannya inya annya anmu"

// classes is the table of forms, the commonest first.
var classes = []class{
	{nasal("me"), suffixes("- kan i nya kannya inya ku mu"), true}, // membunuh, memerangi
	{prefix("di"), suffixes("- kan i nya in kannya inya"), true},   // dibunuh, dibunuhnya, ditembakin
	{bare, suffixes(onRoots), false},                               // bunuhlah, bunuhi, bunuhan
	{reduced("ber"), suffixes("- lah kan an nya"), true},           // berbaiat, berbaiatlah, bersenjatakan
	{reduced("ter"), suffixes("- kan i"), true},                    // terbunuh
	{nasal("pe"), suffixes("- an nya annya mu"), true},             // pembunuh, pembunuhan
	{prefix("ke"), suffixes("an - annya"), true},                   // kekafiran; colloquial ketembak
	{colloquialVerb, suffixes("- in"), true},                       // nembak, nyerang, ngebom, ngebomin
	{prefix("di "), suffixes("- kan i"), true},                     // the commonest of all mistakes: di bunuh
	{prefix("ku"), suffixes("- kan i"), true},                      // kubunuh, kuperangi
	{prefix("kau"), suffixes("- kan i"), true},                     // kaubunuh
	{twice, suffixes("- an nya"), false},                           // bunuh bunuhan, orang orang, orang2
	{mutual, suffixes("-"), true},                                  // serang menyerang; berbunuh bunuhan
	{reduced("per"), suffixes("an annya"), true},                   // perjuangan; peperangan
	{prefix("memper"), suffixes("- kan i"), true},                  // memperjuangkan
	{prefix("diper"), suffixes("- kan i"), true},                   // diperjuangkan
	{loanApart, suffixes("- kan"), true},                           // mem baiat
	{prefix("pe"), suffixes("-"), true},                            // pejuang, petembak
	{once("se"), suffixes("-"), true},                              // sekafir
}

func suffixes(text string) []string {
	list := strings.Fields(text)
	for i, s := range list {
		list[i] = strings.TrimPrefix(s, "-")
	}
	return list
}

// join puts a suffix to a stem, if the language does: no -i after i, and neither -kan, -i nor -an after -kan.
func join(stem, suffix string) (string, bool) {
	if suffix == "" {
		return stem, true
	}
	if suffix[0] == 'i' && suffix != "in" && strings.HasSuffix(stem, "i") {
		return "", false
	}
	if derivedByKan(stem) && (suffix[0] == 'i' || suffix[0] == 'a' || strings.HasPrefix(suffix, "kan")) {
		return "", false
	}
	if suffix[0] == 'i' && ofArabic[stem] {
		return "", false
	}
	return stem + suffix, true
}

// ofArabic are loans whose -i and -in are the Arabic ones, and make other words: jihadi, mujahidin, kafirin.
var ofArabic = words("harb ikhwan islam istisyhad jihad kafir mujahid mukmin munafik murtad muslim musyrik salaf takfir")

// derivedByKan reports whether a stem ends in the suffix -kan (ledakkan), and not only in its letters (makan, tekan).
func derivedByKan(stem string) bool { return len(stem) >= 6 && strings.HasSuffix(stem, "kan") }

func bare(root string) []string { return []string{root} }

func prefix(p string) func(string) []string {
	return func(root string) []string { return []string{p + root} }
}

// once is a prefix that no root takes which begins like it.
func once(p string) func(string) []string {
	return func(root string) []string {
		if strings.HasPrefix(root, p) {
			return nil
		}
		return []string{p + root}
	}
}

// reduced is ber-, ter- or per-, whose r goes before r and before a first syllable in -er (bekerja, peternakan), and in
// two words of its own.
func reduced(p string) func(string) []string {
	return func(root string) []string {
		if own := reducedOwn[p+root]; own != "" {
			return []string{own}
		}
		if strings.HasPrefix(root, p) {
			return nil
		}
		if root[0] == 'r' || closedByEr(root) {
			return []string{p[:2] + root}
		}
		return []string{p + root}
	}
}

var reducedOwn = map[string]string{"berajar": "belajar", "perajar": "pelajar", "perperang": "peperang"}

func closedByEr(root string) bool {
	return len(root) > 3 && !isVowel(root[0]) && root[1:3] == "er" && !isVowel(root[3])
}

// nasal is me- or pe- with the nasal that the root asks for.
func nasal(p string) func(string) []string {
	return func(root string) []string {
		list := nasals(root)
		for i, n := range list {
			list[i] = p + n
		}
		return list
	}
}

// nasals are the stems that me- and pe- stand before: mbunuh, nyerang, nembak, merang, ngebom. A loan may keep its
// first sound, and many writers let it: ngkafir beside ngafir.
func nasals(root string) []string {
	if vowels(root) == 1 {
		return []string{"nge" + root, homorganic(root) + root}
	}
	c, rest := root[0], root[1:]
	keeps := cluster(root)
	switch {
	case strings.IndexByte("kpst", c) < 0 || keeps:
		return []string{homorganic(root) + root}
	case isLoan(root):
		return []string{assimilated[c] + rest, homorganic(root) + root}
	}
	return []string{assimilated[c] + rest}
}

// assimilated is what a first sound becomes that melts into the nasal.
var assimilated = map[byte]string{'k': "ng", 'p': "m", 's': "ny", 't': "n"}

// homorganic is the nasal that stands before a first sound that stays.
func homorganic(root string) string {
	switch c := root[0]; {
	case strings.IndexByte("bpfv", c) >= 0:
		return "m"
	case strings.IndexByte("dtcjzs", c) >= 0:
		return "n"
	case strings.IndexByte("kghqx", c) >= 0 || isVowel(c):
		return "ng"
	}
	return "" // l m n r w y
}

// cluster reports whether a root begins with two consonants, which stay: mengkritik, mensyukuri, mengkhianati.
func cluster(root string) bool { return !isVowel(root[0]) && !isVowel(root[1]) }

// isLoan reports whether a root is a loan that writers leave its first sound: it has a letter or a pair of letters
// that is no Indonesian one, or is a well-known one.
func isLoan(root string) bool {
	return strings.ContainsAny(root, "fvqxz") || loans[root] || strings.Contains(root, "sy") ||
		strings.Contains(root, "kh") || strings.Contains(root, "th") || strings.Contains(root, "dh")
}

var loans = words(`
	baiat bom hijrah ikrar jihad infak kampanye komando konsolidasi koordinasi kudeta kufur kultus paket pidato polisi
	populer propaganda publikasi sabotase sahur salat salib sedekah senjata solat sosialisasi sukses sunat suplai support
	survei taat takbir target tauhid teror teroris transfer tumbal
`)

// bearsPrefix reports whether a word is an affixed form already, as far as its letters tell.
func bearsPrefix(word string) bool {
	if notAffixed[word] {
		return false
	}
	for _, p := range []string{"di", "ber", "ter"} {
		if rest, ok := strings.CutPrefix(word, p); ok && len(rest) >= 4 && vowels(rest) >= 2 {
			return true
		}
	}
	if len(word) < 7 {
		return false
	}
	return active.MatchString(word) || agent.MatchString(word) || around.MatchString(word)
}

var (
	// active is a verb in me-, agent a noun in pe-, around a noun in ke- or pe- with -an.
	active = regexp.MustCompile(`^me(m[bpf]|n[dtcjz]|ng|ny|[mnlr][aeiou])`)
	agent  = regexp.MustCompile(`^pe(mb|ngg|ngh|nge|ny)`)
	around = regexp.MustCompile(`^[kp]e.{4,}an$`)
)

// notAffixed are roots that begin like an affixed form.
var notAffixed = words(`
	dialog didik digital dikte diktator dinamit dinas dinding dirikan disiplin diskusi distribusi
	beranda berangkat berangus berani berantas berahi berhala berita berkah berkas berkat berondong berontak bersih
	terang terapi terbang terbit teriak terima teritori terjang terjun terkam terminal teror teroris teropong terowong
	mendung mengerti mentega mentah menteri
	kedelai penggal pengaruh penghulu perempuan
`)

// twice is a root said twice, in words and with the figure two that everybody writes.
func twice(root string) []string { return []string{root + " " + root, root + "2"} }

// mutual are the forms of what people do to each other: serang menyerang, berbunuh bunuhan.
func mutual(root string) []string {
	list := []string{"ber" + root + " " + root + "an"}
	for _, n := range nasals(root) {
		list = append(list, root+" me"+n)
	}
	return list
}

// loanApart is the active verb of a loan with its prefix apart, as in mem-baiat.
func loanApart(root string) []string {
	if !isLoan(root) {
		return nil
	}
	return []string{"me" + homorganic(root) + " " + root}
}

// colloquialVerb is the active verb of colloquial Jakartan: nembak, nyerang, ngajak, nyulik, ngebom.
func colloquialVerb(root string) []string {
	c, rest := root[0], root[1:]
	switch {
	case vowels(root) == 1 || cluster(root):
		return []string{"nge" + root}
	case isVowel(c):
		return []string{"ng" + root}
	case c == 'c':
		return []string{"ny" + rest, "nge" + root}
	case c == 'h':
		return []string{"ng" + rest, "nge" + root}
	case assimilated[c] != "":
		return []string{assimilated[c] + rest}
	}
	return []string{"nge" + root}
}
