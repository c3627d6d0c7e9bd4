package filter

import "bytes"

// function words tell Indonesian from English in a folded text.
var functionWords = map[string]int{}

func init() {
	for _, w := range []string{"yang", "dan", "di", "ke", "dari", "untuk", "dengan", "ini", "itu", "kami", "kita",
		"tidak", "adalah", "akan", "para", "atau", "pada", "dalam", "bagi", "oleh", "telah", "sudah", "mereka",
		"saya", "kepada", "ada", "juga", "jangan", "yg", "dgn", "utk", "karena", "kalau", "sebagai", "seperti", "tapi", "hanya",
		"lebih", "kamu", "kalian", "aku", "bukan", "belum", "harus", "semua", "lagi", "saja", "bisa"} {
		functionWords[w] = 1
	}
	for _, w := range []string{"the", "and", "of", "to", "in", "is", "for", "with", "that", "this", "we", "you",
		"are", "not", "on", "by", "from", "they", "have", "will", "our", "your", "be", "it", "was", "who", "at", "an", "or",
		"if", "his", "her", "has", "what", "how", "when", "about", "their", "been", "were", "can", "just", "more", "would",
		"should", "there", "than", "them", "but", "my"} {
		functionWords[w] = -1
	}
}

// balance says which language a folded text is in: above 0 Indonesian, below 0 English.
func balance(folded []byte) (balance int) {
	for w := range bytes.FieldsSeq(folded) {
		balance += functionWords[string(w)]
	}
	return balance
}

// clearly is from which balance on a text is in one language, and rules of the other are not for it.
const clearly = 2

// foreign reports whether a text is clearly in another language than a rule's.
func foreign(balance int, rule string) bool {
	return rule == "id" && balance <= -clearly || rule == "en" && balance >= clearly
}

// language is "id" or "en": what the text's function words say, else the language of the rule, else "id".
func language(balance int, rule string) string {
	switch {
	case balance > 0:
		return "id"
	case balance < 0:
		return "en"
	case rule == "en":
		return "en"
	}
	return "id"
}
