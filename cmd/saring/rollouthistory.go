package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"saring/queue"
)

func newRulesHistory() *cobra.Command {
	var c connection
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "history",
		Short:   "List the rulesets that were pushed, the newest first",
		Example: "  saring rules history",
		Args:    exactly(0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			k, err := c.keeper(cmd.Context())
			if err != nil {
				return err
			}
			defer k.Close()
			list, err := k.Announcements(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				for _, a := range list {
					if err := enc.Encode(a); err != nil {
						return err
					}
				}
				return nil
			}
			if len(list) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "nothing was pushed; filters without --rules use the rules in the binary")
				return nil
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
			fmt.Fprintln(w, "PUSHED\tVERSION\tKEY\tNOTE")
			for i, a := range list {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", a.PushedAt.Local().Format(time.DateTime), a.Version, a.Key, noteOf(a, i == 0))
			}
			return w.Flush()
		},
	}
	c.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

func noteOf(a queue.Announcement, active bool) string {
	out := a.Note
	if a.Rollback {
		out = "(rollback) " + out
	}
	if active {
		out = "(active) " + out
	}
	return out
}

func newRulesRollback() *cobra.Command {
	a := announcer{}
	cmd := &cobra.Command{
		Use:   "rollback [VERSION]",
		Short: "Let every filter go back to a ruleset that was pushed before",
		Long: `Sign and announce a ruleset that was pushed before: the one before the active one, or VERSION as ` + "`saring rules history`" + `
shows it. No backtest is asked for. The exit code is 1 when a filter has refused it.`,
		Example: "  saring rules rollback\n  saring rules rollback 3f2a9c1be0d47785 --note \"too many sermons\"",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{errors.New("want the version of one ruleset, or none")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.open(cmd); err != nil {
				return err
			}
			defer a.k.Close()
			return a.rollback(cmd.Context(), append(args, "")[0])
		},
	}
	a.flags(cmd)
	cmd.Flags().StringArrayVar(&a.trust, "trust", nil, "file of the public keys that have signed what to go back to (the key that signs now is trusted)")
	return cmd
}

func (a *announcer) rollback(ctx context.Context, version string) error {
	list, err := a.k.Announcements(ctx)
	if err != nil {
		return err
	}
	to, err := earlier(list, version)
	if err != nil {
		return err
	}
	trust, err := trusted(a.key.Keys(), a.trust)
	if err != nil {
		return err
	}
	// It is signed anew with our key, so somebody else's word for it is not enough.
	if err := to.Verify(trust); err != nil {
		return fmt.Errorf("ruleset %s: %w", to.Version, err)
	}
	archive, err := a.k.Ruleset(ctx, to.Version)
	if err != nil {
		return err
	}
	rs, err := to.Open(archive)
	if err != nil {
		return fmt.Errorf("ruleset %s: %w", to.Version, err)
	}
	a.note = cmp.Or(a.note, to.Note)
	return a.announce(ctx, rs, true)
}

// earlier finds what to go back to: a version, or else the one that was in use before the active one was pushed. list
// has the newest first. To go back twice is to go back further.
func earlier(list []queue.Announcement, version string) (queue.Announcement, error) {
	if len(list) == 0 {
		return queue.Announcement{}, errors.New("nothing was pushed, so there is nothing to go back to")
	}
	from := slices.IndexFunc(list, func(a queue.Announcement) bool { return !a.Rollback && a.Version == list[0].Version })
	for _, a := range list[max(from, 0):] {
		if version == "" && a.Version != list[0].Version && !a.Rollback {
			return a, nil
		}
	}
	for _, a := range list {
		if version != "" && a.Version == version {
			return a, nil
		}
	}
	if version == "" {
		return queue.Announcement{}, errors.New("nothing was pushed before the active ruleset; `saring rules push` without --rules announces the rules in the binary")
	}
	return queue.Announcement{}, fmt.Errorf("the version %s was not pushed; `saring rules history` shows those that were", version)
}

func newRulesRelease() *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:   "release RULE",
		Short: "Take the brake off a rule",
		Long: `Take the brake off a rule: every filter lets it flag again within a second, and watches it as after any change. Look at
what it fired on first (` + "`saring search rule:RULE`" + `); mostly the rule has to be mended, and a mended rule is not braked.`,
		Example: "  saring rules release id-oath-to-group",
		Args:    exactly(1, "the id of one rule; `saring rules list` marks those that are braked"),
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := c.keeper(cmd.Context())
			if err != nil {
				return err
			}
			defer k.Close()
			off, err := k.Release(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			for _, b := range off {
				fmt.Fprintf(cmd.OutOrStdout(), "the brake of %s is off: %s\n", b.At.Local().Format(time.DateTime), b.Reason)
			}
			return nil
		},
	}
	c.flags(cmd)
	return cmd
}
