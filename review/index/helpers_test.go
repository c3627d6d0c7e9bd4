package index

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saring/filter"
	"saring/ingest"
	"saring/review"
	"saring/rules"
)

var monday = time.Date(2026, 11, 16, 3, 0, 0, 0, time.UTC) // 2026-W47, 10:00 WIB

// A sample describes a flag in the words of a test.
type sample struct {
	id       string
	revision int64
	channel  string // handle; "" for alpha
	lang     string // "" for id
	text     string
	category rules.Category
	severity rules.Severity
	score    float64
	rules    []string
	hit      string    // is looked for in the text
	at       time.Time // zero for monday
}

func (s sample) flag(t testing.TB) *filter.Flag {
	t.Helper()
	if s.channel == "" {
		s.channel = "alpha"
	}
	p, err := ingest.Admit(ingest.Raw{
		Platform: "telegram", ID: s.id, Revision: s.revision, Text: s.text, PostedAt: monday,
		Channel: ingest.RawChannel{ID: "-100" + fmt.Sprint(len(s.channel)), Handle: s.channel, Title: "Kanal " + s.channel, Kind: ingest.KindPublicChannel},
		URL:     "https://t.example/" + s.channel + "/" + s.id,
	})
	if err != nil {
		t.Fatal(err)
	}
	f := &filter.Flag{ID: filter.FlagID(p), Post: p, FlaggedAt: s.at}
	if s.at.IsZero() {
		f.FlaggedAt = monday
	}
	f.Language, f.Category, f.Severity, f.Score = "id", rules.Threat, rules.High, 6
	f.Action, f.Ruleset = rules.Warn, "test"
	if s.lang != "" {
		f.Language = s.lang
	}
	if s.category != "" {
		f.Category = s.category
	}
	if s.severity != "" {
		f.Severity = s.severity
	}
	if s.score != 0 {
		f.Score = s.score
	}
	for _, r := range s.rules {
		f.Rules = append(f.Rules, filter.RuleScore{ID: r, Title: "Aturan " + r, Score: 5})
	}
	if i := strings.Index(s.text, s.hit); s.hit != "" && i >= 0 {
		f.Hits = []filter.Hit{{Rule: "r1", Term: s.hit, Start: i, End: i + len(s.hit), Text: s.hit}}
	}
	return f
}

func open(t testing.TB, dir string) *Index {
	t.Helper()
	x, err := Open(dir, "", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

// A script feeds two streams, each with its own numbers.
type script struct{ flags, decisions uint64 }

func (s *script) flag(f *filter.Flag) Entry {
	s.flags++
	return Entry{Stream: "FLAGS", Seq: s.flags, Flag: f}
}

func (s *script) decide(f *filter.Flag, o review.Outcome, at time.Time) Entry {
	s.decisions++
	return Entry{Stream: "DECISIONS", Seq: s.decisions, Decision: decision(f.ID, o, at)}
}

func decision(flag string, o review.Outcome, at time.Time) *review.Decision {
	return &review.Decision{ID: review.NewID(), Flag: flag, Outcome: o, Reason: review.ReasonCodes(o)[0], DecidedAt: at}
}

func apply(t testing.TB, x *Index, entries ...Entry) {
	t.Helper()
	if err := x.Apply(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
}

func find(t testing.TB, x *Index, text string) Result {
	t.Helper()
	q, err := ParseQuery(text)
	if err != nil {
		t.Fatalf("query %q: %v", text, err)
	}
	r, err := x.Search(t.Context(), q)
	if err != nil {
		t.Fatalf("query %q: %v", text, err)
	}
	return r
}

// ids lists the ids and revisions of what was found: "a:0 b:2".
func ids(r Result) string {
	var out []string
	for _, h := range r.Hits {
		out = append(out, fmt.Sprintf("%s:%d", h.Flag.Post.ID(), h.Flag.Post.Revision()))
	}
	return strings.Join(out, " ")
}

func wantIDs(t testing.TB, x *Index, query, want string) {
	t.Helper()
	r := find(t, x, query)
	if got := ids(r); got != want || r.Total != len(strings.Fields(want)) {
		t.Errorf("%q found %q (total %d), want %q", query, got, r.Total, want)
	}
}

func wantStatus(t testing.TB, x *Index, f *filter.Flag, want review.Status) {
	t.Helper()
	it, ok, err := x.Get(t.Context(), f.ID)
	if err != nil || !ok || it.Status != want {
		t.Errorf("flag of %s: status %q, found %v, %v; want %q", f.Post.Key(), it.Status, ok, err, want)
	}
	for _, s := range review.Statuses {
		n := 0
		if s == want {
			n = 1
		}
		r := find(t, x, "status:"+string(s)+` "`+f.Post.Text()+`"`)
		if r.Total != n || (n == 1 && r.Hits[0].Status != want) {
			t.Errorf("status:%s found %d of %s, want %d", s, r.Total, f.Post.Key(), n)
		}
	}
}

// copyDir is what is left of a process that was killed: its files, as they stand.
func copyDir(t testing.TB, from string) string {
	t.Helper()
	to := t.TempDir()
	err := filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		return copyFile(path, filepath.Join(to, rel))
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if os.IsNotExist(err) {
		return nil // merged away meanwhile
	}
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, in)
	return err
}
