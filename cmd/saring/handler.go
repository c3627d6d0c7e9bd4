package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"saring/ingest"
	"saring/review/console"
)

// linkLife is how long a login link works.
const linkLife = 15 * time.Minute

// handler is everything that the process serves over HTTP.
func (u *up) handler() (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(u.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", u.ready)
	u.keeperAPI(mux)
	if u.does(roleIngest) {
		posts, err := u.posts()
		if err != nil {
			return nil, err
		}
		mux.Handle("/v1/posts", posts)
	}
	if u.does(roleReview) {
		desk, err := console.New(console.Config{Index: u.index, Keys: u.keys, Decide: u.decide, Log: u.logger})
		if err != nil {
			return nil, err
		}
		mux.Handle("/", desk)
	}
	return mux, nil
}

// posts is the handler of POST /v1/posts. Beyond this machine it wants a token.
func (u *up) posts() (http.Handler, error) {
	if u.ingestToken != "" {
		token, err := secret(u.ingestToken, "ingest-token-file")
		return ingest.NewHTTP(u.intake, token), err
	}
	host, _, err := net.SplitHostPort(u.listen)
	if err != nil {
		return nil, usageError{fmt.Errorf("--listen %q: want HOST:PORT, such as 127.0.0.1:8080", u.listen)}
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"error":"closed: this address is open to other machines, so give saring up --ingest-token-file"}`, http.StatusForbidden)
		}), nil
	}
	return ingest.NewHTTP(u.intake, ""), nil
}

// ready answers 200 when posts can go all the way, else 503 and why not.
func (u *up) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	if err := errors.Join(u.broker.Ready(ctx), u.broker.Room()); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// greet says in a few lines what runs, and what to try.
func (u *up) greet() {
	w := u.cmd.ErrOrStderr()
	say := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	broker := "embedded broker"
	if u.nats != "" {
		broker = "broker at --nats"
	}
	say("saring is up")
	say("  data     %s (%s)", u.data, broker)
	if u.live != nil {
		rules, terms := u.live.Filter().Counts()
		say("  rules    %d rules, %d terms, version %s", rules, terms, u.live.Filter().Version())
	}
	if u.does(roleReview) {
		say("  desk     %s", u.keys.Link(u.address, linkLife))
		say("           (the link works once, for %d minutes; `saring login` makes another)", int(linkLife.Minutes()))
	} else {
		say("  metrics  %s/metrics", u.address)
	}
	if u.does(roleIngest) {
		switch {
		case u.sample:
			say("  posts    from a sample written for the project; --source connects a real one (saring up --help)")
		case len(u.sources) > 0:
			say("  posts    from %v, POST %s/v1/posts and the broker's subject saring.raw", u.sources, u.address)
		default:
			say("  posts    from POST %s/v1/posts and the broker's subject saring.raw", u.address)
		}
	}
	if u.sample {
		say("try next, in another terminal:")
		say("  saring search 'category:recruitment'")
		say("  curl --data-binary @cmd/saring/sample/posts.ndjson %s/v1/posts", u.address)
	}
	say("Ctrl-C stops")
}
