package queue

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// settle makes what earlier releases left unmade: there, durable consumers of FLAGS made warnings and notices. It
// returns when the consumer of that time has nothing left and is gone; when there was none, at once.
func (b *Broker) settle(ctx context.Context, o Output) {
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer func() { stop(); wg.Wait() }()
	for began := false; ctx.Err() == nil; began = true {
		c, err := b.js.Consumer(ctx, FlagStream, o.stage)
		if errors.Is(err, jetstream.ErrConsumerNotFound) {
			return
		}
		if err == nil && c.CachedInfo().NumPending+uint64(c.CachedInfo().NumAckPending) == 0 {
			err = b.js.DeleteConsumer(ctx, FlagStream, o.stage)
		} else if err == nil && !began {
			wg.Go(func() {
				_ = b.Consume(ctx, Stage{Name: o.stage, Stream: FlagStream, Filter: Flags.Filter, Most: 64, Handle: b.deriving(o)})
			})
		}
		if err != nil && ctx.Err() == nil {
			b.log.Warn("flags of an earlier release", "consumer", o.stage, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(settleEvery):
		}
	}
}

// settleEvery is how often settle looks how far it is.
const settleEvery = 200 * time.Millisecond

// deriving makes the output of flags that are stored. What cannot be decoded is a dead letter.
func (b *Broker) deriving(o Output) func(context.Context, []*Message) error {
	return func(ctx context.Context, msgs []*Message) error {
		var results []Result
		for _, m := range msgs {
			flag, err := Flags.Decode(m.Data)
			if err != nil {
				if err := m.Bury(ctx, "undecodable", err.Error(), m.Data); err != nil {
					return err
				}
				continue
			}
			more, err := o.result(flag, m.Received)
			if err != nil {
				return err
			}
			results = append(results, more...)
		}
		return b.PublishAll(ctx, results)
	}
}
