package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"saring/filter"
	"saring/ingest"
)

// An Output is what a flag becomes on a stream beside FLAGS: a warning, a notice.
type Output struct {
	stage  string // of the durable consumer that made it of FLAGS in earlier releases, see settle
	result func(filter.Flag, time.Time) ([]Result, error)
	done   func(received time.Time)
}

// NewOutput makes a value of a topic of every flag. done is told of each that has become durable, with when the
// post behind it came in. stage is the name of the consumer of FLAGS that made it in earlier releases.
func NewOutput[T any](stage string, t Topic[T], derive func(filter.Flag) T, done func(received time.Time)) Output {
	return Output{stage: stage, done: done, result: func(f filter.Flag, received time.Time) ([]Result, error) {
		return Results(t, received, derive(f))
	}}
}

// RunFilter reads POSTS, judges every post, and publishes the flags and what they become, until ctx ends.
func (b *Broker) RunFilter(ctx context.Context, live *filter.Live, workers int, outputs ...Output) error {
	f := filterStage{b: b, live: live, outputs: outputs}
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, o := range outputs {
		wg.Go(func() { b.settle(ctx, o) })
	}
	return b.Consume(ctx, Stage{Name: FilterStage, Stream: Posts, Workers: workers, Most: 64, Handle: f.handle})
}

type filterStage struct {
	b       *Broker
	live    *filter.Live
	outputs []Output
}

// handle judges the posts of some packs and returns when their flags, warnings and notices are durable. All of them
// are on their way together: a process that dies in between gets the packs again.
func (f filterStage) handle(ctx context.Context, msgs []*Message) error {
	var d due
	for _, m := range msgs {
		flags, err := f.flags(ctx, m)
		if err != nil {
			return err
		}
		for _, flag := range flags {
			if err := f.add(&d, flag, m.Received); err != nil {
				return err
			}
		}
		if d.bytes > window/4 { // a hostile pack may be one flag after another
			if err := f.publish(ctx, &d); err != nil {
				return err
			}
		}
	}
	return f.publish(ctx, &d)
}

// due is what becomes durable before some packs are acknowledged.
type due struct {
	flags    []filter.Flag
	received []time.Time // when the posts behind the flags came in
	results  []Result
	bytes    int64
}

// add adds a flag and all that it becomes.
func (f filterStage) add(d *due, flag filter.Flag, received time.Time) error {
	results, err := Results(Flags, received, flag)
	for _, o := range f.outputs {
		if err != nil {
			break
		}
		var more []Result
		more, err = o.result(flag, received)
		results = append(results, more...)
	}
	for _, r := range results {
		d.bytes += r.weight()
	}
	d.flags, d.received, d.results = append(d.flags, flag), append(d.received, received), append(d.results, results...)
	return err
}

// publish makes durable what is due, and counts it.
func (f filterStage) publish(ctx context.Context, d *due) error {
	if err := f.b.PublishAll(ctx, d.results); err != nil {
		return err
	}
	f.live.Count(d.flags)
	for _, at := range d.received {
		for _, o := range f.outputs {
			o.done(at)
		}
	}
	*d = due{}
	return nil
}

// flags judges the posts of one pack. What cannot be read is a dead letter, alone.
func (f filterStage) flags(ctx context.Context, m *Message) ([]filter.Flag, error) {
	var flags []filter.Flag
	known, failed := f.b.flagged(ctx, m)
	if failed != nil {
		return nil, failed
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	judge := f.live.Judge()
	defer judge.Done()
	err := ingest.DecodePack(m.Data, func(p ingest.Post, raw []byte, err error) {
		var refusal *ingest.Refusal
		switch {
		case errors.As(err, &refusal): // somebody wrote to the stream past the gate: nothing of it is kept
			f.b.log.Warn("a post in a pack is not of a public channel", "seq", m.Seq, "reason", refusal.Reason)
		case err != nil:
			failed = errors.Join(failed, m.Bury(ctx, reasonPackedPost, err.Error(), raw))
		default:
			if flag, is := known[p]; is {
				flags = append(flags, flag)
			} else if v := judge.Verdict(p); v.Flagged() {
				flags = append(flags, filter.Flag{ID: filter.FlagID(p), Post: p, Verdict: v, FlaggedAt: now})
			}
		}
	})
	if err != nil {
		// A frame that is broken shows nothing of its posts' channels, so its bytes are not kept.
		failed = errors.Join(failed, m.Bury(ctx, "broken_pack", err.Error(), nil))
	}
	return flags, failed
}

// lookups is how many flags are looked up at once.
const lookups = 32

// flagged returns the flags that are stored on the posts of a pack that comes again. The process that stored
// them may have died before it had stored the warnings, and the rules may have changed since: what is said must agree
// with what is stored.
func (b *Broker) flagged(ctx context.Context, m *Message) (map[ingest.Post]filter.Flag, error) {
	if !m.Again {
		return nil, nil
	}
	var mu sync.Mutex
	known := map[ingest.Post]filter.Flag{}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(lookups)
	_ = ingest.DecodePack(m.Data, func(p ingest.Post, _ []byte, err error) { // whose errors are seen to when it is judged
		if err != nil {
			return
		}
		id := filter.FlagID(p)
		g.Go(func() error {
			stored, err := b.last(ctx, FlagStream, Flags.Subject(filter.Flag{ID: id, Post: p}))
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				return nil
			}
			var flag filter.Flag
			if err == nil {
				flag, err = Flags.Decode(stored.Data)
			}
			if err != nil {
				return fmt.Errorf("the flag on a post that comes again: %w", err)
			}
			mu.Lock()
			defer mu.Unlock()
			known[p] = flag
			return nil
		})
	})
	return known, g.Wait()
}
