package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// Where the maintainers' test material is, from this folder.
const (
	sharedPosts = "../../../shared/data/load/telegram_public_posts.ndjson.gz"
	sharedWords = "../../../shared/data/lexical/wordlist_kbbi.txt"
)

// A corpus is terms to look for and posts to look in.
type corpus struct {
	Source string   // "shared" or "generated"
	terms  []string // of the longest list; each shorter list is its beginning
	posts  []post
	size   int // bytes of all raw texts
}

// A post is a text as it comes, and as the peers read it.
type post struct {
	raw    string
	folded string // see fold
	bytes  []byte // of folded
}

// newCorpus makes n posts, of which a share holds one of the first 500 terms, and a list of so many terms. It takes
// words and posts from ../shared where that is.
func newCorpus(posts, terms int, share float64) (*corpus, error) {
	texts, err := readPosts(posts)
	words, errWords := readWords()
	if errors.Is(err, fs.ErrNotExist) || errors.Is(errWords, fs.ErrNotExist) {
		return generated(posts, terms, share), nil
	}
	if err := errors.Join(err, errWords); err != nil {
		return nil, err
	}
	return build("shared", texts, words, terms, share), nil
}

// generated is newCorpus for a machine without ../shared.
func generated(posts, terms int, share float64) *corpus {
	words := madeWords(20_000)
	return build("generated", madePosts(words, posts), words, terms, share)
}

func build(source string, texts, words []string, terms int, share float64) *corpus {
	c := &corpus{Source: source, terms: makeTerms(words, texts, terms)} // before one is planted
	plant(texts, c.terms[:min(len(c.terms), 500)], share)
	for _, text := range texts {
		p := post{raw: text, folded: fold(text)}
		p.bytes = []byte(p.folded)
		c.posts = append(c.posts, p)
		c.size += len(text)
	}
	return c
}

// readPosts reads the first n posts of ../shared, or all if there are fewer.
func readPosts(n int) ([]string, error) {
	f, err := os.Open(sharedPosts)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	var texts []string
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for len(texts) < n && lines.Scan() {
		var row struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return nil, err
		}
		if strings.TrimSpace(row.Text) != "" {
			texts = append(texts, row.Text)
		}
	}
	return texts, lines.Err()
}

// readWords reads the words of ../shared that can be part of a term.
func readWords() ([]string, error) {
	data, err := os.ReadFile(sharedWords)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(strings.Fields(strings.ToLower(string(data))), func(w string) bool { return !plain(w) }), nil
}

// plain reports whether a word is one that every engine reads alike: 4 to 12 letters of a to z, none twice in a row,
// which Saring reads as one.
func plain(w string) bool {
	if len(w) < 4 || len(w) > 12 {
		return false
	}
	for i := range len(w) {
		if w[i] < 'a' || w[i] > 'z' || i > 0 && w[i] == w[i-1] {
			return false
		}
	}
	return true
}

// makeTerms makes different terms, none of which stands in the texts: of five, two are phrases of two words, two of
// three, and one is a word that no list has, made of the ends of two. Half of the words are from a list of all words,
// half from the texts, the frequent ones often, so that texts begin many terms and end none: the work for an engine.
func makeTerms(words, texts []string, n int) []string {
	met, known := wordsOf(texts)
	for _, w := range words {
		known[w] = true
	}
	r := rand.New(rand.NewPCG(1, 2))
	pick := func() string {
		if r.IntN(2) == 0 {
			return met[r.IntN(len(met))]
		}
		return words[r.IntN(len(words))]
	}
	var terms []string
	for len(terms) < n {
		var term string
		switch len(terms) % 5 {
		case 0:
			a, b := pick(), pick()
			term = a[:len(a)-1] + b[len(b)/2-1:]
		case 1, 2:
			term = pick() + " " + pick()
		default:
			term = pick() + " " + pick() + " " + pick()
		}
		joined := strings.ReplaceAll(term, " ", "") // Saring finds a phrase without its spaces as well
		if known[term] || known[joined] || len(term) == len(joined) && !plain(term) {
			continue
		}
		known[joined] = true
		terms = append(terms, term)
	}
	return terms
}

// wordsOf is all the words of texts that can be part of a term, as often as they stand there, and everything of one
// to three words that stands there.
func wordsOf(texts []string) (met []string, stands map[string]bool) {
	stands = map[string]bool{}
	for _, text := range texts {
		words := strings.Fields(fold(text))
		for i, w := range words {
			if plain(w) {
				met = append(met, w)
			}
			for k := i + 1; k <= min(i+3, len(words)); k++ {
				stands[strings.Join(words[i:k], " ")] = true
			}
		}
	}
	return met, stands
}

// plant puts one term each between two words of a share of the texts.
func plant(texts, terms []string, share float64) {
	r := rand.New(rand.NewPCG(3, 4))
	for i := range texts {
		if r.Float64() < share {
			texts[i] = planted(texts[i], terms[r.IntN(len(terms))])
		}
	}
}

// planted puts a term at the space that is nearest after the middle, or at the end.
func planted(text, term string) string {
	at := len(text) / 2
	if space := strings.IndexByte(text[at:], ' '); space >= 0 {
		at += space
	} else {
		at = len(text)
	}
	return text[:at] + " " + term + " " + text[at:]
}

// resize makes texts of about so many bytes from those that there are, one after the other.
func resize(texts []string, size int) []string {
	all := strings.Join(texts, " ")
	var out []string
	for len(all) >= size {
		end := size
		for !utf8.RuneStart(all[end-1]) {
			end--
		}
		end-- // all[:end] ends before a character that begins
		if text := strings.TrimSpace(all[:end]); text != "" {
			out = append(out, text)
		}
		all = all[end:]
	}
	return out
}

var syllables = strings.Fields("ba be bi bo bu da de di do du ga gi ka ke ki ko ku la le li lo lu ma me mi mo na ne ni nu pa pe pi ra re ri ru sa se si so su ta te ti to tu wa ya")

// madeWords makes words for a machine without ../shared.
func madeWords(n int) []string {
	r := rand.New(rand.NewPCG(5, 6))
	seen := map[string]bool{}
	var words []string
	for len(words) < n {
		w := ""
		for range 2 + r.IntN(4) {
			w += syllables[r.IntN(len(syllables))]
		}
		if r.IntN(3) == 0 {
			w += "n"
		}
		if plain(w) && !seen[w] {
			seen[w] = true
			words = append(words, w)
		}
	}
	return words
}

// madePosts makes posts of the length of real ones: half of them under 75 bytes, one in ten over 290. Some words are
// much more frequent than others.
func madePosts(words []string, n int) []string {
	r := rand.New(rand.NewPCG(7, 8))
	posts := make([]string, n)
	for i := range posts {
		var b strings.Builder
		for size := int(75 * r.ExpFloat64() * (0.5 + r.Float64())); b.Len() <= size; {
			b.WriteString(words[int(float64(len(words))*r.Float64()*r.Float64()*r.Float64())])
			b.WriteByte(" ,. "[r.IntN(4)])
			b.WriteByte(' ')
		}
		posts[i] = b.String()
	}
	return posts
}

// compatible is what the libraries have for folding. It is for one goroutine.
var compatible = transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), norm.NFKC)

// naive folds as one would in an afternoon: compatibility forms, no marks, lower case.
func naive(text string) string {
	s, _, err := transform.String(compatible, text)
	if err != nil {
		return ""
	}
	return strings.ToLower(s)
}

// fold is naive, and then only words, with one space before and after each, so that " a term " stands in it only if
// its words stand in the text.
func fold(text string) string {
	words := strings.FieldsFunc(naive(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return " " + strings.Join(words, " ") + " "
}
