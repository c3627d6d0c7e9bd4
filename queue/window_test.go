package queue

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

func openFor(t *testing.T, sync time.Duration) *Broker {
	t.Helper()
	b, err := Open(t.Context(), Options{Dir: t.TempDir(), Sync: sync, StoreBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// text is a topic of strings, where the warnings go.
var text = Topic[string]{
	Stream: Platform, Filter: prefix + "platform.>",
	Subject: func(s string) string { return Subject("platform", "test", s) },
	ID:      func(s string) string { return s },
	Encode:  func(s string) ([]byte, error) { return []byte(s), nil },
	Decode:  func(data []byte) (string, error) { return string(data), nil },
}

func numbers(from, to int) (out []string) {
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprint(i))
	}
	return out
}

// TestPublishWaitsForTheWindow publishes while so much is on its way that nothing more may be.
func TestPublishWaitsForTheWindow(t *testing.T) {
	b := openFor(t, time.Second)
	if err := b.window.Acquire(t.Context(), window); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := Publish(ctx, b, text, time.Time{}, "a"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("published with a full window: %v", err)
	}
	if n := stored64(t, b); n != 0 {
		t.Errorf("%d messages are stored", n)
	}
	b.window.Release(window)
	if err := Publish(t.Context(), b, text, time.Time{}, numbers(0, 10_000)...); err != nil { // more than the window
		t.Fatal(err)
	}
	if n := stored64(t, b); n != 10_000 {
		t.Errorf("%d messages are stored, want 10000", n)
	}
	if !b.window.TryAcquire(window) {
		t.Error("the window is not given back")
	}
}

func stored64(t *testing.T, b *Broker) uint64 {
	t.Helper()
	n, err := b.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n[Platform]
}

// TestBatch publishes many messages to a broker that forces each to the disk: they go as one batch. Those that it has
// already are stored once all the same, and their neighbours are stored.
func TestBatch(t *testing.T) {
	b := openFor(t, 0)
	for _, part := range []struct {
		from, to int
		batched  bool
	}{{0, 100, true}, {0, 100, true}, {90, 190, false}, {200, 200 + batchFrom - 1, false}, {300, 300 + batchMost + 1, true}} {
		if err := Publish(t.Context(), b, text, time.Now(), numbers(part.from, part.to)...); err != nil {
			t.Fatal(err)
		}
		m, err := b.last(t.Context(), Platform, text.Subject(fmt.Sprint(part.to-1)))
		if err != nil {
			t.Fatal(err)
		}
		if last := part.to == 300+batchMost+1; !last && (m.Header.Get("Nats-Batch-Id") != "") != part.batched || m.Header.Get(receivedHeader) == "" {
			t.Errorf("%d to %d: header %v", part.from, part.to, m.Header)
		}
		if string(m.Data) != fmt.Sprint(part.to-1) {
			t.Errorf("%d to %d: %q", part.from, part.to, m.Data)
		}
	}
	if n, want := stored64(t, b), uint64(190+batchFrom-1+batchMost+1); n != want {
		t.Errorf("%d messages are stored, want %d", n, want)
	}
}

// TestReaderIsBoundedByBytes lets a stage stand still before long messages.
func TestReaderIsBoundedByBytes(t *testing.T) {
	b := openFor(t, time.Second)
	const size = 200 << 10
	for range 60 {
		if err := b.PublishPack(t.Context(), NewID(), make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	began, ended, free := make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		_ = b.Consume(ctx, Stage{Name: FilterStage, Stream: Posts, Workers: 1, Most: 64, Handle: func(context.Context, []*Message) error {
			select {
			case began <- struct{}{}:
			default:
			}
			<-free
			return nil
		}})
	}()
	<-began
	for range 30 {
		c, err := b.js.Consumer(t.Context(), Posts, FilterStage)
		if err != nil {
			t.Fatal(err)
		}
		if has := c.CachedInfo().NumAckPending * size; has > fetchBytes {
			t.Fatalf("a reader that stands still has %d bytes, want at most %d", has, fetchBytes)
		}
		time.Sleep(5 * time.Millisecond)
	}
	close(free)
	for idle := false; !idle; time.Sleep(5 * time.Millisecond) {
		var err error
		if idle, err = b.Idle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	<-ended
}

// TestFollow: after an error the same messages come again, in order, and nothing is left in the broker.
func TestFollow(t *testing.T) {
	b := openFor(t, time.Second)
	if err := Publish(t.Context(), b, text, time.Time{}, numbers(0, 1000)...); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var got []uint64
	failed := false
	err := b.Follow(ctx, Platform, text.Filter, 11, time.Millisecond, func(_ context.Context, msgs []*Message) error {
		if len(got) > 500 && !failed {
			failed = true
			return errors.New("for the test")
		}
		for _, m := range msgs {
			got = append(got, m.Seq)
		}
		if len(got) == 990 {
			stop()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || len(got) != 990 || !failed {
		t.Fatalf("%d messages, %v", len(got), err)
	}
	for i, seq := range got {
		if seq != uint64(i+11) {
			t.Fatalf("message %d is number %d of the stream", i, seq)
		}
	}
	names := b.mustStream(t, Platform).ConsumerNames(t.Context())
	for name := range names.Name() {
		t.Errorf("the follower left the consumer %s", name)
	}
}

func (b *Broker) mustStream(t *testing.T, name string) jetstream.Stream {
	t.Helper()
	s, err := b.js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
