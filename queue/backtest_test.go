package queue_test

import (
	"slices"
	"testing"
	"time"

	"saring/ingest"
	"saring/queue"
)

// TestBacktest judges what is in POSTS, and the older flags, by a ruleset that is not in use, and leaves a record that
// lets its rule be promoted.
func TestBacktest(t *testing.T) {
	b := open(t, t.TempDir())
	in := ingest.NewIntake(b, nil, queue.NewID)
	now, next := lexicon(t, "one warn satu"), lexicon(t, "one warn satu", "two shadow dua", "three warn tiga")
	offer := func(texts ...string) {
		t.Helper()
		batch := in.Batch("test")
		for _, text := range texts {
			data, err := post(t, queue.NewID(), 0, text).MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			if err := batch.JSON(t.Context(), data, "test", 1); err != nil {
				t.Fatal(err)
			}
		}
		if err := batch.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	offer(slices.Repeat([]string{"tiga"}, 300)...)
	time.Sleep(20 * time.Millisecond)
	since := time.Now()
	offer("satu", "dua", "dua", "tiga", "lain")
	last := 0
	r, err := b.RunBacktest(t.Context(), now, next, since, 1, func(done, total int) { last = total - done })
	if err != nil {
		t.Fatal(err)
	}
	if w := r.Window; w.Posts != 5 || w.Before != 1 || w.After != 2 || w.Newly != 1 || last != 0 {
		t.Errorf("%+v", w)
	}
	whole, err := b.RunBacktest(t.Context(), now, next, since.Add(-time.Hour), 1, func(int, int) {})
	if err != nil || whole.Window.Posts != 305 || whole.Window.Newly != 301 {
		t.Errorf("the whole stream: %+v, %v", whole.Window, err)
	}
	for id, want := range map[string]int{"one": 1, "two": 2, "three": 301} {
		for _, rule := range next.Rules {
			if rule.ID != id {
				continue
			}
			on, found, err := b.Backtest(t.Context(), id, rule.Fingerprint())
			if err != nil || !found || on.FlaggedAfter != want || on.Posts != 305 {
				t.Errorf("%s: %+v, %v, %v", id, on, found, err)
			}
		}
	}
	if _, err := b.RunBacktest(t.Context(), now, next, time.Now(), 1, func(int, int) {}); err == nil {
		t.Error("a backtest of no post is on record")
	}
}
