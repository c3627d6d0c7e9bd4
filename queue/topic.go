package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"saring/filter"
)

// A Topic is a kind of message: where it goes, what makes it the same message, and how it is written.
type Topic[T any] struct {
	Stream  string
	Filter  string // the subjects of this topic in its stream
	Subject func(T) string
	// ID is the message id. Two values with one ID have one Subject, and only the first is stored.
	ID     func(T) string
	Encode func(T) ([]byte, error)
	Decode func([]byte) (T, error)
}

// Flags are the verdicts over the threshold: saring.flags.PLATFORM.CHANNEL.FLAG.
var Flags = Topic[filter.Flag]{
	Stream:  FlagStream,
	Filter:  prefix + "flags.>",
	Subject: func(f filter.Flag) string { return Subject("flags", f.Post.Platform(), f.Post.Channel().ID, f.ID) },
	ID:      func(f filter.Flag) string { return "flag-" + f.ID },
	Encode:  func(f filter.Flag) ([]byte, error) { return json.Marshal(f) },
	Decode: func(data []byte) (filter.Flag, error) {
		var f filter.Flag
		err := json.Unmarshal(data, &f)
		if err == nil && f.ID != filter.FlagID(f.Post) {
			err = errors.New("the flag's id is not that of its post")
		}
		return f, err
	},
}

// Subject joins tokens to a subject of Saring. In a token, every byte but a-z, 0-9, "-" and "_" is written as "="
// and two hexadecimal digits, so that no id of a platform can be a wildcard or break a token apart.
func Subject(tokens ...string) string {
	var b strings.Builder
	b.WriteString(prefix[:len(prefix)-1])
	for _, t := range tokens {
		b.WriteByte('.')
		for i := range len(t) {
			c := t[i]
			if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, "=%02x", c)
			}
		}
	}
	return b.String()
}

// How publishing waits and tries again. A cluster that has lost a leader takes 3 to 8 seconds to have another.
const (
	publishWait = 5 * time.Second // for one acknowledgement
	publishFor  = time.Minute     // all tries together
	maxAsync    = 1 << 16         // messages; window is what bounds them
)

// What is on its way to the broker at once, in one process. A message counts for its bytes and for what the client
// and the broker keep of it until it is acknowledged.
const (
	window        = 4 << 20
	windowMessage = 1 << 10
)

// receivedHeader carries when the post was received (Unix nanoseconds), for the latency of the whole way.
const receivedHeader = "Saring-Received"

// A Result is a message that is stored once for ever: its subject has no other.
type Result struct {
	stream, id string
	msg        *nats.Msg
}

// Results encodes values of a topic. received is when the post behind them came in, zero if unknown.
func Results[T any](t Topic[T], received time.Time, values ...T) ([]Result, error) {
	var at string
	if !received.IsZero() {
		at = strconv.FormatInt(received.UnixNano(), 10)
	}
	out := make([]Result, len(values))
	for i, v := range values {
		data, err := t.Encode(v)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", t.ID(v), err)
		}
		msg := &nats.Msg{Subject: t.Subject(v), Data: data, Header: nats.Header{}}
		if at != "" {
			msg.Header.Set(receivedHeader, at)
		}
		out[i] = Result{t.Stream, t.ID(v), msg}
	}
	return out, nil
}

// Publish stores values, each once for ever, and returns when all are durable.
func Publish[T any](ctx context.Context, b *Broker, t Topic[T], received time.Time, values ...T) error {
	results, err := Results(t, received, values...)
	if err != nil {
		return err
	}
	return b.PublishAll(ctx, results)
}

// PublishAll stores results, of any topics, each once for ever, and returns when all are durable. They are on their
// way together, as many as the window has room for: none waits for the acknowledgement of another.
func (b *Broker) PublishAll(ctx context.Context, results []Result) error {
	for len(results) > 0 {
		n, weight := 1, results[0].weight()
		for n < len(results) && weight+results[n].weight() <= window {
			weight += results[n].weight()
			n++
		}
		if err := b.publishTogether(ctx, results[:n], min(weight, window)); err != nil {
			return err
		}
		results = results[n:]
	}
	return nil
}

func (r Result) weight() int64 { return windowMessage + int64(len(r.msg.Data)) }

// publishTogether publishes results that the window has room for together. What is not stored at the first try is
// looked at one by one.
func (b *Broker) publishTogether(ctx context.Context, results []Result, weight int64) error {
	if err := b.window.Acquire(ctx, weight); err != nil {
		return err
	}
	defer b.window.Release(weight)
	byStream := map[string][]Result{}
	for _, r := range results {
		byStream[r.stream] = append(byStream[r.stream], r)
	}
	var wg sync.WaitGroup
	errs := make([]error, len(streams))
	for i, s := range streams {
		if some := byStream[s.name]; len(some) > 0 {
			wg.Go(func() { errs[i] = b.publishStream(ctx, some) })
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}

// publishStream publishes results of one stream: as one batch where that is cheaper, else each by itself, together.
func (b *Broker) publishStream(ctx context.Context, results []Result) error {
	if len(results) >= batchFrom && b.batches && b.publishBatch(ctx, results) {
		return nil
	}
	acks := make([]jetstream.PubAckFuture, len(results))
	for i, r := range results {
		acks[i], _ = b.js.PublishMsgAsync(r.msg, jetstream.WithMsgID(r.id), jetstream.WithExpectLastSequencePerSubject(0))
	}
	errs := make([]error, len(results))
	var again sync.WaitGroup
	for i, r := range results {
		if !stored(ctx, acks[i]) {
			again.Go(func() { errs[i] = b.publishOnce(ctx, r) })
		}
	}
	again.Wait()
	return errors.Join(errs...)
}

// stored waits for an acknowledgement and reports whether it is one.
func stored(ctx context.Context, ack jetstream.PubAckFuture) bool {
	if ack == nil {
		return false
	}
	select {
	case <-ack.Ok():
		return true
	case <-ack.Err():
	case <-ctx.Done():
	}
	return false
}

// publishOnce stores a message unless its subject has one. It returns when the message is durable.
func (b *Broker) publishOnce(ctx context.Context, r Result) error {
	err := b.publish(ctx, r.msg, jetstream.WithMsgID(r.id), jetstream.WithExpectLastSequencePerSubject(0))
	if !taken(err) {
		return err
	}
	// In a replicated stream the one before may still be on its way to the copies, and may yet fail.
	if _, err := b.last(ctx, r.stream, r.msg.Subject); err != nil {
		return fmt.Errorf("publish %s: %w", r.msg.Subject, err)
	}
	return nil
}

// last reads the last message of a subject.
func (b *Broker) last(ctx context.Context, stream, subject string) (*jetstream.RawStreamMsg, error) {
	s, known := b.handles.Load(stream)
	if !known { // asking for a handle is a request to the leader of all streams, so it is kept
		fresh, err := b.js.Stream(ctx, stream)
		if err != nil {
			return nil, err
		}
		s, _ = b.handles.LoadOrStore(stream, fresh)
	}
	return s.(jetstream.Stream).GetLastMsgForSubject(ctx, subject)
}

// taken reports whether the subject has a message already.
func taken(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}

// publish stores a message, trying again for publishFor with the same message id.
func (b *Broker) publish(ctx context.Context, msg *nats.Msg, opts ...jetstream.PublishOpt) error {
	began := time.Now()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		try, cancel := context.WithTimeout(ctx, publishWait)
		_, err := b.js.PublishMsg(try, msg, append(opts, jetstream.WithRetryAttempts(0))...)
		cancel()
		if err == nil || taken(err) || errors.Is(err, nats.ErrMaxPayload) {
			return err
		}
		if ctx.Err() != nil || time.Since(began) > publishFor || errors.Is(err, nats.ErrConnectionClosed) {
			return fmt.Errorf("publish to %s: %w", msg.Subject, err)
		}
		b.opts.Metrics.retried()
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}
