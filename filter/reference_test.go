package filter

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	textlanguage "golang.org/x/text/language"
	"golang.org/x/text/runes"
	"golang.org/x/text/unicode/norm"
)

// reference folds a text a second time, in the plainest way: with the same lists of characters, but for the rest with
// x/text, regular expressions and strings, and without a thought for speed.
func reference(text string) string {
	var words []refWord
	tag := false
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		from := i
		switch refKind(r) {
		case "hash":
			tag = true
			i += n
		case "between":
			tag = tag && r == '_'
			i += n
		case "flag":
			tag = false
			i = refUntil(text, i, "flag out")
			words = append(words, refFlags(text, from, i)...)
		default:
			i = refUntil(text, i, "letter digit symbol weak apostrophe out")
			words = append(words, refPart(text, from, i, tag)...)
		}
	}
	out := " "
	for _, w := range refApart(text, words) {
		out += w.text + " "
	}
	return out
}

// refWord is a word as it stands in a text.
type refWord struct {
	text     string
	from, to int
}

// refKind says what a character is.
func refKind(r rune) string {
	plain := norm.NFKD.String(string(r))
	first, n := utf8.DecodeRuneInString(plain)
	if n < len(plain) {
		first = r
	}
	switch {
	case strings.ContainsRune(apostrophes, first):
		return "apostrophe"
	case strings.ContainsRune(dropped, r) || unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Variation_Selector):
		return "out"
	case first == '#':
		return "hash"
	case symbols[first] > 0:
		return "symbol"
	case weakSymbols[first] > 0:
		return "weak"
	case refText(r) == "":
		return "between"
	case r >= '🇦' && r <= '🇿':
		return "flag"
	case strings.Trim(refText(r), "0123456789") == "":
		return "digit"
	}
	return "letter"
}

var refPlain = map[rune]rune{}

func init() {
	for i := range rune(26) {
		refPlain['🇦'+i], refPlain['🅐'+i], refPlain['🅰'+i] = 'a'+i, 'a'+i, 'a'+i
	}
}

// refText is as what a letter or digit is read, "" if it is none.
func refText(r rune) string {
	if refPlain[r] > 0 {
		return string(refPlain[r])
	}
	if !unicode.In(r, unicode.L, unicode.N, unicode.So, unicode.Mc) || strings.Contains(norm.NFKD.String(string(r)), " ") {
		return ""
	}
	s := string(r)
	for range 2 {
		s = norm.NFKD.String(cases.Lower(textlanguage.Und).String(s))
	}
	s = runes.Remove(runes.In(unicode.Mn)).String(s)
	out := ""
	for _, c := range s {
		switch as, ok := spelled[c]; {
		case ok:
			out += as
		case unicode.IsDigit(c):
			out += string('0' + rune(digit(c)))
		case unicode.In(c, unicode.L, unicode.Nl, unicode.Mc) && !strings.ContainsRune(dropped+apostrophes, c):
			out += string(c)
		}
	}
	if utf8.RuneCountInString(out) > 1 && strings.ContainsFunc(out, unicode.IsNumber) {
		return ""
	}
	return out
}

// refUntil returns where characters of some kinds end.
func refUntil(text string, i int, kinds string) int {
	for k, r := range text[i:] {
		if !slices.Contains(strings.Fields(kinds), refKind(r)) {
			return i + k
		}
	}
	return len(text)
}

// refFlags are the words in letters of flags: an even number side by side is flags.
func refFlags(text string, from, to int) (words []refWord) {
	row := ""
	for i := from; i <= to; i++ {
		r, n := utf8.DecodeRuneInString(text[i:to])
		switch {
		case refKind(r) == "flag" && i < to:
			end := refUntil(text[:to], i, "flag")
			if letters := text[i:end]; utf8.RuneCountInString(letters)%2 == 1 {
				if row == "" {
					words = append(words, refWord{from: i})
				}
				for _, r := range letters {
					row += refText(r)
				}
				words[len(words)-1].text, words[len(words)-1].to = refStretched(row), end
			} else {
				row = ""
			}
			i = end - 1
		case row != "":
			words[len(words)-1].to = i + n
			i += max(n-1, 0)
		default:
			i += max(n-1, 0)
		}
	}
	return words
}

// refSign is a character of a part: c as folded, 0 for symbols; as what it can be read, and as what it is read.
type refSign struct {
	raw, c   rune
	kind     string
	like, as byte
	from, to int
}

// refPart are the words of a part of a text without anything that separates for sure.
func refPart(text string, from, to int, tag bool) (words []refWord) {
	var signs []refSign
	splits := map[int]bool{} // before which signs
	split := false
	for k, r := range text[from:to] {
		i := from + k
		_, n := utf8.DecodeRuneInString(text[i:])
		switch kind := refKind(r); kind {
		case "apostrophe":
			letter := strings.ContainsFunc(text[i+n:to], func(r rune) bool { return refKind(r) == "letter" })
			if split = split || len(signs) == 0 || !letter; !split {
				signs[len(signs)-1].to = i + n
			}
		case "out":
			if len(signs) > 0 && !split {
				signs[len(signs)-1].to = i + n
			}
		case "symbol", "weak":
			plain, _ := utf8.DecodeRuneInString(norm.NFKD.String(string(r)))
			splits[len(signs)], split = split, false
			signs = append(signs, refSign{raw: r, kind: kind, like: max(symbols[plain], weakSymbols[plain]), from: i, to: i + n})
		default:
			splits[len(signs)], split = split, false
			for _, c := range refText(r) {
				s := refSign{raw: r, c: c, kind: kind, from: i, to: i + n}
				if utf8.RuneCountInString(refText(r)) > 1 {
					s.raw = c
				}
				s.like = refLike(s)
				signs = append(signs, s)
			}
		}
	}
	if tag {
		refHashtag(signs, splits)
	}
	last := 0
	for i := 1; i <= len(signs); i++ {
		if i == len(signs) || splits[i] {
			for _, word := range refSymbols(signs[last:i], regexp.MustCompile(`^\.[A-Za-z]`).MatchString(text[to:])) {
				words = append(words, refRead(word))
			}
			last = i
		}
	}
	return words
}

// refLike is the Latin letter that a letter of another script or a digit can be read as.
func refLike(s refSign) byte {
	if s.kind == "digit" {
		return map[rune]byte{'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '6': 'g', '7': 't', '8': 'b', '9': 'g'}[s.c]
	}
	capital, _ := utf8.DecodeRuneInString(norm.NFKD.String(string(s.raw)))
	for _, r := range []rune{capital, s.c} {
		if like := cmp.Or(alikes[r], resembling[r]); like > 0 && s.c >= utf8.RuneSelf {
			return like
		}
	}
	return 0
}

// refSounds writes a letter for each sign: a vowel, a consonant, "x" for a letter of no sound, and for a number "2".
func refSounds(signs []refSign) (sounds string) {
	for _, s := range signs {
		c := s.like
		if c == 0 && s.c >= 'a' && s.c <= 'z' {
			c = byte(s.c)
		}
		switch {
		case c > 0 && strings.IndexByte("aeiou", c) >= 0:
			sounds += "v"
		case c > 0:
			sounds += "c"
		case s.kind == "digit":
			sounds += "2"
		default:
			sounds += "x"
		}
	}
	return sounds
}

func refHas(signs []refSign, kind string) bool {
	return slices.ContainsFunc(signs, func(s refSign) bool { return s.kind == kind })
}

func refLatin(signs []refSign) bool {
	return slices.ContainsFunc(signs, func(s refSign) bool { return s.c >= 'a' && s.c <= 'z' })
}

// refSymbols says which symbols are letters, and splits at the others. An address is before its dot.
func refSymbols(signs []refSign, address bool) (words [][]refSign) {
	kinds := ""
	for len(signs) > 0 && (signs[0].kind == "symbol" || signs[0].kind == "weak") && signs[0].like != 's' {
		signs = signs[1:]
	}
	for _, s := range signs {
		kinds += map[string]string{"letter": "L", "digit": "L", "symbol": string(s.raw), "weak": string(s.raw)}[s.kind]
	}
	isAt := func(s refSign) bool { return s.raw == '@' }
	if at := slices.IndexFunc(signs, isAt); address && at >= 0 && !slices.ContainsFunc(signs[at+1:], isAt) {
		return append(refSymbols(signs[:at], false), refSymbols(signs[at+1:], false)...)
	}
	if len(signs) == 0 {
		return nil
	}
	one := regexp.MustCompile(`^L(.)L(.L)+$`).FindStringSubmatch(kinds)
	if one != nil && one[1] != "L" && strings.Count(kinds, one[1]) == strings.Count(kinds, "L")-1 &&
		(!strings.ContainsRune("aeiou", rune(signs[1].like)) || refHasVowel(signs)) {
		for i := 0; i < len(signs); i += 2 {
			words = append(words, signs[i:i+1])
		}
		return words
	}
	for _, part := range refWeak(signs) {
		words = append(words, refStrong(part)...)
	}
	return words
}

// refHasVowel reports whether there is a vowel beside the symbols.
func refHasVowel(signs []refSign) bool {
	return strings.Contains(refSounds(slices.DeleteFunc(slices.Clone(signs), func(s refSign) bool { return s.kind == "symbol" || s.kind == "weak" })), "v")
}

// refWeak splits at the symbols that mostly separate.
func refWeak(signs []refSign) (parts [][]refSign) {
	from, before := 0, 0 // where the part begins, and what is left of the symbol
	for i := 0; i < len(signs); i++ {
		to := i
		for to < len(signs) && signs[to].kind == "weak" {
			to++
		}
		if to == i {
			continue
		}
		after := to
		for after < len(signs) && signs[after].kind != "weak" {
			after++
		}
		as := refWeakLetter(signs[before:i], signs[i:to], signs[to:after])
		for k := i; k < to; k++ {
			signs[k].as = as
		}
		if as == 0 {
			parts = append(parts, signs[from:i])
			from = to
		}
		before, i = to, to-1
	}
	return append(parts, signs[from:])
}

func refWeakLetter(left, mid, right []refSign) byte {
	if !refHas(left, "letter") || !refHas(right, "letter") {
		return 0
	}
	if unicode.IsLower(left[len(left)-1].raw) && left[len(left)-1].kind == "letter" && refUpper(right[0]) {
		return 0
	}
	l, r := refSounds(left), refSounds(right)
	like := mid[0].like
	sides := l[len(l)-1:] + r[:1]
	if strings.ContainsAny(sides, "x2") || len(mid) > 1 && !(len(mid) == 2 && like == 'l') {
		return 0
	}
	noWord := len(l) == 1 && len(r) > 1 || len(l) == 2 && len(r) <= 3 || !strings.Contains(l, "v") || refOther(left) || refOther(right)
	noEnd := sides == "cc" && len(r) <= 2 && !strings.Contains(r, "v")
	short := sides == "cc" && len(r) <= 3 && strings.Contains(r, "v")
	switch {
	case like == 't' && len(l) <= 2 && sides == "vv":
		return 't'
	case like == 't':
		return 0
	case like == 'l' && sides == "cc" && (noWord || noEnd):
		return 'i'
	case like == 'l' && noWord:
		return 'l'
	case like != 'l' && (noWord || noEnd || short):
		return like
	}
	return 0
}

// refOther reports whether a digit or symbol stands between two letters.
func refOther(signs []refSign) bool {
	shape := ""
	for _, s := range signs {
		switch {
		case s.kind == "letter":
			shape += "L"
		case s.kind == "symbol" || s.kind == "digit" && s.c != '2':
			shape += "o"
		default:
			shape += "-"
		}
	}
	return strings.Contains(shape, "LoL")
}

func refUpper(s refSign) bool { return unicode.IsUpper(s.raw) || unicode.ToLower(s.raw) != s.raw }

// refStrong splits a part at the symbols that are no letters.
func refStrong(signs []refSign) (words [][]refSign) {
	shape := "" // L for letters, S for symbols, and digits
	letters, latin := 0, refLatin(signs)
	for _, s := range signs {
		switch {
		case s.kind == "letter":
			shape += "L"
			if s.like > 0 || s.c < utf8.RuneSelf {
				letters++
			}
		case s.kind == "digit":
			shape += string(s.c)
		case s.kind == "symbol" || s.kind == "weak" && !latin:
			shape += "S"
		default:
			shape += "-"
		}
	}
	first, last := strings.Index(shape, "L"), strings.LastIndex(shape, "L")
	syllable := func(digit, symbol refSign) bool {
		return regexp.MustCompile(`^(vc|cv)$`).MatchString(refSounds([]refSign{digit, symbol}))
	}
	if letters >= 3 && regexp.MustCompile(`^[013-9]SL`).MatchString(shape) && signs[1].kind == "symbol" && syllable(signs[0], signs[1]) {
		first = 0
	}
	if n := len(signs); letters >= 3 && regexp.MustCompile(`LS[013-9]$`).MatchString(shape) && signs[n-2].kind == "symbol" && syllable(signs[n-1], signs[n-2]) {
		last = n - 1
	}
	inside := ""
	if latin {
		inside = shape[first : last+1]
	}
	word := func(i int) bool {
		switch {
		case signs[i].kind == "weak":
			return latin
		case signs[i].kind != "symbol":
			return true
		case latin && first < i && i < last:
			return true
		case i == 0 && latin && len(signs) > 3 && signs[0].like == 's' && strings.HasPrefix(shape, "SL"):
			c := max(signs[1].like, byte(signs[1].c))
			if signs[1].like == 0 && signs[1].c >= utf8.RuneSelf {
				c = 0
			} else if signs[1].like > 0 {
				c = signs[1].like
			}
			return c > 0 && strings.IndexByte("aeiouyh", c) >= 0
		case i == len(signs)-1 && i > 1 && i-1 == last && (signs[i].like == 's' || signs[i].like == 'a'):
			return strings.Contains(inside, "S") || letters >= 2 && slices.ContainsFunc(refNumber.FindAllString(inside, -1), refCanRead)
		}
		return false
	}
	var now []refSign
	for i := range signs {
		if word(i) {
			if signs[i].kind == "symbol" {
				signs[i].as = signs[i].like
			}
			now = append(now, signs[i])
		} else if len(now) > 0 {
			words, now = append(words, now), nil
		}
	}
	if len(now) > 0 {
		words = append(words, now)
	}
	return words
}

// refRead is a word with its look-alikes and digits read.
func refRead(signs []refSign) refWord {
	letters, read := 0, false
	latin := refLatin(signs) || refHas(signs, "symbol") || refHas(signs, "weak")
	for i := range signs {
		s := &signs[i]
		switch {
		case s.kind == "symbol" || s.kind == "weak":
			letters, read = letters+1, true
		case s.kind == "letter" && s.like > 0 && latin:
			letters, s.as = letters+1, s.like
		case s.kind == "letter" && s.c < utf8.RuneSelf:
			letters++
		}
	}
	if latin && letters >= 2 {
		refDigits(signs, read)
	}
	w := refWord{from: signs[0].from, to: signs[len(signs)-1].to}
	for _, s := range signs {
		if s.as > 0 {
			w.text += string(rune(s.as))
		} else {
			w.text += string(s.c)
		}
	}
	w.text = refStretched(w.text)
	return w
}

var refNumber = regexp.MustCompile(`\d+`)

// refCanRead reports whether all digits of a number can be letters.
func refCanRead(number string) bool {
	return regexp.MustCompile(`^([013-9]{1,2}|[013457]+)$`).MatchString(number)
}

// refDigits reads the digits of a word.
func refDigits(signs []refSign, read bool) {
	shape := func() (s string) { // v and c for what is read as a letter, x for other letters, and digits
		for i := range signs {
			switch {
			case signs[i].kind == "digit" && signs[i].as == 0:
				s += string(signs[i].c)
			case signs[i].as > 0:
				s += refSounds([]refSign{{like: signs[i].as}})
			default:
				s += refSounds(signs[i : i+1])
			}
		}
		return s
	}
	readAll := func(from, to int) bool {
		row := shape()[from:to]
		if !refCanRead(row) {
			return false
		}
		for i := from; i < to; i++ {
			signs[i].as = signs[i].like
		}
		return true
	}
	for _, at := range refNumber.FindAllStringIndex(shape(), -1) {
		if at[0] > 0 && at[1] < len(signs) && readAll(at[0], at[1]) {
			read = true
		}
	}
	end := refNumber.FindString(regexp.MustCompile(`\D\d+$`).FindString(shape()))
	letters := strings.TrimSuffix(shape(), end)
	alone := len(refNumber.FindAllString(refShapeBefore(signs), -1)) == 1 && len(letters) >= 3 && len(end) == 1 && refEnds(signs[:len(letters)], shape())
	syllable := regexp.MustCompile(`v.*([1034][57]|[57][1034])$`).MatchString(shape()) && len(letters) >= 3 && len(end) == 2
	if (syllable || alone || read && len(end) == 1) && readAll(len(letters), len(signs)) {
		read = true
	}
	lead := regexp.MustCompile(`^\d*`).FindString(shape())
	if refLeads(signs[len(lead):], lead, shape()[len(lead):], read) && readAll(0, len(lead)) {
		read = true
	}
	if read && len(end) == 1 {
		readAll(len(signs)-1, len(signs))
	}
	refOnes(signs)
}

// refEnds reports whether a word can end with the last digit of its shape.
func refEnds(letters []refSign, shape string) bool {
	last := refSpelled(letters[len(letters)-1:])
	shape = shape[len(shape)-2:]
	switch {
	case shape[0] == 'x':
		return false
	case shape[1] == '9':
		return last == "n"
	case shape[1] == '4' && (last == "i" || last == "u"):
		return true
	case (shape[1] == '5' || shape[1] == '7') && len(letters) == 3:
		return last != "m" && last != "b"
	}
	return regexp.MustCompile(`.[0157]|c[34]`).MatchString(shape)
}

// refSpelled writes signs as they are read up to here.
func refSpelled(signs []refSign) (s string) {
	for _, g := range signs {
		switch {
		case g.as > 0:
			s += string(rune(g.as))
		case g.kind == "letter" && g.like > 0:
			s += string(rune(g.like))
		case g.c >= utf8.RuneSelf:
			s += "?"
		default:
			s += string(g.c)
		}
	}
	return s
}

// refOnes says which ones are i and which l: 1 for those that are a letter, "-" for other digits and the ends.
func refOnes(signs []refSign) {
	word := ""
	for i := range signs {
		switch c := refSpelled(signs[i : i+1]); {
		case signs[i].c == '1' && signs[i].as > 0:
			word += "1"
		case strings.Contains("0123456789?", c):
			word += "-"
		default:
			word += c
		}
	}
	word = "---" + word + "---"
	for _, at := range regexp.MustCompile(`1+`).FindAllStringIndex(word, -1) {
		before, after := word[:at[0]], word[at[1]:]
		is := func(start, end string) bool {
			return regexp.MustCompile(start+"$").MatchString(before) && regexp.MustCompile("^"+end).MatchString(after)
		}
		const v = "[aeiou]"
		as := strings.Repeat("i", at[1]-at[0])
		switch len(as) {
		case 1:
			if is("i", "") || is("[eou]", "-") || is(v, v) && !is("ba", "at") || is("-", v) || is("[^aeiou]", "i") || is("[bcp]", "[eo]") || is("[hgtknp]", "ah-") {
				as = "l"
			}
		case 2:
			as = "il"
			if is(v, "[aeiou-]") {
				as = "ll"
			} else if is(v, "") {
				as = "li"
			}
		}
		for k := range as {
			signs[at[0]-3+k].as = as[k]
		}
	}
}

// refShapeBefore has the digits of a word as they were written.
func refShapeBefore(signs []refSign) (s string) {
	for i := range signs {
		if signs[i].kind == "digit" {
			s += string(signs[i].c)
		} else {
			s += "x"
		}
	}
	return s
}

// refLeads reports whether a word can begin with digits that are letters, and then this.
func refLeads(signs []refSign, lead, shape string, read bool) bool {
	rest := refSpelled(signs)
	letters := len(regexp.MustCompile(`\D`).FindAllString(rest, -1))
	if len(lead) < 1 || len(lead) > 2 || letters < 2 || !strings.Contains(shape, "v") || rest == "am" || rest == "an" || rest == "in" {
		return false
	}
	if read || len(lead) == 2 {
		return true
	}
	patterns := map[string]string{
		"0": `^[b-df-hj-np-tv-z]`, "1": `^([b-df-hj-np-tv-z]|[aeou].*)`, "3": `^([b-df-hj-np-tv-z]|[aiou].*)`, "4": `^([b-df-hj-np-tv-z]|[eiou].*)`,
		"5": `^([aeiou]|[hklmnptwy].*)`, "7": `^([aeiou]|[hrwy].*)`, "8": `^[aeiou]`, "6": `^[aeiou].*`, "9": `^[aeiou].*`,
	}
	m := regexp.MustCompile(patterns[lead]).FindString(rest)
	switch {
	case lead == "2" || patterns[lead] == "":
		return false
	case letters >= 4 && strings.Contains("56789", lead):
		return true
	case m == "":
		return false
	}
	return len(m) == 1 || letters >= 3
}

// refHashtag finds where the words of a hashtag begin.
func refHashtag(signs []refSign, splits map[int]bool) {
	shape := "" // U for capitals, l for small letters that are vowels, m for others, x for letters without case
	letters := 0
	for i, s := range signs {
		switch {
		case s.kind == "digit":
			shape += "1"
			continue
		case s.kind != "letter":
			shape += "-"
			continue
		case refUpper(s):
			shape += "U"
		case unicode.IsLower(s.raw) && refSounds(signs[i:i+1]) == "v":
			shape += "v"
		case unicode.IsLower(s.raw):
			shape += "l"
		default:
			shape += "x"
		}
		letters++
	}
	capital := map[int]bool{}
	for i := range signs {
		before := strings.TrimRight(shape[:i], "1")
		if shape[i] != 'U' || before == "" || strings.HasSuffix(before, "-") {
			continue
		}
		capital[i] = !strings.HasSuffix(before, "U") || strings.HasSuffix(shape[:i], "UU") && regexp.MustCompile(`^Ul*v`).MatchString(shape[i:])
	}
	longest, row := 0, 0
	for i := range signs {
		switch {
		case shape[i] == '-':
			row = 0
		case shape[i] != '1' && (capital[i] || splits[i]):
			row = 1
		case shape[i] != '1':
			row++
		}
		longest = max(longest, row)
	}
	for i := range signs {
		splits[i] = splits[i] || longest >= 3 && capital[i]
	}
	for _, at := range regexp.MustCompile(`11+`).FindAllStringIndex(shape, -1) {
		if letters >= 2 && (at[0] == 0 || at[1] == len(shape) || shape[at[1]] == 'U') {
			splits[at[0]], splits[at[1]] = true, true
		}
	}
}

// refStretched leaves one of three equal letters in a row.
func refStretched(s string) (out string) {
	for s != "" {
		r, _ := utf8.DecodeRuneInString(s)
		rest := strings.TrimLeft(s, string(r))
		row := s[:len(s)-len(rest)]
		if n := utf8.RuneCountInString(row); n >= 3 && !unicode.IsDigit(r) {
			row = string(r)
		}
		out += row
		s = rest
	}
	return out
}

// refApart joins letters that stand apart.
func refApart(text string, words []refWord) (out []refWord) {
	for i := 0; i < len(words); {
		to := i
		for to < len(words) && refSingle(words[to].text) != 0 && (refSingle(words[to].text) == 'A') == (refSingle(words[i].text) == 'A') {
			to++
		}
		if to == i {
			out = append(out, words[i])
			i++
			continue
		}
		out = append(out, refRow(text, words[i:to])...)
		i = to
	}
	return out
}

// refSingle is L for a Latin letter, l for one that looks like one, D for a digit, A for an Arabic letter, 0 for a word.
func refSingle(word string) byte {
	r, n := utf8.DecodeRuneInString(word)
	switch {
	case n < len(word):
		return 0
	case r >= 'a' && r <= 'z':
		return 'L'
	case unicode.Is(unicode.Arabic, r):
		return 'A'
	case r < utf8.RuneSelf && r != '2':
		return 'D'
	case alikes[r] > 0:
		return 'l'
	}
	return 0
}

// refLetter is a letter of a row: what stands before it, as what it is read, and its word, 0 for none.
type refLetter struct {
	refWord
	between string
	kind    byte
	as      string
	word    int
}

// refRow is a row of single letters, joined.
func refRow(text string, words []refWord) (out []refWord) {
	row := refLetters(text, words)
	n := 0
	join := func(from, to, least int) bool {
		kinds := ""
		for _, l := range row[from:to] {
			kinds += string(l.kind)
		}
		core := strings.Trim(kinds, "D")
		if at := strings.Index(kinds, core); !strings.Contains(core, "D") && refIsWord(row[from+at:from+at+len(core)], least) {
			from, to = from+at, from+at+len(core)
		} else if !refIsWord(row[from:to], least) {
			return false
		}
		n++
		for i := from; i < to; i++ {
			row[i].word = n
		}
		return true
	}
	same := func(i int) int { // where the letters from i on end that have the same between them
		to := i + 1
		for to < len(row) && row[to].between == row[min(i+1, len(row)-1)].between && row[to].word == 0 && row[i].word == 0 {
			to++
		}
		return to
	}
	joiner := ""
	for i := 0; i+1 < len(row); {
		least := 3
		if row[i+1].between == "" || strings.ContainsFunc(row[i+1].between, unicode.IsSpace) {
			least = 4
		}
		to := max(same(i), i+2)
		if join(i, to, least) {
			if n == 1 {
				joiner = row[i+1].between
			}
			i = to
		} else {
			i = to - 1
		}
	}
	for i := 0; i+1 < len(row) && n > 0; i++ {
		if to := same(i); row[i+1].between == joiner && to-i >= 2 && (i == 0 || row[i-1].word > 0 || row[i].between != joiner) {
			join(i, to, 2)
		}
	}
	row = slices.DeleteFunc(row, func(l refLetter) bool { return l.kind == 'S' && l.word == 0 })
	for i := 1; i < len(row); i++ {
		row[i].between = text[row[i-1].to:row[i].from]
	}
	for i := 0; i < len(row); i++ {
		to := i
		for to < len(row) && row[to].word == 0 {
			to++
		}
		if to-i >= 4 {
			split := []int{i}
			for k := i + 1; k < to; k++ {
				if row[k].between != row[i+1].between {
					split = append(split, k)
				}
			}
			split = append(split, to)
			all := true
			for k := range split[1:] {
				all = all && refIsWord(row[split[k]:split[k+1]], 2)
			}
			if !all {
				join(i, to, 4)
			}
			for k := 0; all && k+1 < len(split); k++ {
				n++
				for x := split[k]; x < split[k+1]; x++ {
					row[x].word = n
				}
			}
		}
		i = max(i, to-1)
	}
	for i, l := range row {
		switch {
		case l.word == 0:
			out = append(out, l.refWord)
		case i > 0 && row[i-1].word == l.word:
			out[len(out)-1].text += l.as
		default:
			out = append(out, refWord{text: l.as})
		}
	}
	for i := range out {
		out[i].text = refStretched(out[i].text)
	}
	return out
}

// refLetters are the letters of a row, and the symbols that could be some.
func refLetters(text string, words []refWord) (row []refLetter) {
	for i, w := range words {
		l := refLetter{refWord: w, kind: refSingle(w.text), as: w.text}
		if r, _ := utf8.DecodeRuneInString(w.text); l.kind != 'A' && refLike(refSign{raw: r, c: r, kind: map[byte]string{'D': "digit"}[l.kind]}) > 0 {
			l.as = string(rune(refLike(refSign{raw: r, c: r, kind: map[byte]string{'D': "digit"}[l.kind]})))
		}
		if i > 0 {
			for l.from > words[i-1].to {
				r, n := utf8.DecodeLastRuneInString(text[words[i-1].to:l.from])
				if refKind(r) != "out" {
					break
				}
				l.from -= n
			}
			l.between = text[words[i-1].to:l.from]
			first, n := utf8.DecodeRuneInString(l.between)
			middle := strings.TrimSuffix(strings.TrimPrefix(l.between, l.between[:n]), l.between[:n])
			symbol, size := utf8.DecodeRuneInString(middle)
			plain, _ := utf8.DecodeRuneInString(norm.NFKD.String(string(symbol)))
			if size > 0 && size == len(middle) && size+2*n == len(l.between) && refKind(first) == "between" &&
				(refKind(symbol) == "symbol" || refKind(symbol) == "weak" && weakSymbols[plain] == 'i') {
				from := words[i-1].to + n
				row = append(row, refLetter{refWord{"", from, from + size}, l.between[:n], 'S', string(rune(max(symbols[plain], weakSymbols[plain]))), 0})
				l.between = l.between[:n]
			}
		}
		row = append(row, l)
	}
	return row
}

// refIsWord reports whether letters can be those of a word.
func refIsWord(row []refLetter, least int) bool {
	kinds, different := "", false
	for _, l := range row {
		kinds += string(l.kind)
		different = different || l.as != row[0].as
	}
	if len(row) < least || !different || strings.HasPrefix(kinds, "S") || strings.HasSuffix(kinds, "S") {
		return false
	}
	letters := strings.Count(kinds, "L") + strings.Count(kinds, "l")
	return strings.Trim(kinds, "A") == "" || strings.Contains(kinds, "L") && letters >= 2 && len(row) <= 2*letters
}
