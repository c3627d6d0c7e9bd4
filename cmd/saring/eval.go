package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"saring/bench/accuracy"
	"saring/ingest"
)

func newEval() *cobra.Command {
	e := evaluation{}
	cmd := &cobra.Command{
		Use:   "eval [FILE…]",
		Short: "Measure how often the rules are right, one rate per class",
		Long: `Judge texts of which it is known what they are, and print one rate per class, with counts and 95 % intervals, beside
that of a bare list of the same words. FILE is labelled posts (NDJSON: id, set, lang, expect, labels, text), or cases when its
name ends in .txt. Without FILE: the cases in the binary, under every evasion, and the labelled posts in
../shared/data/labelled where that is there. The exit code is 1 when a goal is not reached.`,
		Example: `  saring eval --report report.html
  saring eval --rules my-lexicons --misses
  saring eval --json labelled.ndjson`,
		RunE: func(cmd *cobra.Command, args []string) error { return e.run(cmd, args) },
	}
	f := cmd.Flags()
	f.StringVar(&e.rules, "rules", "", "folder of lexicons (default: those in the binary)")
	f.BoolVar(&e.json, "json", false, "print the report as JSON")
	f.StringVar(&e.report, "report", "", "write the report as a page (.html) as well; it holds no text of any post")
	f.BoolVar(&e.misses, "misses", false, "print what was judged wrong: open cases, and ids of labelled posts")
	return cmd
}

// sharedLabelled is where labelled posts are that cannot be shipped.
const sharedLabelled = "../shared/data/labelled"

// evaluation is the command's options and what it measures with.
type evaluation struct {
	rules, report string
	json, misses  bool

	*accuracy.Measurement
	skipped []string
	in      io.Reader
	errs    io.Writer
}

func (e *evaluation) run(cmd *cobra.Command, files []string) error {
	if e.report != "" && filepath.Ext(e.report) != ".html" {
		return usageError{fmt.Errorf("--report %s: the report is a page; give a name that ends in .html", e.report)}
	}
	rs, f, err := compile(e.rules)
	if err != nil {
		return err
	}
	groups, err := accuracy.Bundled()
	if err != nil {
		return err
	}
	lists, err := accuracy.NewLists(rs, accuracy.EverydayOf(groups))
	if err != nil {
		return err
	}
	e.Measurement = accuracy.NewMeasurement(accuracy.JudgeOf(f), lists)
	e.in, e.errs = cmd.InOrStdin(), cmd.ErrOrStderr()
	if err := e.measure(cmd.Context(), files); err != nil {
		return err
	}
	r := e.Report()
	r.Ruleset, r.At, r.Skipped = rs.Version, time.Now().UTC().Truncate(time.Second), e.skipped
	var misses []accuracy.Miss
	if e.misses {
		near, err := accuracy.Near(rs)
		if err != nil {
			return err
		}
		misses = e.Misses(near)
	}
	if err := e.print(cmd.OutOrStdout(), r, misses); err != nil {
		return err
	}
	if e.report != "" {
		if err := writePage(e.report, r); err != nil {
			return err
		}
	}
	if r.Reached < r.Goals {
		return errFound
	}
	return nil
}

// measure judges the files, or without any what there is.
func (e *evaluation) measure(ctx context.Context, files []string) error {
	var cases, rows []string
	for _, name := range files {
		if strings.HasSuffix(name, ".txt") {
			cases = append(cases, name)
		} else {
			rows = append(rows, name)
		}
	}
	groups, err := accuracy.Read(cases, os.ReadFile)
	if len(files) == 0 {
		groups, err = accuracy.Bundled()
		rows, _ = filepath.Glob(sharedLabelled + "/*.ndjson")
		if len(rows) == 0 {
			e.skipped = append(e.skipped, "posts of other people: "+sharedLabelled+" is not there")
		}
	}
	if err != nil {
		return err
	}
	if err := e.groups(ctx, groups); err != nil {
		return err
	}
	for _, name := range rows {
		if err := e.file(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (e *evaluation) groups(ctx context.Context, groups []accuracy.Group) error {
	var done, total int64
	for _, g := range groups {
		total += g.Size()
	}
	bar := newProgress(e.errs, "cases")
	defer bar.done()
	for _, g := range groups {
		if err := ctx.Err(); err != nil {
			return err
		}
		e.Group(g)
		done += g.Size()
		bar.set(done, total)
	}
	return nil
}

// file judges a file of labelled posts.
func (e *evaluation) file(ctx context.Context, name string) error {
	r, size := e.in, int64(-1)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil {
			if info.IsDir() {
				return fmt.Errorf("%s is a folder; name files of labelled posts", name)
			}
			size = info.Size()
		}
		r = f
	}
	bar := newProgress(e.errs, filepath.Base(name))
	defer bar.done()
	for lines := ingest.NewLines(r, 0, 0); ctx.Err() == nil; bar.set(lines.Offset(), size) {
		data, err := lines.Next()
		if err == io.EOF {
			return nil
		}
		var row accuracy.Row
		if err == nil {
			row, err = accuracy.DecodeRow(data)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", name, lines.Line(), err)
		}
		e.Row(row)
	}
	return ctx.Err()
}

// print writes the report for a person or a program.
func (e *evaluation) print(out io.Writer, r accuracy.Report, misses []accuracy.Miss) error {
	w := bufio.NewWriter(out)
	if e.json {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return errors.Join(enc.Encode(struct {
			accuracy.Report
			Misses []accuracy.Miss `json:"misses,omitempty"`
		}{r, misses}), w.Flush())
	}
	for _, m := range misses {
		printMiss(w, m)
	}
	return errors.Join(r.WriteText(w), w.Flush())
}

// printMiss says what was judged wrong, and why.
func printMiss(w io.Writer, m accuracy.Miss) {
	what, why := "missed", cmp.Or(m.Near, "no rule comes near")
	if m.Flagged {
		what, why = "flagged", strings.Join(m.Rules, ", ")
	}
	where := m.Kind
	for _, more := range []string{m.Evasion, m.At} {
		if more != "" {
			where += ", " + more
		}
	}
	fmt.Fprintf(w, "%s: %s (%s): %s\n", what, m.ID, where, why)
	if m.Text != "" {
		fmt.Fprintf(w, "    %s\n", m.Text)
	}
}

func writePage(name string, r accuracy.Report) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(r.WriteHTML(f), f.Close())
}
