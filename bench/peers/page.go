package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// writePage writes what comes from the newest records into docs/cost.md, between the lines
//
//	<!-- record: NAME -->
//	<!-- end -->
//
// and the plots beside it. Everything else on the page stays as it is.
func writePage(records, docs string) error {
	var peers PeersRecord
	var cost CostRecord
	if err := errors.Join(newest(records, "peers", &peers), newest(records, "cost", &cost)); err != nil {
		return err
	}
	name := filepath.Join(docs, "cost.md")
	page, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	text, err := fill(string(page), sections(&peers, &cost))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	errs := []error{os.WriteFile(name, []byte(text), 0o644)}
	for name, c := range charts(&peers, &cost) {
		errs = append(errs, os.WriteFile(filepath.Join(docs, name), []byte(c.svg()), 0o644))
	}
	return errors.Join(errs...)
}

// newest reads the record with the latest date: DATE-KIND.json.
func newest(folder, kind string, record any) error {
	names, err := filepath.Glob(filepath.Join(folder, "20??-??-??-"+kind+".json"))
	if err != nil || len(names) == 0 {
		return errors.Join(err, fmt.Errorf("no record of %s in %s: run bench/record.sh", kind, folder))
	}
	data, err := os.ReadFile(slices.Max(names))
	if err != nil {
		return err
	}
	return json.Unmarshal(data, record)
}

// fill replaces the sections of a page. Every section must have its place, and every place its section.
func fill(page string, sections map[string]string) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(page, "<!-- record: ")
		out.WriteString(before)
		if !found {
			break
		}
		name, rest, _ := strings.Cut(rest, " -->")
		_, after, ended := strings.Cut(rest, "<!-- end -->")
		text, known := sections[name]
		if !known || !ended {
			return "", fmt.Errorf("section %q is not known, or has no end", name)
		}
		delete(sections, name)
		fmt.Fprintf(&out, "<!-- record: %s -->\n%s<!-- end -->", name, text)
		page = after
	}
	if len(sections) > 0 {
		return "", fmt.Errorf("%d sections have no place", len(sections))
	}
	return out.String(), nil
}

func sections(peers *PeersRecord, cost *CostRecord) map[string]string {
	return map[string]string{
		"about": cost.about(), "terms": cost.terms(), "length": cost.length(), "hits": cost.hits(), "workers": cost.workers(),
		"sum": cost.sum(), "peers": peers.table(),
	}
}

// quiet is how much of a machine other work may take before a record says so.
const quiet = 0.1

func (a About) line() string {
	s := fmt.Sprintf("%s, commit %s: %s, %d cores, %s; %s posts (%s), %.0f bytes each on average.", a.Date, a.Commit, a.CPU, a.Cores, a.Go,
		number(float64(a.Posts)), a.Source, a.Mean)
	if a.Others > quiet {
		s += fmt.Sprintf(" **Other work took %.0f %% of the machine meanwhile: the figures are worse than they are on a quiet one, and unsteady.**", a.Others*100)
	}
	return s
}

func (r *CostRecord) about() string {
	return fmt.Sprintf("%s Where it is not varied: %s terms, posts as they come, %s %% of them flagged, %d workers; streams forced to disk every %s.\n",
		r.line(), number(float64(base.Terms)), percent(base.Hits), r.at("hits", base.Hits).Workers, r.Sync)
}

// of is the points that vary one thing.
func (r *CostRecord) of(vary string) (all []Point) {
	for _, p := range r.Points {
		if p.Vary == vary {
			all = append(all, p)
		}
	}
	return all
}

// at is the point of a row with a value, or nothing.
func (r *CostRecord) at(vary string, value float64) Point {
	for _, p := range r.of(vary) {
		if p.value() == value {
			return p
		}
	}
	return Point{}
}

// value is what the row of the point varies.
func (p Point) value() float64 {
	switch p.Vary {
	case "terms":
		return float64(p.Terms)
	case "length":
		return p.Mean
	case "hits":
		return p.Hits
	}
	return float64(p.Workers)
}

// table writes a row of points, each with its first cell.
func (r *CostRecord) table(vary, head string, first func(Point) string) string {
	s := fmt.Sprintf("| %s | filter alone, ns a post | compiled lexicon, MB | CPU s a million posts | posts/s at most | memory at most, MB | memory at %s posts/s, MB | disk, MB a million posts |\n|---|---|---|---|---|---|---|---|\n",
		head, number(float64(r.SteadyRate)))
	for _, p := range r.of(vary) {
		s += fmt.Sprintf("| %s | %s | %.1f | %.1f | %s | %d | %d | %s |\n", first(p), number(p.FilterNS), p.FilterHeap, p.CPU, number(p.Rate), p.PeakRSS, p.SteadyRSS, number(p.Disk))
	}
	return s
}

func (r *CostRecord) terms() string {
	few, many := r.at("terms", 500), r.at("terms", 50_000)
	return r.table("terms", "terms", func(p Point) string {
		if p.Terms == 0 {
			return "those in the binary"
		}
		return number(p.value())
	}) + fmt.Sprintf("\nFrom 500 to 50,000 terms, 100 times as many, the filter takes %.1f times as long a post, its compiled lexicon %.0f times the memory (%s bytes a term; the rules it was read from take another %s), and a million posts %.1f times the processor. Compiling takes %.2f s.\n",
		many.FilterNS/few.FilterNS, many.FilterHeap/few.FilterHeap, number(many.FilterHeap*1e6/50_000), number(many.FilterFrom*1e6/50_000), many.CPU/few.CPU, many.Compile)
}

func (r *CostRecord) length() string {
	all := r.of("length")
	short, long := all[0], all[len(all)-1]
	return r.table("length", "bytes a post", func(p Point) string { return number(p.Mean) }) +
		fmt.Sprintf("\nA byte takes the filter %.1f ns in posts of %.0f bytes and %.1f ns in posts of %s. %.0f times the length is %.1f times the processor of the whole way: a post that is one byte long would still take about %.1f µs.\n",
			short.FilterNS/short.Mean, short.Mean, long.FilterNS/long.Mean, number(long.Mean), long.Mean/short.Mean, long.CPU/short.CPU,
			max(0, short.CPU-short.Mean*(long.CPU-short.CPU)/(long.Mean-short.Mean)))
}

func (r *CostRecord) hits() string {
	all := r.of("hits")
	none, most := all[0], all[len(all)-1]
	return r.table("hits", "flagged, %", func(p Point) string { return percent(p.Hits) }) +
		fmt.Sprintf("\nA post that passes takes %.1f µs of processor the whole way, one that is flagged about %s more, for its flag, warning and notice; the filter alone takes %.1f µs more for it.\n",
			none.CPU, micros((most.CPU-none.CPU)/most.Hits), (most.FilterNS-none.FilterNS)/most.Hits/1000)
}

func (r *CostRecord) workers() string {
	s := "| workers | filter alone, posts/s | whole way, posts/s | CPU s a million posts | memory at most, MB |\n|---|---|---|---|---|\n"
	all := r.of("workers")
	for _, p := range all {
		s += fmt.Sprintf("| %d | %s | %s | %.1f | %d |\n", p.Workers, number(p.FilterRate), number(p.Rate), p.CPU, p.PeakRSS)
	}
	return s + fmt.Sprintf("\nOn %d cores, %d workers of the filter alone do %.2f times what one does; the whole way does %.2f times as much with them.\n",
		r.Cores, all[1].Workers, all[1].FilterRate/all[0].FilterRate, all[1].Rate/all[0].Rate)
}

// sum is the bill for a platform: what a day of posts takes.
func (r *CostRecord) sum() string {
	s := "| posts a day | posts/s on average | processor, hours a day | disk, GB a day |\n|---|---|---|---|\n"
	p := r.at("hits", base.Hits)
	for _, day := range []float64{1e6, 1e7, 1e8, 1e9} {
		s += fmt.Sprintf("| %s | %s | %s | %s |\n", number(day), number(day/86_400), number(day/1e6*p.CPU/3600), number(day/1e6*p.Disk/1000))
	}
	return s
}

func (r *PeersRecord) table() string {
	s := r.line() + fmt.Sprintf(" Of these, %s %% hold a term.\n\n", percent(peerHits)) +
		"| terms | engine | ns a post | MB/s | × byte sum | × Saring | × Saring, with folding | heap, MB | build, s |\n|---|---|---|---|---|---|---|---|---|\n"
	for _, x := range r.Rows {
		if x.Terms == 0 {
			s += fmt.Sprintf("| – | %s | %s | %s | %.1f | – | – | – | – |\n", x.Engine, number(x.NSPost), number(x.MBPerS), x.XByteSum)
			continue
		}
		whole := "–"
		if x.XWhole > 0 {
			whole = number(x.XWhole)
		}
		s += fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s | %s | %.2g |\n", number(float64(x.Terms)), x.Engine, number(x.NSPost), number(x.MBPerS), number(x.XByteSum),
			number(x.XSaring), whole, number(x.HeapMB), x.BuildS)
	}
	for _, line := range r.Skipped {
		s += "\n- " + line
	}
	if len(r.Skipped) > 0 {
		s += "\n"
	}
	return s
}

func percent(share float64) string { return fmt.Sprintf("%g", share*100) }

func micros(us float64) string {
	if us >= 1000 {
		return fmt.Sprintf("%.1f ms", us/1000)
	}
	return fmt.Sprintf("%.0f µs", us)
}

// charts are the plots by file name.
func charts(peers *PeersRecord, cost *CostRecord) map[string]chart {
	cpu := func(p Point) float64 { return p.CPU }
	alone := func(p Point) float64 { return p.FilterNS / 1000 }
	both := func(vary string) []series {
		return []series{cost.series(vary, "whole way", cpu), cost.series(vary, "filter alone", alone)}
	}
	const perPost = "µs of processor a post (= s a million posts)"
	return map[string]chart{
		"cost-terms.svg":  {"Cost by size of the lexicon", "terms", perPost, true, false, both("terms")},
		"cost-length.svg": {"Cost by length of posts", "bytes a post", perPost, true, false, both("length")},
		"cost-hits.svg":   {"Cost by share of flagged posts", "share flagged", perPost, true, false, both("hits")},
		"cost-workers.svg": {"Throughput by workers of the filter", "workers", "posts/s", false, false, []series{
			cost.series("workers", "whole way", func(p Point) float64 { return p.Rate }),
			cost.series("workers", "filter alone", func(p Point) float64 { return p.FilterRate }),
		}},
		"cost-peers.svg": {"Saring from the raw post, libraries on folded text", "terms", "ns a post", true, true, peers.series()},
	}
}

// series is a line of the points of a row. The lexicons in the binary have no number of terms to be drawn at.
func (r *CostRecord) series(vary, name string, y func(Point) float64) series {
	s := series{name: name}
	for _, p := range r.of(vary) {
		if vary != "terms" || p.Terms > 0 {
			s.points = append(s.points, point{p.value(), y(p)})
		}
	}
	return s
}

// series is a line for each engine but regexp, which is far off, and one for the limit.
func (r *PeersRecord) series() (all []series) {
	limit, at := series{name: "byte sum, the limit"}, map[string]int{}
	for _, x := range r.Rows {
		name, _, _ := strings.Cut(strings.ReplaceAll(x.Engine, ":", " "), " ")
		if x.Terms == 0 || name == "regexp," {
			continue
		}
		i, known := at[name]
		if !known {
			i, at[name] = len(all), len(all)
			if x.Does == wholeStep {
				name += ", " + wholeStep
			}
			all = append(all, series{name: name})
		}
		all[i].points = append(all[i].points, point{float64(x.Terms), x.NSPost})
	}
	for _, n := range lengths {
		limit.points = append(limit.points, point{float64(n), r.Rows[0].NSPost}) // the first row is the limit
	}
	return append(all, limit)
}
