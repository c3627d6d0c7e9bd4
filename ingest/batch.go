package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// Wire is what package queue gives: each call returns when what it was given is durable, and may be called from
// many goroutines. A call that fails has been retried already.
type Wire interface {
	// PublishPack stores a pack of posts. The same id stores it once.
	PublishPack(ctx context.Context, id string, pack []byte) error
	// PublishDead stores a dead letter.
	PublishDead(ctx context.Context, d Dead) error
	// LoadCursor reads what SaveCursor stored last under the source's name; nothing when there is none.
	LoadCursor(ctx context.Context, source string) ([]byte, error)
	SaveCursor(ctx context.Context, source string, cursor []byte) error
}

// Dead is an input that no stage can use.
type Dead struct {
	Origin string // where it came from: "file:/posts.ndjson:17", "http:3"
	Reason string // a Reason constant
	Detail string // what is wrong; never quotes a text
	Body   []byte // as much of the input as may be kept, see Invalid.Keep
}

// PackPosts is how many posts a pack of the intake has while there is room on the way; when there is none, it goes on
// filling up to MaxPackPosts. So few messages are made when messages are what there is too much of.
const PackPosts = 256

// When a pack goes out otherwise: at the first of these. And what may be on its way.
const (
	packBytes  = 80 << 10
	packMost   = 256 << 10 // bytes, when there is no room on the way
	packRoom   = 48 << 10  // bytes made ready for a pack
	packLinger = 2 * time.Millisecond
	patience   = 15 * time.Second
	inFlight   = 4 << 20       // bytes on their way at once; more wait, and so do the sources
	flightCost = inFlight / 16 // bytes that anything on its way counts for at least: the broker answers many at once, late
	headRoom   = 2 + 2         // bytes before the first post: magic, version, count
)

// An Intake packs what all the sources of a process offer and puts it on the wire.
type Intake struct {
	Patience time.Duration // of Lines: how long a request may take to become durable

	wire    Wire
	metrics *Metrics
	flight  *semaphore.Weighted // bytes on their way
	newID   func() string

	lock chan struct{} // held around open; a channel, so that waiting for it ends with the context
	open *pack         // being filled, or nil
}

// pack is some posts that become durable together.
type pack struct {
	n     int
	body  []byte
	timer *time.Timer
	done  chan struct{}
	err   error // valid when done is closed
}

// NewIntake makes an intake. newID makes a message id that no other process makes.
func NewIntake(w Wire, m *Metrics, newID func() string) *Intake {
	return &Intake{Patience: patience, wire: w, metrics: m, newID: newID, flight: semaphore.NewWeighted(inFlight), lock: make(chan struct{}, 1)}
}

// Batch begins a batch for the source of that name (its metrics' label; keep the number of names small).
func (in *Intake) Batch(source string) *Batch { return &Batch{in: in, source: source} }

// Load reads the source's cursor; nothing when it has none.
func (in *Intake) Load(ctx context.Context, source string) ([]byte, error) {
	return in.wire.LoadCursor(ctx, source)
}

// Save stores the source's cursor. Call it after the Commit of what lies before the cursor.
func (in *Intake) Save(ctx context.Context, source string, cursor []byte) error {
	return in.wire.SaveCursor(ctx, source, cursor)
}

// add puts a post into the open pack and returns that pack. After an error the post may be on its way all the same.
func (in *Intake) add(ctx context.Context, p Post) (*pack, error) {
	if err := enter(ctx, in.lock); err != nil {
		return nil, err
	}
	defer leave(in.lock)
	if in.open != nil && len(in.open.body)+len(p.text)+len(p.url)+4*MaxID+MaxTitle > MaxPackBytes {
		if err := in.send(ctx, in.open); err != nil {
			return nil, err
		}
	}
	if in.open == nil {
		in.open = &pack{done: make(chan struct{}), body: make([]byte, headRoom, packRoom)}
		in.open.timer = time.AfterFunc(packLinger, in.expire(in.open))
	}
	k := in.open
	k.body = AppendPack(k.body, p)
	k.n++
	switch {
	case k.n < PackPosts && len(k.body) < packBytes:
	case in.flight.TryAcquire(k.cost()):
		in.launch(k)
	case k.n >= MaxPackPosts || len(k.body) >= packMost:
		if err := in.send(ctx, k); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// expire sends a pack whose time is over, or looks again later while there is no room for it.
func (in *Intake) expire(k *pack) func() {
	return func() {
		_ = enter(context.Background(), in.lock)
		defer leave(in.lock)
		switch {
		case in.open != k:
		case in.flight.TryAcquire(k.cost()):
			in.launch(k)
		default:
			k.timer.Reset(packLinger)
		}
	}
}

// send puts the open pack on the wire. It waits, with the lock held, while too many bytes are on their way: that is the
// back-pressure on every source.
func (in *Intake) send(ctx context.Context, k *pack) error {
	if err := in.flight.Acquire(ctx, k.cost()); err != nil {
		return err
	}
	in.launch(k)
	return nil
}

// cost is what a pack counts for on its way.
func (k *pack) cost() int64 { return int64(max(flightCost, len(k.body))) }

// launch puts the open pack, for which there is room, on the wire in a goroutine of its own.
func (in *Intake) launch(k *pack) {
	in.open = nil
	k.timer.Stop()
	cost, head := k.cost(), PackHeader(nil, k.n)
	body := k.body[headRoom-len(head):]
	copy(body, head)
	k.body = nil
	go func() {
		// The pack holds posts of many sources, so it does not end with the one that filled it up.
		k.err = in.wire.PublishPack(context.Background(), in.newID(), body)
		in.flight.Release(cost)
		close(k.done)
	}()
}

// Drain returns when nothing is on its way any more. Call it after the sources have ended.
func (in *Intake) Drain(ctx context.Context) error {
	if err := enter(ctx, in.lock); err != nil {
		return err
	}
	defer leave(in.lock)
	if in.open != nil {
		if err := in.send(ctx, in.open); err != nil {
			return err
		}
	}
	if err := in.flight.Acquire(ctx, inFlight); err != nil {
		return err
	}
	in.flight.Release(inFlight)
	return nil
}

// enter takes a place in a semaphore, leave gives it back.
func enter(ctx context.Context, sem chan struct{}) error {
	select {
	case sem <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func leave(sem chan struct{}) { <-sem }

// A Batch is what a source offers before it commits: a request's lines, a poll's updates, a stretch of a file.
// It is for one goroutine.
type Batch struct {
	in      *Intake
	source  string
	packs   []*pack
	dead    sync.WaitGroup
	deadErr error
	deadMu  sync.Mutex

	Tally Tally
}

// A Tally is what became of a batch. It is what a sender is told.
type Tally struct {
	Accepted int         `json:"accepted"`
	Refused  int         `json:"refused"` // not of a public channel
	Invalid  int         `json:"invalid"`
	Errors   []LineError `json:"errors,omitempty"` // of the invalid ones, the first MaxErrors
}

// MaxErrors bounds Tally.Errors.
const MaxErrors = 100

func (t *Tally) add(u Tally) {
	t.Accepted += u.Accepted
	t.Refused += u.Refused
	t.Invalid += u.Invalid
	t.Errors = append(t.Errors, u.Errors[:min(MaxErrors-len(t.Errors), len(u.Errors))]...)
}

// LineError says what is wrong with one line of a batch. It quotes nothing of it.
type LineError struct {
	Line   int    `json:"line"`
	Reason string `json:"reason"`
	Error  string `json:"error"`
}

// Lines offers up to n lines, and reports whether there may be more. The error is the reader's or the wire's.
func (b *Batch) Lines(ctx context.Context, l *Lines, origin string, n int) (more bool, err error) {
	for range n {
		data, err := l.Next()
		var inv *Invalid
		switch {
		case err == io.EOF:
			return false, nil
		case errors.As(err, &inv):
			err = b.settle(ctx, Post{}, inv, origin, l.Line())
		case err != nil:
			return false, fmt.Errorf("%w: %w", errRead, err)
		default:
			err = b.JSON(ctx, data, origin, l.Line())
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

var errRead = errors.New("reading the posts")

// JSON offers one object of JSON. Origin and line say where it stood. The error is the wire's, never the line's.
func (b *Batch) JSON(ctx context.Context, data []byte, origin string, line int) error {
	p, err := Decode(data)
	return b.settle(ctx, p, err, origin, line)
}

// Raw offers what a source has read from a format of its own.
func (b *Batch) Raw(ctx context.Context, raw Raw, origin string) error {
	p, err := Admit(raw)
	var inv *Invalid
	if errors.As(err, &inv) {
		inv.Keep = raw.keep()
	}
	return b.settle(ctx, p, err, origin, 0)
}

// Unreadable counts an input of a source's own format that cannot be read at all. Nothing of it is kept.
func (b *Batch) Unreadable(ctx context.Context, origin, detail string) error {
	return b.settle(ctx, Post{}, invalid(ReasonMalformed, "%s", detail), origin, 0)
}

// settle counts the gate's answer and passes on what has to be.
func (b *Batch) settle(ctx context.Context, p Post, err error, origin string, line int) error {
	var refusal *Refusal
	var inv *Invalid
	switch {
	case err == nil:
		k, err := b.in.add(ctx, p)
		if err != nil {
			return err
		}
		if len(b.packs) == 0 || b.packs[len(b.packs)-1] != k {
			b.packs = append(b.packs, k)
		}
		b.Tally.Accepted++
		b.in.metrics.accepted(b.source)
		return nil
	case errors.As(err, &refusal):
		b.Tally.Refused++
		b.in.metrics.refused(refusal.Reason)
		return nil
	case errors.As(err, &inv):
		b.Tally.Invalid++
		b.in.metrics.invalid(b.source, inv.Reason)
		b.Tally.add(Tally{Errors: []LineError{{Line: line, Reason: inv.Reason, Error: inv.Detail}}})
		if line > 0 {
			origin += ":" + strconv.Itoa(line)
		}
		return b.bury(ctx, Dead{Origin: origin, Reason: inv.Reason, Detail: inv.Detail, Body: inv.Keep})
	}
	return err
}

// bury publishes a dead letter beside the packs; Commit waits for it.
func (b *Batch) bury(ctx context.Context, d Dead) error {
	cost := int64(max(flightCost, len(d.Body)))
	if err := b.in.flight.Acquire(ctx, cost); err != nil {
		return err
	}
	b.dead.Go(func() {
		defer b.in.flight.Release(cost)
		if err := b.in.wire.PublishDead(context.WithoutCancel(ctx), d); err != nil {
			b.deadMu.Lock()
			b.deadErr = err
			b.deadMu.Unlock()
		}
	})
	return nil
}

// Commit returns when all that was offered is durable, or with the first error; then offer all of it again.
func (b *Batch) Commit(ctx context.Context) error {
	b.dead.Wait()
	for _, k := range b.packs {
		select {
		case <-k.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if k.err != nil {
			return k.err
		}
	}
	b.packs = nil
	return b.deadErr
}
