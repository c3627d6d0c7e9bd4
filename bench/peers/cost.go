package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"saring/bench"
	"saring/filter"
	"saring/queue"
	"saring/rules"
)

// A Case is what one point of the cost page is measured with.
type Case struct {
	Vary    string  `json:"vary"`    // what is varied: "terms", "length", "hits" or "workers"
	Terms   int     `json:"terms"`   // of a made-up lexicon; 0 for the lexicons in the binary
	Length  int     `json:"length"`  // bytes of a text; 0 for posts as they come
	Hits    float64 `json:"hits"`    // share of the posts that are flagged
	Workers int     `json:"workers"` // goroutines that judge
}

// A Point is what a case costs. The filter is measured alone, on bare texts; then the whole way: posts in, judged,
// flags, warnings and notices stored, all in one process with its embedded broker, with what sends and reads them.
type Point struct {
	Case
	Mean       float64 `json:"mean_bytes"`
	FilterNS   float64 `json:"filter_ns_per_post"`      // one goroutine, posts without and with a hit as Hits says
	FilterRate float64 `json:"filter_posts_per_second"` // Workers goroutines
	FilterHeap float64 `json:"filter_heap_mb"`          // of the compiled lexicon
	FilterFrom float64 `json:"ruleset_heap_mb"`         // of the lexicon it was compiled from
	Compile    float64 `json:"compile_seconds"`
	Rate       float64 `json:"posts_per_second"`    // the whole way, as many as go through
	CPU        float64 `json:"cpu_s_per_million"`   // processor seconds for a million posts, of all cores
	Disk       float64 `json:"disk_mb_per_million"` // that the streams grow by
	PeakRSS    int64   `json:"peak_rss_mb"`         // at that rate
	SteadyCPU  float64 `json:"steady_cpu_s_per_million"`
	SteadyRSS  int64   `json:"steady_rss_mb"` // at steadyRate
}

const (
	steadyRate = 20_000 // posts a second
	runFor     = 3 * time.Second
	syncEvery  = time.Second // of the streams; forcing every message measures the disk
	costPosts  = 20_000
)

// base is what is not varied.
var base = Case{Terms: 5_000, Hits: 0.001, Workers: runtime.NumCPU()}

// cases vary one thing at a time.
func cases() []Case {
	var all []Case
	add := func(vary string, set func(*Case)) {
		c := base
		c.Vary = vary
		set(&c)
		all = append(all, c)
	}
	for _, n := range []int{0, 500, 5_000, 50_000} {
		add("terms", func(c *Case) { c.Terms = n })
	}
	for _, n := range []int{50, 200, 800, 3_200} {
		add("length", func(c *Case) { c.Length = n })
	}
	for _, x := range []float64{0, 0.0001, 0.001, 0.01, 0.05} {
		add("hits", func(c *Case) { c.Hits = x })
	}
	for _, n := range []int{1, 2, 4} {
		add("workers", func(c *Case) { c.Workers = n })
	}
	return all
}

// CostRecord is what runCost measures.
type CostRecord struct {
	About
	SteadyRate int     `json:"steady_posts_per_second"`
	Sync       string  `json:"sync"`
	Points     []Point `json:"points"`
}

// runCost measures every case in a process of its own, so that none pays for the memory of another.
func runCost(commit string, asJSON bool) error {
	c, err := newCorpus(costPosts, 1, 0)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r, began := CostRecord{About: about(commit, c), SteadyRate: steadyRate, Sync: syncEvery.String()}, used()
	known := map[Case]Point{} // the base is in more than one row of cases, and measured once
	for _, k := range cases() {
		vary := k.Vary
		k.Vary = ""
		p, ok := known[k]
		if !ok {
			if p, err = measureApart(self, k); err != nil {
				return err
			}
			known[k] = p
			fmt.Fprintf(os.Stderr, "%s %+v: filter %.0f ns a post, whole way %.0f posts/s\n", vary, k, p.FilterNS, p.Rate)
		}
		p.Vary = vary
		r.Points = append(r.Points, p)
	}
	r.Others = othersSince(began)
	return show(os.Stdout, r, asJSON, func(w io.Writer) {
		fmt.Fprintln(w, "vary\tterms\tbytes\thits\tworkers\tfilter ns\tfilter MB\tposts/s\tCPU s/million\tdisk MB/million\tpeak MB\tsteady MB\t")
		for _, p := range r.Points {
			fmt.Fprintf(w, "%s\t%d\t%.0f\t%g\t%d\t%.0f\t%.1f\t%.0f\t%.2f\t%.0f\t%d\t%d\t\n", p.Vary, p.Terms, p.Mean, p.Hits, p.Workers,
				p.FilterNS, p.FilterHeap, p.Rate, p.CPU, p.Disk, p.PeakRSS, p.SteadyRSS)
		}
	})
}

// measureApart measures a case in a process of its own.
func measureApart(self string, k Case) (p Point, err error) {
	in, err := json.Marshal(k)
	if err != nil {
		return p, err
	}
	cmd := exec.Command(self, "point")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return p, fmt.Errorf("%s: %w", in, err)
	}
	return p, json.Unmarshal(out, &p)
}

// runPoint reads a Case and writes its Point.
func runPoint(in io.Reader, out io.Writer) error {
	var k Case
	if err := json.NewDecoder(in).Decode(&k); err != nil {
		return err
	}
	p, err := measure(k)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(p)
}

func measure(k Case) (Point, error) {
	p := Point{Case: k}
	c, err := newCorpus(costPosts, max(k.Terms, 1), 0)
	if err != nil {
		return p, err
	}
	f, rs, err := p.compile(c)
	if err != nil {
		return p, err
	}
	l, err := k.load(c, f, rs)
	if err != nil {
		return p, err
	}
	if err := p.filterAlone(f, l); err != nil {
		return p, err
	}
	c, f = nil, nil // the roles compile the lexicon for themselves
	for _, rate := range []int{0, steadyRate} {
		l.Rate = rate
		r, disk, err := wholeWay(l)
		if err != nil {
			return p, err
		}
		if rate == 0 {
			p.Rate, p.CPU, p.PeakRSS, p.Disk = r.PerSecond, r.CPUMicros, r.PeakRSS, disk
		} else {
			p.SteadyCPU, p.SteadyRSS = r.CPUMicros, r.PeakRSS
		}
	}
	return p, nil
}

// compile loads and compiles the lexicon and says what it takes.
func (p *Point) compile(c *corpus) (*filter.Filter, *rules.Ruleset, error) {
	empty := heap()
	rs, err := rules.Bundled()
	if p.Terms > 0 {
		rs, err = newRuleset(c.terms)
	}
	if err != nil {
		return nil, nil, err
	}
	loaded := heap()
	began := time.Now()
	f, err := filter.New(rs)
	if err != nil {
		return nil, nil, err
	}
	p.Compile = time.Since(began).Seconds()
	p.FilterFrom = float64(loaded-empty) / 1e6
	p.FilterHeap = float64(heap()-loaded) / 1e6
	return f, rs, nil
}

// load makes the texts: those that the rules pass, and those that they flag.
func (k Case) load(c *corpus, f *filter.Filter, rs *rules.Ruleset) (bench.Load, error) {
	l := bench.Load{Hits: k.Hits, For: runFor, Workers: k.Workers, Engine: filter.Words, Ruleset: rs}
	texts := make([]string, len(c.posts))
	for i := range c.posts {
		texts[i] = c.posts[i].raw
	}
	if k.Length > 0 {
		texts = resize(texts, k.Length)
	}
	for i, text := range texts {
		if !f.Text(text).Flagged() {
			l.Texts = append(l.Texts, text)
		}
		if k.Terms > 0 && len(l.Flagged) < 500 {
			text = planted(text, c.terms[i%k.Terms])
			if f.Text(text).Flagged() {
				l.Flagged = append(l.Flagged, text)
			}
		}
	}
	if k.Terms == 0 {
		l.Flagged = ownTexts(f, rs)
	}
	if len(l.Texts) == 0 || len(l.Flagged) == 0 {
		return l, fmt.Errorf("%d texts that pass and %d that are flagged: there must be some of both", len(l.Texts), len(l.Flagged))
	}
	return l, nil
}

// ownTexts are the texts that the rules say themselves that they match.
func ownTexts(f *filter.Filter, rs *rules.Ruleset) (texts []string) {
	for i := range rs.Rules {
		for _, text := range rs.Rules[i].Match {
			if f.Text(text).Flagged() {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

// filterAlone judges bare texts, as many of them flagged as the load says, and checks how many were.
func (p *Point) filterAlone(f *filter.Filter, l bench.Load) error {
	texts := append([]string(nil), l.Texts...)
	want := int(float64(len(texts)) * l.Hits)
	for i := range want {
		texts[i*len(texts)/want] = l.Flagged[i%len(l.Flagged)]
	}
	size, flagged := 0, 0
	for _, text := range texts {
		size += len(text)
		if f.Text(text).Flagged() {
			flagged++
		}
	}
	if flagged != want {
		return fmt.Errorf("%d texts flagged, want %d", flagged, want) // fast because it is wrong
	}
	p.Mean = float64(size) / float64(len(texts))
	judge := func(from, to int) {
		for _, text := range texts[from:to] {
			f.Text(text)
		}
	}
	p.FilterNS = float64(fastest(time.Second/2, func() { judge(0, len(texts)) })) / float64(len(texts))
	all := fastest(time.Second/2, func() {
		var wg sync.WaitGroup
		for w := range l.Workers {
			wg.Go(func() { judge(w*len(texts)/l.Workers, (w+1)*len(texts)/l.Workers) })
		}
		wg.Wait()
	})
	p.FilterRate = float64(len(texts)) / all.Seconds()
	return nil
}

// wholeWay offers the load to all roles on a broker of its own. Disk is in MB (10^6 bytes) a million posts.
func wholeWay(l bench.Load) (r bench.Result, disk float64, err error) {
	dir, err := os.MkdirTemp("", "saring-cost-")
	if err != nil {
		return r, 0, err
	}
	defer os.RemoveAll(dir)
	debug.FreeOSMemory() // what was needed before is not counted
	l.Broker = queue.Options{Dir: dir, Sync: syncEvery}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	if r, err = l.Run(ctx); err != nil {
		return r, 0, err
	}
	if r.Incomplete {
		return r, 0, errors.New("some warnings or notices did not come")
	}
	size, err := folderSize(dir)
	return r, float64(size) / float64(r.Posts), err
}

// folderSize is the bytes of all files.
func folderSize(dir string) (size int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}
