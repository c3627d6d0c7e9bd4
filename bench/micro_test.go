package bench

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/cloudflare/ahocorasick"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"saring/filter"
	"saring/ingest"
	"saring/rules"
)

// A corpus is posts to measure with, and what is known of them.
type corpus struct {
	name    string
	posts   []ingest.Post
	flagged int // how many of them are to be flagged
}

// bytes is the size of the texts.
func (c corpus) bytes() (n int) {
	for _, p := range c.posts {
		n += len(p.Text())
	}
	return n
}

// loadPosts is how many posts of ../shared are taken.
const loadPosts = 5000

// corpora are the posts to measure with: the sample that saring ships and, where they are, real posts of ../shared/data/load, which cannot be
// shipped. How many of the sample are flagged stands in a golden list of package filter; of the others the first verdicts say it:
// BenchmarkReference holds these to the reference engine.
func corpora(b *testing.B) []corpus {
	b.Helper()
	lines, err := os.ReadFile("../cmd/saring/sample/posts.ndjson")
	if err != nil {
		b.Fatal(err)
	}
	sample := corpus{name: "sample"}
	for line := range bytes.Lines(lines) {
		if p, err := ingest.Decode(line); err == nil {
			sample.posts = append(sample.posts, p)
		}
	}
	golden, err := os.ReadFile("../filter/testdata/sample_flags.txt")
	if err != nil {
		b.Fatal(err)
	}
	sample.flagged = bytes.Count(golden, []byte("\n"))
	all := []corpus{sample}
	texts, err := sharedTexts("../../shared/data/load/telegram_public_posts.ndjson.gz")
	if err != nil {
		b.Log(err)
		return all
	}
	load := corpus{name: "load"}
	for i, text := range texts {
		p, err := ingest.Admit(ingest.Raw{Platform: "telegram", ID: strconv.Itoa(i + 1), Text: text, URL: "https://t.me/kabar_contoh/" + strconv.Itoa(i+1),
			Channel:  ingest.RawChannel{ID: "-1001234567890", Handle: "kabar_contoh", Title: "Kabar Contoh", Kind: ingest.KindPublicChannel},
			PostedAt: time.Date(2026, 11, 20, 8, 15, 0, 0, time.UTC)})
		if err != nil {
			b.Fatal(err)
		}
		load.posts = append(load.posts, p)
		if bundled(b).Verdict(p).Flagged() {
			load.flagged++
		}
	}
	return append(all, load)
}

func sharedTexts(name string) ([]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("only the sample is measured: %w", err.(*fs.PathError).Err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	var texts []string
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for len(texts) < loadPosts && lines.Scan() {
		var row struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return nil, err
		}
		texts = append(texts, row.Text)
	}
	return texts, lines.Err()
}

// lexicons are those in the binary, compiled.
var lexicons = sync.OnceValues(func() (*filter.Filter, error) {
	rs, err := rules.Bundled()
	if err != nil {
		return nil, err
	}
	return filter.New(rs)
})

func bundled(b *testing.B) *filter.Filter {
	b.Helper()
	f, err := lexicons()
	if err != nil {
		b.Fatal(err)
	}
	return f
}

// A peer looks for the lexicons' terms by libraries alone. It says only whether there is one between two spaces.
type peer struct {
	strip   transform.Transformer
	matcher *ahocorasick.Matcher
	terms   []string
}

func newPeer(b *testing.B) *peer {
	b.Helper()
	rs, err := rules.Bundled()
	if err != nil {
		b.Fatal(err)
	}
	p := &peer{strip: transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), norm.NFKC)}
	seen := map[string]bool{}
	for i := range rs.Rules {
		if rs.Rules[i].Status == rules.Draft {
			continue
		}
		rs.Rules[i].When.Terms(func(c *rules.Cond) {
			if term := p.fold(c.Spellings(1)[0]); !seen[term] {
				seen[term] = true
				p.terms = append(p.terms, term)
			}
		})
	}
	p.matcher = ahocorasick.NewStringMatcher(p.terms)
	return p
}

func (p *peer) fold(text string) string {
	s, _, err := transform.String(p.strip, text)
	if err != nil {
		return ""
	}
	return " " + strings.ToLower(s) + " "
}

func (p *peer) contains(text string) bool { return p.matcher.Contains([]byte(p.fold(text))) }

// sum is the limit: what reading every byte costs.
func sum(posts []ingest.Post) (n uint64) {
	for i := range posts {
		text := posts[i].Text()
		for k := range len(text) {
			n += uint64(text[k])
		}
	}
	return n
}

// sink keeps the compiler from leaving out what nobody looks at.
var sink uint64

// limit is the least time of many sums over the texts.
func limit(posts []ingest.Post) time.Duration {
	best := time.Hour
	for end := time.Now().Add(20 * time.Millisecond); time.Now().Before(end); {
		began := time.Now()
		sink += sum(posts)
		best = min(best, time.Since(began))
	}
	return best
}

// measure runs a step over all the posts, once an iteration. It reports the speed in bytes of text, the time a post,
// and how many times as long as the sum of the bytes it takes.
func measure(b *testing.B, posts []ingest.Post, step func()) {
	b.Helper()
	size := corpus{posts: posts}.bytes()
	b.SetBytes(int64(size))
	b.ReportAllocs()
	least := limit(posts)
	for b.Loop() {
		step()
	}
	each := float64(b.Elapsed()) / float64(b.N)
	b.ReportMetric(each/float64(least), "x-bytesum")
	b.ReportMetric(each/float64(len(posts)), "ns/post")
}

func BenchmarkByteSum(b *testing.B) {
	for _, c := range corpora(b) {
		b.Run(c.name, func(b *testing.B) {
			want, got := uint64(0), uint64(0)
			for _, p := range c.posts {
				for _, x := range []byte(p.Text()) {
					want += uint64(x)
				}
			}
			measure(b, c.posts, func() { got = sum(c.posts) })
			if got != want {
				b.Errorf("%d, want %d", got, want)
			}
		})
	}
}

// BenchmarkVerdict judges all posts, those without a hit (folding and matching alone) and those with one (also
// locating and weighing).
func BenchmarkVerdict(b *testing.B) {
	for _, c := range corpora(b) {
		var without, with []ingest.Post
		for _, p := range c.posts {
			if len(bundled(b).Verdict(p).Hits) > 0 {
				with = append(with, p)
			} else {
				without = append(without, p)
			}
		}
		for _, part := range []struct {
			name    string
			posts   []ingest.Post
			flagged int
		}{{"all", c.posts, c.flagged}, {"without a hit", without, 0}, {"with a hit", with, c.flagged}} {
			if len(part.posts) == 0 || len(with) == 0 && part.name != "all" {
				continue
			}
			b.Run(c.name+"/"+part.name, func(b *testing.B) { measureVerdicts(b, bundled(b), part.posts, part.flagged) })
		}
	}
}

// measureVerdicts judges posts, of which so many are to be flagged.
func measureVerdicts(b *testing.B, f *filter.Filter, posts []ingest.Post, want int) {
	flagged := 0
	measure(b, posts, func() { flagged = flaggedBy(f, posts) })
	if flagged != want {
		b.Errorf("%d flagged, want %d", flagged, want)
	}
}

func flaggedBy(f *filter.Filter, posts []ingest.Post) (n int) {
	for _, p := range posts {
		if f.Verdict(p).Flagged() {
			n++
		}
	}
	return n
}

// BenchmarkPeer looks for any term in all posts by libraries alone, with no places and no conditions.
func BenchmarkPeer(b *testing.B) {
	p := newPeer(b)
	for _, c := range corpora(b) {
		want := 0
		for _, post := range c.posts {
			text := p.fold(post.Text())
			for _, term := range p.terms {
				if strings.Contains(text, term) {
					want++
					break
				}
			}
		}
		b.Run(c.name, func(b *testing.B) {
			got := 0
			measure(b, c.posts, func() {
				got = 0
				for _, post := range c.posts {
					if p.contains(post.Text()) {
						got++
					}
				}
			})
			b.ReportMetric(float64(got)/float64(len(c.posts)), "posts-hit") // it stops at the first term
			if got != want || got < c.flagged {
				b.Errorf("%d posts with a term, want %d", got, want)
			}
		})
	}
}

// BenchmarkGate decodes posts from lines of JSON. The speed is in bytes of text, as everywhere.
func BenchmarkGate(b *testing.B) {
	for _, c := range corpora(b) {
		var lines [][]byte
		for _, p := range c.posts {
			line, err := p.MarshalJSON()
			if err != nil {
				b.Fatal(err)
			}
			lines = append(lines, line)
		}
		b.Run(c.name, func(b *testing.B) {
			wrong := 0
			measure(b, c.posts, func() {
				for i, line := range lines {
					if p, err := ingest.Decode(line); err != nil || p != c.posts[i] {
						wrong++
					}
				}
			})
			if wrong > 0 {
				b.Errorf("%d posts were refused or came out changed", wrong)
			}
		})
	}
}

// perPack is how many posts go into a pack.
const perPack = 64

func BenchmarkPack(b *testing.B) {
	for _, c := range corpora(b) {
		var packs [][]byte
		for at := 0; at < len(c.posts); at += perPack {
			packs = append(packs, pack(nil, c.posts[at:min(at+perPack, len(c.posts))]))
		}
		b.Run(c.name+"/encode", func(b *testing.B) {
			buf := make([]byte, 0, ingest.MaxPackBytes)
			wrong := 0
			measure(b, c.posts, func() {
				for i := range packs {
					at := i * perPack
					buf = pack(buf[:0], c.posts[at:min(at+perPack, len(c.posts))])
					if len(buf) != len(packs[i]) {
						wrong++
					}
				}
			})
			if wrong > 0 || !bytes.Equal(buf, packs[len(packs)-1]) {
				b.Errorf("%d packs came out another", wrong)
			}
		})
		b.Run(c.name+"/decode", func(b *testing.B) {
			wrong := 0
			measure(b, c.posts, func() {
				i := 0
				for _, data := range packs {
					err := ingest.DecodePack(data, func(p ingest.Post, _ []byte, err error) {
						if err != nil || p != c.posts[i] {
							wrong++
						}
						i++
					})
					if err != nil {
						wrong++
					}
				}
				if i != len(c.posts) {
					wrong++
				}
			})
			if wrong > 0 {
				b.Errorf("%d posts came out changed, or not at all", wrong)
			}
		})
	}
}

func pack(b []byte, posts []ingest.Post) []byte {
	b = ingest.PackHeader(b, len(posts))
	for _, p := range posts {
		b = ingest.AppendPack(b, p)
	}
	return b
}

// BenchmarkReference has as many of the rules as the reference engine has memory for, on both engines. Its gigabytes burden the
// collector, so the reference is compiled here and not kept.
func BenchmarkReference(b *testing.B) {
	rs, err := rules.Bundled()
	if err != nil {
		b.Fatal(err)
	}
	var words, reference *filter.Filter
	for every := 12; reference == nil; every *= 2 {
		if every > len(rs.Rules) {
			b.Fatal(err)
		}
		some := &rules.Ruleset{Version: rs.Version}
		for i := 0; i < len(rs.Rules); i += every {
			some.Rules = append(some.Rules, rs.Rules[i])
		}
		if words, err = filter.New(some); err != nil {
			b.Fatal(err)
		}
		reference, err = filter.NewWith(some, filter.Cloudflare)
		if err != nil {
			reference = nil
		}
	}
	for _, c := range corpora(b) {
		want := flaggedBy(reference, c.posts)
		b.Run(c.name+"/words", func(b *testing.B) { measureVerdicts(b, words, c.posts, want) })
		b.Run(c.name+"/cloudflare", func(b *testing.B) { measureVerdicts(b, reference, c.posts, want) })
	}
}
