package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/shirou/gopsutil/v4/disk"
)

// The streams. docs/wire.md has their subjects and messages.
const (
	Posts      = "POSTS"
	FlagStream = "FLAGS"
	Platform   = "PLATFORM"
	Government = "GOVERNMENT"
	Orders     = "ORDERS"
	Decisions  = "DECISIONS"
	Audit      = "AUDIT"
	DeadStream = "DEAD"
)

// prefix begins every subject of Saring.
const prefix = "saring."

// stream is a stream as it is created.
type stream struct {
	name    string
	purpose string
	subject string
	share   int64 // of the room for all streams, per cent
	age     time.Duration
	discard jetstream.DiscardPolicy
}

// A full stream refuses new messages, so that nothing that was promised is dropped; the exception is DEAD, which
// a hostile sender could fill to stop everything else. POSTS is trimmed (see Trim) long before it is full.
var streams = []stream{
	{Posts, "posts of public channels, in packs", prefix + "posts", 50, 48 * time.Hour, jetstream.DiscardNew},
	{FlagStream, "verdicts over the threshold, with their posts", prefix + "flags.>", 14, 0, jetstream.DiscardNew},
	{Platform, "warnings to the platform", prefix + "platform.>", 12, 0, jetstream.DiscardNew},
	{Government, "minimised notices to the government", prefix + "government.>", 6, 0, jetstream.DiscardNew},
	{Orders, "orders of the government", prefix + "orders.>", 4, 0, jetstream.DiscardNew},
	{Decisions, "decisions of moderators", prefix + "decisions.>", 4, 0, jetstream.DiscardNew},
	{Audit, "what anyone did", prefix + "audit.>", 6, 0, jetstream.DiscardNew},
	{DeadStream, "inputs that no stage can use", prefix + "dead.>", 4, 90 * 24 * time.Hour, jetstream.DiscardOld},
}

// Room for the streams together.
const (
	minStore = 256 << 20
	maxStore = 16 << 30
)

// EnsureStreams creates the streams that are missing and checks the others. It changes nothing that is there: an
// operator may have given a stream more room, more copies or a longer memory.
func (b *Broker) EnsureStreams(ctx context.Context) error {
	var wrong []string
	for _, s := range streams {
		want := s.config(b.storeBytes(), b.replicas())
		got, err := b.js.Stream(ctx, s.name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			_, err = b.js.CreateStream(ctx, want)
			if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another process was faster
				got, err = b.js.Stream(ctx, s.name)
			}
		}
		if err != nil {
			return fmt.Errorf("stream %s: %w", s.name, err)
		}
		if b.batches && batched(s.name) && got != nil && !got.CachedInfo().Config.AllowAtomicPublish { // it was made by an earlier release
			cfg := got.CachedInfo().Config
			cfg.AllowAtomicPublish = true
			if _, err := b.js.UpdateStream(ctx, cfg); err != nil {
				return fmt.Errorf("stream %s: %w", s.name, err)
			}
		}
		if got != nil {
			wrong = append(wrong, drift(want, got.CachedInfo().Config)...)
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("streams of the broker are not as Saring needs them:\n  %s\nhint: mend them with `nats stream edit`, or use another account", strings.Join(wrong, "\n  "))
	}
	return nil
}

// Identity names the streams: it changes when they are deleted and made anew, and the numbers in them begin again.
func (b *Broker) Identity(ctx context.Context) (string, error) {
	var ids []string
	for _, name := range []string{FlagStream, Decisions} {
		s, err := b.js.Stream(ctx, name)
		if err != nil {
			return "", fmt.Errorf("stream %s: %w", name, err)
		}
		ids = append(ids, s.CachedInfo().Created.UTC().Format(time.RFC3339Nano))
	}
	return strings.Join(ids, " "), nil
}

func (s stream) config(store int64, replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: s.name, Description: s.purpose, Subjects: []string{s.subject},
		Retention: jetstream.LimitsPolicy, Storage: jetstream.FileStorage, Discard: s.discard,
		MaxBytes: store / 100 * s.share, MaxAge: s.age, MaxMsgs: -1, MaxConsumers: -1, MaxMsgsPerSubject: -1,
		Duplicates: 2 * time.Minute, Replicas: replicas, AllowDirect: true, AllowAtomicPublish: batched(s.name),
	}
}

// drift names what differs between two configurations in a way that would break a promise.
func drift(want, got jetstream.StreamConfig) []string {
	var out []string
	check := func(field string, same bool, g, w any) {
		if !same {
			out = append(out, fmt.Sprintf("%s: %s is %v, want %v", want.Name, field, g, w))
		}
	}
	check("subjects", slices.Equal(want.Subjects, got.Subjects), got.Subjects, want.Subjects)
	check("retention", want.Retention == got.Retention, got.Retention, want.Retention)
	check("storage", want.Storage == got.Storage, got.Storage, want.Storage)
	check("discard", want.Discard == got.Discard, got.Discard, want.Discard)
	check("no_ack", !got.NoAck, got.NoAck, false)
	check("max_msgs_per_subject", got.MaxMsgsPerSubject <= 0, got.MaxMsgsPerSubject, -1)
	check("duplicate_window", got.Duplicates >= want.Duplicates, got.Duplicates, want.Duplicates)
	check("mirror", got.Mirror == nil, "set", "none")
	check("sealed", !got.Sealed, got.Sealed, false)
	return out
}

// storeBytes is the room for all streams: as configured, else half of what is free.
func (b *Broker) storeBytes() int64 {
	if b.opts.StoreBytes > 0 {
		return b.opts.StoreBytes
	}
	if b.opts.URL != "" {
		return maxStore
	}
	usage, err := disk.Usage(b.opts.Dir)
	if err != nil {
		return minStore
	}
	return min(max(int64(usage.Free/2), minStore), maxStore)
}

// lowRoom is how much of a disk must be free before anything new is taken in: a broker whose disk has run full
// stays stuck until it is started again.
const lowRoom = 200 << 20

// Room returns an error when the disk of the embedded broker is nearly full.
func (b *Broker) Room() error {
	if b.server == nil {
		return nil
	}
	usage, err := disk.Usage(b.opts.Dir)
	if err != nil || usage.Free > lowRoom {
		return nil
	}
	return fmt.Errorf("only %d MB are free on the disk of %s, and at least %d MB are needed; make room", usage.Free>>20, b.opts.Dir, lowRoom>>20)
}

// When POSTS is trimmed, and to what: shares of its limit.
const (
	trimAbove = 0.85
	trimTo    = 0.70
)

// Trim removes the oldest packs of POSTS when it becomes full, but only those that the filter has acknowledged.
// What is left is the window for backtests.
func (b *Broker) Trim(ctx context.Context) error {
	s, err := b.js.Stream(ctx, Posts)
	if err != nil {
		return err
	}
	info := s.CachedInfo()
	limit, state := info.Config.MaxBytes, info.State
	if limit <= 0 || float64(state.Bytes) < trimAbove*float64(limit) || state.Msgs == 0 {
		return nil
	}
	c, err := s.Consumer(ctx, FilterStage)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil // nothing has been judged yet, so nothing can go
	}
	if err != nil {
		return err
	}
	mean := state.Bytes / state.Msgs
	surplus := (state.Bytes - uint64(trimTo*float64(limit))) / max(1, mean)
	upTo := min(state.FirstSeq+surplus, c.CachedInfo().AckFloor.Stream+1)
	if upTo <= state.FirstSeq {
		return nil
	}
	return s.Purge(ctx, jetstream.WithPurgeSequence(upTo))
}
