package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"saring/queue"
)

func newDead() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead",
		Short: "Look at the inputs that no stage could use, and send them again",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("there is no command %q", "dead "+args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDeadList(), newDeadShow(), newDeadReplay())
	return cmd
}

func newDeadList() *cobra.Command {
	var c connection
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "ls",
		Short:   "List the dead letters, the oldest first",
		Example: "  saring dead ls",
		Args:    exactly(0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			k, err := c.keeper(cmd.Context())
			if err != nil {
				return err
			}
			defer k.Close()
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				return k.Letters(cmd.Context(), func(l queue.Letter) bool { return enc.Encode(l) == nil })
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
			n := 0
			err = k.Letters(cmd.Context(), func(l queue.Letter) bool {
				if n++; n == 1 {
					fmt.Fprintln(w, "SEQ\tAT\tORIGIN\tREASON\tBYTES\tDETAIL")
				}
				fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%d\t%s\n", l.Seq, l.At.Local().Format(time.DateTime), l.Origin, l.Reason, len(l.Body), l.Detail)
				return true
			})
			if n == 0 && err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), "no dead letters")
			}
			return errors.Join(err, w.Flush())
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

func newDeadShow() *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:     "show SEQ",
		Short:   "Print a dead letter with its original bytes",
		Example: "  saring dead show 3",
		Args:    exactly(1, "the number of one dead letter; `saring dead ls` shows them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withLetter(cmd, args[0], func(_ keeper, l queue.Letter) error {
				w := cmd.OutOrStdout()
				fmt.Fprintf(w, "dead letter %d of %s\norigin   %s\nreason   %s\ndetail   %s\n", l.Seq, l.At.Format(time.RFC3339), l.Origin, l.Reason, l.Detail)
				if l.Subject != "" {
					fmt.Fprintf(w, "subject  %s\n", l.Subject)
				}
				if len(l.Body) == 0 {
					fmt.Fprintln(w, "its bytes were not kept, because it was not shown to be of a public channel")
					return nil
				}
				fmt.Fprintf(w, "bytes    %d\n\n%q\n", len(l.Body), l.Body)
				return nil
			})
		},
	}
	c.flags(cmd)
	return cmd
}

func newDeadReplay() *cobra.Command {
	var c connection
	var all bool
	cmd := &cobra.Command{
		Use:   "replay SEQ | --all",
		Short: "Send a dead letter again the way it was going, and remove it",
		Long: `Send a dead letter again the way it was going, and remove it: after the cause has been mended, in Saring or in a
rule. A line that is still invalid stays a dead letter.`,
		Example: "  saring dead replay 3\n  saring dead replay --all",
		Args: func(_ *cobra.Command, args []string) error {
			if all != (len(args) == 0) || len(args) > 1 {
				return usageError{errors.New("want the number of one dead letter, or --all")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !all {
				return c.withLetter(cmd, args[0], func(k keeper, l queue.Letter) error {
					if err := k.Replay(cmd.Context(), l); err != nil {
						return err
					}
					fmt.Fprintf(cmd.OutOrStdout(), "dead letter %d was sent again\n", l.Seq)
					return nil
				})
			}
			return c.replayAll(cmd)
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&all, "all", false, "all dead letters that have their bytes")
	return cmd
}

// replayAll goes on after one that fails, and says how many did.
func (c *connection) replayAll(cmd *cobra.Command) error {
	k, err := c.keeper(cmd.Context())
	if err != nil {
		return err
	}
	defer k.Close()
	var letters []queue.Letter
	if err := k.Letters(cmd.Context(), func(l queue.Letter) bool {
		letters = append(letters, l)
		return true
	}); err != nil {
		return err
	}
	sent := 0
	for _, l := range letters {
		if err := k.Replay(cmd.Context(), l); err != nil {
			fmt.Fprintln(cmd.ErrOrStderr(), err)
			continue
		}
		sent++
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%d of %d dead letters were sent again\n", sent, len(letters))
	if sent < len(letters) {
		return errFound
	}
	return nil
}

// withLetter fetches one dead letter.
func (c *connection) withLetter(cmd *cobra.Command, arg string, f func(keeper, queue.Letter) error) error {
	seq, err := strconv.ParseUint(arg, 10, 64)
	if err != nil {
		return usageError{fmt.Errorf("%q is no number of a dead letter", arg)}
	}
	k, err := c.keeper(cmd.Context())
	if err != nil {
		return err
	}
	defer k.Close()
	l, err := k.Letter(cmd.Context(), seq)
	if err != nil {
		return err
	}
	return f(k, l)
}
