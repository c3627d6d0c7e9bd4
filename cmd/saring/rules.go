package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"saring/filter"
	"saring/rules"
)

func newRules() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Check and test lexicons",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("there is no command %q", "rules "+args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newRulesLint(), newRulesFmt(), newRulesSchema(), newRulesTest(), newRulesDiff(), newRulesBacktest(), newRulesShow(),
		newRulesPush(), newRulesList(), newRulesHistory(), newRulesRollback(), newRulesRelease(), newRulesKeygen())
	cmd.AddCommand(newRulesExplain())
	return cmd
}

func newRulesLint() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "lint",
		Short: "Say what is wrong in lexicons, with file, line and column",
		Long: `Say what is wrong in lexicons: what cannot be read, what a rule's dossier lacks, rules that have expired, groups that
nobody uses; and, as advice, terms that are never needed, spellings that are everyday words, rules that cover each other.
The exit code is 1 when something is wrong; advice alone does not change it.`,
		Example: "  saring rules lint --rules rules/lexicons",
		Args:    exactly(0, "no argument; name the folder with --rules"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			rs, f, err := compile(dir)
			if err != nil {
				return err
			}
			found := rules.Lint(rs, time.Now())
			overlaps, err := filter.Overlaps(rs)
			if err != nil {
				return err
			}
			if found = append(found, overlaps...); len(found) > 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), found)
			}
			n, words := f.Counts()
			fmt.Fprintf(cmd.OutOrStdout(), "%d rules in use, %d in draft, %d terms of %d words; %d mistakes, %d pieces of advice; version %s\n",
				n, len(rs.Rules)-n, rs.Terms(), words, len(found.Grave()), len(found)-len(found.Grave()), rs.Version)
			if len(found.Grave()) > 0 {
				return errFound
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "rules", "", "folder of lexicons (default: those in the binary)")
	return cmd
}

func newRulesSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of lexicons, for editors",
		Long: `Print the JSON Schema of lexicons. An editor with a YAML language server completes and checks a file that begins with
  # yaml-language-server: $schema=lexicon.schema.json`,
		Example: "  saring rules schema > lexicon.schema.json",
		Args:    exactly(0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(rules.Schema)
			return err
		},
	}
}

func newRulesTest() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:     "test",
		Short:   "Run every rule's own texts: those it must match and those it must pass",
		Example: "  saring rules test --rules rules/lexicons",
		Args:    exactly(0, "no argument; name the folder with --rules"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			rs, _, err := compile(dir)
			if err != nil {
				return err
			}
			if err := filter.Test(rs); err != nil {
				return err
			}
			match, pass := 0, 0
			for _, r := range rs.Rules {
				match += len(r.Match)
				pass += len(r.Pass.All())
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d rules hold: %d texts match, %d pass; version %s\n", len(rs.Rules), match, pass, rs.Version)
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "rules", "", "folder of lexicons (default: those in the binary)")
	return cmd
}

// engineFlag adds the flag that chooses how terms are found.
func engineFlag(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "engine", string(filter.Words),
		"how terms are found: words, or cloudflare, the slow reference; the verdicts are the same")
}

func compile(dir string) (*rules.Ruleset, *filter.Filter, error) {
	rs, err := loadRules(dir)
	if err != nil {
		return nil, nil, err
	}
	f, err := filter.New(rs)
	return rs, f, err
}

func newRulesShow() *cobra.Command {
	var c connection
	var to string
	cmd := &cobra.Command{
		Use:   "show VERSION",
		Short: "Fetch the lexicons of a version that gave a verdict",
		Long: `Fetch the lexicons of a ruleset that has been in use, by the version that its flags name, into a folder. With them
'saring check --rules' gives the same verdicts again.`,
		Example: "  saring rules show 3f2a9c1be0d47785 --to old-lexicons",
		Args:    exactly(1, "the version of one ruleset"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if to == "" {
				return usageError{errors.New("--to is missing: name the folder to write")}
			}
			k, err := c.keeper(cmd.Context())
			if err != nil {
				return err
			}
			defer k.Close()
			data, err := k.Ruleset(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			rs, err := rules.FromArchive(data)
			if err != nil {
				return err
			}
			if err := rs.Write(to); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d rules of version %s are in %s\n", len(rs.Rules), rs.Version, to)
			return nil
		},
	}
	c.flags(cmd)
	cmd.Flags().StringVar(&to, "to", "", "folder to write, which must not exist")
	return cmd
}
