package main

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"saring/ingest"
	"saring/ingest/telegram"
	"saring/queue"
)

// sample is posts written for the project, so that a first run has something to show.
//
//go:embed sample/posts.ndjson
var sample []byte

// telegramOptions say how to reach Telegram.
type telegramOptions struct {
	tokenFile, api, site string
	every                time.Duration
}

func (t *telegramOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&t.tokenFile, "telegram-token-file", "", "file with the bot's token")
	f.StringVar(&t.api, "telegram-api", telegram.DefaultAPI, "address of the Bot API")
	f.StringVar(&t.site, "telegram-site", telegram.DefaultSite, "address of the public pages")
	f.DurationVar(&t.every, "telegram-every", time.Minute, "how often a public page is looked at")
}

// openSources makes the sources that were asked for, and the broker's subject for raw posts.
func (u *up) openSources() ([]ingest.Source, error) {
	list := []ingest.Source{&queue.Raw{Broker: u.broker}}
	if u.sample {
		list = append(list, &ingest.File{Data: sample, Done: u.told("the sample")})
	}
	site := &telegram.Site{Base: u.telegram.site}
	for _, spec := range u.sources {
		s, err := u.openSource(spec, site)
		if err != nil {
			return nil, err
		}
		if s != nil {
			list = append(list, s)
		}
	}
	return list, nil
}

func (u *up) openSource(spec string, site *telegram.Site) (ingest.Source, error) {
	kind, rest, _ := strings.Cut(spec, ":")
	switch {
	case kind == "file" && rest != "":
		if err := readable(rest); err != nil {
			return nil, err
		}
		bar := newProgress(u.cmd.ErrOrStderr(), rest)
		return &ingest.File{Path: rest, Progress: bar.set, Done: func(t ingest.Tally, resumed bool) {
			bar.done()
			u.told(rest)(t, resumed)
		}}, nil
	case spec == "-":
		return &ingest.Stream{From: u.cmd.InOrStdin(), Done: u.told("standard input")}, nil
	case spec == "http":
		return nil, nil // always open
	case spec == "telegram-bot":
		token, err := secret(u.telegram.tokenFile, "telegram-token-file")
		if err != nil {
			return nil, err
		}
		return &telegram.Bot{Token: token, Base: u.telegram.api}, nil
	case kind == "preview" && rest != "":
		return &telegram.Preview{Channel: rest, Site: site, Interval: u.telegram.every}, nil
	case kind == "export" && rest != "":
		if err := readable(rest); err != nil {
			return nil, err
		}
		bar := newProgress(u.cmd.ErrOrStderr(), rest)
		return &telegram.Export{Path: rest, Progress: bar.set, Done: func(t ingest.Tally, resumed bool) {
			bar.done()
			u.told(rest)(t, resumed)
		}}, nil
	}
	return nil, usageError{fmt.Errorf("--source %q is none that saring knows; it is file:PATH, -, http, telegram-bot, preview:NAME or export:PATH", spec)}
}

func readable(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return f.Close()
}

// secret reads a file that holds one secret.
func secret(file, flag string) (string, error) {
	if file == "" {
		return "", usageError{fmt.Errorf("--%s is missing: name the file that holds it", flag)}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	s := strings.TrimSpace(string(data))
	if s == "" {
		return "", fmt.Errorf("%s is empty", file)
	}
	return s, nil
}

// told says what a source has read, and then what came of it.
func (u *up) told(what string) func(ingest.Tally, bool) {
	return func(t ingest.Tally, resumed bool) {
		w := u.cmd.ErrOrStderr()
		if resumed && t.Accepted+t.Refused+t.Invalid == 0 {
			fmt.Fprintf(w, "  %s was read to its end before; nothing new\n", what)
			u.telling.Go(u.tellFlags)
			return
		}
		fmt.Fprintf(w, "  read %s: %d posts; %d refused, because they are not of a public channel", what, t.Accepted, t.Refused)
		if t.Invalid > 0 {
			fmt.Fprintf(w, "; %d invalid, the first: line %d, %s (`saring dead ls` shows all)", t.Invalid, t.Errors[0].Line, t.Errors[0].Error)
		}
		fmt.Fprintln(w)
		u.telling.Go(u.tellFlags)
	}
}

// tellFlags waits until what was read has gone all the way, and says what came of it.
func (u *up) tellFlags() {
	ctx, cancel := context.WithTimeout(u.flow, time.Minute)
	defer cancel()
	if !u.does(roleFilter) || !u.does(roleReview) {
		return
	}
	for {
		idle, err := u.broker.Idle(ctx)
		if err != nil {
			return // it is only told
		}
		if lag, err := u.index.Lag(ctx, u.broker); idle && err == nil && lag == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
	n, err := u.broker.Counts(ctx)
	if err == nil {
		fmt.Fprintf(u.cmd.ErrOrStderr(), "  flags so far: %d, with %d warnings to the platform and %d notices to the government; all can be searched\n",
			n[queue.FlagStream], n[queue.Platform], n[queue.Government])
	}
}
