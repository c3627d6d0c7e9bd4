package queue

import (
	"context"
	"errors"
	"sync"
	"time"

	"saring/filter"
	"saring/ingest"
)

// RunFilter reads POSTS, judges every post and publishes the flags, until ctx ends.
func (b *Broker) RunFilter(ctx context.Context, live *filter.Live, workers int) error {
	f := filterStage{b: b, live: live}
	return b.Consume(ctx, Stage{Name: FilterStage, Stream: Posts, Workers: workers, Most: 16, Handle: f.handle})
}

type filterStage struct {
	b    *Broker
	live *filter.Live
}

// handle judges the posts of some packs and returns when their flags are durable. The flags of all the packs are
// on their way together.
func (f filterStage) handle(ctx context.Context, msgs []*Message) error {
	errs := make([]error, len(msgs))
	var wg sync.WaitGroup
	for i, m := range msgs {
		var flags []filter.Flag
		if flags, errs[i] = f.flags(ctx, m); errs[i] != nil || len(flags) == 0 {
			continue
		}
		wg.Go(func() {
			if errs[i] = Publish(ctx, f.b, Flags, m.Received, flags...); errs[i] == nil {
				f.live.Count(flags)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// flags judges the posts of one pack. What cannot be read is a dead letter, alone.
func (f filterStage) flags(ctx context.Context, m *Message) ([]filter.Flag, error) {
	var flags []filter.Flag
	var failed error
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
			if v := judge.Verdict(p); v.Flagged() {
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
