package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"saring/review/console"
	"saring/review/index"
)

func newSearch() *cobra.Command {
	s := searcher{}
	cmd := &cobra.Command{
		Use:   "search QUERY…",
		Short: "Search what was flagged",
		Long: `Search what was flagged. All words must occur, in any inflection; "words in quotes" stand as they are; word* is any
word that begins so; -word must not occur. Fields: ` + strings.Join(index.Fields, ", ") + `.`,
		Example: `  saring search baiat
  saring search '"join us" category:recruitment after:2026-11-01'
  saring search 'status:open severity:critical' --sort severity
  saring search 'language:id -berita' --json`,
		RunE: func(cmd *cobra.Command, args []string) error { return s.run(cmd, strings.Join(args, " ")) },
	}
	f := cmd.Flags()
	f.StringVar(&s.data, "data", defaultData, "data folder")
	f.StringVar(&s.sort, "sort", "newest", "newest, oldest, severity or score")
	f.IntVar(&s.page, "page", 1, "which page")
	f.BoolVar(&s.json, "json", false, "print the result as JSON")
	return cmd
}

// searcher is the command's options.
type searcher struct {
	connection
	sort string
	page int
	json bool
}

func (s *searcher) run(cmd *cobra.Command, text string) error {
	q, err := index.ParseQuery(text)
	if err != nil {
		return usageError{err}
	}
	if q.Sort, err = index.ParseSort(s.sort); err != nil {
		return usageError{err}
	}
	q.Page = s.page
	res, err := s.search(cmd.Context(), q)
	if err != nil {
		return err
	}
	if s.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(res)
	}
	return index.WriteText(cmd.OutOrStdout(), res, isTerminal(cmd.OutOrStdout()))
}

// search asks the process that runs on the data folder, or opens its index when none does.
func (s *searcher) search(ctx context.Context, q index.Query) (index.Result, error) {
	address, keys, err := s.desk()
	if err == nil {
		return console.NewClient(address, keys.APIToken(time.Minute)).Search(ctx, q)
	}
	if !errors.Is(err, errNotRunning) {
		return index.Result{}, err
	}
	dir := filepath.Join(s.data, indexDir)
	if _, err := os.Stat(dir); err != nil {
		return index.Result{}, fmt.Errorf("%s holds no index; name the data folder with --data, or start `saring up`", s.data)
	}
	x, err := index.Open(dir, "", slog.New(slog.DiscardHandler), nil)
	if err != nil {
		return index.Result{}, err
	}
	defer x.Close()
	return x.Search(ctx, q)
}
