package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"saring/filter"
	"saring/ingest"
	"saring/rules"
)

func newCheck() *cobra.Command {
	c := checker{}
	cmd := &cobra.Command{
		Use:   "check [FILE…]",
		Short: "Say which posts would be flagged, offline",
		Long: `Read posts (NDJSON, one a line) from files or standard input and print a flag, as JSON, for each that is over the
threshold. Nothing is stored and nothing is sent. The exit code is 1 when something was flagged or a line was wrong.`,
		Example: `  saring check posts.ndjson
  echo "Ayo berbaiat kepada ISIS" | saring check --text
  saring check --rules my-lexicons --all posts.ndjson`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd, args) },
	}
	cmd.Flags().StringVar(&c.rules, "rules", "", "folder of lexicons (default: those in the binary)")
	cmd.Flags().BoolVar(&c.all, "all", false, "print every verdict, not only flags")
	cmd.Flags().BoolVar(&c.text, "text", false, "every line is a bare text")
	return cmd
}

// loadRules loads a folder of lexicons, or those in the binary.
func loadRules(dir string) (*rules.Ruleset, error) {
	if dir == "" {
		return rules.Bundled()
	}
	return rules.Load(dir)
}

// checker is the command's options and what it counts.
type checker struct {
	rules     string
	all, text bool

	filter                            *filter.Filter
	out                               *json.Encoder
	errs                              io.Writer
	posts, flagged, refused, invalids int
}

func (c *checker) run(cmd *cobra.Command, files []string) error {
	rs, err := loadRules(c.rules)
	if err != nil {
		return err
	}
	if c.filter, err = filter.New(rs); err != nil {
		return err
	}
	w := bufio.NewWriter(cmd.OutOrStdout())
	c.out, c.errs = json.NewEncoder(w), cmd.ErrOrStderr()
	c.out.SetEscapeHTML(false)
	if len(files) == 0 {
		files = []string{"-"}
	}
	for _, name := range files {
		if err := c.file(cmd, name); err != nil {
			w.Flush()
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(c.errs, "%d posts, %d flagged, %d refused (not of a public channel), %d invalid; ruleset %s\n",
		c.posts, c.flagged, c.refused, c.invalids, rs.Version)
	if c.flagged+c.invalids > 0 {
		return errFound
	}
	return nil
}

func (c *checker) file(cmd *cobra.Command, name string) error {
	var r io.Reader = cmd.InOrStdin()
	size := int64(-1)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil {
			if info.IsDir() {
				return fmt.Errorf("%s is a folder; name files of posts", name)
			}
			size = info.Size()
		}
		r = f
	}
	bar := newProgress(c.errs, filepath.Base(name))
	defer bar.done()
	for lines := ingest.NewLines(r, 0, 0); ; bar.set(lines.Offset(), size) {
		data, err := lines.Next()
		if err == io.EOF {
			return nil
		}
		var inv *ingest.Invalid
		if err != nil && !errors.As(err, &inv) {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := c.line(data, err, name, lines.Line()); err != nil {
			return err
		}
	}
}

// line judges one line, or reports what is wrong with it.
func (c *checker) line(data []byte, err error, file string, n int) error {
	var p ingest.Post
	if err == nil {
		p, err = c.post(data, file, n)
	}
	var refusal *ingest.Refusal
	switch {
	case errors.As(err, &refusal):
		c.refused++
		return nil
	case err != nil:
		c.invalids++
		fmt.Fprintf(c.errs, "%s:%d: %v\n", file, n, err)
		return nil
	}
	c.posts++
	v := c.filter.Verdict(p)
	if v.Flagged() {
		c.flagged++
		return c.out.Encode(filter.Flag{ID: filter.FlagID(p), Post: p, Verdict: v, FlaggedAt: time.Now().UTC().Truncate(time.Millisecond)})
	}
	if !c.all {
		return nil
	}
	return c.out.Encode(passed{ID: filter.FlagID(p), Post: p, Verdict: v})
}

// passed is a verdict under the threshold, as --all prints it: a flag without its time.
type passed struct {
	ID   string      `json:"id"`
	Post ingest.Post `json:"post"`
	filter.Verdict
}

// post reads a line: a post, or with --text a bare text, which its author vouches for as public.
func (c *checker) post(data []byte, file string, n int) (ingest.Post, error) {
	if !c.text {
		return ingest.Decode(data)
	}
	return ingest.Admit(ingest.Raw{
		Platform: "text", Channel: ingest.RawChannel{ID: "check", Kind: ingest.KindPublicChannel},
		ID: strconv.Itoa(n), PostedAt: time.Now(), Text: string(data),
	})
}
