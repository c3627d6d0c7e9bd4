// Command saring watches the public channels of a platform for terrorist propaganda in Indonesian and English,
// warns the platform, notifies the government, and gives moderators a desk.
//
//	source ─▶ ingest.Gate ─▶ [POSTS] ─▶ filter ─▶ [FLAGS] ─┬▶ queue/platform   ─▶ [PLATFORM]
//	 (public only)                         ▲               ├▶ queue/government ─▶ [GOVERNMENT]
//	                                     rules             └▶ review/index ─▶ review/console
//
// This package is the one place that knows all the others: it parses, wires and exits. See up.go for the wiring.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"saring/rules"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second Ctrl-C ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Exit codes.
const (
	fine   = 0
	found  = 1 // found something, or failed
	misuse = 2
)

// errFound ends a command with code 1 and without a message: what it found has been printed.
var errFound = errors.New("found something")

// usageError is a command that was typed wrong.
type usageError struct{ error }

// run is the program: it returns the exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	cmd, err := root.ExecuteContextC(ctx)
	var usage usageError
	switch {
	case err == nil, errors.Is(err, context.Canceled) && ctx.Err() != nil:
		return fine
	case errors.Is(err, errFound):
		return found
	case errors.As(err, &usage):
		fmt.Fprintf(errs, "saring: %v\nhint: %s --help shows how\n", err, cmd.CommandPath())
		return misuse
	}
	var mistakes rules.Mistakes
	if errors.As(err, &mistakes) {
		fmt.Fprintf(errs, "%v\nsaring: %d mistakes in the lexicons\n", mistakes, len(mistakes))
		return found
	}
	fmt.Fprintf(errs, "saring: %v\n", err)
	return found
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "saring",
		Short: "Watch public channels for terrorist propaganda in Indonesian and English",
		Long: `Saring watches the public channels of a platform for terrorist propaganda in Indonesian and English, warns the
platform, notifies the government, and gives moderators a desk. Private chats are out of its reach.`,
		Example:       "  saring up                       everything, on this machine, with a sample\n  saring check posts.ndjson       what would be flagged, offline",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("there is no command %q", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newUp(), newCheck(), newRules(), newSearch(), newDead(), newLogin(), newBench(), newEval())
	return root
}

// exactly wants n arguments.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return usageError{fmt.Errorf("want %s", what)}
		}
		return nil
	}
}
