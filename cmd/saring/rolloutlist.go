package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"saring/queue"
	"saring/review/index"
	"saring/rules"
)

func newRulesList() *cobra.Command {
	l := lister{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the rules in use: how far each is rolled out, and how often it was right",
		Long: `List the rules in use: those of the filters that run, or else those that the next filter would start with. PRECISION is
the share of a rule's decided flags that moderators upheld, with its 95 % interval.`,
		Example: "  saring rules list\n  saring rules list --json | jq 'select(.braked)'",
		Args:    exactly(0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := l.list(cmd.Context())
			if err != nil {
				return err
			}
			if l.json {
				enc := json.NewEncoder(cmd.OutOrStdout())
				for _, r := range list {
					if err := enc.Encode(r); err != nil {
						return err
					}
				}
				return nil
			}
			return l.print(cmd, list)
		},
	}
	l.flags(cmd)
	cmd.Flags().BoolVar(&l.json, "json", false, "print one JSON object a line")
	return cmd
}

// lister is the command's options, and the version that it found.
type lister struct {
	connection
	json    bool
	version string
}

// listedRule is one rule as --json prints it.
type listedRule struct {
	Rule        string           `json:"rule"`
	Title       string           `json:"title"`
	Status      rules.Status     `json:"status"` // as its author has it
	Braked      string           `json:"braked,omitempty"`
	Category    rules.Category   `json:"category"`
	Severity    rules.Severity   `json:"severity"`
	Language    string           `json:"language"`
	Fingerprint string           `json:"fingerprint"`
	Expires     string           `json:"expires,omitempty"`
	Ruleset     string           `json:"ruleset"`
	Backtest    *queue.Backtest  `json:"backtest,omitempty"`
	Measured    *index.Precision `json:"measured,omitempty"` // no member when there is no index here
	Precision   *interval        `json:"precision,omitempty"`
}

// interval is a share and its 95 % interval.
type interval struct {
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

func (l *lister) list(ctx context.Context) ([]listedRule, error) {
	measured, err := l.precision(ctx)
	if err != nil {
		return nil, err
	}
	k, err := l.keeper(ctx)
	if err != nil {
		return nil, err
	}
	defer k.Close()
	rs, err := inUse(ctx, k)
	if err != nil {
		return nil, err
	}
	l.version = rs.Version
	known, err := onRecord(ctx, k, rs)
	if err != nil {
		return nil, err
	}
	out := make([]listedRule, 0, len(known))
	for _, r := range known {
		row := listedRule{Rule: r.ID, Title: r.Title, Status: r.Status, Category: r.Category, Severity: r.Severity, Language: r.Language,
			Fingerprint: r.fingerprint, Expires: r.Expires, Ruleset: rs.Version, Backtest: r.backtest}
		if r.brake != nil {
			row.Braked = r.brake.Reason
		}
		if measured != nil {
			p := measured[r.ID]
			row.Measured = &p
			if p.Decided() > 0 {
				var is interval
				is.Share, is.Low, is.High = p.Interval()
				row.Precision = &is
			}
		}
		out = append(out, row)
	}
	return out, nil
}

// A recordedRule is a rule and what the broker has of it.
type recordedRule struct {
	*rules.Rule
	fingerprint string
	brake       *queue.Brake    // that holds it in shadow; nil for none
	backtest    *queue.Backtest // nil for none
}

// onRecord adds to each rule of a ruleset, which has no brakes in it, what the broker has of it.
func onRecord(ctx context.Context, k rolloutKeeper, rs *rules.Ruleset) ([]recordedRule, error) {
	brakes, err := k.Brakes(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]recordedRule, len(rs.Rules))
	for i := range rs.Rules {
		r := recordedRule{Rule: &rs.Rules[i], fingerprint: rs.Rules[i].Fingerprint()}
		for _, b := range brakes {
			if holds(b, r.Rule) {
				r.brake = &b
			}
		}
		if t, on, err := k.Backtest(ctx, r.ID, r.fingerprint); err != nil {
			return nil, err
		} else if on {
			r.backtest = &t
		}
		out[i] = r
	}
	return out, nil
}

// holds reports whether a brake holds a rule in shadow: one that flags, and is as it was when it was braked.
func holds(b queue.Brake, r *rules.Rule) bool {
	return b.Rule == r.ID && r.Status.Flags() && b.Fingerprint == r.Fingerprint()
}

// inUse is the ruleset, without brakes, of the filters that run, or else that of the next one that starts without
// --rules.
func inUse(ctx context.Context, k keeper) (*rules.Ruleset, error) {
	version, _, err := nowInUse(ctx, k)
	if err != nil {
		return nil, err
	}
	return loadVersion(ctx, k, version)
}

// nowInUse is the version of that ruleset, "" for the binary's own, and how many filters use it.
func nowInUse(ctx context.Context, k rolloutKeeper) (version string, filters int, err error) {
	workers, err := k.Workers(ctx)
	if err != nil {
		return "", 0, err
	}
	for _, w := range workers {
		if version = cmp.Or(version, w.Base); version != w.Base {
			return "", 0, fmt.Errorf("the filters do not agree: %s uses the ruleset %s, another one %s; push again, or look at the log of the one that refuses", w.Worker, w.Base, version)
		}
	}
	if version != "" {
		return version, len(workers), nil
	}
	list, err := k.Announcements(ctx)
	if err != nil || len(list) == 0 {
		return "", 0, err
	}
	return list[0].Version, 0, nil
}

// loadVersion loads a version that was kept, or the binary's own for "".
func loadVersion(ctx context.Context, k keeper, version string) (*rules.Ruleset, error) {
	if version == "" {
		return rules.Bundled()
	}
	data, err := k.Ruleset(ctx, version)
	if err != nil {
		return nil, err
	}
	return rules.FromArchive(data)
}

// precision asks whoever has the index of the data folder; nil when there is none.
func (l *lister) precision(ctx context.Context) (map[string]index.Precision, error) {
	address, keys, err := l.desk()
	var none *notThere
	switch {
	case err == nil:
		all, err := (&remote{base: address, token: keys.APIToken(time.Minute)}).Precision(ctx)
		if errors.As(err, &none) {
			return nil, nil
		}
		return all, err
	case !errors.Is(err, errNotRunning):
		return nil, err
	}
	dir := filepath.Join(l.data, indexDir)
	if _, err := os.Stat(dir); err != nil {
		return nil, nil
	}
	x, err := index.Open(dir, "", slog.New(slog.DiscardHandler), nil)
	if err != nil {
		return nil, err
	}
	defer x.Close()
	return x.Precision(ctx)
}

func (l *lister) print(cmd *cobra.Command, list []listedRule) error {
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "RULE\tSTATUS\tCATEGORY\tSEVERITY\tLANG\tFLAGS\tPRECISION\tBACKTEST\tEXPIRES")
	braked := 0
	for _, r := range list {
		status := string(r.Status)
		if r.Braked != "" {
			status += " (braked)"
			braked++
		}
		backtest := "-"
		if r.Backtest != nil {
			backtest = r.Backtest.At.Local().Format(time.DateOnly)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Rule, status, r.Category, r.Severity, r.Language,
			r.flags(), r.precision(), backtest, cmp.Or(r.Expires, "-"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%d rules, %d braked; version %s\n", len(list), braked, l.version)
	return nil
}

func (r listedRule) flags() string {
	if r.Measured == nil {
		return "-"
	}
	return fmt.Sprint(r.Measured.Flags)
}

func (r listedRule) precision() string {
	if r.Precision == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f %% (%.0f to %.0f, %d decided)", 100*r.Precision.Share, 100*r.Precision.Low, 100*r.Precision.High, r.Measured.Decided())
}
