package ingest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saring/ingest"
	"saring/queue"
)

// openIntake opens an embedded broker in a folder and an intake on it.
func openIntake(t *testing.T, dir string) (*queue.Broker, *ingest.Intake) {
	t.Helper()
	b, err := queue.Open(t.Context(), queue.Options{Dir: dir, Sync: time.Second, StoreBytes: 256 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b, ingest.NewIntake(b, nil, queue.NewID)
}

// stored returns the ids of the posts in POSTS. Packs that are under way together may be stored in any order.
func stored(t *testing.T, b *queue.Broker) (ids []string) {
	t.Helper()
	n, err := b.LastSeq(t.Context(), queue.Posts)
	if err != nil || n == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err = b.Follow(ctx, queue.Posts, "", 1, 0, func(_ context.Context, msgs []*queue.Message) error {
		for _, m := range msgs {
			if err := ingest.DecodePack(m.Data, func(p ingest.Post, _ []byte, err error) {
				ids = append(ids, p.ID())
			}); err != nil {
				t.Error(err)
			}
			if m.Seq == n {
				cancel()
			}
		}
		return nil
	})
	if ctx.Err() == nil {
		t.Fatal(err)
	}
	return ids
}

func postLine(id int, kind string) string {
	return fmt.Sprintf(`{"platform":"telegram","channel":{"id":"-1001","kind":%q},"id":"%d","posted_at":"2026-11-20T08:15:00Z","text":"post %d"}`+"\n", kind, id, id)
}

func lines(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		b.WriteString(postLine(i, "public_channel"))
	}
	return b.String()
}

func TestFileGoesOnWhereItStopped(t *testing.T) {
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "posts.ndjson")
	write := func(s string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func(in *ingest.Intake) (tally ingest.Tally, resumed bool) {
		t.Helper()
		f := ingest.File{Path: path, Done: func(t ingest.Tally, r bool) { tally, resumed = t, r }}
		if err := f.Run(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		return tally, resumed
	}
	b, in := openIntake(t, dir)
	write(lines(0, 10_000))
	if tally, resumed := read(in); tally.Accepted != 10_000 || resumed {
		t.Fatalf("first run: %+v, resumed %v", tally, resumed)
	}
	b.Close()

	b, in = openIntake(t, dir)
	if tally, resumed := read(in); tally.Accepted != 0 || !resumed {
		t.Errorf("nothing new, after a restart: %+v, resumed %v", tally, resumed)
	}
	write(lines(0, 10_010))
	if tally, _ := read(in); tally.Accepted != 10 {
		t.Errorf("ten new lines: %+v", tally)
	}
	write(lines(5, 7)) // another file of the same name
	if tally, resumed := read(in); tally.Accepted != 2 || resumed {
		t.Errorf("another file: %+v, resumed %v", tally, resumed)
	}
	times := map[string]int{}
	for _, id := range stored(t, b) {
		times[id]++
	}
	if len(times) != 10_010 || times["9999"] != 1 || times["10009"] != 1 || times["5"] != 2 {
		t.Errorf("%d different posts are stored, number 5 %d times", len(times), times["5"])
	}
}

func TestBadLinesHarmNothingBesideThem(t *testing.T) {
	b, in := openIntake(t, t.TempDir())
	input := "\xef\xbb\xbf" + postLine(1, "public_channel") + // a byte order mark is no part of the line
		strings.Repeat("x", 10<<20) + "\n" + // a line of 10 MB
		postLine(2, "public_channel") +
		"{\"channel\":{\"kind\":\"private_channel\"},\"text\":\"kenari\"}\n" +
		"\r\n" +
		"\xff\xfe{\n" +
		strings.Replace(postLine(3, "public_channel"), "2026-", "0000-", 1) +
		strings.TrimSuffix(postLine(4, "public_channel"), "\n") // no end of line
	var got ingest.Tally
	s := ingest.Stream{From: strings.NewReader(input), Done: func(t ingest.Tally, _ bool) { got = t }}
	if err := s.Run(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	want := ingest.Tally{Accepted: 3, Refused: 1, Invalid: 3, Errors: []ingest.LineError{
		{Line: 2, Reason: ingest.ReasonTooLong, Error: "the line has 10485761 bytes; the limit is 524288"},
		{Line: 6, Reason: ingest.ReasonMalformed, Error: "not JSON at byte 0"},
		{Line: 7, Reason: ingest.ReasonBadField, Error: "posted_at is in the year 0; it must be between 1990 and 2099"},
	}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if ids := stored(t, b); strings.Join(ids, " ") != "1 2 4" {
		t.Errorf("stored %v", ids)
	}
	var letters []string
	if err := b.Letters(t.Context(), func(l queue.Letter) bool {
		letters = append(letters, fmt.Sprintf("%s %s %d", l.Origin, l.Reason, len(l.Body)))
		return true
	}); err != nil {
		t.Fatal(err)
	}
	if len(letters) != 3 {
		t.Errorf("dead letters: %v", letters)
	}
	for _, l := range letters { // only what was shown to be public keeps its bytes
		if kept := !strings.HasSuffix(l, " 0"); kept != strings.Contains(l, ingest.ReasonBadField) {
			t.Errorf("dead letter %s", l)
		}
	}
}

func TestHTTP(t *testing.T) {
	_, in := openIntake(t, t.TempDir())
	open, closed := ingest.NewHTTP(in, ""), ingest.NewHTTP(in, "s3cret")
	for _, c := range []struct {
		name    string
		handler http.Handler
		request *http.Request
		status  int
		body    string
	}{
		{"a batch", open, post(lines(0, 3) + postLine(3, "private_group") + "{\n"), 202,
			`{"accepted":3,"refused":1,"invalid":1,"errors":[{"line":5,"reason":"malformed_json","error":"the object ends early, at byte 1"}]}`},
		{"nothing", open, post(""), 202, `{"accepted":0,"refused":0,"invalid":0}`},
		{"another method", open, httptest.NewRequest("GET", "/v1/posts", nil), 405, "send posts with POST"},
		{"a form", open, with(post(""), "Content-Type", "multipart/form-data"), 415, "is not supported"},
		{"compressed", open, with(post(""), "Content-Encoding", "gzip"), 415, "is not supported"},
		{"too much", open, post(strings.Repeat(strings.Repeat("y", 1<<20)+"\n", 33)), 413, "send smaller batches"},
		{"without the token", closed, post(lines(0, 1)), 401, "token"},
		{"with a wrong token", closed, with(post(lines(0, 1)), "Authorization", "Bearer wrong"), 401, "token"},
		{"with the token", closed, with(post(lines(0, 1)), "Authorization", "Bearer s3cret"), 202, `"accepted":1`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			c.handler.ServeHTTP(w, c.request)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) {
				t.Errorf("%d %s\nwant %d %s", w.Code, w.Body, c.status, c.body)
			}
			if !json.Valid(w.Body.Bytes()) {
				t.Errorf("not JSON: %s", w.Body)
			}
		})
	}
}

func post(body string) *http.Request {
	return httptest.NewRequest("POST", "/v1/posts", strings.NewReader(body))
}

func with(r *http.Request, key, value string) *http.Request {
	r.Header.Set(key, value)
	return r
}

// TestHTTPWhenTheBrokerIsFull fills POSTS: the sender is told to come back, and gets no promise.
func TestHTTPWhenTheBrokerIsFull(t *testing.T) {
	b, err := queue.Open(t.Context(), queue.Options{Dir: t.TempDir(), Sync: time.Second, StoreBytes: 200 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	in := ingest.NewIntake(b, nil, queue.NewID)
	in.Patience = time.Second
	h := ingest.NewHTTP(in, "")
	big := strings.Replace(postLine(1, "public_channel"), "post 1", strings.Repeat("a", 50_000), 1)
	for range 10 {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, post(big))
		if w.Code == http.StatusAccepted {
			continue
		}
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
		}
		return
	}
	t.Error("ten requests of 50 kB fitted into 100 kB")
}

// failing fails some times before it succeeds.
type failing struct{ runs, failures int }

func (f *failing) Name() string { return "failing" }
func (f *failing) Kind() string { return "failing" }
func (f *failing) Run(context.Context, *ingest.Intake) error {
	if f.runs++; f.runs <= f.failures {
		return io.ErrUnexpectedEOF
	}
	return nil
}

func TestSuperviseTriesAgain(t *testing.T) {
	_, in := openIntake(t, t.TempDir())
	f := &failing{failures: 1}
	if err := ingest.Supervise(t.Context(), f, in, slog.New(slog.DiscardHandler)); err != nil || f.runs != 2 {
		t.Errorf("%d runs, %v", f.runs, err)
	}
}
