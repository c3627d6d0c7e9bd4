package index

import (
	_ "embed"
	"strings"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
)

// rootList holds Indonesian roots, written for this project: common words that look derived but are not, and the
// words of the field. The stemmer works without a root, but it is surer with one.
//
//go:embed roots.txt
var rootList string

var roots = parseRoots(rootList)

func parseRoots(list string) map[string]bool {
	m := make(map[string]bool)
	for line := range strings.Lines(list) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, w := range strings.Fields(line) {
			m[w] = true
		}
	}
	return m
}

// minStem is the length that a stem has at least, in letters, unless it is in the list of roots.
const minStem = 4

// stemIndonesian reduces a folded word to its root, or to something that its relatives are reduced to as well:
// menyerang, diserang, penyerangan and serangannya all become serang. It undoes, from the outside in, particles
// (-lah), possessives (-nya), prefixes with their nasal fusion (meny- + s), informal ones (ny-, ng-), and the
// suffixes -kan, -an and -i. Of several readings the longest known root wins; a word that is a root stays.
// Words that are not plain a to z stay as well.
func stemIndonesian(w string) string {
	if len(w) < minStem || roots[w] || !plain(w) {
		return w
	}
	r := reading{}
	for _, base := range withoutClitics(w) {
		r.prefixes(base, 3)
	}
	if r.root != "" {
		return r.root
	}
	return guess(w)
}

// plain reports whether w is made of the letters a to z alone.
func plain(w string) bool {
	for i := range len(w) {
		if w[i] < 'a' || w[i] > 'z' {
			return false
		}
	}
	return true
}

// A reading keeps the longest known root among everything that a word may come from.
type reading struct{ root string }

func (r *reading) try(w string) {
	if roots[w] && len(w) > len(r.root) {
		r.root = w
	}
}

// prefixes tries w, w without derivational suffixes, and the same for every way to take up to depth prefixes off.
func (r *reading) prefixes(w string, depth int) {
	r.try(w)
	for _, suffix := range derivational {
		if stem, ok := strings.CutSuffix(w, suffix); ok {
			r.try(stem)
		}
	}
	if depth == 0 {
		return
	}
	for _, p := range prefixes {
		rest, ok := strings.CutPrefix(w, p.written)
		if !ok || len(rest) < 2 {
			continue
		}
		for _, initial := range p.initials {
			if p.fits(rest, initial) {
				r.prefixes(initial+rest, depth-1)
			}
		}
	}
}

var (
	particles    = []string{"lah", "kah", "tah", "pun"}
	possessives  = []string{"nya", "ku", "mu"}
	derivational = []string{"kan", "an", "i", "in"} // -in is the informal -kan
)

// A prefix is a written beginning and what the root may have begun with. A nasal swallows the first letter of
// some roots: meny- stands before a vowel and hides an s.
type prefix struct {
	written  string
	initials []string // what to put before the rest; "" for nothing
	before   string   // "v": only before a vowel when an initial was swallowed; "" anywhere
}

// fits says whether the swallowed letter could have been there.
func (p prefix) fits(rest, initial string) bool {
	return initial == "" || p.before != "v" || vowel(rest[0])
}

// prefixes has the longest first: what guess finds first is what it takes.
var prefixes = []prefix{
	{written: "menge", initials: []string{""}}, // before a root of one syllable: mengebom
	{written: "penge", initials: []string{""}},
	{written: "meng", initials: []string{"", "k"}, before: "v"},
	{written: "peng", initials: []string{"", "k"}, before: "v"},
	{written: "meny", initials: []string{"s"}, before: "v"},
	{written: "peny", initials: []string{"s"}, before: "v"},
	{written: "mem", initials: []string{"p", ""}, before: "v"},
	{written: "pem", initials: []string{"p", ""}, before: "v"},
	{written: "men", initials: []string{"t", ""}, before: "v"},
	{written: "pen", initials: []string{"t", ""}, before: "v"},
	{written: "nge", initials: []string{""}},
	{written: "ber", initials: []string{"", "r"}},
	{written: "ter", initials: []string{"", "r"}},
	{written: "per", initials: []string{"", "r"}},
	{written: "ng", initials: []string{"", "k"}, before: "v"},
	{written: "ny", initials: []string{"s"}, before: "v"},
	{written: "me", initials: []string{""}},
	{written: "pe", initials: []string{""}},
	{written: "di", initials: []string{""}},
	{written: "ke", initials: []string{""}},
	{written: "se", initials: []string{""}},
	{written: "ku", initials: []string{""}},
}

func vowel(c byte) bool { return strings.IndexByte("aiueo", c) >= 0 }

// withoutClitics is w, w without its particle, and w without its possessive, each only if enough is left.
func withoutClitics(w string) []string {
	out := []string{w}
	for _, set := range [][]string{particles, possessives} {
		last := out[len(out)-1]
		for _, s := range set {
			if stem, ok := strings.CutSuffix(last, s); ok && len(stem) >= minStem {
				out = append(out, stem)
				break
			}
		}
	}
	return out
}

// guess stems a word whose root is not known. It takes off only what leaves a likely root, and -kan and -i only
// where a prefix spoke for them.
func guess(w string) string {
	bases := withoutClitics(w)
	stem := bases[len(bases)-1]
	if !likely(stem) {
		stem = w
	}
	cut := cutPrefix(stem)
	if cut != stem {
		if again := cutPrefix(cut); strings.HasPrefix(cut, "ber") || strings.HasPrefix(cut, "per") {
			cut = again
		}
		return cutSuffix(cut, derivational[:3])
	}
	if s, ok := strings.CutSuffix(stem, "an"); ok && len(s) > minStem && likely(s) {
		return s
	}
	return stem
}

// cutPrefix takes one prefix off a word of unknown root, by the likeliest reading: a nasal before a vowel has
// swallowed p, t or s. The short prefixes without a nasal (me-, pe-, ku-, ng-) are too often part of the root.
func cutPrefix(w string) string {
	for _, p := range prefixes {
		if p.written == "menge" || p.written == "penge" || p.written == "nge" || p.written == "ng" ||
			p.written == "ny" || p.written == "pe" || p.written == "ku" {
			continue
		}
		rest, ok := strings.CutPrefix(w, p.written)
		if !ok || rest == "" {
			continue
		}
		initial := p.initials[0]
		if !p.fits(rest, initial) {
			initial = ""
		}
		if stem := initial + rest; likely(stem) {
			return stem
		}
	}
	return w
}

func cutSuffix(w string, suffixes []string) string {
	for _, s := range suffixes {
		if stem, ok := strings.CutSuffix(w, s); ok && likely(stem) {
			return stem
		}
	}
	return w
}

// likely reports whether w could be a root: long enough, and of two syllables.
func likely(w string) bool {
	if len(w) < minStem {
		return false
	}
	n := 0
	for i := range len(w) {
		if vowel(w[i]) {
			n++
		}
	}
	return n >= 2
}

// stemEnglish takes English inflection off (Snowball).
func stemEnglish(w string) string {
	if len(w) < 3 || !plain(w) {
		return w
	}
	t := en.NewEnglishStemmerFilter().Filter(analysis.TokenStream{{Term: []byte(w)}})
	return string(t[0].Term)
}

// stem is the stem of a word of a text in that language: English, and Indonesian for everything else.
func stem(language, w string) string {
	if language == "en" {
		return stemEnglish(w)
	}
	return stemIndonesian(w)
}
