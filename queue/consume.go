package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

// The durable consumers.
const (
	FilterStage     = "filter"     // of POSTS
	PlatformStage   = "platform"   // of FLAGS, in earlier releases; see settle
	GovernmentStage = "government" // the same
)

// A Stage reads a stream with others of its name, each message going to one of them.
type Stage struct {
	Name    string // of the durable consumer
	Stream  string
	Filter  string // subjects, "" for all
	Workers int    // goroutines that handle messages, at least 1
	Most    int    // messages a Handle gets at once
	// Handle returns nil when the results of all the messages are durable; they are acknowledged then. After an
	// error all of them come again, later. It calls Message.Bury for what can never be handled.
	Handle func(ctx context.Context, msgs []*Message) error
}

// A Message is one message of a stream.
type Message struct {
	Data     []byte
	Subject  string
	Seq      uint64
	Received time.Time // when the post behind it came in
	Again    bool      // it was delivered before, to a process that may have done some of what it asks for
	b        *Broker
	msg      jetstream.Msg
	stream   string
	delivery uint64 // its number among those delivered to its consumer
}

// Redelivery and what may be under way.
const (
	ackWait    = 10 * time.Second // a message whose process has died comes again after this
	firstDelay = 200 * time.Millisecond
	lastDelay  = 30 * time.Second
	grace      = 15 * time.Second // to finish what is in hand when the process stops
	fetchBytes = 2 << 20          // that a reader has at once; more than any message
	maxPending = 1024             // messages under way in all processes of a stage
)

// Consume runs a stage until ctx ends. Then it finishes what it has in hand and returns. It lasts through a broker
// that is away and a consumer that somebody has deleted.
func (b *Broker) Consume(ctx context.Context, s Stage) error {
	return b.lasting(ctx, s.Name, func() error { return b.consume(ctx, s) })
}

// lasting runs what reads a stream again whenever it ends before ctx does.
func (b *Broker) lasting(ctx context.Context, what string, read func() error) error {
	for wait := firstDelay; ; wait = min(2*wait, lastDelay) {
		began := time.Now()
		err := read()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if b.nc.IsClosed() {
			return fmt.Errorf("%s: the connection to the broker is closed: %w", what, err)
		}
		if time.Since(began) > lastDelay {
			wait = firstDelay
		}
		b.log.Warn("reading a stream ended; it begins again", "reader", what, "error", err, "in", wait)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (b *Broker) consume(ctx context.Context, s Stage) error {
	c, err := b.js.CreateOrUpdateConsumer(ctx, s.Stream, jetstream.ConsumerConfig{
		Durable: s.Name, FilterSubject: s.Filter, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait,
		MaxDeliver: -1, MaxAckPending: maxPending, DeliverPolicy: jetstream.DeliverAllPolicy,
	})
	if err != nil {
		return fmt.Errorf("consumer %s of %s: %w", s.Name, s.Stream, err)
	}
	late, cancel := graceful(ctx)
	defer cancel()
	var g errgroup.Group
	reading, stop := context.WithCancel(ctx)
	defer stop()
	for range max(1, s.Workers) {
		g.Go(func() error {
			defer stop() // when one has to begin again, all do
			return b.fetch(reading, c, s.Stream, s.Most, 0, func(msgs []*Message) error {
				b.handle(late, s, msgs)
				return nil
			})
		})
	}
	return g.Wait()
}

// graceful returns a context that ends some time after ctx does.
func graceful(ctx context.Context) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return late, func() { stop(); cancel() }
}

// fetch asks for messages again and again, and calls each with those that are there or come within linger, at most so
// many. It returns when ctx has ended, with an error of each, or when the consumer is not to be reached.
//
// A reader has no more messages than it asked for, at most fetchBytes of them, and asks again when it has handled
// them all. (The library's Consume asks ahead; under load it lost its own request at times, and stood still until it
// missed a heartbeat.)
func (b *Broker) fetch(ctx context.Context, c jetstream.Consumer, stream string, most int, linger time.Duration, each func([]*Message) error) error {
	for ctx.Err() == nil {
		err := b.fetchOnce(ctx, c, stream, most, linger, each)
		if err != nil && !errors.Is(err, jetstream.ErrNoHeartbeat) && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
	return ctx.Err()
}

// fetchOnce makes one request.
func (b *Broker) fetchOnce(ctx context.Context, c jetstream.Consumer, stream string, most int, linger time.Duration, each func([]*Message) error) error {
	ctx, cancel := context.WithTimeout(ctx, pullExpiry)
	defer cancel()
	batch, err := c.Fetch(most, jetstream.FetchContext(ctx), jetstream.FetchHeartbeat(heartbeat), jetstream.FetchMaxBytes(fetchBytes))
	if err != nil {
		return err
	}
	for msgs := b.gather(stream, batch.Messages(), most, linger); msgs != nil; msgs = b.gather(stream, batch.Messages(), most, linger) {
		if err := each(msgs); err != nil {
			return err
		}
	}
	return batch.Error()
}

// A request for messages is made again after pullExpiry. One that was lost is missed after two heartbeats; with the
// library's 5 s, a reader could stand still for ten.
const (
	pullExpiry = 10 * time.Second
	heartbeat  = time.Second
)

// gather waits for a message and takes what else is there or comes within linger, up to most. It returns nil when
// there will be none.
func (b *Broker) gather(stream string, from <-chan jetstream.Msg, most int, linger time.Duration) (out []*Message) {
	m, open := <-from
	if !open {
		return nil
	}
	out = append(out, b.message(stream, m))
	for wait := time.After(linger); len(out) < most; {
		select {
		case m, open = <-from:
			if !open {
				return out
			}
			out = append(out, b.message(stream, m))
			continue
		default:
		}
		if linger == 0 {
			return out
		}
		select {
		case m, open = <-from:
			if !open {
				return out
			}
			out = append(out, b.message(stream, m))
		case <-wait:
			return out
		}
	}
	return out
}

func (b *Broker) message(stream string, m jetstream.Msg) *Message {
	out := &Message{Data: m.Data(), Subject: m.Subject(), b: b, msg: m, stream: stream}
	if meta, err := m.Metadata(); err == nil {
		out.Seq, out.delivery, out.Received, out.Again = meta.Sequence.Stream, meta.Sequence.Consumer, meta.Timestamp, meta.NumDelivered > 1
	}
	if ns, err := strconv.ParseInt(m.Headers().Get(receivedHeader), 10, 64); err == nil {
		out.Received = time.Unix(0, ns)
	}
	return out
}

// handle has the messages handled and tells the broker how it went.
func (b *Broker) handle(ctx context.Context, s Stage, msgs []*Message) {
	began := time.Now()
	done := make(chan struct{})
	go keepAlive(done, msgs)
	err := guard(func() error { return s.Handle(ctx, msgs) })
	close(done)
	b.opts.Metrics.handled(s.Name, time.Since(began), err)
	if err == nil {
		for _, m := range msgs {
			_ = m.msg.Ack() // one that is lost brings the message again, with no effect
		}
		return
	}
	var p *panicked
	if errors.As(err, &p) && len(msgs) > 1 { // one of them is the cause: each alone, so that it harms nothing beside it
		for _, m := range msgs {
			b.handle(ctx, s, []*Message{m})
		}
		return
	}
	if errors.As(err, &p) {
		b.log.Error("a message made a stage panic; it is a dead letter now", "stage", s.Name, "seq", msgs[0].Seq, "panic", p.what)
		if err := msgs[0].Bury(ctx, "panic", p.what, msgs[0].Data); err == nil {
			_ = msgs[0].msg.Term()
			return
		}
	}
	delay := b.delay(msgs[0])
	b.log.Warn("messages will be handled again", "stage", s.Name, "seq", msgs[0].Seq, "messages", len(msgs), "error", err, "in", delay)
	for _, m := range msgs {
		_ = m.msg.NakWithDelay(delay)
	}
}

// delay grows with the number of deliveries.
func (b *Broker) delay(m *Message) time.Duration {
	meta, err := m.msg.Metadata()
	if err != nil {
		return firstDelay
	}
	return min(firstDelay<<min(meta.NumDelivered-1, 10), lastDelay)
}

// keepAlive tells the broker that the messages are being worked on, until done is closed.
func keepAlive(done <-chan struct{}, msgs []*Message) {
	tick := time.NewTicker(ackWait / 3)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			for _, m := range msgs {
				_ = m.msg.InProgress()
			}
		}
	}
}

// panicked is a panic of a stage. It names the place in the code, and nothing of the message.
type panicked struct{ what string }

func (p *panicked) Error() string { return "panic: " + p.what }

// guard turns a panic into an error. Only errors of the runtime are quoted: a panic's value could hold a text.
func guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			what := fmt.Sprintf("%T", v)
			if e, ok := v.(interface{ RuntimeError() }); ok {
				what = fmt.Sprint(e)
			}
			err = &panicked{what: what + "\n" + string(debug.Stack())}
		}
	}()
	return f()
}

// Bury makes a dead letter of a message or of a part of it.
func (m *Message) Bury(ctx context.Context, reason, detail string, body []byte) error {
	return m.b.bury(ctx, Letter{
		Origin: fmt.Sprintf("%s:%d", m.stream, m.Seq), Subject: m.Subject, Reason: reason, Detail: detail, Body: body,
	})
}

// Follow calls each with every message of a stream from a sequence number on, in order, and goes on with those
// that come, until ctx ends: all that come within linger together, up to some hundred. It leaves no trace in the
// broker: the caller keeps its own place. After an error of each the same messages come again.
func (b *Broker) Follow(ctx context.Context, stream, filter string, from uint64, linger time.Duration, each func(context.Context, []*Message) error) error {
	next := max(1, from)
	return b.lasting(ctx, "follower of "+stream, func() error {
		c, err := b.js.CreateConsumer(ctx, stream, jetstream.ConsumerConfig{
			FilterSubject: filter, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: next,
			AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: followerLife,
		})
		if err != nil {
			return err
		}
		late, cancel := graceful(ctx)
		defer cancel()
		defer func() { _ = b.js.DeleteConsumer(late, stream, c.CachedInfo().Name) }()
		delivered := uint64(0)
		return b.fetch(ctx, c, stream, followBatch, linger, func(msgs []*Message) error {
			last := msgs[len(msgs)-1]
			if delivered += uint64(len(msgs)); last.delivery != delivered {
				return fmt.Errorf("%d messages were lost on the way; they are read again", last.delivery-delivered)
			}
			if err := each(late, msgs); err != nil {
				return err
			}
			next = last.Seq + 1
			return nil
		})
	})
}

const (
	followBatch  = 100              // messages that Follow hands over at once
	followerLife = 30 * time.Second // of the consumer of a process that has died
)
