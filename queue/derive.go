package queue

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Derive makes a message of one topic of every message of another, once, until ctx ends. What cannot be decoded
// is a dead letter. done is told of each that has become durable, with when the post behind it came in.
func Derive[In, Out any](ctx context.Context, b *Broker, from Topic[In], stage string, to Topic[Out], derive func(In) Out, done func(received time.Time)) error {
	one := func(ctx context.Context, m *Message) error {
		in, err := from.Decode(m.Data)
		if err != nil {
			return m.Bury(ctx, "undecodable", err.Error(), m.Data)
		}
		if err := Publish(ctx, b, to, m.Received, derive(in)); err != nil {
			return err
		}
		done(m.Received)
		return nil
	}
	return b.Consume(ctx, Stage{Name: stage, Stream: from.Stream, Filter: from.Filter, Workers: 1, Most: 64,
		Handle: func(ctx context.Context, msgs []*Message) error {
			errs := make([]error, len(msgs))
			var wg sync.WaitGroup
			for i, m := range msgs {
				wg.Go(func() { errs[i] = one(ctx, m) })
			}
			wg.Wait()
			return errors.Join(errs...)
		}})
}
