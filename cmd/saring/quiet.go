package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// What is quiet: so little is allocated from one look to the next.
const (
	quietLook  = 10 * time.Second
	quietBytes = 16 << 20
)

// giveBack returns memory to the system once things have become quiet. After a start, a reload or a rush of posts the
// collector keeps twice what is in use and more.
func giveBack(ctx context.Context) error {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	tick := time.NewTicker(quietLook)
	defer tick.Stop()
	before, given := uint64(0), false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		metrics.Read(sample)
		now := sample[0].Value.Uint64()
		quiet := now-before < quietBytes
		if quiet && !given {
			debug.FreeOSMemory()
		}
		before, given = now, quiet
	}
}
