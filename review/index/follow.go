package index

import (
	"context"
	"errors"
	"sync"
	"time"

	"saring/queue"
	"saring/review"
)

// Follow brings the index up with the FLAGS and DECISIONS streams and keeps it there until ctx ends. It begins
// after the index's own position, so an index that is new or was broken is rebuilt by the same way.
// A message that cannot be decoded is a dead letter; the index goes on after it.
func (x *Index) Follow(ctx context.Context, b *queue.Broker, m *queue.Metrics) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var errs [2]error
	wg.Go(func() {
		defer cancel()
		errs[0] = follow(ctx, x, b, queue.Flags, func(e *Entry, data []byte) error {
			f, err := queue.Flags.Decode(data)
			e.Flag = &f
			return err
		})
	})
	wg.Go(func() {
		defer cancel()
		errs[1] = follow(ctx, x, b, review.Decisions, func(e *Entry, data []byte) error {
			d, err := review.Decisions.Decode(data)
			e.Decision = &d.Data
			return err
		})
	})
	wg.Go(func() { x.watchLag(ctx, b, m) })
	wg.Wait()
	return errors.Join(errs[:]...)
}

// linger is how long flags are waited for to be written together: batches of one are slow.
const linger = 20 * time.Millisecond

// follow applies one stream.
func follow[T any](ctx context.Context, x *Index, b *queue.Broker, t queue.Topic[T], read func(*Entry, []byte) error) error {
	return b.Follow(ctx, t.Stream, t.Filter, x.Position(t.Stream)+1, linger, func(ctx context.Context, msgs []*queue.Message) error {
		entries := make([]Entry, 0, len(msgs))
		for _, m := range msgs {
			e := Entry{Stream: t.Stream, Seq: m.Seq}
			err := read(&e, m.Data)
			if err == nil {
				err = e.Validate()
			}
			if err != nil {
				if err := m.Bury(ctx, "undecodable", err.Error(), m.Data); err != nil {
					return err
				}
				e = Entry{Stream: t.Stream, Seq: m.Seq}
			}
			entries = append(entries, e)
		}
		return x.Apply(ctx, entries)
	})
}

// watchLag measures how far the index is behind.
func (x *Index) watchLag(ctx context.Context, b *queue.Broker, m *queue.Metrics) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		if lag, err := x.Lag(ctx, b); err == nil {
			m.Lag("index", lag)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Lag is how many messages of the streams the index has not applied.
func (x *Index) Lag(ctx context.Context, b *queue.Broker) (lag uint64, err error) {
	for _, stream := range []string{queue.FlagStream, queue.Decisions} {
		last, err := b.LastSeq(ctx, stream)
		if err != nil {
			return 0, err
		}
		lag += last - min(last, x.Position(stream))
	}
	return lag, nil
}
