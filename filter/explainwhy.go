package filter

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"saring/rules"
)

// A Reason says in plain words why something is as it is. Its code and arguments are for whoever says it in another
// language.
type Reason struct {
	Code string `json:"code"`
	Args []any  `json:"args,omitempty"` // string or int
	Text string `json:"text"`
}

// reasons are the English texts, by code.
var reasons = map[string]string{
	"fold.alike":       "look-alike letters",
	"fold.apart":       "letters apart",
	"fold.apostrophes": "apostrophes",
	"fold.digits":      "digits for letters",
	"fold.invisible":   "invisible characters",
	"fold.marks":       "accents and marks",
	"fold.other":       "another spelling",
	"fold.stretched":   "stretched",
	"fold.styled":      "styled letters",
	"fold.symbols":     "symbols for letters",
	"fold.tatweel":     "stretching strokes",
	"fold.width":       "wide letters",

	"term.here":      "here: %s",
	"term.more":      "here: %s, and %d more",
	"term.nowhere":   "stands nowhere",
	"terms.nowhere":  "none of its %d terms stands anywhere",
	"term.takenback": "stands only where an exception takes back",
	"quote.none":     "nothing is quoted",

	"all.hold":       "all of them hold",
	"all.missing":    "missing: %s",
	"any.holds":      "%d of %d hold, 1 is enough",
	"any.none":       "none of them holds",
	"least":          "%d of %d hold, %d are asked for",
	"near":           "in a stretch of %d words: %s",
	"near.far":       "the nearest take a stretch of %d words, %d are allowed: %s",
	"near.order":     "near enough, but in another order",
	"near.never":     "never in this order",
	"sentence":       "in one sentence: %s",
	"sentence.other": "they stand in different sentences",

	"rule.applies":   "its condition holds, and none of its exceptions does",
	"rule.draft":     "it would apply, but it is a draft",
	"rule.foreign":   "its condition holds, but it is a rule of the language %s, and the text is clearly in another",
	"rule.left":      "its condition holds in what its exceptions do not take back",
	"rule.shadow":    "its condition holds; it is in shadow, so it is counted and changes nothing",
	"rule.takenback": "its condition holds only with what its exceptions take back",
	"rule.unless":    "its condition holds, but so does the exception %s",
	"rule.when":      "its condition does not hold",
}

// Reasons returns the text of every Reason in English, by code: formats of package fmt.
func Reasons() map[string]string { return maps.Clone(reasons) }

func reason(code string, args ...any) Reason {
	return Reason{Code: code, Args: args, Text: fmt.Sprintf(reasons[code], args...)}
}

// why says why a condition of several parts holds or not. missing are the parts that do not hold.
func (x *explainer) why(c *cond, holds bool, missing []string, at []place) Reason {
	n := len(c.of)
	switch c.op {
	case rules.Any:
		if !holds {
			return reason("any.none")
		}
		return reason("any.holds", n-len(missing), n)
	case rules.AtLeast:
		return reason("least", n-len(missing), n, c.n)
	case rules.All:
		if holds {
			return reason("all.hold")
		}
	}
	switch {
	case len(missing) > 0:
		return reason("all.missing", shortened(strings.Join(missing, "; "), maxExcerpt))
	case c.op == rules.Near:
		return x.whyNear(c)
	case !holds:
		return reason("sentence.other")
	}
	s := x.sentence(at[0].first)
	return reason("sentence", quote(x.text[s.Start:s.End]))
}

// whyNear says how near the parts of a condition stand, all of which hold.
func (x *explainer) whyNear(c *cond) Reason {
	lists := make([][]place, len(c.of))
	for i := range c.of {
		at, _ := x.eval(&c.of[i])
		lists[i] = inOrder(slices.Clone(at))
	}
	window, ok := x.nearest(lists, c.ordered)
	words := window.end - window.first
	switch {
	case ok && words <= c.within:
		return reason("near", words, x.quote(window))
	case !c.ordered:
		return reason("near.far", words, c.within, x.quote(window))
	}
	if other, _ := x.nearest(lists, false); other.end-other.first <= c.within {
		return reason("near.order")
	}
	if !ok {
		return reason("near.never")
	}
	return reason("near.far", words, c.within, x.quote(window))
}

// nearest is the shortest stretch that near would find if any number of words were allowed.
func (x *explainer) nearest(lists [][]place, ordered bool) (best place, ok bool) {
	var window []place
	for k, list := range lists {
		if ordered && k > 0 {
			break
		}
		for _, p := range list {
			if window = appendWindow(window[:0], lists, k, p, len(x.wordAt), ordered); len(window) == 0 {
				continue
			}
			end := slices.MaxFunc(window, func(a, b place) int { return a.end - b.end }).end
			if !ok || end-p.first < best.end-best.first {
				best, ok = place{first: p.first, end: end}, true
			}
		}
	}
	return best, ok
}

func (x *explainer) quote(p place) string {
	s := x.span(p)
	return quote(x.text[s.Start:s.End])
}

// excerpt is a part of a text in one line, without its middle when it is long.
func excerpt(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= maxExcerpt {
		return text
	}
	letters := []rune(text)
	return string(letters[:maxExcerpt/2]) + " … " + string(letters[len(letters)-maxExcerpt/2:])
}

func quote(text string) string { return "“" + excerpt(text) + "”" }

// shortened leaves out the end of a text of more than so many letters.
func shortened(text string, letters int) string {
	if utf8.RuneCountInString(text) <= letters {
		return text
	}
	return strings.TrimRight(string([]rune(text)[:letters]), " ,(") + " …"
}
