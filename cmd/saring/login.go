package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func newLogin() *cobra.Command {
	var c connection
	cmd := &cobra.Command{
		Use:     "login",
		Short:   "Print a new one-time link to the desk",
		Long:    "Print a new one-time link to the desk of the saring that runs on the data folder. Who can read that folder can log in.",
		Example: "  saring login",
		Args:    exactly(0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			address, keys, err := c.desk()
			if errors.Is(err, errNotRunning) {
				return fmt.Errorf("no saring runs on %s; start `saring up` first, or name its folder with --data", c.data)
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), keys.Link(address, linkLife))
			return nil
		},
	}
	cmd.Flags().StringVar(&c.data, "data", defaultData, "data folder")
	return cmd
}
