package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"saring/filter"
	"saring/ingest"
	"saring/rules"
)

// builtIn names the lexicons in the binary where a folder is asked for.
const builtIn = "built-in"

func newRulesDiff() *cobra.Command {
	var asJSON bool
	var samples int
	cmd := &cobra.Command{
		Use:   "diff A B [FILE…]",
		Short: "Say what changed in behaviour from lexicons A to lexicons B",
		Long: `Judge posts by two folders of lexicons and say which are newly flagged, which no longer, and by which rule, with samples.
FILE is posts (NDJSON), "-" standard input; without FILE the sample in the binary is judged. The name built-in stands for
the lexicons in the binary. Rules in draft are counted as if they were in shadow. The exit code is 1 when a verdict changed.`,
		Example: `  saring rules diff built-in my-lexicons posts.ndjson
  saring rules diff old-lexicons new-lexicons --json posts.ndjson`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usageError{errors.New("want two folders of lexicons, A and B; built-in stands for those in the binary")}
			}
			return diff(cmd, args[0], args[1], args[2:], samples, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the comparison as JSON")
	cmd.Flags().IntVar(&samples, "samples", 3, "posts to show for each rule, of what is new and of what is gone")
	return cmd
}

func diff(cmd *cobra.Command, a, b string, files []string, samples int, asJSON bool) error {
	before, err := loadNamed(a)
	if err != nil {
		return err
	}
	after, err := loadNamed(b)
	if err != nil {
		return err
	}
	c, err := filter.Compare(before, after, samples)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		err = eachPost(cmd, bytes.NewReader(sample), "sample", -1, c.Add)
	}
	for _, name := range files {
		if err = eachPostOf(cmd, name, c.Add); err != nil {
			break
		}
	}
	if err != nil {
		return err
	}
	result := c.Result()
	if err := printComparison(cmd.OutOrStdout(), result, asJSON); err != nil {
		return err
	}
	if result.Newly+result.Gone > 0 {
		return errFound
	}
	return nil
}

func loadNamed(name string) (*rules.Ruleset, error) {
	if name == builtIn {
		name = ""
	}
	return loadRules(name)
}

// eachPostOf reads the posts of a file.
func eachPostOf(cmd *cobra.Command, name string, each func(ingest.Post)) error {
	if name == "-" {
		return eachPost(cmd, cmd.InOrStdin(), name, -1, each)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	size := int64(-1)
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	return eachPost(cmd, f, name, size, each)
}

// eachPost reads posts and says which lines are none.
func eachPost(cmd *cobra.Command, r io.Reader, name string, size int64, each func(ingest.Post)) error {
	bar := newProgress(cmd.ErrOrStderr(), name)
	defer bar.done()
	for lines := ingest.NewLines(r, 0, 0); ; bar.set(lines.Offset(), size) {
		data, err := lines.Next()
		if err == io.EOF {
			return nil
		}
		var invalid *ingest.Invalid
		if err != nil && !errors.As(err, &invalid) {
			return fmt.Errorf("%s: %w", name, err)
		}
		var p ingest.Post
		if err == nil {
			p, err = ingest.Decode(data)
		}
		var refusal *ingest.Refusal
		switch {
		case errors.As(err, &refusal): // not of a public channel
		case err != nil:
			fmt.Fprintf(cmd.ErrOrStderr(), "%s:%d: %v\n", name, lines.Line(), err)
		default:
			each(p)
		}
	}
}

// printComparison prints what changed: the sums, a line for each rule that applied, and the samples.
func printComparison(w io.Writer, c filter.Comparison, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(c)
	}
	fmt.Fprintf(w, "%d posts: %d flagged before, %d after; %d newly, %d no longer\n", c.Posts, c.Before, c.After, c.Newly, c.Gone)
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "\tapplied before\tafter\tnewly flagged\tno longer\t\n")
	for _, r := range c.Rules {
		if r.Before+r.After > 0 {
			fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t\n", named(r), r.Before, r.After, r.Newly, r.Gone)
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, r := range c.Rules {
		for i, s := range r.Samples {
			if i == 0 {
				fmt.Fprintf(w, "\n%s\n", named(r))
			}
			sign := map[bool]string{true: "+", false: "-"}[s.Flagged]
			fmt.Fprintf(w, "  %s %s\n    %s\n", sign, s.Post, shortened(s.Text, 240))
		}
	}
	return nil
}

func named(r filter.RuleChange) string {
	if r.Status == "" {
		return r.ID + " (gone)"
	}
	return fmt.Sprintf("%s (%s)", r.ID, r.Status)
}

// shortened is a text on one line, of at most so many characters.
func shortened(s string, most int) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
