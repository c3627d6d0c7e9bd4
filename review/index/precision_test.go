package index

import (
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"saring/review"
)

// TestPrecision counts flags of two weeks, with decisions that were changed and flags of several rules.
func TestPrecision(t *testing.T) {
	x := open(t, t.TempDir())
	if got, err := x.Precision(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("of nothing: %v %v", got, err)
	}
	var s script
	var entries []Entry
	for i, c := range []struct {
		rules    []string
		outcomes []review.Outcome // one after the other
	}{
		{[]string{"r1"}, nil},
		{[]string{"r1"}, []review.Outcome{review.Uphold}},
		{[]string{"r1", "r2"}, []review.Outcome{review.Uphold}},
		{[]string{"r1", "r2"}, []review.Outcome{review.Uphold, review.Dismiss}},
		{[]string{"r2", "r2"}, []review.Outcome{review.Dismiss}},
		{[]string{"r3"}, nil},
	} {
		f := sample{id: fmt.Sprint(i), text: "satu", rules: c.rules, at: monday.Add(time.Duration(i%2) * 7 * 24 * time.Hour)}.flag(t)
		entries = append(entries, s.flag(f))
		for k, o := range c.outcomes {
			entries = append(entries, s.decide(f, o, monday.Add(time.Duration(k)*time.Hour)))
		}
	}
	apply(t, x, entries...)
	got, err := x.Precision(t.Context())
	want := map[string]Precision{"r1": {4, 2, 1}, "r2": {3, 1, 2}, "r3": {1, 0, 0}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v; %v", got, want, err)
	}
}

func TestPrecisionInterval(t *testing.T) {
	for _, c := range []struct {
		upheld, dismissed int
		share, low, high  float64
	}{
		{0, 0, 0, 0, 1}, {0, 10, 0, 0, 0.2775}, {1, 9, 0.1, 0.0179, 0.4042}, {5, 5, 0.5, 0.2366, 0.7634}, {10, 0, 1, 0.7225, 1},
	} {
		share, low, high := Precision{Upheld: c.upheld, Dismissed: c.dismissed}.Interval()
		for _, v := range [][2]float64{{share, c.share}, {low, c.low}, {high, c.high}} {
			if math.Abs(v[0]-v[1]) > 5e-5 {
				t.Errorf("%+v: %.4f, %.4f to %.4f", c, share, low, high)
			}
		}
	}
}

// BenchmarkPrecision counts the rules of as many flags as SARING_BENCH_FLAGS says.
func BenchmarkPrecision(b *testing.B) {
	n := benchSize(b)
	x := benchIndex(b, n)
	for b.Loop() {
		got, err := x.Precision(b.Context())
		sum := 0
		for _, p := range got {
			sum += p.Flags
		}
		if err != nil || sum != n {
			b.Fatalf("%d flags, want %d; %v", sum, n, err)
		}
	}
}
