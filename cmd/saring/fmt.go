package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"saring/rules"
)

func newRulesFmt() *cobra.Command {
	var dir string
	var check bool
	cmd := &cobra.Command{
		Use:   "fmt",
		Short: "Write lexicons the one way that all are written",
		Long: `Write lexicons the one way that all are written: keys in order, conditions as sentences, an empty line between rules. What
the rules do does not change, and comments stay. A file with a mistake is left as it is.`,
		Example: `  saring rules fmt --rules rules/lexicons
  saring rules fmt --check --rules rules/lexicons`,
		Args: exactly(0, "no argument; name the folder with --rules"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return usageError{errors.New("--rules is missing: name the folder of lexicons")}
			}
			return format(cmd, dir, check)
		},
	}
	cmd.Flags().StringVar(&dir, "rules", "", "folder of lexicons")
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; name the files that would change, and exit with 1 if there are any")
	return cmd
}

// format formats the lexicons of a folder, or says which are not.
func format(cmd *cobra.Command, dir string, check bool) error {
	if _, err := os.Stat(dir); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.yml"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no *.yml in %s", dir)
	}
	var failed error
	changed := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		formatted, err := rules.Format(file, data)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if bytes.Equal(data, formatted) {
			continue
		}
		changed++
		fmt.Fprintln(cmd.OutOrStdout(), file)
		if !check {
			failed = errors.Join(failed, replaceFile(file, formatted))
		}
	}
	if failed == nil && check && changed > 0 {
		return errFound
	}
	return failed
}

// replaceFile writes a file whole or not at all.
func replaceFile(file string, data []byte) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	next, err := os.CreateTemp(filepath.Dir(file), ".*"+filepath.Base(file))
	if err != nil {
		return err
	}
	defer os.Remove(next.Name())
	_, err = next.Write(data)
	if err = errors.Join(err, next.Chmod(info.Mode().Perm()), next.Close()); err != nil {
		return err
	}
	return os.Rename(next.Name(), file)
}
