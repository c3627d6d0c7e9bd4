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
	prefetch    = 32       // messages
	prefetchMax = 16 << 20 // bytes
	maxPending  = 1024     // messages under way in all processes of a stage
)

// Consume runs a stage until ctx ends. Then it finishes what it has in hand and returns.
func (b *Broker) Consume(ctx context.Context, s Stage) error {
	c, err := b.js.CreateOrUpdateConsumer(ctx, s.Stream, jetstream.ConsumerConfig{
		Durable: s.Name, FilterSubject: s.Filter, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait,
		MaxDeliver: -1, MaxAckPending: maxPending, DeliverPolicy: jetstream.DeliverAllPolicy,
	})
	if err != nil {
		return fmt.Errorf("consumer %s of %s: %w", s.Name, s.Stream, err)
	}
	msgs, err := c.Messages(jetstream.PullMaxMessagesWithBytesLimit(prefetch, prefetchMax))
	if err != nil {
		return fmt.Errorf("consumer %s of %s: %w", s.Name, s.Stream, err)
	}
	work := make(chan jetstream.Msg)
	var wg sync.WaitGroup
	for range max(1, s.Workers) {
		wg.Go(func() {
			for m := range work {
				b.handle(ctx, s, b.gather(s, m, work))
			}
		})
	}
	stop := context.AfterFunc(ctx, msgs.Stop)
	defer stop()
	for {
		m, err := msgs.Next()
		if errors.Is(err, jetstream.ErrMsgIteratorClosed) {
			break
		}
		if err != nil {
			b.log.Warn("reading a stream", "stage", s.Name, "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(firstDelay):
			}
			continue
		}
		work <- m
	}
	close(work)
	wg.Wait()
	return ctx.Err()
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
	err := guard(func() error { return s.Handle(context.WithoutCancel(ctx), msgs) })
	close(done)
	b.opts.Metrics.handled(s.Name, time.Since(began), err)
	if err == nil {
		for _, m := range msgs {
			_ = m.msg.Ack() // one that is lost brings the message again, with no effect
		}
		return
	}
	var p *panicked
	if errors.As(err, &p) && len(msgs) == 1 {
		b.log.Error("a message made a stage panic; it is a dead letter now", "stage", s.Name, "seq", msgs[0].Seq, "panic", p.what)
		if err := msgs[0].Bury(ctx, "panic", p.what, msgs[0].Data); err == nil {
			_ = msgs[0].msg.Term()
			return
		}
	}
	if len(msgs) > 1 { // one of them may be the cause: each alone, so that it harms nothing beside it
		for _, m := range msgs {
			b.handle(ctx, s, []*Message{m})
		}
		return
	}
	delay := b.delay(msgs[0])
	b.log.Warn("a message will be handled again", "stage", s.Name, "seq", msgs[0].Seq, "error", err, "in", delay)
	_ = msgs[0].msg.NakWithDelay(delay)
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
// that come, until ctx ends. It leaves no trace in the broker: the caller keeps its own place.
func (b *Broker) Follow(ctx context.Context, stream, filter string, from uint64, each func(context.Context, []*Message) error) error {
	cfg := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(1, from)}
	if filter != "" {
		cfg.FilterSubjects = []string{filter}
	}
	c, err := b.js.OrderedConsumer(ctx, stream, cfg)
	if err != nil {
		return fmt.Errorf("follow %s: %w", stream, err)
	}
	msgs, err := c.Messages(jetstream.PullMaxMessagesWithBytesLimit(followBatch, prefetchMax))
	if err != nil {
		return fmt.Errorf("follow %s: %w", stream, err)
	}
	work := make(chan jetstream.Msg)
	ended := make(chan error, 1)
	stop := context.AfterFunc(ctx, msgs.Stop)
	defer stop()
	go func() {
		for {
			m, err := msgs.Next()
			if err != nil {
				ended <- err
				close(work)
				return
			}
			work <- m
		}
	}()
	s := Stage{Stream: stream, Most: followBatch}
	for m := range work {
		batch := b.gather(s, m, work)
		for wait := firstDelay; ; wait = min(2*wait, lastDelay) {
			err := each(context.WithoutCancel(ctx), batch)
			if err == nil {
				break
			}
			b.log.Warn("following a stream", "stream", stream, "seq", batch[0].Seq, "error", err, "again_in", wait)
			select {
			case <-ctx.Done():
				msgs.Stop()
				for range work { // let the reader end
				}
				return ctx.Err()
			case <-time.After(wait):
			}
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return <-ended
}

// followBatch is how many messages Follow hands over at once.
const followBatch = 100
