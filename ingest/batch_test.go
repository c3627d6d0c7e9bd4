package ingest_test

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"saring/ingest"
)

// slowWire stores nothing before it is told to, and counts what it holds.
type slowWire struct {
	proceed chan struct{}
	held    atomic.Int64 // bytes
	packs   atomic.Int64
	posts   atomic.Int64
}

func (w *slowWire) PublishPack(_ context.Context, _ string, pack []byte) error {
	w.held.Add(int64(len(pack)))
	w.packs.Add(1)
	<-w.proceed
	return ingest.DecodePack(pack, func(ingest.Post, []byte, error) { w.posts.Add(1) })
}

func (w *slowWire) PublishDead(_ context.Context, d ingest.Dead) error {
	w.held.Add(int64(len(d.Body)))
	<-w.proceed
	return nil
}

func (*slowWire) LoadCursor(context.Context, string) ([]byte, error) { return nil, nil }
func (*slowWire) SaveCursor(context.Context, string, []byte) error   { return nil }

// TestInFlightIsBoundedByBytes offers more than may be on its way to a wire that has stopped: the sources wait, with
// long posts as with short ones and with what is no post. When the wire goes on, all of it arrives.
func TestInFlightIsBoundedByBytes(t *testing.T) {
	for name, text := range map[string]string{"long posts": strings.Repeat("a", 60<<10), "short posts": "pagi", "no posts": ""} {
		synctest.Test(t, func(t *testing.T) {
			const n, most = 40_000, 4 << 20
			w := &slowWire{proceed: make(chan struct{})}
			in := ingest.NewIntake(w, nil, func() string { return "x" })
			done := make(chan error, 1)
			go func() {
				batch := in.Batch("test")
				for i := range n {
					raw := ingest.Raw{Platform: "test", Channel: ingest.RawChannel{ID: "-1", Kind: ingest.KindPublicChannel},
						ID: strconv.Itoa(i), PostedAt: time.Unix(1.78e9, 0), Text: text}
					if err := batch.Raw(t.Context(), raw, "test:1"); err != nil {
						done <- err
						return
					}
				}
				done <- batch.Commit(t.Context())
			}()
			synctest.Wait() // until every source waits
			if held := w.held.Load(); held > most || held == 0 {
				t.Errorf("%s: %d bytes in %d packs are on their way, want at most %d", name, held, w.packs.Load(), most)
			}
			close(w.proceed)
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if text != "" && w.posts.Load() != n {
				t.Errorf("%s: %d of %d posts arrived", name, w.posts.Load(), n)
			}
			if err := in.Drain(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
