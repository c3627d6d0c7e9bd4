package main

import (
	"errors"
	"fmt"
	"runtime"
	"time"
)

// A Row is one engine with one list of terms. Times are of one goroutine.
type Row struct {
	Engine   string  `json:"engine"`
	Does     string  `json:"does"` // "whole step" or "matching", of text folded before
	Terms    int     `json:"terms"`
	NSPost   float64 `json:"ns_per_post"`
	MBPerS   float64 `json:"mb_per_second"` // of raw text, 10^6 bytes
	XByteSum float64 `json:"x_byte_sum"`    // its time by that of the byte sum of the same run
	XSaring  float64 `json:"x_saring"`      // its time by that of Saring's whole step with as many terms
	XWhole   float64 `json:"x_saring_with_folding,omitempty"`
	HeapMB   float64 `json:"heap_mb"` // what stays after a collection, 10^6 bytes
	BuildS   float64 `json:"build_seconds"`
	Hit      int     `json:"posts_with_a_term"` // checked
	Posts    int     `json:"posts"`             // measured over so many
}

// outsideHeap is what the engine that was built last holds outside of Go's heap, in bytes.
var outsideHeap int64

// heap is what is in use after a collection, in bytes.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what pools hold goes with the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// budget is how long one engine with one list is measured at most, and one pass over posts at least three times.
const budget = time.Second

// row builds, checks and measures an engine.
func row(e engine, c *corpus, terms []string) (Row, error) {
	before := heap()
	outsideHeap = 0
	began := time.Now()
	find, err := e.build(terms)
	if err != nil {
		return Row{}, fmt.Errorf("%s: %w", e.name, err)
	}
	built := time.Since(began)
	inUse := heap() - before + outsideHeap
	posts := c.posts[:passable(find, c.posts)]
	hit, err := check(e, find, terms, posts)
	if err != nil {
		return Row{}, err
	}
	var ids []int32
	best := fastest(budget, func() {
		for i := range posts {
			ids = find(&posts[i], ids[:0])
		}
	})
	runtime.KeepAlive(find)
	size := 0
	for i := range posts {
		size += len(posts[i].raw)
	}
	perByte := float64(best) / float64(size)
	return Row{Engine: e.name, Does: e.does, Terms: len(terms), NSPost: perByte * c.mean(), MBPerS: 1000 / perByte,
		HeapMB: float64(inUse) / 1e6, BuildS: built.Seconds(), Hit: hit, Posts: len(posts)}, nil
}

// tooMuch says why an engine is not measured with these terms, "" if it is.
func (e engine) tooMuch(terms []string) string {
	if len(terms) > e.most {
		return "a post takes a tenth of a second and more"
	}
	need := e.perByte
	for _, t := range terms {
		need += int64(len(t)+2) * e.perByte
	}
	if free := available(); need > free/2 {
		return fmt.Sprintf("it takes %.1f GB, and %.1f GB are free", float64(need)/1e9, float64(free)/1e9)
	}
	return ""
}

// passable is how many posts a finder gets through in a third of the budget.
func passable(find finder, posts []post) int {
	began := time.Now()
	for n := range posts {
		find(&posts[n], nil)
		if time.Since(began) > budget/3 {
			return n + 1
		}
	}
	return len(posts)
}

// fastest is the least time of a step that is done again and again, three times or more.
func fastest(budget time.Duration, step func()) time.Duration {
	best := time.Hour
	for n, began := 0, time.Now(); n < 3 || time.Since(began) < budget; n++ {
		one := time.Now()
		step()
		best = min(best, time.Since(one))
	}
	return best
}

// mean is the bytes of a raw text.
func (c *corpus) mean() float64 { return float64(c.size) / float64(len(c.posts)) }

// byteSum is the limit: what reading every byte in plain Go costs.
func byteSum(c *corpus) (Row, error) {
	got, want := uint64(0), uint64(0)
	for i := range c.posts {
		for _, x := range []byte(c.posts[i].raw) {
			want += uint64(x)
		}
	}
	best := fastest(budget/2, func() {
		n := uint64(0) // in a register
		for i := range c.posts {
			text := c.posts[i].raw
			for k := range len(text) {
				n += uint64(text[k])
			}
		}
		got = n
	})
	if got != want {
		return Row{}, fmt.Errorf("the bytes sum up to %d, want %d", got, want)
	}
	return c.timed("byte sum, the limit", best), nil
}

// folding is what comes before "matching".
func folding(c *corpus) (Row, error) {
	wrong := 0
	best := fastest(budget/2, func() {
		for i := range c.posts {
			if fold(c.posts[i].raw) != c.posts[i].folded {
				wrong++
			}
		}
	})
	if wrong > 0 {
		return Row{}, fmt.Errorf("%d posts were folded in two ways", wrong)
	}
	return c.timed("folding into words by x/text, before matching", best), nil
}

func (c *corpus) timed(name string, best time.Duration) Row {
	perByte := float64(best) / float64(c.size)
	return Row{Engine: name, NSPost: perByte * c.mean(), MBPerS: 1000 / perByte, Posts: len(c.posts)}
}

// compare measures all engines with the lists of these lengths.
func compare(c *corpus, lengths []int, note func(string)) ([]Row, error) {
	limit, err := byteSum(c)
	fold, errFold := folding(c)
	if err := errors.Join(err, errFold); err != nil {
		return nil, err
	}
	rows := []Row{limit, fold}
	for _, n := range lengths {
		saring := 0.0
		for _, e := range engines() {
			if why := e.tooMuch(c.terms[:n]); why != "" {
				note(fmt.Sprintf("skipped: %s with %d terms: %s", e.name, n, why))
				continue
			}
			r, err := row(e, c, c.terms[:n])
			if err != nil {
				return nil, err
			}
			if e.name == "saring" {
				saring = r.NSPost
			}
			r.XSaring = r.NSPost / saring
			if r.Does == matching {
				r.XWhole = (r.NSPost + fold.NSPost) / saring
			}
			rows = append(rows, r)
			note(fmt.Sprintf("%d terms: %s, %.0f ns a post", n, r.Engine, r.NSPost))
		}
	}
	for i := range rows {
		rows[i].XByteSum = rows[i].NSPost / limit.NSPost
	}
	return rows, nil
}
