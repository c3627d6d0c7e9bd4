package accuracy

import (
	"math/rand/v2"
	"strings"
	"unicode"
	"unicode/utf8"
)

// short are the usual short spellings of common words, by language. Written for the project.
var short = map[string]map[string]string{
	"id": {
		"yang": "yg", "dan": "dn", "dengan": "dgn dg", "untuk": "utk tuk", "kepada": "kpd", "pada": "pd", "dari": "dr",
		"di": "d", "ke": "k", "dalam": "dlm", "tidak": "tdk gak ga", "bukan": "bkn", "jangan": "jgn jgan", "sudah": "sdh udh udah",
		"telah": "tlh", "belum": "blm", "akan": "akn", "harus": "hrs", "bisa": "bs", "dapat": "dpt", "karena": "krn krna",
		"kalau": "klo kalo", "jika": "jk", "seperti": "spt sprti", "sampai": "smp ampe", "semua": "smua smw", "setiap": "stiap tiap",
		"saya": "sy", "aku": "ak", "kami": "kmi", "kita": "kt kta", "kamu": "km", "kalian": "klian", "mereka": "mrk mreka", "dia": "dy",
		"orang": "org", "saudara": "sdr sodara", "teman": "tmn", "anak": "ank", "juga": "jg jga", "lagi": "lg lgi", "saja": "aja sj",
		"hanya": "hny", "banyak": "byk bnyk", "sekarang": "skrg skrang", "besok": "bsk", "malam": "mlm", "hari": "hr hri", "tahun": "thn",
		"bagaimana": "gmn gimana", "kenapa": "knp", "siapa": "sp", "mana": "mn", "begitu": "gitu bgitu", "begini": "gini",
		"bantu": "bntu", "kirim": "krm krim", "lewat": "lwt", "sama": "sm sma", "atau": "ato", "tetapi": "ttp", "tapi": "tp",
		"masih": "msh", "mau": "mo mw",
	},
	"en": {
		"you": "u", "your": "ur yr", "you're": "ur", "you’re": "ur", "yourself": "urself", "are": "r", "be": "b", "see": "c", "why": "y",
		"for": "4", "to": "2", "too": "2", "before": "b4", "forever": "4ever", "today": "2day", "tonight": "2nite tonite",
		"tomorrow": "2moro tmrw", "people": "ppl", "because": "cuz bc", "and": "n", "with": "wit w", "the": "da tha", "this": "dis",
		"that": "dat", "them": "em dem", "they": "dey", "please": "pls plz", "what": "wat wut", "right": "rite", "night": "nite",
		"through": "thru", "though": "tho", "know": "kno", "have": "hav", "great": "gr8", "brother": "bro brotha",
		"brothers": "bros brothas", "sisters": "sistas", "message": "msg", "from": "frm", "everyone": "every1", "someone": "some1",
		"anyone": "any1", "good": "gud", "love": "luv", "enough": "enuf", "just": "jus", "was": "woz", "should": "shud", "would": "wud",
		"could": "cud", "there": "dere",
	},
}

// colloquial writes a word as people do in chats.
func colloquial(r *rand.Rand, language, word string) string {
	lower := strings.ToLower(word)
	if s := strings.Fields(short[language][lower]); len(s) > 0 {
		return likeCase(word, s[r.IntN(len(s))])
	}
	if language == "en" {
		if stem, ok := strings.CutSuffix(lower, "ing"); ok && len(stem) > 2 && strings.ContainsAny(stem, vowels) {
			return word[:len(word)-1]
		}
		return word
	}
	if strings.Contains(lower, "-") {
		return hyphenated(r, language, word)
	}
	ways := ways(r, lower)
	if len(ways) == 0 {
		return word
	}
	return likeCase(word, ways[r.IntN(len(ways))])
}

// hyphenated writes orang-orang as orang2 and orang-orangnya as orang2nya, and of other words each part on its own.
func hyphenated(r *rand.Rand, language, word string) string {
	first, second, _ := strings.Cut(word, "-")
	if rest, ok := strings.CutPrefix(strings.ToLower(second), strings.ToLower(first)); ok && first != "" {
		return first + "2" + rest
	}
	parts := strings.Split(word, "-")
	for i, p := range parts {
		parts[i] = colloquial(r, language, p)
	}
	return strings.Join(parts, "-")
}

// ways are the other spellings of an Indonesian word that is in small letters.
func ways(r *rand.Rand, word string) (out []string) {
	if stem, ok := strings.CutSuffix(word, "kan"); ok && len(stem) > 3 {
		out = append(out, stem+"in", stem+"kn")
	}
	if stem, ok := strings.CutSuffix(word, "nya"); ok && len(stem) > 2 {
		out = append(out, stem+"ny")
	}
	if s := dropVowel(r, word); s != word {
		out = append(out, s)
	}
	if old := oldSpelling.Replace(word); old != word && len(word) > 3 {
		out = append(out, old)
	}
	return out
}

// oldSpelling is that from before 1972, and of u from before 1947.
var oldSpelling = strings.NewReplacer("u", "oe", "ny", "nj", "j", "dj", "c", "tj")

// dropVowel leaves one vowel out of a word with five letters or more, and two from nine on. They stand between single
// consonants, and most often it is an e, which is hardly heard: brangkat, smangat, kfir.
func dropVowel(r *rand.Rand, word string) string {
	for range 1 + min(len(word)/9, 1) {
		var can []int
		for i := 1; i < len(word)-1 && len(word) >= 5; i++ {
			if isVowel(word[i]) && isConsonant(word[i-1]) && isConsonant(word[i+1]) {
				can = append(can, i)
				if word[i] == 'e' {
					can = append(can, i, i)
				}
			}
		}
		if len(can) == 0 {
			return word
		}
		i := can[r.IntN(len(can))]
		word = word[:i] + word[i+1:]
	}
	return word
}

func isVowel(c byte) bool { return strings.IndexByte(vowels, c) >= 0 }

func isConsonant(c byte) bool { return c >= 'a' && c <= 'z' && !isVowel(c) }

// likeCase writes lower in capitals as word is, or with a capital at the start.
func likeCase(word, lower string) string {
	first, _ := utf8.DecodeRuneInString(word)
	switch {
	case !unicode.IsUpper(first):
		return lower
	case letters(word) > 1 && word == strings.ToUpper(word):
		return strings.ToUpper(lower)
	}
	head, n := utf8.DecodeRuneInString(lower)
	return string(unicode.ToUpper(head)) + lower[n:]
}
