package index

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"saring/filter"
	"saring/review"
)

func TestEditReplacesAndLateRevisionDoesNot(t *testing.T) {
	x := open(t, t.TempDir())
	var s script
	rev := func(n int64) *filter.Flag {
		return sample{id: "a", revision: n, text: fmt.Sprintf("naskah versi %c", 'p'+rune(n))}.flag(t)
	}
	apply(t, x, s.flag(rev(0)))
	wantIDs(t, x, "naskah", "a:0")
	apply(t, x, s.flag(rev(0))) // redelivered
	wantIDs(t, x, "naskah", "a:0")
	apply(t, x, s.flag(rev(2)))
	wantIDs(t, x, "naskah", "a:2")
	apply(t, x, s.flag(rev(1))) // late
	wantIDs(t, x, "naskah", "a:2")
	wantIDs(t, x, "p", "")
	apply(t, x, s.flag(rev(4)), s.flag(rev(3))) // both in one batch
	wantIDs(t, x, "naskah", "a:4")
	if _, ok, _ := x.Get(t.Context(), rev(2).ID); ok {
		t.Error("a replaced flag can still be got")
	}
	if x.Count() != 1 || x.Position("FLAGS") != 6 {
		t.Errorf("count %d, position %d", x.Count(), x.Position("FLAGS"))
	}
}

func TestEditInAnotherWeekRemovesTheOldOne(t *testing.T) {
	dir := t.TempDir()
	x := open(t, dir)
	var s script
	old := sample{id: "a", text: "naskah lama"}.flag(t)
	edit := sample{id: "a", revision: 1, text: "naskah baru", at: monday.AddDate(0, 0, 9)}.flag(t)
	apply(t, x, s.flag(old), s.flag(sample{id: "b", text: "tetap"}.flag(t)))
	apply(t, x, s.flag(edit))
	wantIDs(t, x, "naskah", "a:1")
	wantIDs(t, x, "before:2026-11-20", "b:0")
	wantIDs(t, x, "after:2026-11-20", "a:1")
	apply(t, x, s.flag(old)) // late, in its old week
	wantIDs(t, x, "naskah", "a:1")
	if len(x.shards) != 2 || x.Count() != 2 {
		t.Errorf("%d shards, %d flags", len(x.shards), x.Count())
	}
}

func TestEditReopens(t *testing.T) {
	x := open(t, t.TempDir())
	var s script
	first := sample{id: "a", text: "satu"}.flag(t)
	edit := sample{id: "a", revision: 1, text: "dua"}.flag(t)
	apply(t, x, s.flag(first), s.decide(first, review.Dismiss, monday))
	wantStatus(t, x, first, review.Dismissed)
	apply(t, x, s.flag(edit))
	wantStatus(t, x, edit, review.Open)
	apply(t, x, s.decide(first, review.Uphold, monday.Add(time.Hour))) // on the flag that was replaced
	wantStatus(t, x, edit, review.Open)
	apply(t, x, s.decide(edit, review.Uphold, monday.Add(2*time.Hour)))
	wantStatus(t, x, edit, review.Upheld)
}

// Whatever the order and the cut into batches, the end is the same.
func TestEveryOrderEndsTheSame(t *testing.T) {
	a0 := sample{id: "a", text: "awal"}.flag(t)
	a1 := sample{id: "a", revision: 1, text: "akhir", at: monday.AddDate(0, 0, 7)}.flag(t)
	b := sample{id: "b", text: "lain"}.flag(t)
	var s script
	entries := []Entry{
		s.flag(a0), s.decide(a0, review.Dismiss, monday), s.flag(a1), s.decide(a1, review.Dismiss, monday.Add(time.Hour)),
		s.decide(a1, review.Uphold, monday.Add(2*time.Hour)), s.flag(b), s.decide(b, review.Dismiss, monday),
	}
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 12 {
		rest := slices.Clone(entries)
		r.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
		x := open(t, t.TempDir())
		for len(rest) > 0 {
			n := 1 + r.IntN(len(rest))
			apply(t, x, rest[:n]...)
			rest = rest[n:]
		}
		wantStatus(t, x, a1, review.Upheld)
		wantStatus(t, x, b, review.Dismissed)
		wantIDs(t, x, "", "a:1 b:0")
		if t.Failed() {
			t.Fatalf("round %d", round)
		}
		x.Close()
	}
}

func TestPositions(t *testing.T) {
	dir := t.TempDir()
	x := open(t, dir)
	f := sample{id: "a", text: "satu"}.flag(t)
	apply(t, x, Entry{Stream: "FLAGS", Seq: 7, Flag: f}, Entry{Stream: "DECISIONS", Seq: 3}, Entry{Stream: "FLAGS", Seq: 5})
	apply(t, x, Entry{Stream: "FLAGS", Seq: 6})
	apply(t, x)
	x.Close()
	if x.Position("FLAGS") != 0 || !errors.Is(x.Apply(t.Context(), nil), ErrClosed) {
		t.Error("a closed index answers")
	}
	x = open(t, dir)
	if x.Position("FLAGS") != 7 || x.Position("DECISIONS") != 3 || x.Position("OTHER") != 0 {
		t.Errorf("positions %d, %d, %d", x.Position("FLAGS"), x.Position("DECISIONS"), x.Position("OTHER"))
	}
}

func TestFaultyEntriesAreNamedAndChangeNothing(t *testing.T) {
	x := open(t, t.TempDir())
	good := sample{id: "a", text: "satu"}.flag(t)
	noID, noTime := *good, *good
	noID.ID = ""
	noTime.FlaggedAt = time.Time{}
	for name, e := range map[string]Entry{
		"no post": {Flag: &filter.Flag{ID: "x", FlaggedAt: monday}}, "no id": {Flag: &noID}, "no time": {Flag: &noTime},
		"empty decision": {Decision: &review.Decision{}},
	} {
		e.Stream, e.Seq = "FLAGS", 9
		if err := x.Apply(t.Context(), []Entry{{Stream: "FLAGS", Seq: 8, Flag: good}, e}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := x.Apply(ctx, []Entry{{Stream: "FLAGS", Seq: 8, Flag: good}}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if x.Count() != 0 || x.Position("FLAGS") != 0 {
		t.Errorf("count %d, position %d", x.Count(), x.Position("FLAGS"))
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	x, err := Open(t.TempDir(), "", nil, NewMetrics(reg))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	var s script
	apply(t, x, s.flag(sample{id: "a", text: "satu"}.flag(t)), s.flag(sample{id: "b", text: "dua"}.flag(t)))
	find(t, x, "satu")
	families, err := reg.Gather()
	if err != nil || len(families) != 4 {
		t.Fatalf("%d metrics, %v", len(families), err)
	}
	for _, f := range families {
		m := f.Metric[0]
		switch f.GetName() {
		case "saring_index_flags":
			if m.Gauge.GetValue() != 2 {
				t.Errorf("flags %v", m.Gauge.GetValue())
			}
		case "saring_index_apply_seconds", "saring_index_search_seconds":
			if m.Histogram.GetSampleCount() != 1 {
				t.Errorf("%s counts %d", f.GetName(), m.Histogram.GetSampleCount())
			}
		case "saring_index_rebuilds_total":
			if m.Counter.GetValue() != 0 {
				t.Errorf("rebuilds %v", m.Counter.GetValue())
			}
		default:
			t.Errorf("unknown metric %s", f.GetName())
		}
	}
}
