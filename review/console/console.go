package console

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"saring/filter"
	"saring/review"
	"saring/review/index"
)

//go:embed static
var staticFiles embed.FS

// Config is what a desk needs. Index, Keys and Decide are required.
type Config struct {
	Index  *index.Index
	Keys   *Keys
	Decide func(context.Context, review.Decision) error // publishes the decision; nil means it is durable
	// Explain explains a text by the ruleset in use; nil where nothing judges posts.
	Explain func(string, filter.ExplainOptions) (filter.Explanation, error)
	// Rules are the rules in use, Brakes those brakes that hold one of them in shadow. Both are nil where nobody knows.
	Rules  func(context.Context) (RulesInUse, error)
	Brakes func(context.Context) ([]Brake, error)
	Log    *slog.Logger // nil is silent
	Secure bool         // the desk is reached by https: cookies are sent by nothing else
}

// A desk is the handlers and what they share.
type desk struct {
	Config
	pages     map[string]*pages // language → its templates
	brakes    *kept[[]Brake]
	rules     *kept[RulesInUse]
	precision *kept[map[string]index.Precision] // of each rule that has a flag
}

// New makes the handler of the whole desk. It is mounted at the root of its own address.
func New(c Config) (http.Handler, error) {
	if c.Index == nil || c.Keys == nil || c.Decide == nil {
		return nil, errors.New("console: Index, Keys and Decide are required")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	d := &desk{Config: c, pages: map[string]*pages{}}
	for _, lang := range languages {
		p, err := parsePages(lang)
		if err != nil {
			return nil, err
		}
		d.pages[lang] = p
	}
	d.learn()
	return d.routes()
}

// routes is every address of the desk.
func (d *desk) routes() (http.Handler, error) {
	static, err := fs.Sub(staticFiles, "static")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /static/", cached(http.StripPrefix("/static/", http.FileServerFS(static))))
	mux.HandleFunc("GET /login", d.login)
	mux.Handle("POST /logout", d.session(d.logout))
	mux.Handle("POST /preferences", d.session(d.preferences))
	mux.Handle("GET /{$}", d.session(d.list))
	mux.Handle("GET /flags/{id}", d.session(d.flag))
	mux.Handle("POST /flags/{id}/decision", d.session(d.decide))
	mux.Handle("GET /explain", d.session(d.explain))
	mux.Handle("POST /explain", d.session(d.explainText))
	mux.Handle("GET /rules", d.session(d.rulesPage))
	mux.Handle("GET /api/search", d.bearer(d.apiSearch))
	mux.Handle("/", d.session(d.notFound))
	return d.logged(hardened(http.NewCrossOriginProtection().Handler(mux))), nil
}

// hardened says to the browser what a page of the desk may do: nothing but what we ship.
func hardened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "+
			"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Robots-Tag", "noindex")
		limit := int64(64 << 10)
		if r.URL.Path == "/explain" {
			limit = maxExplainForm
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r)
	})
}

// cached lets the browser keep what belongs to the program and not to a post.
func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, max-age=300")
		next.ServeHTTP(w, r)
	})
}

// logged writes a line for each request: its route, never its address, which may hold a query.
func (d *desk) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		s := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(s, r)
		d.Log.Debug("desk", "route", r.Pattern, "status", s.status, "took", time.Since(start))
	})
}

// statusWriter remembers the status for the log.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (s *statusWriter) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }
