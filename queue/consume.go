package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The durable consumers.
const (
	FilterStage     = "filter"     // of POSTS
	PlatformStage   = "platform"   // of FLAGS
	GovernmentStage = "government" // of FLAGS
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
	b        *Broker
	msg      jetstream.Msg
	stream   string
}

// Redelivery and what may be under way.
const (
	ackWait     = 10 * time.Second // a message whose process has died comes again after this
	firstDelay  = 200 * time.Millisecond
	lastDelay   = 30 * time.Second
	grace       = 15 * time.Second // to finish what is in hand when the process stops
	prefetch    = 32               // messages
	prefetchMax = 16 << 20         // bytes
	maxPending  = 1024             // messages under way in all processes of a stage
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
	r, err := read(ctx, c, prefetch)
	if err != nil {
		return fmt.Errorf("consumer %s of %s: %w", s.Name, s.Stream, err)
	}
	late, cancel := graceful(ctx)
	defer cancel()
	var wg sync.WaitGroup
	for range max(1, s.Workers) {
		wg.Go(func() {
			for msgs := r.gather(b, s.Stream, s.Most, 0); msgs != nil; msgs = r.gather(b, s.Stream, s.Most, 0) {
				b.handle(late, s, msgs)
			}
		})
	}
	wg.Wait()
	return r.stop()
}

// graceful returns a context that ends some time after ctx does.
func graceful(ctx context.Context) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return late, func() { stop(); cancel() }
}

// reader passes on the messages of a consumer. (A jetstream.MessagesContext would drop some when they come fast: its
// channel has room for the messages that were asked for, and for none of the broker's own beside them.)
type reader struct {
	work   chan jetstream.Msg
	done   chan struct{} // closed when the consumer has ended
	inner  jetstream.ConsumeContext
	failed chan error
}

// consumer is durable or ordered.
type consumer interface {
	Consume(jetstream.MessageHandler, ...jetstream.PullConsumeOpt) (jetstream.ConsumeContext, error)
}

// read begins to read, until ctx ends or the consumer does.
func read(ctx context.Context, c consumer, ahead int) (*reader, error) {
	r := &reader{work: make(chan jetstream.Msg, ahead), done: make(chan struct{}), failed: make(chan error, 1)}
	inner, err := c.Consume(func(m jetstream.Msg) {
		select {
		case r.work <- m:
		case <-r.done:
		}
	}, jetstream.PullMaxMessagesWithBytesLimit(ahead, prefetchMax), jetstream.PullExpiry(pullExpiry), jetstream.PullHeartbeat(heartbeat), jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		if errors.Is(err, jetstream.ErrNoHeartbeat) {
			return // the broker is away; the library goes on when it is back
		}
		select {
		case r.failed <- err:
		default: // the first error says it
		}
	}))
	if err != nil {
		return nil, err
	}
	r.inner = inner
	go func() {
		select {
		case <-ctx.Done():
		case <-inner.Closed():
		}
		inner.Stop()
		close(r.done)
	}()
	return r, nil
}

// A request for messages is made again after pullExpiry. One that was lost is missed after two heartbeats; with the
// library's 15 s, a reader could stand still for half a minute.
const (
	pullExpiry = 10 * time.Second
	heartbeat  = time.Second
)

// gather waits for a message and takes what else is there or comes within linger, up to most. It returns nil when
// there will be none.
func (r *reader) gather(b *Broker, stream string, most int, linger time.Duration) (out []*Message) {
	select {
	case m := <-r.work:
		out = append(out, b.message(stream, m))
	case <-r.done:
		return nil
	}
	for wait := time.After(linger); len(out) < most; {
		select {
		case m := <-r.work:
			out = append(out, b.message(stream, m))
			continue
		default:
		}
		if linger == 0 {
			return out
		}
		select {
		case m := <-r.work:
			out = append(out, b.message(stream, m))
		case <-wait:
			return out
		}
	}
	return out
}

// stop ends the reading and says why it had ended, if it had.
func (r *reader) stop() error {
	r.inner.Stop()
	<-r.inner.Closed()
	select {
	case err := <-r.failed:
		return err
	default:
		return errors.New("the consumer has ended")
	}
}

func (b *Broker) message(stream string, m jetstream.Msg) *Message {
	out := &Message{Data: m.Data(), Subject: m.Subject(), b: b, msg: m, stream: stream}
	if meta, err := m.Metadata(); err == nil {
		out.Seq, out.Received = meta.Sequence.Stream, meta.Timestamp
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
		cfg := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: next}
		if filter != "" {
			cfg.FilterSubjects = []string{filter}
		}
		c, err := b.js.OrderedConsumer(ctx, stream, cfg)
		if err != nil {
			return err
		}
		r, err := read(ctx, c, followBatch)
		if err != nil {
			return err
		}
		late, cancel := graceful(ctx)
		defer cancel()
		for msgs := r.gather(b, stream, followBatch, linger); msgs != nil; msgs = r.gather(b, stream, followBatch, linger) {
			if err := each(late, msgs); err != nil {
				return errors.Join(err, r.stop())
			}
			next = msgs[len(msgs)-1].Seq + 1
		}
		return r.stop()
	})
}

// followBatch is how many messages Follow hands over at once.
const followBatch = 100
