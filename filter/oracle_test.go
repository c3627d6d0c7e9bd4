package filter

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"saring/ingest"
	"saring/rules"
)

// samplePosts are those of the sample that saring ships; lines that the gate refuses are left out.
var samplePosts = sync.OnceValues(func() ([]ingest.Post, error) {
	data, err := os.ReadFile("../cmd/saring/sample/posts.ndjson")
	if err != nil {
		return nil, err
	}
	var posts []ingest.Post
	for line := range bytes.Lines(data) {
		if p, err := ingest.Decode(line); err == nil {
			posts = append(posts, p)
		}
	}
	return posts, nil
})

func sample(t testing.TB) []ingest.Post {
	t.Helper()
	posts, err := samplePosts()
	if err != nil || len(posts) < 250 {
		t.Fatalf("%d posts in the sample: %v", len(posts), err)
	}
	return posts
}

// oracleTerms are as many as the reference engine has memory for.
const oracleTerms = 1500

// oracle is a filter of each engine with one rule for each of some terms of the lexicons in the binary, evenly chosen, so
// that a verdict lists those that occur, and what it must say: what the plainest search finds in the folded text.
type oracle struct {
	filters map[Engine]*Filter
	terms   []plainTerm // by rule
	forms   []string    // some of each, to make texts of
}

// plainTerm is, for each word of a term, the folded forms of it; and its spellings without spaces.
type plainTerm struct {
	name   string
	words  []map[string]bool
	joined map[string]bool
}

var newOracle = sync.OnceValues(func() (*oracle, error) {
	all, err := bundled()
	if err != nil {
		return nil, err
	}
	var leaves []*rules.Cond
	seen := map[string]bool{}
	for i := range all.ruleset.Rules {
		all.ruleset.Rules[i].When.Terms(func(leaf *rules.Cond) {
			if !seen[leaf.Term] {
				seen[leaf.Term] = true
				leaves = append(leaves, leaf)
			}
		})
	}
	o := &oracle{filters: map[Engine]*Filter{}}
	var each []rules.Rule
	for i := 0; i < len(leaves); i += 1 + len(leaves)/oracleTerms {
		each = append(each, rules.Rule{ID: strconv.Itoa(len(each)), Title: leaves[i].Term, Language: "any", Status: rules.Warn,
			Category: rules.Threat, Severity: rules.Low, Weight: 1, When: *leaves[i]})
		o.terms = append(o.terms, plain(leaves[i]))
		o.forms = append(o.forms, leaves[i].Spellings(6)...)
	}
	for _, e := range Engines {
		if o.filters[e], err = NewWith(&rules.Ruleset{Version: "oracle", Rules: each}, e); err != nil {
			return nil, err
		}
	}
	return o, nil
})

func plain(leaf *rules.Cond) plainTerm {
	t := plainTerm{name: leaf.Term, joined: map[string]bool{}}
	for _, forms := range leaf.Words {
		set := map[string]bool{}
		for _, form := range forms {
			set[strings.TrimSpace(folded(form))] = true
		}
		t.words = append(t.words, set)
	}
	if len(leaf.Words) > 1 {
		t.joined[strings.TrimSpace(folded(leaf.Spellings(1)[0]))] = true
		for _, s := range leaf.Spellings(maxJoined) {
			if s = strings.ReplaceAll(s, " ", ""); len(s) >= shortJoined {
				t.joined[strings.TrimSpace(folded(s))] = true
			}
		}
	}
	return t
}

// in tries the term at every word, with forms of one word and of several.
func (t *plainTerm) in(words []string) bool {
	for i := range words {
		if t.joined[words[i]] || t.from(words[i:], 0) {
			return true
		}
	}
	return false
}

func (t *plainTerm) from(words []string, k int) bool {
	if k == len(t.words) {
		return true
	}
	for n := 1; n <= min(3, len(words)); n++ {
		if t.words[k][strings.Join(words[:n], " ")] && t.from(words[n:], k+1) {
			return true
		}
	}
	return false
}

// spellings are the likeliest spellings of each term of a ruleset.
func spellings(rs *rules.Ruleset, most int) (all []string) {
	seen := map[string]bool{}
	for i := range rs.Rules {
		rs.Rules[i].When.Terms(func(leaf *rules.Cond) {
			if !seen[leaf.Term] {
				seen[leaf.Term] = true
				all = append(all, leaf.Spellings(most)...)
			}
		})
	}
	return all
}

func folded(text string) string {
	var f folder
	f.fold(text)
	return string(f.out)
}

// check compares the engines with the plain search.
func (o *oracle) check(t testing.TB, text string) (found int) {
	t.Helper()
	var want []string
	words := strings.Fields(folded(text))
	for i := range o.terms {
		if o.terms[i].in(words) {
			want = append(want, strconv.Itoa(i))
		}
	}
	for e, f := range o.filters {
		var got []string
		for _, r := range f.Text(text).Rules {
			got = append(got, r.ID)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("engine %s: %q\n got %v\nwant %v", e, text, o.titles(got), o.titles(want))
		}
	}
	return len(want)
}

func (o *oracle) titles(ids []string) (out []string) {
	for _, id := range ids {
		i, _ := strconv.Atoi(id)
		out = append(out, o.terms[i].name)
	}
	return out
}

// TestOracle runs the sample, every text of every rule, and texts put together at random of terms, halves of terms
// and what goes between.
func TestOracle(t *testing.T) {
	o, err := newOracle()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, p := range sample(t) {
		found += o.check(t, p.Text())
	}
	for i, r := range bundledFilter(t).ruleset.Rules {
		if i%thin > 0 {
			continue
		}
		for _, text := range slices.Concat(r.Match, r.Pass.All()) {
			found += o.check(t, text)
		}
	}
	for seed := range uint64(1500 / thin) {
		found += o.check(t, o.random(rand.New(rand.NewPCG(seed, 2))))
	}
	if found < 5_000/thin {
		t.Errorf("%d terms found: the texts do not try much", found)
	}
}

// TestEngines: all engines give the same verdicts, hits and all.
func TestEngines(t *testing.T) {
	first := bundledFilter(t)
	texts := []string{}
	for _, p := range sample(t) {
		texts = append(texts, p.Text())
	}
	for _, r := range first.ruleset.Rules {
		texts = append(append(texts, r.Match...), r.Pass.All()...)
	}
	o, err := newOracle()
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(1000 / thin) {
		texts = append(texts, o.random(rand.New(rand.NewPCG(seed, 4))))
	}
	some := &rules.Ruleset{Version: first.version} // as many as the reference engine has memory for
	for i := 0; i < len(first.ruleset.Rules); i += 75 {
		some.Rules = append(some.Rules, first.ruleset.Rules[i])
	}
	first = compiled(t, some)
	for _, e := range Engines[1:] {
		other, err := NewWith(some, e)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			if want, got := first.Text(text), other.Text(text); !reflect.DeepEqual(got, want) {
				t.Fatalf("%q\n%s %+v\n%s %+v", text, Engines[0], want, e, got)
			}
			if want, got := first.Shadow(text), other.Shadow(text); !slices.Equal(got, want) {
				t.Fatalf("%q: in shadow\n%s %v\n%s %v", text, Engines[0], want, e, got)
			}
		}
	}
	if _, err := NewWith(first.ruleset, "none"); err == nil {
		t.Error("there is an engine of the name none")
	}
}

// random is a text of terms and what is nearly one.
func (o *oracle) random(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(40) {
		term := o.forms[r.IntN(len(o.forms))]
		switch r.IntN(6) {
		case 0:
			term = term[:r.IntN(len(term))]
		case 1:
			term = term[r.IntN(len(term)):]
		case 2:
			words := strings.Fields(term)
			term = words[r.IntN(len(words))]
		case 3:
			term = strings.ToUpper(term)
		}
		b.WriteString(term + pick(r, " ", " ", " ", "", ", ", "-", "s ", "\n", " x ", " di ", " \u0301", " a b c d ", " #"))
	}
	return b.String()
}

// FuzzVerdict checks, for any text, that the verdict holds together (checkVerdict), that it is the same each time
// and in two goroutines at once, and that the terms found are those that a plain search finds.
func FuzzVerdict(f *testing.F) {
	lexicons, err := bundled()
	if err != nil {
		f.Fatal(err)
	}
	o, err := newOracle()
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range lexicons.ruleset.Rules {
		f.Add(r.Match[0])
		f.Add(r.Pass.All()[0])
	}
	f.Add("\xff\xfe b\xcd\x81aiat")
	f.Add("a.y.o b a i a t #KepadaISIS i.s.i.s i s i s")
	f.Fuzz(func(t *testing.T, text string) {
		v := lexicons.Text(text)
		checkVerdict(t, v, text)
		var both [2]Verdict
		var wg sync.WaitGroup
		for i := range both {
			wg.Go(func() { both[i] = lexicons.Text(text) })
		}
		wg.Wait()
		for _, again := range both {
			if !reflect.DeepEqual(v, again) {
				t.Fatalf("%q\nonce  %+v\nagain %+v", text, v, again)
			}
		}
		o.check(t, text)
	})
}

// TestShared has eight goroutines ask one filter about the same posts, each in another order, while its engine's
// pools are emptied: all get the verdicts that one alone gets.
func TestShared(t *testing.T) {
	f := bundledFilter(t)
	var texts []string
	for _, p := range sample(t) {
		texts = append(texts, p.Text())
	}
	for i, r := range f.ruleset.Rules {
		if i%thin > 0 {
			continue
		}
		texts = append(texts, r.Match...)
	}
	want := make([]Verdict, len(texts))
	for i, text := range texts {
		want[i] = f.Text(text)
	}
	var wg sync.WaitGroup
	for g := range uint64(8) {
		wg.Go(func() {
			for n, at := range rand.New(rand.NewPCG(g, 3)).Perm(len(texts)) {
				if got := f.Text(texts[at]); !reflect.DeepEqual(got, want[at]) {
					t.Errorf("goroutine %d: %q\n got %+v\nwant %+v", g, texts[at], got, want[at])
				}
				if n%100 == 0 {
					runtime.GC()
				}
			}
		})
	}
	wg.Wait()
}

// TestNoAllocation judges posts that no rule could apply to: nothing is allocated, also after posts with many.
func TestNoAllocation(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties the pools at random; run without -race")
	}
	f := bundledFilter(t)
	news := "Harga cabai rawit turun menjadi Rp48.000 per kilogram, stok bawang cukup sampai pekan depan. #HargaPangan https://example.com/?q=1"
	texts := map[string]string{
		"empty":         "",
		"Indonesian":    news,
		"English":       "Weeknight dal: yellow lentils, turmeric, garlic, a spoon of ghee, lemon at the end. Twenty minutes. 🍋",
		"long":          strings.Repeat(news+"\n", 400),
		"Arabic":        strings.Repeat("السلام عليكم ورحمة الله وبركاته، طَقْسُ اليَوْمِ جَمِيلٌ ", 300),
		"Cyrillic":      strings.Repeat("Добрый день, сегодня хорошая погода. ", 400),
		"Chinese":       strings.Repeat("今天天气很好，我们去公园散步。", 500),
		"emoji":         strings.Repeat("🔥👍🏽❤️🇮🇩 ", 1000),
		"styled":        strings.Repeat("𝓼𝓮𝓵𝓪𝓶𝓪𝓽 𝔭𝔞𝔤𝔦 ｔｅｍａｎ ", 500),
		"marks":         strings.Repeat("p\u0336a\u0336g\u0336i\u0336 ", 2000),
		"letters apart": strings.Repeat("s e l a m a t p.a.g.i semua ", 1000),
		"digits":        strings.Repeat("p4g1 s3mu4 c0v1d19 08123 ", 1000),
		"stretched":     strings.Repeat("a", ingest.MaxText),
		"hashtags":      strings.Repeat("#SelamatPagiSemua ", 2000),
	}
	hits := ""
	for _, r := range f.ruleset.Rules {
		hits += r.Match[0] + " "
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			p := admit(t, text)
			f.Text(hits) // warm, and with much to keep
			if v := f.Verdict(p); len(v.Rules) > 0 {
				t.Fatalf("a rule applies to this text: %+v", v)
			}
			if n := testing.AllocsPerRun(50, func() { f.Verdict(p) }); n != 0 {
				t.Errorf("%v allocations a verdict", n)
			}
		})
	}
}

func admit(t testing.TB, text string) ingest.Post {
	t.Helper()
	p, err := ingest.Admit(ingest.Raw{Platform: "telegram", ID: "4711", PostedAt: time.Date(2026, 11, 20, 8, 15, 0, 0, time.UTC), Text: text,
		Channel: ingest.RawChannel{ID: "-1001234567890", Handle: "kabar_contoh", Title: "Kabar Contoh", Kind: ingest.KindPublicChannel},
		URL:     "https://t.me/kabar_contoh/4711"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestWorstCases judges texts as long as a post may be and as bad as we can think of. How fast is not asked, only
// that each ends: the limit is some thousand times what it takes.
func TestWorstCases(t *testing.T) {
	f := bundledFilter(t)
	var terms, matches strings.Builder
	for _, term := range spellings(f.ruleset, 4) {
		terms.WriteString(term + " ")
	}
	for _, r := range f.ruleset.Rules {
		matches.WriteString(strings.Join(r.Match, " ") + " ")
	}
	fill := func(s string) string {
		s = strings.Repeat(s, 1+ingest.MaxText/len(s))[:ingest.MaxText]
		return strings.ToValidUTF8(s, "")
	}
	flagged := map[string]bool{"every text that matches": true, "a call, a name and an oath": true,
		"a stretched letter in a name": true, "a hashtag": true, "10,000 marks": true, "marks on every letter": true}
	for name, text := range map[string]string{
		"every term":                   fill(terms.String()),
		"every text that matches":      fill(matches.String()),
		"one name":                     fill("isis "),
		"a call, a name and an oath":   fill("ayo isis baiat "),
		"one stretched letter":         fill("a"),
		"a stretched letter in a name": "Ayo berbaiat kepada is" + strings.Repeat("i", 60_000) + "s",
		"10,000 marks":                 "Ayo berbaiat kepada I" + strings.Repeat("\u0301", 10_000) + "SIS",
		"marks on every letter":        fill("A\u0336y\u0336o\u0336 b\u0336a\u0336i\u0336a\u0336t\u0336 I\u0336S\u0336I\u0336S\u0336 "),
		"letters apart":                fill("a y o b a i a t i s i s "),
		"a hashtag":                    "#" + fill("AyoBaiatKepadaISIS")[1:],
		"digits":                       fill("b4i4t 1s1s "),
		"broken bytes":                 strings.Repeat("baiat\xff", 10_000),
	} {
		t.Run(name, func(t *testing.T) {
			done := make(chan Verdict, 1)
			go func() { done <- f.Text(text) }()
			select {
			case v := <-done:
				checkVerdict(t, v, text)
				if v.Flagged() != flagged[name] && name != "every term" { // what keeps rules from applying is among them
					t.Errorf("flagged: %v", v.Flagged())
				}
				if data, err := json.Marshal(Flag{Post: admit(t, strings.ToValidUTF8(text, "")), Verdict: v}); err != nil || len(data) > 1<<20 {
					t.Errorf("a flag of %d bytes; a message has 1 MiB: %v", len(data), err)
				}
			case <-time.After(30 * time.Second):
				t.Fatal("no verdict in 30 s")
			}
		})
	}
}
