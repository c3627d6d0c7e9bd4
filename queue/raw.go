package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"

	"github.com/nats-io/nats.go"

	"saring/ingest"
)

// RawSubject is where a platform publishes posts itself: NDJSON, one or more posts a message. No stream has this
// subject, because what is published on it has not passed the gate yet and may be private. So a post is safe when
// the answer has come, and not before: publish it as a request (`nats request saring.raw '…'`) and send it again when no
// answer comes. The answer is an ingest.Tally, or {"error":"…"}.
const RawSubject = prefix + "raw"

// Raw takes the posts that come on RawSubject. Several processes share the work.
type Raw struct{ Broker *Broker }

func (r *Raw) Name() string { return "raw" }
func (r *Raw) Kind() string { return "raw" }

// rawAtOnce bounds the messages that are being taken; more wait in the client, and then at the broker.
const rawAtOnce = 256

// Run takes messages until ctx ends, and answers those that it has.
func (r *Raw) Run(ctx context.Context, in *ingest.Intake) error {
	var wg sync.WaitGroup
	slots := make(chan struct{}, rawAtOnce)
	sub, err := r.Broker.nc.QueueSubscribe(RawSubject, "ingest", func(m *nats.Msg) {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			r.take(ctx, in, m)
		})
	})
	if err != nil {
		return err
	}
	if err := sub.SetPendingLimits(-1, 64<<20); err != nil {
		return err
	}
	<-ctx.Done()
	_ = sub.Unsubscribe()
	wg.Wait()
	return ctx.Err()
}

// take offers the lines of a message and answers it.
func (r *Raw) take(ctx context.Context, in *ingest.Intake, m *nats.Msg) {
	tally, err := in.Lines(context.WithoutCancel(ctx), r.Kind(), bytes.NewReader(m.Data))
	if m.Reply == "" {
		if err != nil {
			r.Broker.log.Warn("raw posts without a reply subject were lost; publish them as requests", "error", err)
		}
		return
	}
	var answer any = tally
	if err != nil {
		answer = map[string]string{"error": "not durable: send it again later"}
	}
	data, err := json.Marshal(answer)
	if err == nil {
		err = m.Respond(data)
	}
	if err != nil {
		r.Broker.log.Warn("raw posts were taken, but the answer could not be sent", "error", err)
	}
}
