package queue_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"saring/filter"
	"saring/ingest"
	"saring/queue"
	"saring/queue/government"
	"saring/queue/platform"
	"saring/rules"
)

// open opens an embedded broker. The port is open too, so that a test can reach it by the side.
func open(t *testing.T, dir string) *queue.Broker {
	t.Helper()
	b, err := queue.Open(t.Context(), queue.Options{Dir: dir, Sync: time.Second, StoreBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func post(t *testing.T, id string, revision int64, text string) ingest.Post {
	t.Helper()
	p, err := ingest.Admit(ingest.Raw{Platform: "telegram", Channel: ingest.RawChannel{ID: "-1001.*>", Handle: "kabar_contoh", Title: "Kabar", Kind: ingest.KindPublicChannel},
		ID: id, Revision: revision, PostedAt: time.Date(2026, 11, 20, 8, 15, 0, 0, time.UTC), Text: text, URL: "https://t.me/kabar_contoh/" + id + "?by=budi#x"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func flag(t *testing.T, id string, revision int64) filter.Flag {
	p := post(t, id, revision, "Ayo berbaiat kepada ISIS")
	return filter.Flag{ID: filter.FlagID(p), Post: p, FlaggedAt: time.Date(2026, 11, 20, 8, 15, 1, 0, time.UTC), Verdict: judge(t).Verdict(p)}
}

// judge is one that tests share when they only ask it.
func judge(t *testing.T) *filter.Live {
	t.Helper()
	sharedLock.Lock()
	defer sharedLock.Unlock()
	if shared == nil {
		shared = live(t)
	}
	return shared
}

var (
	sharedLock sync.Mutex
	shared     *filter.Live
)

func live(t *testing.T) *filter.Live {
	t.Helper()
	rs, err := rules.Bundled()
	if err != nil {
		t.Fatal(err)
	}
	l, err := filter.NewLive(rs, filter.Words, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func count(t *testing.T, b *queue.Broker, stream string) uint64 {
	t.Helper()
	n, err := b.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n[stream]
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatal("never: " + what)
}

func TestSecondProcessIsToldWhoHasTheFolder(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	_, err := queue.Open(t.Context(), queue.Options{Dir: dir})
	var taken *queue.InUse
	if !errors.As(err, &taken) || taken.Dir != dir || !strings.Contains(err.Error(), "--data") {
		t.Errorf("got %v", err)
	}
	if err := b.Ready(t.Context()); err != nil {
		t.Errorf("the first is harmed: %v", err)
	}
	b.Close()
	open(t, dir)
}

// TestOncePerRevision publishes a flag again in every way it can come again, also long after the broker has
// forgotten its message id.
func TestOncePerRevision(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	one, edit := flag(t, "1", 0), flag(t, "1", 1)
	for range 3 {
		if err := queue.Publish(t.Context(), b, queue.Flags, time.Now(), one, edit, one); err != nil {
			t.Fatal(err)
		}
	}
	b.Close()
	b = open(t, dir)
	forgetful := queue.Flags // as when the window for message ids is over
	forgetful.ID = func(filter.Flag) string { return queue.NewID() }
	if err := queue.Publish(t.Context(), b, forgetful, time.Now(), one, edit); err != nil {
		t.Fatal(err)
	}
	if n := count(t, b, queue.FlagStream); n != 2 {
		t.Errorf("%d flags on two revisions", n)
	}
}

func TestSubjectsCannotBeBrokenApart(t *testing.T) {
	for in, want := range map[string]string{"-1001": "saring.flags.-1001", "a.b": "saring.flags.a=2eb", "*": "saring.flags.=2a",
		">": "saring.flags.=3e", "A b": "saring.flags.=41=20b", "": "saring.flags."} {
		if got := queue.Subject("flags", in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// TestFlow lets posts go all the way through the stages, with a second delivery of everything.
func TestFlow(t *testing.T) {
	b := open(t, t.TempDir())
	run(t, b)
	in := ingest.NewIntake(b, nil, queue.NewID)
	for range 2 {
		batch := in.Batch("test")
		for i := range 300 {
			text := "Harga cabai naik"
			if i%100 == 0 {
				text = "Ayo berbaiat kepada ISIS"
			}
			if err := batch.Raw(t.Context(), ingest.Raw{Platform: "telegram", Channel: ingest.RawChannel{ID: "-1001", Kind: ingest.KindPublicChannel},
				ID: fmt.Sprint(i), PostedAt: time.Unix(1.78e9, 0), Text: text}, "test"); err != nil {
				t.Fatal(err)
			}
		}
		if err := batch.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all is done", func() bool { idle, err := b.Idle(t.Context()); return err == nil && idle })
	for _, stream := range []string{queue.FlagStream, queue.Platform, queue.Government} {
		if n := count(t, b, stream); n != 3 {
			t.Errorf("%s holds %d messages, want 3", stream, n)
		}
	}
}

// run starts the stages, and stops them at the end of the test.
func run(t *testing.T, b *queue.Broker) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	l, reg := live(t), prometheus.NewRegistry()
	done := make(chan error, 1)
	go func() {
		done <- b.RunFilter(ctx, l, 2, platform.Output(platform.NewMetrics(reg)), government.Output(government.NewMetrics(reg)))
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	eventually(t, "the stages have begun", func() bool { _, err := b.Idle(t.Context()); return err == nil })
}

// TestPoisonInAPack writes past the gate to POSTS: what cannot be read is a dead letter, alone; what is not public
// leaves no trace; the neighbours go on.
func TestPoisonInAPack(t *testing.T) {
	b := open(t, t.TempDir())
	run(t, b)
	pack := ingest.PackHeader(nil, 4)
	at := func(p ingest.Post, change func([]byte)) {
		from := len(pack)
		pack = ingest.AppendPack(pack, p)
		change(pack[from+1:]) // one byte of size, as the posts are short
	}
	at(post(t, "1", 0, "Ayo berbaiat kepada ISIS"), func([]byte) {})
	at(post(t, "2", 0, "kenari"), func(p []byte) { p[0] = 2 })          // another kind of channel
	at(post(t, "3", 0, "rusak"), func(p []byte) { p[len(p)-1] = 0xff }) // an address that is not UTF-8
	at(post(t, "4", 0, "Ayo berbaiat kepada ISIS"), func([]byte) {})
	if err := b.PublishPack(t.Context(), queue.NewID(), pack); err != nil {
		t.Fatal(err)
	}
	if err := b.PublishPack(t.Context(), queue.NewID(), []byte("no pack, and kenari")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "two flags and two dead letters", func() bool {
		return count(t, b, queue.Platform) == 2 && count(t, b, queue.DeadStream) == 2
	})
	var letters []queue.Letter
	if err := b.Letters(t.Context(), func(l queue.Letter) bool { letters = append(letters, l); return true }); err != nil {
		t.Fatal(err)
	}
	for _, l := range letters {
		if strings.Contains(string(l.Body), "kenari") {
			t.Errorf("kept what was not shown to be public: %+v", l)
		}
		if l.Reason == "packed_post" && !strings.Contains(string(l.Body), "rusak") {
			t.Errorf("the original bytes are lost: %+v", l)
		}
		if err := b.Replay(t.Context(), l); err == nil {
			t.Errorf("replayed what is still broken: %+v", l)
		}
	}
}

func TestReplay(t *testing.T) {
	b := open(t, t.TempDir())
	run(t, b)
	// What was invalid by an older gate, and is valid by this one.
	body := []byte(`{"platform":"telegram","channel":{"id":"-1","kind":"public_channel"},"id":"9","posted_at":"2026-11-20T08:15:00Z","text":"Ayo berbaiat kepada ISIS"}`)
	if err := b.PublishDead(t.Context(), ingest.Dead{Origin: "http:1", Reason: "bad_field", Detail: "for the test", Body: body}); err != nil {
		t.Fatal(err)
	}
	if err := b.PublishDead(t.Context(), ingest.Dead{Origin: "http:2", Reason: "malformed_json", Detail: "for the test"}); err != nil {
		t.Fatal(err)
	}
	first, err := b.Letter(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Replay(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	second, err := b.Letter(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Replay(t.Context(), second); !errors.Is(err, queue.ErrNoBody) {
		t.Errorf("a letter without bytes: %v", err)
	}
	if _, err := b.Letter(t.Context(), 1); err == nil {
		t.Error("the letter that was replayed is still there")
	}
	eventually(t, "the post is flagged", func() bool { return count(t, b, queue.Platform) == 1 })
}

// TestDrift opens a broker whose streams somebody has changed.
func TestDrift(t *testing.T) {
	b := open(t, t.TempDir())
	js := side(t, b)
	s, err := js.Stream(t.Context(), queue.FlagStream)
	if err != nil {
		t.Fatal(err)
	}
	cfg := s.CachedInfo().Config
	cfg.MaxBytes, cfg.MaxAge = cfg.MaxBytes*2, 24*time.Hour // the operator's to choose
	if _, err := js.UpdateStream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if err := b.EnsureStreams(t.Context()); err != nil {
		t.Errorf("more room and a shorter memory: %v", err)
	}
	cfg.Discard, cfg.Duplicates = jetstream.DiscardOld, time.Second
	if _, err := js.UpdateStream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	err = b.EnsureStreams(t.Context())
	for _, want := range []string{"FLAGS: discard is DiscardOld, want DiscardNew", "FLAGS: duplicate_window is 1s, want 2m0s", "nats stream edit"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestBucketsStayAsTheyAre opens a broker whose buckets an operator has changed.
func TestBucketsStayAsTheyAre(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	keep := func() {
		t.Helper()
		if err := b.KeepRuleset(t.Context(), live(t).Ruleset()); err != nil {
			t.Fatal(err)
		}
	}
	keep()
	buckets := []string{"KV_saring_cursors", "OBJ_saring_rulesets"}
	for _, name := range buckets {
		s, err := side(t, b).Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		cfg := s.CachedInfo().Config
		cfg.MaxBytes = 1 << 30
		if _, err := side(t, b).UpdateStream(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
	}
	b.Close()
	b = open(t, dir)
	keep()
	for _, name := range buckets {
		if s, err := side(t, b).Stream(t.Context(), name); err != nil || s.CachedInfo().Config.MaxBytes != 1<<30 {
			t.Errorf("%s was changed back: %v", name, err)
		}
	}
}

// side is a second way to the same broker.
func side(t *testing.T, b *queue.Broker) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(b.Conn())
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// TestTrim fills POSTS: what the filter has acknowledged goes, what it has not stays.
func TestTrim(t *testing.T) {
	b, err := queue.Open(t.Context(), queue.Options{Dir: t.TempDir(), Sync: time.Second, StoreBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	fill := func() (n int) {
		for ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond); ; n++ {
			if b.PublishPack(ctx, queue.NewID(), ingest.AppendPack(ingest.PackHeader(nil, 1), post(t, fmt.Sprint(n), 0, strings.Repeat("a", 5000)))) != nil {
				cancel()
				return n
			}
		}
	}
	before := fill()
	if err := b.Trim(t.Context()); err != nil || int(count(t, b, queue.Posts)) != before {
		t.Errorf("nothing was judged, and %d of %d packs are left: %v", count(t, b, queue.Posts), before, err)
	}
	run(t, b)
	eventually(t, "all is judged", func() bool { idle, err := b.Idle(t.Context()); return err == nil && idle })
	if err := b.Trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	left := int(count(t, b, queue.Posts))
	if left >= before || left == 0 {
		t.Errorf("%d of %d packs are left", left, before)
	}
	if fill() == 0 {
		t.Error("there is no room after trimming")
	}
}

// TestRawUserMayDoNothingElse connects to the embedded broker's port as the platform: it may send posts, and
// neither read a stream nor listen to others' answers.
func TestRawUserMayDoNothingElse(t *testing.T) {
	dir, address := t.TempDir(), freeAddress(t)
	b, err := queue.Open(t.Context(), queue.Options{Dir: dir, Listen: address, Sync: time.Second, StoreBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	password, err := os.ReadFile(filepath.Join(dir, "platform.password"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := nats.Connect(address); err == nil {
		t.Error("a stranger got in")
	}
	nc, err := nats.Connect(address, nats.UserInfo(queue.RawUser, string(password)), nats.CustomInboxPrefix(queue.RawInbox))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() { _ = (&queue.Raw{Broker: b}).Run(ctx, ingest.NewIntake(b, nil, queue.NewID)) }()
	eventually(t, "a post is taken", func() bool {
		m, err := nc.Request(queue.RawSubject, []byte(`{"platform":"telegram","channel":{"id":"-1","kind":"public_channel"},"id":"9","posted_at":"2026-11-20T08:15:00Z","text":"pagi"}`), time.Second)
		return err == nil && strings.Contains(string(m.Data), `"accepted":1`)
	})
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(300*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Stream(t.Context(), queue.Posts); err == nil {
		t.Error("the platform's user reads a stream")
	}
	if _, err := js.Publish(t.Context(), "saring.flags.x", []byte("x")); err == nil {
		t.Error("the platform's user publishes a flag")
	}
	sub, err := nc.SubscribeSync("_INBOX.>")
	if err == nil {
		_ = nc.Flush()
		b.Ready(t.Context())
		if m, err := sub.NextMsg(200 * time.Millisecond); err == nil {
			t.Errorf("the platform's user hears an answer to another: %s", m.Subject)
		}
	}
}

// TestPortInUse asks for a port that somebody has: it says so at once.
func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = queue.Open(t.Context(), queue.Options{Dir: t.TempDir(), Listen: l.Addr().String(), StoreBytes: 64 << 20})
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v", err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 { // below the ports that connections get, so that none takes it meanwhile
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(10_000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}
