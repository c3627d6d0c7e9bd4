package forms

import (
	"regexp"
	"strings"
)

// Colloquial gives the spellings of an Indonesian word in chats and comments, likeliest first, at most maxColloquial with
// the word itself: from a short list for the words that everybody shortens, by rule for the others. What another
// everyday word is spelled like is left out. No rule makes another form of a word: of dibunuh there is dbunuh and not
// bunuh, and of ledakkan (a command) not ledakan (a noun).
//
// Sources: Sneddon, Colloquial Jakartan Indonesian (2006), ch. 2 (e for a, e for ai, o for au, -in, the verb without
// me-); Wibowo et al., IndoCollex (ACL Findings 2021), which names the kinds of change: vowels left out, sounds altered,
// words cut; the spellings of 1901 (oe, dj, tj, nj, sj) and 1947 (u), replaced by EYD in 1972. The order of the rules is
// that of how often each hits what people write, measured on two published lists of colloquial spellings.
func Colloquial(word string) []string {
	l := newList(word)
	w := folded(word)
	if first, second, ok := strings.Cut(w, " "); ok {
		for _, s := range figureTwo(first, second) {
			l.add(s)
		}
		return l.out
	}
	for _, s := range strings.Fields(shortened[w]) {
		l.add(s)
	}
	if len(w) < minColloquial || !onlyLetters(w) {
		return l.out
	}
	for _, rule := range colloquialRules {
		for _, s := range rule(w) {
			if len(l.out) < maxColloquial && len(s) >= 3 && !everyday[s] {
				l.add(s)
			}
		}
	}
	return l.out
}

// maxColloquial is how many spellings a word has at most.
const maxColloquial = 12

// minColloquial is how many letters a word must have to be respelled by rule. Vowels are left out of words of
// minVowelless letters.
const (
	minColloquial = 4
	minVowelless  = 5
)

var colloquialRules = []func(string) []string{
	shortSuffix, apart, withoutMe, accidental, diphthong, // menembakkan, nembakin; pakai, pake
	vowelLess,         // bunuh, bnuh, bnh
	loanSound, looseH, // kafir, kapir; hancur, ancur
	vowelSparse,  // polisi, polsi
	loweredVowel, // dekat, deket
	undoubled, doubledEnd, lateSound, oldSpelling,
}

// figureTwo writes a word said twice with the figure two: orang2, orang 2, org2, bunuh2an.
func figureTwo(first, second string) []string {
	suffix, ok := strings.CutPrefix(second, first)
	if !ok || len(first) < minRoot {
		return nil
	}
	list := []string{first + "2" + suffix, first + " 2" + suffix}
	for _, s := range Colloquial(first)[1:] {
		if len(list) < maxColloquial/2 {
			list = append(list, s+"2"+suffix)
		}
	}
	return list
}

// shortSuffix shortens -kan and -nya, and makes -i the -in of Jakarta.
func shortSuffix(w string) []string {
	for _, suffix := range []struct{ long, short string }{{"kan", "in kn ken"}, {"nya", "ny x nye"}} {
		stem, ok := strings.CutSuffix(w, suffix.long)
		if !ok || len(stem) < minRoot {
			continue
		}
		var list []string
		for _, s := range strings.Fields(suffix.short) {
			list = append(list, stem+s)
		}
		return list
	}
	if stem, derived := underived(w); derived && len(w) >= 6 {
		return []string{stem + "in"}
	}
	return nil
}

// withoutMe leaves me- out where the nasal says that it was there: menembak, nembak; membunuh, ngebunuh.
func withoutMe(w string) []string {
	rest, ok := strings.CutPrefix(w, "me")
	if !ok || len(rest) < 5 || !active.MatchString(w) {
		return nil
	}
	if root := strings.TrimPrefix(rest, "m"); strings.HasPrefix(root, "b") || rest[0] == 'l' || rest[0] == 'r' {
		rest = "nge" + root
	}
	if stem, derived := underived(rest); derived {
		return []string{stem + "in", rest}
	}
	return []string{rest}
}

// apart writes di- as a word of its own, as many do who take it for the preposition.
func apart(w string) []string {
	if rest, ok := strings.CutPrefix(w, "di"); ok && bearsPrefix(w) {
		return []string{"di " + rest}
	}
	return nil
}

// accidental is the ke- of Jakarta for ter-: kebunuh.
func accidental(w string) []string {
	if rest, ok := strings.CutPrefix(w, "ter"); ok && bearsPrefix(w) {
		return []string{"ke" + rest}
	}
	return nil
}

// diphthong writes e for ai and o for au, as they are said.
func diphthong(w string) []string {
	var list []string
	for _, d := range []struct{ written, said string }{{"ai", "e"}, {"au", "o"}} {
		for _, suffix := range []string{"", "lah", "nya", "kan", "in"} {
			if stem, ok := strings.CutSuffix(w, d.written+suffix); ok && len(stem) > 1 {
				list = append(list, stem+d.said+suffix)
			}
		}
	}
	return list
}

// vowelLess leaves out the first vowel, all but the last, and all. Vowels side by side go together: saudara, sdara.
func vowelLess(w string) []string {
	inner := innerVowels(w)
	if len(w) < minVowelless || len(inner) == 0 {
		return nil
	}
	list := []string{without(w, inner[:1])}
	last := inner
	if !isVowel(w[len(w)-1]) {
		last = inner[:len(inner)-1]
	}
	list = append(list, without(w, last))
	if s := without(w, inner); len(s)-vowels(s) >= 3 {
		list = append(list, s)
	}
	return list
}

// vowelSparse leaves out the last inner vowel, the first two, the second.
func vowelSparse(w string) []string {
	inner := innerVowels(w)
	if len(w) < minVowelless || len(inner) < 2 {
		return nil
	}
	list := []string{without(w, inner[len(inner)-1:])}
	if len(inner) > 2 {
		list = append(list, without(w, inner[:2]), without(w, inner[1:2]))
	}
	return list
}

// innerVowels are the places of the vowels between the consonants of a word, each place as its start and end.
func innerVowels(w string) (places [][]int) {
	for _, at := range vowelRow.FindAllStringIndex(w, -1) {
		if at[0] > 0 && at[1] < len(w) {
			places = append(places, at)
		}
	}
	return places
}

var vowelRow = regexp.MustCompile(`[aeiou]+`)

// without is a word without what stands at the places.
func without(w string, places [][]int) string {
	var out strings.Builder
	from := 0
	for _, at := range places {
		out.WriteString(w[from:at[0]])
		from = at[1]
	}
	return out.String() + w[from:]
}

// loanSound writes the sounds of loans as many say them: kapir, hilafah, jakat.
func loanSound(w string) []string {
	if len(w) < minVowelless {
		return nil
	}
	return replaced(w, "kh", "h", "kh", "k", "f", "p", "v", "f", "z", "j", "sy", "s")
}

// looseH leaves out an h before or between vowels, which many do not say: hancur, ancur; lihat, liat; masih, masi.
func looseH(w string) []string {
	var list []string
	if w[0] == 'h' && isVowel(w[1]) {
		list = append(list, w[1:])
	}
	if i := betweenVowels.FindStringIndex(w); i != nil {
		list = append(list, w[:i[0]+1]+w[i[1]-1:])
	}
	return list
}

// betweenVowels is an h between unlike vowels.
var betweenVowels = regexp.MustCompile(`ahu|aha|ahi|iha|uhu|ehi`)

// loweredVowel is the vowel of the last closed syllable as Jakarta or the east says it: deket, bunoh, tarek.
func loweredVowel(w string) []string {
	stem, suffix := w, ""
	for _, s := range []string{"kan", "lah", "nya", "an", "in", "i"} {
		if cut, ok := strings.CutSuffix(w, s); ok && len(cut) >= minColloquial {
			stem, suffix = cut, s
			break
		}
	}
	m := lastClosed.FindStringSubmatch(stem)
	if m == nil {
		return nil
	}
	lowered := map[string]string{"a": "e", "u": "o", "i": "e"}
	return []string{m[1] + lowered[m[2]] + m[3] + suffix}
}

// lastClosed is a word that ends in a closed syllable.
var lastClosed = regexp.MustCompile(`^(.+[^aeiou])([aiu])([^aeiou]{1,2})$`)

// undoubled writes one letter for two, but not where that makes a noun of a verb (ledakkan, ledakan), nor of ng and g.
func undoubled(w string) []string {
	for i := 1; i < len(w); i++ {
		if w[i] == w[i-1] && w[i] != 'g' && !strings.HasPrefix(w[i:], "kan") {
			return []string{w[:i] + w[i+1:]}
		}
	}
	return nil
}

// doubledEnd stretches the last letter a little, which folding leaves because of words like mahallah and call.
func doubledEnd(w string) []string { return []string{w + w[len(w)-1:]} }

// lateSound is play with the last sound: abiz, baikk, tolaq.
func lateSound(w string) []string {
	return replacedAtEnd(w, "s", "z", "k", "q", "ng", "nk", "ku", "q")
}

// oldSpelling is that of before 1972, and oe for u of before 1947.
func oldSpelling(w string) []string {
	modern := strings.NewReplacer("ny", "nj", "sy", "sj", "j", "dj", "y", "j", "c", "tj").Replace(w)
	return []string{strings.ReplaceAll(modern, "u", "oe"), modern}
}

// replaced is a word with each of the pairs replaced in turn.
func replaced(w string, pairs ...string) []string {
	var list []string
	for i := 0; i < len(pairs); i += 2 {
		if strings.Contains(w, pairs[i]) {
			list = append(list, strings.ReplaceAll(w, pairs[i], pairs[i+1]))
		}
	}
	return list
}

// replacedAtEnd is a word with each of the pairs replaced in turn, at its end.
func replacedAtEnd(w string, pairs ...string) []string {
	var list []string
	for i := 0; i < len(pairs); i += 2 {
		if stem, ok := strings.CutSuffix(w, pairs[i]); ok && len(stem) >= minRoot {
			list = append(list, stem+pairs[i+1])
		}
	}
	return list
}

// shortened are the everyday words that everybody shortens, the commonest shortening first.
var shortened = pairs(`
	ada: ad
	adalah: adlh
	akan: akn
	aku: ak
	apa: ap
	atau: ato atw
	ayo: ayok yok yuk
	bagaimana: gimana gmn bgmn
	bagi: bg bgi
	banyak: bnyk byk bnyak
	belum: blm blum
	besar: bsr
	bisa: bs bsa
	buat: bwt
	dalam: dlm dlam
	dan: dn n
	dari: dr dri
	dengan: dgn dg dngn
	hanya: hny hnya
	hari: hr
	harus: hrs hrus
	hidup: idup
	hubungi: hubngi hbngi
	ikut: ikt
	ini: ni
	itu: tu
	jalan: jln jlan
	jangan: jgn jngn jan jgan
	juga: jg jga
	kalau: kalo klo klu kl
	kalian: klian klyan klean kalean kln
	kami: kmi
	kamu: kmu km
	kapan: kpn
	karena: krn karna krna
	kenapa: knp knpa
	kepada: kpd kpda
	kita: kt kta qta
	lagi: lg lgi
	langsung: lgsg lgsung lngsung
	mana: mn
	mari: mri
	masih: msh masi
	masuk: msk
	mau: mo
	memang: emang mmg emg
	mereka: mrk mrka mreka
	mungkin: mgkn
	muslim: mslm
	negara: ngra
	nomor: nmr nomer
	oleh: olh
	orang: org orng
	pada: pd
	pakai: pake
	saja: aja sj
	sama: sm sma
	sampai: sampe smp smpe
	sangat: sgt sngt
	satu: stu
	saudara: sdr sodara sdra
	saudaraku: sodaraku sdrku
	saya: sy sya saia
	segera: sgra sgera
	sekarang: skrg skrng skarang skrang
	semua: smua smw smwa
	seperti: sprti sperti spt
	setiap: stiap
	siapa: sapa spa
	sudah: sdh udah udh dah
	tapi: tp tpi
	teman: tmn temen
	tempat: tmpt tmpat
	terima: trima
	terus: trs
	tidak: tdk gak ga nggak ngga enggak gk
	untuk: utk tuk untk
	wajib: wjb
	yang: yg yng
`)
