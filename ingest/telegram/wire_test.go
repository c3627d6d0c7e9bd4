package telegram

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"saring/ingest"
)

// canary stands in every place that must not be read.
const canary = "KENARI"

// A memWire keeps what is put on the wire.
type memWire struct {
	mu      sync.Mutex
	posts   []ingest.Post
	dead    []ingest.Dead
	cursors map[string][]byte
	all     []byte // every byte that came
	down    error  // the answer of PublishPack
	seq     int
}

func newWire() *memWire { return &memWire{cursors: map[string][]byte{}} }

func (w *memWire) intake() *ingest.Intake {
	return ingest.NewIntake(w, nil, func() string {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.seq++
		return fmt.Sprint(w.seq)
	})
}

func (w *memWire) PublishPack(_ context.Context, _ string, pack []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down != nil {
		return w.down
	}
	w.all = append(w.all, pack...)
	return ingest.DecodePack(pack, func(p ingest.Post, _ []byte, err error) {
		if err != nil {
			panic(err)
		}
		w.posts = append(w.posts, p)
	})
}

func (w *memWire) PublishDead(_ context.Context, d ingest.Dead) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = append(w.dead, d)
	w.all = append(w.all, fmt.Sprintf("%+v %s", d, d.Body)...)
	return nil
}

func (w *memWire) LoadCursor(_ context.Context, source string) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.cursors[source]), nil
}

func (w *memWire) SaveCursor(_ context.Context, source string, cursor []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cursors[source] = slices.Clone(cursor)
	w.all = append(w.all, cursor...)
	return nil
}

func (w *memWire) setDown(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = err
}

// lines are the posts as "id.revision text".
func (w *memWire) lines() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines []string
	for _, p := range w.posts {
		lines = append(lines, fmt.Sprintf("%s.%d %s", p.ID(), p.Revision(), p.Text()))
	}
	return lines
}

func (w *memWire) ids() []string {
	var ids []string
	for _, line := range w.lines() {
		id, _, _ := strings.Cut(line, " ")
		ids = append(ids, id)
	}
	return ids
}

func (w *memWire) letters() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var letters []string
	for _, d := range w.dead {
		letters = append(letters, d.Origin+" "+d.Reason)
	}
	return letters
}

// clean fails if a canary or one of the secrets came through, in anything published or in an error.
func (w *memWire) clean(t *testing.T, err error, secrets ...string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range append(secrets, canary) {
		if strings.Contains(string(w.all), s) {
			t.Errorf("%q came through to the wire", s)
		}
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), s) {
			t.Errorf("%q stands in the error: %v", s, err)
		}
		for name := range maps.Keys(w.cursors) {
			if strings.Contains(name, s) {
				t.Errorf("%q stands in the name %q", s, name)
			}
		}
	}
}

// runUntil runs a source until it ends, or the condition holds and it was told to stop.
func runUntil(t *testing.T, s ingest.Source, in *ingest.Intake, met func() bool) error {
	t.Helper()
	return runWithin(t, 20*time.Second, s, in, met)
}

func runWithin(t *testing.T, limit time.Duration, s ingest.Source, in *ingest.Intake, met func() bool) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, in) }()
	for {
		select {
		case err := <-ended:
			return err
		case <-time.After(limit / 10_000):
			if met != nil && met() {
				cancel()
				return <-ended
			}
		}
	}
}

// inProcess serves requests without a network, so that a test can run under a clock of its own.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	p.ServeHTTP(rec, r)
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got  %q\n want %q", what, got, want)
	}
}
