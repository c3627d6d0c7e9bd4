package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"saring/filter"
	"saring/ingest"
	"saring/rules"
)

// A BacktestReport is what a ruleset would have done with posts that have been.
type BacktestReport struct {
	From   time.Time         `json:"from"` // the posts of the window were received from here
	To     time.Time         `json:"to"`
	Window filter.Comparison `json:"window"` // the posts that POSTS still has
	Past   filter.Comparison `json:"past"`   // the posts flagged before them: those that FLAGS still has
}

// RunBacktest judges the posts received since a time by the ruleset that is in use and by another, and the older posts
// whose flags are still there. It keeps so many samples a rule, and puts the result on record for every rule of the
// other ruleset, so that it can be promoted. progress is told how many messages of how many have been read.
func (b *Broker) RunBacktest(ctx context.Context, now, next *rules.Ruleset, since time.Time, samples int, progress func(done, total int)) (BacktestReport, error) {
	window, err := filter.Compare(now, next, samples)
	if err != nil {
		return BacktestReport{}, err
	}
	past, err := filter.Compare(now, next, samples)
	if err != nil {
		return BacktestReport{}, err
	}
	out := BacktestReport{From: since.UTC(), To: time.Now().UTC()}
	first := out.To
	err = b.past(ctx, Posts, since, progress, func(m *Message) {
		first = minTime(first, m.Received)
		_ = ingest.DecodePack(m.Data, func(p ingest.Post, _ []byte, err error) { // what cannot be read is in DEAD already
			if err == nil {
				window.Add(p)
			}
		})
	})
	if err == nil {
		err = b.past(ctx, FlagStream, time.Time{}, func(int, int) {}, func(m *Message) {
			if f, err := Flags.Decode(m.Data); err == nil && m.Received.Before(first) {
				past.Add(f.Post)
			}
		})
	}
	if err != nil {
		return BacktestReport{}, fmt.Errorf("backtest: %w", err)
	}
	out.Window, out.Past = window.Result(), past.Result()
	return out, b.recordBacktests(ctx, out)
}

// recordBacktests puts a report on record for each rule.
func (b *Broker) recordBacktests(ctx context.Context, r BacktestReport) error {
	if r.Window.Posts == 0 {
		return errors.New("backtest: POSTS holds no post of that time, so nothing is on record; choose a longer --since")
	}
	for _, c := range r.Window.Rules {
		if c.Status == "" {
			continue // it is no more
		}
		err := b.PutBacktest(ctx, Backtest{Rule: c.ID, Fingerprint: c.Fingerprint, At: r.To, From: r.From, To: r.To, Posts: r.Window.Posts,
			FlaggedBefore: c.Before, FlaggedAfter: c.After, Newly: c.Newly, Gone: c.Gone, Corpus: Posts})
		if err != nil {
			return err
		}
	}
	return nil
}

// past calls each with the messages of a stream that were stored since a time, up to the last that is there now.
func (b *Broker) past(ctx context.Context, stream string, since time.Time, progress func(done, total int), each func(*Message)) error {
	first, last, err := b.between(ctx, stream, since)
	if err != nil || first > last {
		return err
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	err = b.Follow(reading, stream, "", first, 0, func(_ context.Context, msgs []*Message) error {
		seq := first
		for _, m := range msgs {
			if seq = m.Seq; seq <= last {
				each(m)
			}
		}
		progress(int(min(seq, last)-first+1), int(last-first+1))
		if seq >= last {
			stop()
		}
		return nil
	})
	if ctx.Err() == nil && reading.Err() != nil {
		return nil
	}
	return err
}

// between returns the first sequence number of a stream since a time, and the last that is there now.
func (b *Broker) between(ctx context.Context, stream string, since time.Time) (first, last uint64, err error) {
	s, err := b.js.Stream(ctx, stream)
	if err != nil {
		return 0, 0, err
	}
	info, err := s.Info(ctx)
	if err != nil {
		return 0, 0, err
	}
	first, last = info.State.FirstSeq, info.State.LastSeq
	switch {
	case info.State.Msgs == 0:
		return 1, 0, nil
	case !since.After(info.State.FirstTime):
		return first, last, nil
	}
	c, err := s.CreateConsumer(ctx, jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &since,
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, InactiveThreshold: 10 * time.Second})
	if err != nil {
		return 0, 0, err
	}
	at := c.CachedInfo()
	if err := s.DeleteConsumer(ctx, at.Name); err != nil {
		return 0, 0, err
	}
	return at.Delivered.Stream + 1, last, nil
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
