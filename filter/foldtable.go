package filter

import (
	"cmp"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What a character is to folding.
const (
	classSep        = iota // between words
	classHash              // between words: a hashtag begins
	classDrop              // nothing: a mark, or invisible
	classApostrophe        // nothing inside a word, between words elsewhere
	classLetter            // text
	classAlike             // text; alike inside a word with Latin letters
	classDigit             // text
	classLeet              // a digit that can stand for a letter: text, or alike
	classSymbol            // between words; alike inside a word
	classWeak              // the same, but it mostly separates: a word must look as if it were a letter
	classFlag              // a half of a flag, or a letter: text
)

// foldEntry is what folding knows of a character.
type foldEntry struct {
	text  string // as what it is read, in lower case
	only  rune   // the letter or digit in text, -1 for several
	alike byte   // the Latin letter that it can stand for, 0 for none
	class uint8
	upper bool
	lower bool
	alone bool // it can be mistaken for a Latin letter also where it stands alone
}

// leet has the letters that digits stand for. There is none for 2: it says that a word is doubled (anak2).
const leet = "oi-easgtbg"

// symbols stand for letters inside a word.
var symbols = signs("a@₳∀∧ b฿₿ c¢₡₵⊂ d₫∂ e€℮∃∈∑ f₣ g₲ k₭ l£₤ m₥ n₦∩ o∅ p₱ s$₴§ t₮†‡⊤ u∪ v√∨ w₩ y¥")

// weakSymbols do so too, but are written between words without a space as well.
var weakSymbols = signs("i!¡ l|¦ t+ o○◯⭕●⚪⚫")

// alikes are letters of other scripts that look like Latin ones, and their capitals that look like another one.
// Where only one case is listed, the other is read the same.
var alikes = signs(
	"aаАαΑᎪꓮⲀⲁ𐊠𐌀ᗅᗩ𖽀𐔀",
	"bвВьЬҍβΒᏴᏏꓐ𐊂𐊡𐌁ᗷᖯᑲᛒⲂⲃ",
	"cсСҫϲϹⲤⲥᏟꓚ𐊢𐌂𐐕𐐽ᑕ",
	"dԁᎠᏧꓒꓓᑯᗞᗪ",
	"eеЕєЄҽҿεΕᎬꓰⲈⲉⴹ𐊆𐌄ᗴ𑢦𑢮",
	"fғϜϝꓝ𐊇𐊥ᖴ𑢢𑣂",
	"gԍցᏀᏳꓖ",
	"hһнНћΗհᎻᏂꓧⲎⲏ𐋏ᕼᚺᚻ",
	"iіІїιΙᎥꙇⲒⲓꓲ𐊊𐌉ᛁ𑣃",
	"jјЈϳͿյᎫꓙᒍ",
	"kкКқҟҝӄҡԟκΚᏦꓗⲔⲕ𐊋𐌊ᛕ",
	"lӏӀլԼᏞꓡᒪⳐⳑ𐐛ߊⵏ𑢣𑢲𖼖",
	"mмМΜϺϻⲘⲙᎷꓟᗰᛖ𐊰𐌑",
	"nηΝոռՈⲚⲛꓠᑎ𐔓",
	"oоОөѳΟοσՕօסهⲞⲟꓳⵔ𐊒𐊫𐐄𐐬𐓂𐓪𐔖ჿഠဝଠዐంംಂංꙩ𑢵𑣈𑣗",
	"pрРҏρΡⲢⲣᏢꓑᑭ𐊕քթ",
	"qԛգզᑫҩⵕ",
	"rⲄⲅᎡᏒꓣᖇᚱ𐒴𖼵",
	"sѕЅՏᏚᏕꓢᔕ𐊖𐑈Ⴝ𑣁",
	"tтТҭτΤէᎢꓔⲦⲧ𐊗𐊱𐌕ፐ𑢼",
	"uսՍմυμꓴᑌሀ𐓎𐓶𑢸𑣘",
	"vѵѴνᐯᏙꓦⴸט𐔝𖼈𑢠𑣀𑜆",
	"wѡԝωΩաᎳᏔꓪᗯⲰⲱ𑣦𑣯𑜊𑜎𑜏",
	"xхХҳӽχΧⲬⲭꓫⵝᕁᕽ᙭ᚷ𐊐𐊴𐌗𐌢𐔧𑣬",
	"yуУүұγΥყᎩᎽꓬⲨⲩվ𐊲𑢤𑣜",
	"zΖᏃꓜⲌⲍᘔ𑢩𑣄𑣥",
)

// resembling are those that only remind of one: they are written for it in fun and to evade filters.
var resembling = signs("aдДΛλδꓥᐱᚨﾑ卂 bъЪбხ乃 cς匚ㄈ dժᗫ刀 eэЭзЗәξΣᘿ乇 fֆ千キ gᎶᘜᘐງ hђん卄 iㅣ丨工 jנ丿ノ kズ lוןاㄥレ m爪 nпПиИйлЛղתח几ภท oфФθΘφΦ〇ㅇ口ㄖのロ pק卩ㄗ rяЯгГґր尺 s丂ち t丅ㄒ七ナイ uцЦㄩย wшШщЩשฬพ山 xжЖ乂メ yчЧㄚץע zζ乙")

// spelled are letters that are read as others, and have no decomposition that says so. Latin letters of phonetics,
// of African and of old spellings, turned ones and small capitals are read as the letter that they are made from;
// the forms of Arabic letters that Persian, Urdu and Jawi write otherwise are read as one.
var spelled = func() map[rune]string {
	all := map[rune]string{
		'ß': "ss", 'æ': "ae", 'ᴁ': "ae", 'ᴂ': "ae", 'œ': "oe", 'ɶ': "oe", 'ᴔ': "oe", 'þ': "th", 'ꝥ': "th", 'ᵺ': "th",
		'ʣ': "dz", 'ʤ': "dz", 'ʥ': "dz", 'ʦ': "ts", 'ʧ': "ts", 'ʨ': "tc", 'ʪ': "ls", 'ʫ': "lz", 'ȸ': "db", 'ȹ': "qp",
		'ꜳ': "aa", 'ꜵ': "ao", 'ꜷ': "au", 'ꜹ': "av", 'ꜽ': "ay", 'ꝏ': "oo", 'ꝡ': "vy", 'ꜩ': "tz", 'ᵫ': "ue", 'ꭐ': "ui", 'ỻ': "ll", 'ǁ': "ll", '🆎': "ab",
	}
	for r, c := range signs(
		"aɑɐɒᴀᶏẚⱥᶐꬰꭤꞻʌ", "bƀƃɓʙᴃᵬᶀꞗꞵƅ", "cƈȼɕʗᴄↄꜿꞓꞔ𝼏𝼝", "dđƌȡɖɗᴅᵭᶁᶑꝺꟈ𝼥ðᴆẟ🆥", "eǝɇɘɛɜɝɞʚəɚᴇᴈᶒᶓᶔᶕⱸⱻꬲꬳꬴ", "fƒᵮᶂꜰꝼꞙꬵꟻ",
		"gǥɠɡɢʛᵷᵹᶃꝿꞡꟑꬶ𝼁𝼂ƍ", "hħɥɦʜʮʯⱨꞕɧꜧⱶꟶ", "iıɨɪᴉᶖ𝼚ɩᵻᵼǃꞽꟾꟷ", "jȷɉɟʄʝᴊ", "kƙʞᴋᶄⱪꝁꝃꝅꞣ𝼃𝼐ĸ", "lŀłƚȴɫɬɭʟᴌᶅⱡꝉꞁꞎꬷꬸꬹ𝼄𝼑𝼓𝼦ꝇǀ",
		"mʍɰɱᴍᵯᶆꟺꬺꟽꟿ", "nƞȵɲɳɴᴎᵰᶇꞑꞥꬻ𝼧ŋꬼᴻ", "oøɔɵɷɸȣᴏᴐᴑᴒᴓᴖᴗᶗⱺꝋꝍꬽꬾꬿ𝼛ꟁʘ", "pƥᴘᵱᵽᶈꝑꝓꝕƿꟼ", "qɋʠꝗꝙꞯ", "rɍɹɺɻɼɽɾɿʀʁᴙᴚᵲᵳᶉⱹꝛꞃꞧꭆꭉꭋꭌꭅꭇꭈ𝼈𝼕𝼖𝼨",
		"sȿʂᵴᶊẜẝꜱꞅꞩꟊ𝼞𝼩ƨʃʆᶋᶘꟗꟙƽ", "tŧƫƭȶʇʈᴛᵵⱦꞇ𝼉𝼍𝼪", "uʉʊᴜᴝᶙᵾᵿꞹꭎꭒꭏꞿᴞ", "vʋᴠᶌⱱⱴꝟỽꝩ", "wɯᴡⱳꟃꞷ", "xᶍꭖꭗꭘꭙꭓꭔꭕ",
		"yƴɏʎʏỿꭚ𝼆ɣɤȝ", "zƶȥɀʐʑʒʓᴢᵶᶎⱬꝣᴣǯƹƺ") {
		all[r] = string(c)
	}
	for _, same := range []string{"يىیېےۍئ", "هةہھەۃۂۀ", "كکڪ", "اٱٲٳٵ", "وۏٶ", "ݢڬگ", "ڽۑݧ", "ڠڭݝ"} {
		first, n := utf8.DecodeRuneInString(same)
		for _, r := range same[n:] {
			all[r] = string(first)
		}
	}
	return all
}()

// dropped are letters that are left out: those that stretch a word, a hamza of its own, and fillers, which cannot
// be seen.
const dropped = "ـءٴ\u115f\u1160\u3164\uffa0™℠"

// apostrophes have the two control characters that stand for them in text of the wrong encoding.
const apostrophes = "'`´’‘‛ʼʻʽʿʾʹˈ′ꞌ՚׳\u0091\u0092"

// signs reads lists of a letter and the characters that stand for it, and adds the other case of each.
func signs(lists ...string) map[rune]byte {
	all := map[rune]byte{}
	lists = strings.Fields(strings.Join(lists, " "))
	for _, list := range lists {
		for _, r := range list[1:] {
			all[r] = list[0]
		}
	}
	for _, list := range lists {
		for _, r := range list[1:] {
			for _, other := range []rune{unicode.ToLower(r), unicode.ToUpper(r)} {
				if all[other] == 0 && other >= utf8.RuneSelf {
					all[other] = list[0]
				}
			}
		}
	}
	return all
}

var ascii = func() (t [utf8.RuneSelf]foldEntry) {
	for r := range rune(utf8.RuneSelf) {
		t[r] = makeEntry(r)
	}
	return t
}()

// pages hold the entries of 256 characters each, made when the first of them is met.
var pages [(unicode.MaxRune + 1) / 256]atomic.Pointer[[256]foldEntry]

// entryAt returns what folding knows of the character at text[i:], and its length.
func entryAt(text string, i int) (*foldEntry, int) {
	if c := text[i]; c < utf8.RuneSelf {
		return &ascii[c], 1
	}
	r, n := utf8.DecodeRuneInString(text[i:])
	return entryOf(r), n
}

func entryOf(r rune) *foldEntry {
	page := pages[r>>8].Load()
	if page == nil {
		page = new([256]foldEntry)
		for i := range page {
			page[i] = makeEntry(r&^0xff + rune(i))
		}
		pages[r>>8].Store(page)
	}
	return &page[r&0xff]
}

// makeEntry says how one character is folded.
func makeEntry(r rune) foldEntry {
	plain := r // what it is but for style and width
	if d := norm.NFKD.String(string(r)); utf8.RuneCountInString(d) == 1 {
		plain, _ = utf8.DecodeRuneInString(d)
	}
	switch {
	case strings.ContainsRune(apostrophes, plain):
		return foldEntry{class: classApostrophe}
	case strings.ContainsRune(dropped, r), unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Variation_Selector):
		return foldEntry{class: classDrop}
	case plain == '#':
		return foldEntry{class: classHash}
	case symbols[plain] != 0:
		return foldEntry{class: classSymbol, alike: symbols[plain]}
	case weakSymbols[plain] != 0:
		return foldEntry{class: classWeak, alike: weakSymbols[plain]}
	case !unicode.In(r, unicode.L, unicode.N, unicode.So, unicode.Mc), strings.Contains(norm.NFKD.String(string(r)), " "):
		return foldEntry{class: classSep} // also blessings of several words in one character
	}
	e := foldEntry{text: compatible(r), upper: r != unicode.ToLower(r) || unicode.IsUpper(r), lower: unicode.IsLower(r)}
	e.class, e.alike = classOf(r, e.text)
	if c, n := utf8.DecodeRuneInString(e.text); n == len(e.text) {
		e.only = c
	} else {
		e.only = -1
	}
	e.alone = alikes[plain] != 0 || alikes[unicode.ToLower(plain)] != 0
	return e
}

// classOf says what a letter or digit is that is read as text.
func classOf(r rune, text string) (class uint8, alike byte) {
	several := utf8.RuneCountInString(text) > 1
	switch {
	case text == "" || several && strings.ContainsFunc(text, unicode.IsNumber):
		return classSep, 0 // nothing, or a fraction, a month: no part of a word
	case several && strings.ContainsFunc(text, func(c rune) bool { return looksLike(c) != 0 }):
		return classAlike, 0
	case several:
		return classLetter, 0
	case r >= '🇦' && r <= '🇿':
		return classFlag, 0
	case text == "2":
		return classDigit, 0
	case text[0] >= '0' && text[0] <= '9':
		return classLeet, leet[text[0]-'0']
	}
	c, _ := utf8.DecodeRuneInString(text)
	capital, _ := utf8.DecodeRuneInString(norm.NFKD.String(string(r)))
	if alike = cmp.Or(looksLike(capital), looksLike(c)); alike != 0 {
		return classAlike, alike
	}
	return classLetter, 0
}

func looksLike(r rune) byte { return cmp.Or(alikes[r], resembling[r]) }

// compatible is the lower-case compatibility form of a character, of letters and decimal digits only.
func compatible(r rune) string {
	if c := styled(r); c != 0 {
		return string(c)
	}
	var out []byte
	for _, d := range norm.NFKD.String(string(unicode.ToLower(r))) {
		for _, d := range norm.NFKD.String(string(unicode.ToLower(d))) {
			if s, ok := spelled[d]; ok {
				out = append(out, s...)
			} else if unicode.Is(unicode.Nd, d) {
				out = append(out, '0'+digit(d))
			} else if unicode.In(d, unicode.L, unicode.Nl, unicode.Mc) && !strings.ContainsRune(dropped+apostrophes, d) {
				out = utf8.AppendRune(out, d)
			}
		}
	}
	return string(out)
}

// styled returns the letter that a character is a styled form of, where no decomposition says it: white letters in
// black circles and squares, and those that make flags.
func styled(r rune) rune {
	for _, a := range []rune{'🅐', '🅰', '🇦'} {
		if r >= a && r < a+26 {
			return 'a' + r - a
		}
	}
	return 0
}

// digit is the value of a decimal digit: they come in rows of ten.
func digit(r rune) (n byte) {
	for ; unicode.Is(unicode.Nd, r-1); r-- {
		n++
	}
	return n % 10
}
