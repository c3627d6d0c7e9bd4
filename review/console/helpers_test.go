package console

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"saring/filter"
	"saring/ingest"
	"saring/review"
	"saring/review/index"
	"saring/rules"
)

// A bench is a desk at work: a real index, a real server, and decisions that come back as if from their stream.
type bench struct {
	t         *testing.T
	index     *index.Index
	keys      *Keys
	server    *httptest.Server
	log       *lockedBuffer
	decisions []review.Decision
	refuse    error // what Decide returns instead of publishing
	braked    []Brake
	silent    error // what Rules and Brakes return instead of an answer
	mu        sync.Mutex
	client    *http.Client
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newBench(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	x, err := index.Open(filepath.Join(dir, "index"), "", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	b := &bench{t: t, index: x, log: &lockedBuffer{}}
	if b.keys, err = LoadKeys(filepath.Join(dir, "desk.key")); err != nil {
		t.Fatal(err)
	}
	h, err := New(Config{Index: x, Keys: b.keys, Decide: b.decide, Explain: b.explain, Rules: b.rules, Brakes: b.brakes,
		Log: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	b.server = httptest.NewServer(h)
	t.Cleanup(b.server.Close)
	b.client = b.browser()
	return b
}

// browser keeps cookies and does not follow redirects.
func (b *bench) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (b *bench) decide(ctx context.Context, d review.Decision) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuse != nil {
		return b.refuse
	}
	b.decisions = append(b.decisions, d)
	return b.index.Apply(ctx, []index.Entry{{Stream: "DECISIONS", Seq: uint64(len(b.decisions)), Decision: &d}})
}

// explainer is a filter of the lexicons in the binary, compiled once.
var explainer = sync.OnceValues(func() (*filter.Filter, error) {
	rs, err := rules.Bundled()
	if err != nil {
		return nil, err
	}
	return filter.New(rs)
})

func (b *bench) explain(text string, o filter.ExplainOptions) (filter.Explanation, error) {
	f, err := explainer()
	if err != nil {
		return filter.Explanation{}, err
	}
	return f.ExplainWith(text, o)
}

// rules are those of testdata/rules.yml, as if filters used them, with backtests of one in two.
func (b *bench) rules(context.Context) (RulesInUse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.silent != nil {
		return RulesInUse{}, b.silent
	}
	rs, err := rules.Load("testdata")
	if err != nil {
		return RulesInUse{}, err
	}
	out := RulesInUse{Version: rs.Version, Filters: 1}
	for i, r := range rs.Rules {
		if r.ID == "contoh-4" {
			r.Expires = time.Now().UTC().AddDate(0, 0, 12).Format(time.DateOnly)
		}
		row := Rule{Rule: r}
		if i%2 == 0 {
			row.Tested, row.Posts = time.Date(2026, 11, 19, 20, 0, 0, 0, time.UTC), 12_000
		}
		for _, k := range b.braked {
			if k.Rule == r.ID {
				row.Brake = &k
			}
		}
		out.Rules = append(out.Rules, row)
	}
	return out, nil
}

func (b *bench) brakes(context.Context) ([]Brake, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.braked, b.silent
}

func (b *bench) add(flags ...*filter.Flag) {
	b.t.Helper()
	var entries []index.Entry
	for i, f := range flags {
		entries = append(entries, index.Entry{Stream: "FLAGS", Seq: b.index.Position("FLAGS") + uint64(i) + 1, Flag: f})
	}
	if err := b.index.Apply(b.t.Context(), entries); err != nil {
		b.t.Fatal(err)
	}
}

// flag makes a harmless flag; the word hit, if it stands in the text, is what a rule matched.
func flag(t testing.TB, id, handle, title, text, hit string, change func(*filter.Flag)) *filter.Flag {
	t.Helper()
	at := time.Date(2026, 11, 20, 8, 15, 0, 0, time.UTC)
	p, err := ingest.Admit(ingest.Raw{
		Platform: "telegram", ID: id, Text: text, PostedAt: at, URL: "https://t.example/" + handle + "/" + id,
		Channel: ingest.RawChannel{ID: "-1001234567890", Handle: handle, Title: title, Kind: ingest.KindPublicChannel},
	})
	if err != nil {
		t.Fatal(err)
	}
	f := &filter.Flag{ID: filter.FlagID(p), Post: p, FlaggedAt: at.Add(2 * time.Second)}
	f.Language, f.Category, f.Severity, f.Score, f.Action = "id", rules.Threat, rules.High, 7.5, rules.Warn
	f.Ruleset = "3f9a51c07be2"
	f.Rules = []filter.RuleScore{{ID: "contoh-1", Title: "Aturan contoh", Score: 7.5}}
	if i := strings.Index(text, hit); hit != "" && i >= 0 {
		f.Hits = []filter.Hit{{Rule: "contoh-1", Term: hit, Start: i, End: i + len(hit), Text: hit}}
	}
	if change != nil {
		change(f)
	}
	return f
}

func (b *bench) login() {
	b.t.Helper()
	resp, _ := b.get("/login?token=" + url.QueryEscape(b.keys.NewLink(time.Minute)))
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/" {
		b.t.Fatalf("login: %s to %q", resp.Status, resp.Header.Get("Location"))
	}
}

func (b *bench) do(req *http.Request) (*http.Response, string) {
	b.t.Helper()
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp, string(body)
}

func (b *bench) request(method, path string, form url.Values) *http.Request {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return req
}

func (b *bench) get(path string) (*http.Response, string) {
	b.t.Helper()
	return b.do(b.request(http.MethodGet, path, nil))
}

func (b *bench) post(path string, form url.Values) (*http.Response, string) {
	b.t.Helper()
	return b.do(b.request(http.MethodPost, path, form))
}

// page gets a page that must be there.
func (b *bench) page(path string) string {
	b.t.Helper()
	resp, body := b.get(path)
	if resp.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: %s", path, resp.Status)
	}
	return body
}

func wantIn(t *testing.T, body string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(body, p) {
			t.Errorf("the page lacks %q", p)
		}
	}
}

func wantNotIn(t *testing.T, body string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if strings.Contains(body, p) {
			t.Errorf("the page has %q", p)
		}
	}
}
