package filter

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A Word is a word of the folded text, and what it was made of.
type Word struct {
	Span
	Text   string   `json:"text"`
	Folded string   `json:"folded"`
	Done   []Reason `json:"done,omitempty"` // what was done beside case, with codes that begin with "fold."
}

// read fills in what the text was read as.
func (x *explainer) read(e *Explanation) {
	e.Words, e.Sentences, e.Quotations = []Word{}, []Span{}, []Span{}
	for i, w := range x.wordAt[:min(len(x.wordAt), maxWords)] {
		e.Words = append(e.Words, x.word(i, w))
	}
	e.WordsLeftOut = len(x.wordAt) - len(e.Words)
	for i := range x.wordAt {
		if (i == 0 || x.in[i] != x.in[i-1]) && len(e.Sentences) < maxSentences {
			e.Sentences = append(e.Sentences, x.sentence(i))
		}
	}
	for _, q := range x.quotes[:min(len(x.quotes), maxSentences)] {
		e.Quotations = append(e.Quotations, x.span(q))
	}
}

// word says what a word of the text was folded to, and how.
func (x *explainer) word(i int, at Span) Word {
	from, to := x.foldedAt[i], x.foldedAt[i+1]-1
	w := Word{Span: at, Text: x.text[at.Start:at.End], Folded: string(x.fold.out[from:to])}
	if strings.ToLower(w.Text) == w.Folded {
		return w
	}
	readAs := map[int]string{}
	for k := from; k < to; k++ {
		readAs[int(x.fold.spans[k].start)-at.Start] += string(x.fold.out[k])
	}
	for k, r := range w.Text {
		how := howRead(r, readAs[k])
		if how != "" && !slices.ContainsFunc(w.Done, func(d Reason) bool { return d.Code == how }) {
			w.Done = append(w.Done, reason(how))
		}
	}
	if len(w.Done) == 0 {
		w.Done = []Reason{reason("fold.other")}
	}
	return w
}

// howRead says what was done to a character, "" for nothing but case. as is what it was read as, "" if it was left out.
func howRead(r rune, as string) string {
	lower := string(unicode.ToLower(r))
	switch {
	case as == lower:
		return ""
	case as == "" && r == 'ـ':
		return "fold.tatweel"
	case as == "" && unicode.In(r, unicode.Cf, unicode.Cc, unicode.Variation_Selector):
		return "fold.invisible"
	case as == "" && unicode.IsMark(r):
		return "fold.marks"
	case as == "" && strings.ContainsRune(apostrophes, r):
		return "fold.apostrophes"
	case as == "" && unicode.IsLetter(r):
		return "fold.stretched"
	case as == "":
		return "fold.apart"
	case r < utf8.RuneSelf && unicode.IsNumber(r):
		return "fold.digits"
	case 0xff00 < r && r < 0xff5f:
		return "fold.width"
	case norm.NFKC.String(lower) != norm.NFC.String(lower):
		return "fold.styled"
	case norm.NFD.String(lower) != lower:
		return "fold.marks"
	case unicode.IsLetter(r) && as[0] < utf8.RuneSelf:
		return "fold.alike"
	case !unicode.IsLetter(r) && !unicode.IsNumber(r):
		return "fold.symbols"
	}
	return "fold.other"
}
