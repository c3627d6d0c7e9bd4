package bench_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"saring/bench"
	"saring/filter"
	"saring/queue"
	"saring/rules"
)

// TestWholeWay offers a second's load to one broker, forced to the disk and not, and to three that hold copies of
// each other, and checks that every flag has one warning and one notice. How fast it was is only told.
func TestWholeWay(t *testing.T) {
	rs, err := rules.Load("testdata/lexicons")
	if err != nil {
		t.Fatal(err)
	}
	load := bench.Load{Flagged: []string{"Ayo berbaiat kepada ISIS"}, Hits: 0.01, For: time.Second, Workers: 2, Engine: filter.Words, Ruleset: rs}
	for i := range 512 {
		load.Texts = append(load.Texts, fmt.Sprintf("Harga cabai di pasar naik lagi, %d rupiah sekilo", 30_000+i))
	}
	for _, c := range []struct {
		nodes int
		sync  time.Duration
	}{{1, time.Second}, {1, 0}, {3, time.Second}} {
		t.Run(fmt.Sprintf("%d nodes, sync %v", c.nodes, c.sync), func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			load := load
			load.Broker = broker(t, c.nodes, c.sync)
			r, err := load.Run(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if r.Incomplete || r.Posts == 0 || r.Flags == 0 {
				t.Fatalf("%+v", r)
			}
			load.Broker = broker(t, c.nodes, c.sync)
			raw, err := load.RawLoop(ctx)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%.0f posts/s, %.2f of the raw loop's %.0f; %.1f µs a post", r.PerSecond, r.PerSecond/raw.PerSecond, raw.PerSecond, r.CPUMicros)
		})
	}
}

// broker returns the options of a new broker of so many nodes, which ends with the test.
func broker(t *testing.T, nodes int, sync time.Duration) queue.Options {
	t.Helper()
	if nodes == 1 {
		return queue.Options{Dir: t.TempDir(), Sync: sync, StoreBytes: 4 << 30}
	}
	c, err := bench.StartCluster(t.TempDir(), nodes, sync)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return queue.Options{URL: c.URL(), Replicas: nodes, Sync: sync, StoreBytes: 4 << 30}
}
