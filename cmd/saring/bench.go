package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/spf13/cobra"

	"saring/bench"
	"saring/filter"
	"saring/ingest"
)

func newBench() *cobra.Command {
	o := benchOptions{}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Offer load to the real roles, and print throughput and latency",
		Long: `Offer posts to the real roles, on an embedded broker in a temporary folder or on an empty one at --nats, and print
how many went through and how long their warnings took. In the same run the way through the broker is measured alone,
with nothing decoded, folded or matched, and the ratio is printed. The exit code is 1 when a threshold is not met.`,
		Example: `  saring bench                                     as many as go through, for 10 seconds
  saring bench --rate 50000 --for 30s --max-p99 20ms
  saring bench --nodes 3 --sync 1s
  saring bench --file posts.ndjson --hits 0.001 --json`,
		Args: exactly(0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	o.flags(cmd)
	return cmd
}

// benchOptions is the command's options.
type benchOptions struct {
	connection
	file, rules   string
	engine        string
	rate, workers int
	hits          float64
	length        time.Duration
	sync          time.Duration
	maxP99        time.Duration
	minRate       float64
	minOfRaw      float64
	noRaw, json   bool
	profile       string
	nodes         int
}

func (o *benchOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.file, "file", "", "NDJSON of posts to offer in turn (default: the sample)")
	f.StringVar(&o.rules, "rules", "", "folder of lexicons (default: those in the binary)")
	engineFlag(cmd, &o.engine)
	f.IntVar(&o.rate, "rate", 0, "posts a second, 0 for as many as go through")
	f.IntVar(&o.workers, "workers", runtime.GOMAXPROCS(0), "goroutines that judge posts")
	f.Float64Var(&o.hits, "hits", 0.01, "share of the posts that are flagged")
	f.DurationVar(&o.length, "for", 10*time.Second, "how long")
	f.DurationVar(&o.sync, "sync", 0, "how often the embedded broker forces writes to disk; 0: before every acknowledgement")
	f.IntVar(&o.nodes, "nodes", 1, "brokers in a cluster on this machine, each with a copy of everything")
	f.DurationVar(&o.maxP99, "max-p99", 0, "fail when 1 % of the warnings take longer")
	f.Float64Var(&o.minRate, "min-rate", 0, "fail when fewer posts a second go through")
	f.Float64Var(&o.minOfRaw, "min-of-raw", 0, "fail when this share of the raw loop is not reached")
	f.BoolVar(&o.noRaw, "no-raw", false, "leave the raw loop out")
	f.BoolVar(&o.json, "json", false, "print the result as JSON")
	f.StringVar(&o.profile, "profile", "", "write a processor profile of the run to this file, for go tool pprof")
	o.connection.flags(cmd)
	_ = f.MarkHidden("data")
}

func (o *benchOptions) run(cmd *cobra.Command) error {
	load, err := o.load()
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	var r bench.Result
	if r, err = withStore(load, o, func(l bench.Load) (bench.Result, error) {
		return profiled(o.profile, func() (bench.Result, error) { return l.Run(ctx) })
	}); err != nil {
		return err
	}
	if !o.noRaw && o.nats == "" {
		raw, err := withStore(load, o, func(l bench.Load) (bench.Raw, error) { return l.RawLoop(ctx) })
		if err != nil {
			return err
		}
		r.RawLoop, r.RawCPU, r.OfRawLoop = raw.PerSecond, raw.CPUMicros, r.PerSecond/raw.PerSecond
	}
	if o.json {
		err = json.NewEncoder(cmd.OutOrStdout()).Encode(r)
	} else {
		err = printResult(cmd.OutOrStdout(), r)
	}
	return errors.Join(err, o.thresholds(r))
}

// profiled writes a processor profile of f to a file, if one is named.
func profiled(name string, f func() (bench.Result, error)) (bench.Result, error) {
	if name == "" {
		return f()
	}
	file, err := os.Create(name)
	if err != nil {
		return bench.Result{}, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return bench.Result{}, errors.Join(err, file.Close())
	}
	r, err := f()
	pprof.StopCPUProfile()
	return r, errors.Join(err, file.Close())
}

// withStore measures on a broker with nothing in it.
func withStore[T any](l bench.Load, o *benchOptions, run func(bench.Load) (T, error)) (r T, err error) {
	l.Broker = o.options()
	l.Broker.Dir = ""
	l.Broker.Sync = o.sync
	if o.nats == "" {
		dir, err := os.MkdirTemp("", "saring-bench-")
		if err != nil {
			return r, err
		}
		defer os.RemoveAll(dir)
		l.Broker.Dir = dir
		if o.nodes > 1 {
			c, err := bench.StartCluster(dir, o.nodes, o.sync)
			if err != nil {
				return r, err
			}
			defer c.Stop()
			l.Broker.Dir, l.Broker.URL, l.Broker.Replicas = "", c.URL(), o.nodes
		}
	}
	return run(l)
}

// load sorts the posts into those that the rules flag and those that they pass.
func (o *benchOptions) load() (bench.Load, error) {
	l := bench.Load{Hits: o.hits, Rate: o.rate, For: o.length, Workers: o.workers, Engine: filter.Engine(o.engine)}
	if o.hits < 0 || o.hits > 1 || o.rate < 0 || o.length <= 0 || o.workers < 1 || o.nodes < 1 || o.nodes > 1 && o.nats != "" {
		return l, usageError{errors.New("--hits is a share from 0 to 1, --rate is not negative, --for, --workers and --nodes are more than 0; with --nats there is no cluster of ours")}
	}
	rs, err := loadRules(o.rules)
	if err != nil {
		return l, err
	}
	l.Ruleset = rs
	f, err := filter.New(rs)
	if err != nil {
		return l, err
	}
	if err := eachText(bytes.NewReader(sample), func(text string) {
		if v := f.Text(text); v.Flagged() {
			l.Flagged = append(l.Flagged, text)
		} else if o.file == "" {
			l.Texts = append(l.Texts, text)
		}
	}); err != nil {
		return l, err
	}
	if o.file != "" {
		file, err := os.Open(o.file)
		if err != nil {
			return l, err
		}
		defer file.Close()
		if err := eachText(file, func(text string) {
			if v := f.Text(text); !v.Flagged() {
				l.Texts = append(l.Texts, text)
			}
		}); err != nil {
			return l, err
		}
	}
	switch {
	case len(l.Texts) == 0:
		return l, fmt.Errorf("%s has no post that the rules pass", o.file)
	case len(l.Flagged) == 0 && o.hits > 0:
		return l, errors.New("these rules flag nothing of the sample; say --hits 0")
	}
	return l, nil
}

// eachText calls f for the text of every post; lines that are none are left out.
func eachText(r io.Reader, f func(string)) error {
	for lines := ingest.NewLines(r, 0, 0); ; {
		data, err := lines.Next()
		if err == io.EOF {
			return nil
		}
		var inv *ingest.Invalid
		if errors.As(err, &inv) {
			continue
		}
		if err != nil {
			return err
		}
		if p, err := ingest.Decode(data); err == nil {
			f(p.Text())
		}
	}
}

func printResult(w io.Writer, r bench.Result) error {
	_, err := fmt.Fprintf(w, `%d posts in %.1f s: %.0f posts/s, %.0f MB/s of text
processor  %.2f µs a post      memory  %d MB at most
%d flags   post to warning  p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  most %.1f ms
           post to notice   p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  most %.1f ms
`, r.Posts, r.Seconds, r.PerSecond, r.MBPerS, r.CPUMicros, r.PeakRSS, r.Flags,
		r.Warnings.P50, r.Warnings.P90, r.Warnings.P99, r.Warnings.P999, r.Warnings.Max,
		r.Notices.P50, r.Notices.P90, r.Notices.P99, r.Notices.P999, r.Notices.Max)
	if err == nil && r.RawLoop > 0 {
		_, err = fmt.Fprintf(w, "raw loop   %.0f posts/s, %.2f µs a post through the broker alone; this is %.2f of it\n", r.RawLoop, r.RawCPU, r.OfRawLoop)
	}
	return err
}

// thresholds says which were not met.
func (o *benchOptions) thresholds(r bench.Result) error {
	var errs []error
	if r.Incomplete {
		errs = append(errs, errors.New("some warnings or notices had not come a minute after the end"))
	}
	if p99 := time.Duration(r.Warnings.P99 * float64(time.Millisecond)); o.maxP99 > 0 && p99 > o.maxP99 {
		errs = append(errs, fmt.Errorf("p99 is %v, over %v", p99.Round(time.Microsecond), o.maxP99))
	}
	if r.PerSecond < o.minRate {
		errs = append(errs, fmt.Errorf("%.0f posts/s, under %.0f", r.PerSecond, o.minRate))
	}
	if r.RawLoop > 0 && r.OfRawLoop < o.minOfRaw {
		errs = append(errs, fmt.Errorf("%.2f of the raw loop, under %.2f", r.OfRawLoop, o.minOfRaw))
	}
	return errors.Join(errs...)
}
