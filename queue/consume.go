package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
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
	msg      *nats.Msg
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
	h := hold{msgs: map[*nats.Msg]bool{}}
	kept := make(chan struct{})
	go h.keepAlive(kept)
	defer close(kept)
	for range max(1, s.Workers) {
		g.Go(func() error {
			defer stop() // when one has to begin again, all do
			return b.fetch(reading, c, s.Stream, s.Most, 0, h.take, func(msgs []*Message) error {
				b.handle(late, s, msgs)
				h.drop(msgs)
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

// fetch asks a consumer for messages again and again, and calls each with those that are there or come within linger,
// at most so many. took, if there is one, is told of each as soon as it is here. It returns when ctx has ended, with an
// error of each, or when the consumer is not to be reached.
//
// A reader has no more messages than it asked for, at most fetchBytes of them, and asks again when it has handled
// them all. (The library's Consume asks ahead; under load it lost its own request at times, and stood still until it
// missed a heartbeat. Its Fetch subscribes anew for each request; in a cluster, messages came before the servers knew.)
func (b *Broker) fetch(ctx context.Context, c jetstream.Consumer, stream string, most int, linger time.Duration, took func(*nats.Msg), each func([]*Message) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := reader{b: b, stream: stream, name: c.CachedInfo().Name, most: most, inbox: b.nc.NewInbox(), here: make(chan *nats.Msg, most)}
	sub, err := b.nc.Subscribe(r.inbox, func(m *nats.Msg) {
		if took != nil && m.Reply != "" {
			took(m)
		}
		select {
		case r.here <- m:
		case <-ctx.Done():
		}
	})
	if err != nil {
		return err
	}
	defer func() {
		_ = sub.Unsubscribe()
		for took != nil && len(r.here) > 0 { // what nobody has begun with, another may have at once
			_ = (<-r.here).Nak()
		}
	}()
	for {
		msgs, err := r.gather(ctx, linger)
		if err == nil && len(msgs) > 0 {
			err = each(msgs)
		}
		if err != nil {
			return err
		}
	}
}

// A reader asks one consumer for messages.
type reader struct {
	b                   *Broker
	stream, name, inbox string
	most                int
	here                chan *nats.Msg
	open                int // messages that were asked for and have not come
}

// A request for messages is made again after pullExpiry. One that was lost is missed after two heartbeats.
const (
	pullExpiry = 10 * time.Second
	heartbeat  = time.Second
)

// ask requests as many messages as the reader takes at once. ADR-13 describes the request.
func (r *reader) ask() error {
	if r.open > 0 {
		return nil
	}
	r.open = r.most
	data, err := json.Marshal(map[string]any{"batch": r.most, "max_bytes": fetchBytes, "expires": pullExpiry, "idle_heartbeat": heartbeat})
	if err != nil {
		return err
	}
	return r.b.nc.PublishRequest("$JS.API.CONSUMER.MSG.NEXT."+r.stream+"."+r.name, r.inbox, data)
}

// gather waits for a message and takes what else is there or comes within linger. It may return none.
func (r *reader) gather(ctx context.Context, linger time.Duration) (out []*Message, err error) {
	if err := r.ask(); err != nil {
		if r.b.nc.IsClosed() {
			return nil, err
		}
		r.open = 0 // the broker is away; the library connects again, and then so are we
	}
	wait := time.NewTimer(2 * heartbeat)
	defer wait.Stop()
	for len(out) < r.most {
		var m *nats.Msg
		select {
		case m = <-r.here:
		default:
			if len(out) > 0 && linger == 0 {
				return out, nil
			}
			select {
			case m = <-r.here:
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-wait.C:
				if len(out) == 0 {
					r.open = 0 // no heartbeat: the request was lost
				}
				return out, nil
			}
		}
		if m.Reply == "" {
			if over, err := r.status(m); err != nil || over || len(out) == 0 {
				return out, err
			}
			continue
		}
		if len(out) == 0 && linger > 0 {
			wait.Reset(linger)
		}
		r.open--
		out = append(out, r.b.message(r.stream, m))
	}
	return out, nil
}

// status reads what the broker says of a request: that it is over, or only that it is known.
func (r *reader) status(m *nats.Msg) (over bool, err error) {
	code, what := m.Header.Get("Status"), m.Header.Get("Description")
	switch {
	case code == "100":
		return false, nil
	case code == "503", code == "400", strings.Contains(what, "Consumer Deleted"):
		return true, fmt.Errorf("the consumer is not to be reached: %s %s", code, what)
	}
	r.open = 0
	return true, nil
}

func (b *Broker) message(stream string, m *nats.Msg) *Message {
	out := &Message{Data: m.Data, Subject: m.Subject, b: b, msg: m, stream: stream}
	if meta, err := m.Metadata(); err == nil {
		out.Seq, out.delivery, out.Received, out.Again = meta.Sequence.Stream, meta.Sequence.Consumer, meta.Timestamp, meta.NumDelivered > 1
	}
	if ns, err := strconv.ParseInt(m.Header.Get(receivedHeader), 10, 64); err == nil {
		out.Received = time.Unix(0, ns)
	}
	return out
}

// handle has the messages handled and tells the broker how it went.
func (b *Broker) handle(ctx context.Context, s Stage, msgs []*Message) {
	began := time.Now()
	err := guard(func() error { return s.Handle(ctx, msgs) })
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

// hold is the messages that a stage has in this process: those in hand, and those that wait behind them.
type hold struct {
	mu   sync.Mutex
	msgs map[*nats.Msg]bool
}

func (h *hold) take(m *nats.Msg) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.msgs[m] = true
}

func (h *hold) drop(msgs []*Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range msgs {
		delete(h.msgs, m.msg)
	}
}

// keepAlive tells the broker that the messages are not forgotten, until done is closed. Else it would deliver them
// again, to a stage that is too slow already.
func (h *hold) keepAlive(done <-chan struct{}) {
	tick := time.NewTicker(ackWait / 4)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		h.mu.Lock()
		for m := range h.msgs {
			_ = m.InProgress()
		}
		h.mu.Unlock()
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
		return b.fetch(ctx, c, stream, followBatch, linger, nil, func(msgs []*Message) error {
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
