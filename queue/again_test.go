package queue_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"saring/ingest"
	"saring/queue"
	"saring/queue/government"
	"saring/queue/platform"
)

// TestWarningAgreesWithTheStoredFlag lets a process die when it has stored a flag and nothing else. Whoever gets the
// pack then has other rules, which may not even flag the post.
func TestWarningAgreesWithTheStoredFlag(t *testing.T) {
	b := open(t, t.TempDir())
	was := flag(t, "1", 0)
	was.Score, was.FlaggedAt = 77, time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	passed := flag(t, "2", 0)
	passed.Post = post(t, "2", 0, "Harga cabai naik")
	if err := queue.Publish(t.Context(), b, queue.Flags, time.Now(), was, passed); err != nil {
		t.Fatal(err)
	}
	pack := ingest.PackHeader(nil, 3)
	for _, p := range []ingest.Post{was.Post, passed.Post, post(t, "3", 0, "Ayo berbaiat kepada ISIS")} {
		pack = ingest.AppendPack(pack, p)
	}
	if err := b.PublishPack(t.Context(), queue.NewID(), pack); err != nil {
		t.Fatal(err)
	}
	dies(t, b)
	run(t, b)
	eventually(t, "all is done", func() bool { idle, err := b.Idle(t.Context()); return err == nil && idle })
	for stream, want := range map[string]uint64{queue.FlagStream: 3, queue.Platform: 3, queue.Government: 3} {
		if n := count(t, b, stream); n != want {
			t.Errorf("%s holds %d messages, want %d", stream, n, want)
		}
	}
	s, err := side(t, b).Stream(t.Context(), queue.Platform)
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.GetLastMsgForSubject(t.Context(), platform.Warnings.Subject(platform.NewWarning(was)))
	if err != nil {
		t.Fatal(err)
	}
	if w, err := platform.Warnings.Decode(m.Data); err != nil || w.Data.Score != 77 || !w.Time.Equal(was.FlaggedAt) {
		t.Errorf("the warning is %+v, %v, and the flag %+v", w, err, was)
	}
}

// dies takes a pack as a filter does that dies with it.
func dies(t *testing.T, b *queue.Broker) {
	t.Helper()
	c, err := side(t, b).CreateConsumer(t.Context(), queue.Posts, jetstream.ConsumerConfig{
		Durable: queue.FilterStage, AckPolicy: jetstream.AckExplicitPolicy, MaxDeliver: -1, AckWait: 10 * time.Second, MaxAckPending: 1024})
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.Next()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Nak(); err != nil { // as the broker does by itself, later
		t.Fatal(err)
	}
}

// TestConsumersOfEarlierReleases begins with flags that nobody has warned of, as a release before left them.
func TestConsumersOfEarlierReleases(t *testing.T) {
	b := open(t, t.TempDir())
	for _, name := range []string{queue.PlatformStage, queue.GovernmentStage} {
		if _, err := side(t, b).CreateConsumer(t.Context(), queue.FlagStream, jetstream.ConsumerConfig{Durable: name, FilterSubject: queue.Flags.Filter,
			AckPolicy: jetstream.AckExplicitPolicy, MaxDeliver: -1, AckWait: 10 * time.Second, MaxAckPending: 1024}); err != nil {
			t.Fatal(err)
		}
	}
	one, two := flag(t, "1", 0), flag(t, "2", 0)
	if err := queue.Publish(t.Context(), b, queue.Flags, time.Now(), one, two); err != nil {
		t.Fatal(err)
	}
	if err := queue.Publish(t.Context(), b, government.Notices, time.Now(), government.NewNotice(one)); err != nil {
		t.Fatal(err)
	}
	run(t, b)
	eventually(t, "the consumers are gone", func() bool {
		_, first := side(t, b).Consumer(t.Context(), queue.FlagStream, queue.PlatformStage)
		_, second := side(t, b).Consumer(t.Context(), queue.FlagStream, queue.GovernmentStage)
		return first != nil && second != nil
	})
	if p, g := count(t, b, queue.Platform), count(t, b, queue.Government); p != 2 || g != 2 {
		t.Errorf("%d warnings and %d notices of two flags", p, g)
	}
}
