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
	work, ended, err := b.read(ctx, c, prefetch)
	if err != nil {
		return fmt.Errorf("consumer %s of %s: %w", s.Name, s.Stream, err)
	}
	late, cancel := graceful(ctx)
	defer cancel()
	var wg sync.WaitGroup
	for range max(1, s.Workers) {
		wg.Go(func() {
			for m := range work {
				b.handle(late, s, b.gather(s, m, work))
			}
		})
	}
	wg.Wait()
	return <-ended
}

// graceful returns a context that ends some time after ctx does.
func graceful(ctx context.Context) (context.Context, context.CancelFunc) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return late, func() { stop(); cancel() }
}

// messenger is a consumer, durable or ordered.
type messenger interface {
	Messages(...jetstream.PullMessagesOpt) (jetstream.MessagesContext, error)
}

// read passes on the messages of a consumer until ctx ends or the consumer does, and then says why. work must be
// read until it is closed.
func (b *Broker) read(ctx context.Context, c messenger, ahead int) (work <-chan jetstream.Msg, ended <-chan error, err error) {
	msgs, err := c.Messages(jetstream.PullMaxMessagesWithBytesLimit(ahead, prefetchMax))
	if err != nil {
		return nil, nil, err
	}
	out, end := make(chan jetstream.Msg), make(chan error, 1)
	stop := context.AfterFunc(ctx, msgs.Stop)
	go func() {
		defer stop()
		defer msgs.Stop()
		defer close(out)
		for {
			m, err := msgs.Next()
			if errors.Is(err, jetstream.ErrNoHeartbeat) {
				continue // the broker is away; the library goes on when it is back
			}
			if err != nil {
				end <- err
				return
			}
			out <- m
		}
	}()
	return out, end, nil
}

// gather takes what else is there already, up to the stage's most.
func (b *Broker) gather(s Stage, first jetstream.Msg, work <-chan jetstream.Msg) []*Message {
	out := []*Message{b.message(s.Stream, first)}
	for len(out) < s.Most {
		select {
		case m, open := <-work:
			if !open {
				return out
			}
			out = append(out, b.message(s.Stream, m))
		case <-time.After(gatherWait):
			return out
		}
	}
	return out
}

// gatherWait is how long a worker that may take more waits for it.
const gatherWait = time.Millisecond

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
// that come, until ctx ends. It leaves no trace in the broker: the caller keeps its own place. After an error of
// each the same messages come again.
func (b *Broker) Follow(ctx context.Context, stream, filter string, from uint64, each func(context.Context, []*Message) error) error {
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
		late, cancel := graceful(ctx)
		defer cancel()
		inner, stop := context.WithCancel(ctx)
		work, ended, err := b.read(inner, c, followBatch)
		if err != nil {
			stop()
			return err
		}
		for m := range work {
			if err != nil {
				continue // let the reader end
			}
			batch := b.gather(Stage{Stream: stream, Most: followBatch}, m, work)
			if err = each(late, batch); err != nil {
				stop()
				continue
			}
			next = batch[len(batch)-1].Seq + 1
		}
		stop()
		return errors.Join(err, <-ended)
	})
}

// followBatch is how many messages Follow hands over at once.
const followBatch = 100
