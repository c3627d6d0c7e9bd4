package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
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
		mux.Handle("/v1/posts", http.NewCrossOriginProtection().Handler(posts))
	}
	if u.does(roleReview) {
		known := &deskRules{k: u.broker, live: u.live}
		desk, err := console.New(console.Config{Index: u.index, Keys: u.keys, Decide: u.decide, Explain: u.explain(),
			Rules: known.inUse, Brakes: known.brakes, Log: u.logger, Secure: strings.HasPrefix(u.publicURL, "https://")})
		if err != nil {
			return nil, err
		}
		mux.Handle("/", desk)
	} else {
		mux.HandleFunc("/api/search", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprintln(w, `{"error":"this process has no index: it runs without the role review"}`)
		})
	}
	return u.named(mux), nil
}

// named lets a request in only by a name of this machine when the address is of this machine alone. A page of
// another site whose name has been made to point here (DNS rebinding) asks by that name.
func (u *up) named(next http.Handler) http.Handler {
	if !isLoopback(u.listen) {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback(r.Host) && r.Host != u.publicHost() {
			http.Error(w, "this address answers to names of this machine only; --public-url names another", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLoopback reports whether an address, with or without a port, is of this machine alone.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.Trim(address, "[]")
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// publicHost is the host of --public-url, "" for none.
func (u *up) publicHost() string {
	p, err := url.Parse(u.publicURL)
	if err != nil {
		return ""
	}
	return p.Host
}

// posts is the handler of POST /v1/posts. Beyond this machine it wants a token.
func (u *up) posts() (http.Handler, error) {
	if u.ingestToken != "" {
		token, err := secret(u.ingestToken, "ingest-token-file")
		return ingest.NewHTTP(u.intake, token), err
	}
	if !isLoopback(u.listen) {
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
		rules, _ := u.live.Filter().Counts()
		say("  rules    %d rules, %d terms, version %s%s", rules, u.live.Ruleset().Terms(), u.live.Filter().Version(), u.rulesFrom())
	}
	if u.does(roleReview) {
		say("  desk     %s", u.keys.Link(cmp.Or(u.publicURL, u.address), linkLife))
		say("           (the link works once, for %d minutes; `saring login` makes another)", int(linkLife.Minutes()))
	} else {
		say("  metrics  %s/metrics", u.address)
	}
	if u.does(roleIngest) {
		if u.sample {
			say("  posts    from a sample written for the project; --source connects a real one (saring up --help)")
		} else {
			from := slices.DeleteFunc(slices.Clone(u.sources), func(s string) bool { return s == "http" })
			if isLoopback(u.listen) || u.ingestToken != "" {
				from = append(from, "POST "+u.address+"/v1/posts")
			}
			say("  posts    from %s", strings.Join(append(from, "the broker's subject saring.raw"), ", "))
		}
	}
	if u.sample {
		say("try next, in another terminal:")
		say("  saring search 'category:recruitment'")
		say("  curl --data-binary @cmd/saring/sample/posts.ndjson %s/v1/posts", u.address)
	}
	say("Ctrl-C stops")
}
