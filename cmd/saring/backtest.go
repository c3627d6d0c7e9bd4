package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"saring/queue"
	"saring/rules"
)

func newRulesBacktest() *cobra.Command {
	var b backtest
	cmd := &cobra.Command{
		Use:   "backtest",
		Short: "Say what lexicons would have done with the posts of the last hours, and put it on record",
		Long: `Judge the posts that POSTS still has by the ruleset in use and by the lexicons of --rules, and the older ones whose flags are
still there, and print what would have changed, as diff does. The result is put on record for every rule, which is what
promotion to warn or hold needs. Rules in draft and shadow are counted; they flag nothing.`,
		Example: "  saring rules backtest --rules my-lexicons --since 24h",
		Args:    exactly(0, "no argument; name the folder with --rules"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return b.run(cmd) },
	}
	b.connection.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&b.rules, "rules", "", "folder of lexicons (default: those in the binary)")
	f.DurationVar(&b.since, "since", 24*time.Hour, "how far to go back")
	f.IntVar(&b.samples, "samples", 3, "posts to show for each rule, of what is new and of what is gone")
	f.BoolVar(&b.json, "json", false, "print the report as JSON")
	return cmd
}

// backtest is the command's options.
type backtest struct {
	connection
	rules   string
	since   time.Duration
	samples int
	json    bool
}

func (b *backtest) run(cmd *cobra.Command) error {
	if b.since <= 0 {
		return usageError{fmt.Errorf("--since is %v; want how far to go back, such as 24h", b.since)}
	}
	rs, err := loadRules(b.rules)
	if err != nil {
		return err
	}
	archive, err := rs.Archive()
	if err != nil {
		return err
	}
	k, err := b.keeper(cmd.Context())
	if err != nil {
		return err
	}
	defer k.Close()
	bar := newProgress(cmd.ErrOrStderr(), "posts")
	ask := backtestRequest{Archive: archive, Since: time.Now().Add(-b.since), Samples: b.samples}
	var report queue.BacktestReport
	tell := func(done, total int) { bar.set(int64(done), int64(total)) }
	if r, running := k.(*remote); running {
		report, err = r.runBacktest(cmd.Context(), ask, tell)
	} else {
		report, err = runBacktest(cmd.Context(), k.(*queue.Broker), ask, tell)
	}
	bar.done()
	if err != nil {
		return err
	}
	return b.print(cmd, report)
}

func (b *backtest) print(cmd *cobra.Command, r queue.BacktestReport) error {
	w := cmd.OutOrStdout()
	if b.json {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	fmt.Fprintf(w, "from ruleset %s to %s\nposts since %s:\n", r.Window.From, r.Window.To, r.From.Local().Format(time.DateTime))
	if err := printComparison(w, r.Window, false); err != nil {
		return err
	}
	if r.Past.Posts > 0 {
		fmt.Fprintf(w, "\nolder posts that were flagged:\n")
		if err := printComparison(w, r.Past, false); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(w, "\non record: these rules may be promoted as they are")
	return err
}

// backtestRequest is what is asked of the process that has the broker.
type backtestRequest struct {
	Archive []byte    `json:"archive"`
	Since   time.Time `json:"since"`
	Samples int       `json:"samples"`
}

// backtestLine is a line of its answer: how far it is, and at last the report or what went wrong.
type backtestLine struct {
	Done   int                   `json:"done,omitempty"`
	Total  int                   `json:"total,omitempty"`
	Report *queue.BacktestReport `json:"report,omitempty"`
	Error  string                `json:"error,omitempty"`
}

// runBacktest runs one against the ruleset in use.
func runBacktest(ctx context.Context, b *queue.Broker, ask backtestRequest, tell func(done, total int)) (queue.BacktestReport, error) {
	next, err := rules.FromArchive(ask.Archive)
	if err != nil {
		return queue.BacktestReport{}, err
	}
	now, err := inUse(ctx, b)
	if err != nil {
		return queue.BacktestReport{}, err
	}
	return b.RunBacktest(ctx, now, next, ask.Since, min(ask.Samples, 100), tell)
}

// runBacktest has the other process run it, and listens to how far it is.
func (r *remote) runBacktest(ctx context.Context, ask backtestRequest, tell func(done, total int)) (queue.BacktestReport, error) {
	body, err := r.send(ctx, http.MethodPost, "/api/backtest", ask)
	if err != nil {
		return queue.BacktestReport{}, err
	}
	defer body.Close()
	for dec := json.NewDecoder(body); ; {
		var line backtestLine
		if err := dec.Decode(&line); err != nil {
			return queue.BacktestReport{}, fmt.Errorf("the saring at %s went away: %w", r.base, err)
		}
		switch {
		case line.Error != "":
			return queue.BacktestReport{}, errors.New(line.Error)
		case line.Report != nil:
			return *line.Report, nil
		}
		tell(line.Done, line.Total)
	}
}

// backtest answers that call.
func (u *up) backtest(w http.ResponseWriter, r *http.Request) error {
	var ask backtestRequest
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxAnnounced)).Decode(&ask); err != nil {
		return err
	}
	enc, flush, told := json.NewEncoder(w), http.NewResponseController(w), time.Now()
	if err := flush.SetWriteDeadline(time.Time{}); err != nil {
		return err
	}
	report, err := runBacktest(r.Context(), u.broker, ask, func(done, total int) {
		if time.Since(told) > 200*time.Millisecond {
			told = time.Now()
			_ = enc.Encode(backtestLine{Done: done, Total: total})
			_ = flush.Flush()
		}
	})
	last := backtestLine{Report: &report}
	if err != nil {
		last = backtestLine{Error: err.Error()}
	}
	return enc.Encode(last)
}
