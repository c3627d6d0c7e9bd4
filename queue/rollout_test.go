package queue_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"saring/filter"
	"saring/ingest"
	"saring/queue"
	"saring/rules"
)

// lexicon is a ruleset of harmless rules, each "id status word".
func lexicon(t *testing.T, list ...string) *rules.Ruleset {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.yml"), []byte(lexiconText(list...)), 0o600); err != nil {
		t.Fatal(err)
	}
	rs, err := rules.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func lexiconText(list ...string) string {
	var b strings.Builder
	b.WriteString("title: Words of the test\nlanguage: id\nrules:\n")
	for _, line := range list {
		var id, status, word string
		fmt.Sscan(line, &id, &status, &word)
		fmt.Fprintf(&b, "  - {id: %s, title: t, category: threat, severity: low, weight: 6, status: %s, when: %s, match: [%s], pass: [lain]}\n", id, status, word, word)
	}
	return b.String()
}

// worker is a filter that follows roll-outs.
type worker struct {
	live *filter.Live
	*queue.Rollout
	stop func()
}

// rolloutWorker starts one. It stops at the end of the test, at the latest.
func rolloutWorker(t *testing.T, b *queue.Broker, name string, rs *rules.Ruleset, trust queue.Keys, folder string) *worker {
	t.Helper()
	l, err := filter.NewLive(rs, filter.Words, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.StartRollout(t.Context(), l, queue.RolloutOptions{Worker: name, Trust: trust, Folder: folder, Command: "saring rules backtest",
		Brake: filter.BrakeLimits{For: time.Hour, Posts: 10, Share: 0.1}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { _ = r.Run(ctx) })
	w := &worker{l, r, func() { cancel(); done.Wait() }}
	t.Cleanup(w.stop)
	eventually(t, "the worker has said what it uses", func() bool { return state(t, b, name).Version != "" })
	return w
}

func state(t *testing.T, b *queue.Broker, name string) queue.WorkerState {
	t.Helper()
	list, err := b.Workers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range list {
		if w.Worker == name {
			return w
		}
	}
	return queue.WorkerState{}
}

func signingKey(t *testing.T) queue.SigningKey {
	t.Helper()
	k, err := queue.NewSigningKey(filepath.Join(t.TempDir(), "ruleset.key"))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// backtested puts a backtest of every rule on record.
func backtested(t *testing.T, b *queue.Broker, rs *rules.Ruleset) {
	t.Helper()
	for i := range rs.Rules {
		err := b.PutBacktest(t.Context(), queue.Backtest{Rule: rs.Rules[i].ID, Fingerprint: rs.Rules[i].Fingerprint(), At: time.Now(), Posts: 7, Corpus: "POSTS"})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// push announces a ruleset.
func push(t *testing.T, b *queue.Broker, rs *rules.Ruleset, k queue.SigningKey, rollback bool) queue.Announcement {
	t.Helper()
	list, err := b.Announcements(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var before *queue.Announcement
	if len(list) > 0 {
		before = &list[0]
	}
	a, archive, err := queue.NewAnnouncement(rs, "", rollback, k, before)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Announce(t.Context(), a, archive); err != nil {
		t.Fatal(err)
	}
	return a
}

// steps are the audit log's types and rules.
func steps(t *testing.T, b *queue.Broker) []string {
	t.Helper()
	var out []string
	for _, m := range messages(t, b, queue.Audit) {
		e, err := queue.Steps.Decode(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		if want := queue.Steps.Subject(e); m.Subject != want {
			t.Errorf("an event on %s, want %s", m.Subject, want)
		}
		out = append(out, strings.TrimSpace(strings.TrimPrefix(e.Type, "saring.audit.")+" "+e.Data.Rule))
	}
	return out
}

func messages(t *testing.T, b *queue.Broker, stream string) (out []*queue.Message) {
	t.Helper()
	last, err := b.LastSeq(t.Context(), stream)
	if err != nil || last == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_ = b.Follow(ctx, stream, "", 1, 0, func(_ context.Context, msgs []*queue.Message) error {
		for _, m := range msgs {
			if out = append(out, m); m.Seq == last {
				cancel()
			}
		}
		return nil
	})
	return out
}

// TestPush: what is announced is in use in every filter within a second, and everything is in the audit log.
func TestPush(t *testing.T) {
	b := open(t, t.TempDir())
	k := signingKey(t)
	one, two := lexicon(t, "a warn satu"), lexicon(t, "a warn satu", "b warn dua")
	w1, w2 := rolloutWorker(t, b, "w1", one, k.Keys(), ""), rolloutWorker(t, b, "w2", one, k.Keys(), "")
	backtested(t, b, two)
	a := push(t, b, two, k, false)
	began := time.Now()
	for _, w := range []*worker{w1, w2} {
		eventually(t, "the ruleset is in use", func() bool { return w.live.Ruleset().Version == two.Version })
	}
	if took := time.Since(began); took > 5*time.Second { // a second is the aim; longer than this, nobody was told and somebody asked
		t.Errorf("it took %s", took)
	} else {
		t.Logf("it took %s", took)
	}
	for _, name := range []string{"w1", "w2"} {
		eventually(t, "the worker says so", func() bool { s := state(t, b, name); return s.Announcement == a.ID() && s.Base == two.Version })
	}
	if got := fmt.Sprint(steps(t, b)); got != "[rule.backtested a rule.backtested b ruleset.pushed]" {
		t.Errorf("the audit log has %s", got)
	}
	w1.stop()
	if s := state(t, b, "w1"); s.Worker != "" {
		t.Error("a worker that has stopped is still listed")
	}
	w3 := rolloutWorker(t, b, "w3", one, k.Keys(), "")
	if w3.live.Ruleset().Version != two.Version {
		t.Error("a filter that starts later does not use what was announced")
	}
}

// TestPushRefused: each bad announcement is refused everywhere with its reason, the ruleset in use stays, and a filter
// that starts then uses the last good one.
func TestPushRefused(t *testing.T) {
	k, stranger := signingKey(t), signingKey(t)
	good := lexicon(t, "a warn satu", "b shadow dua")
	next := lexicon(t, "a warn satu", "b warn dua")
	untrue := lexicon(t, "a warn satu", "b draft dua", "c draft tiga")
	broken, err := rules.FromArchive(archiveOf(t, strings.Replace(lexiconText("a warn satu", "c shadow tiga"), "match: [tiga]", "match: [empat]", 1)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		bad        func(t *testing.T, b *queue.Broker)
	}{
		{"a key that nobody trusts", "which is not trusted here", func(t *testing.T, b *queue.Broker) { push(t, b, next, stranger, false) }},
		{"a note that was changed", "somebody has changed it", func(t *testing.T, b *queue.Broker) {
			a, archive := announcement(t, next, k)
			a.Note = "all is well"
			announce(t, b, a, archive)
		}},
		{"a rollback that is none", "somebody has changed it", func(t *testing.T, b *queue.Broker) {
			a, archive := announcement(t, next, k)
			a.Rollback = true
			announce(t, b, a, archive)
		}},
		{"another archive", "its archive is not the one that was announced", func(t *testing.T, b *queue.Broker) {
			a, archive := announcement(t, untrue, k)
			if err := b.KeepRuleset(t.Context(), untrue); err != nil {
				t.Fatal(err)
			}
			store, err := side(t, b).ObjectStore(t.Context(), "saring_rulesets")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := store.PutBytes(t.Context(), a.Version, bytes.Replace(archive, []byte("a"), []byte("b"), 1)); err != nil {
				t.Fatal(err)
			}
			put(t, b, a)
		}},
		{"a rule that does not hold", "does not match its own text", func(t *testing.T, b *queue.Broker) { push(t, b, broken, k, false) }},
		{"no backtest", "b (shadow → warn)", func(t *testing.T, b *queue.Broker) { push(t, b, next, k, false) }},
		{"announced a second time", "older than the one in use", func(t *testing.T, b *queue.Broker) {
			list, err := b.Announcements(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			put(t, b, list[len(list)-1])
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t, t.TempDir())
			backtested(t, b, lexicon(t, "a warn satu"))
			push(t, b, lexicon(t, "a shadow satu"), k, false)
			time.Sleep(2 * time.Millisecond)
			push(t, b, good, k, false)
			w1, w2 := rolloutWorker(t, b, "w1", lexicon(t, "a draft satu"), k.Keys(), ""), rolloutWorker(t, b, "w2", lexicon(t, "a draft satu"), k.Keys(), "")
			c.bad(t, b)
			for _, name := range []string{"w1", "w2"} {
				eventually(t, "it is refused", func() bool { return state(t, b, name).Refused != nil })
				if s := state(t, b, name); !strings.Contains(s.Refused.Reason, c.want) || s.Base != good.Version {
					t.Errorf("%+v, want %q", s.Refused, c.want)
				}
			}
			if w1.live.Ruleset().Version != good.Version || w2.live.Ruleset().Version != good.Version {
				t.Error("the good one did not stay")
			}
			if w3 := rolloutWorker(t, b, "w3", lexicon(t, "a draft satu"), k.Keys(), ""); w3.live.Ruleset().Version != good.Version {
				t.Error("a filter that starts now does not use the good one")
			}
		})
	}
}

func archiveOf(t testing.TB, text string) []byte {
	t.Helper()
	data, err := json.Marshal(map[string][]byte{"a.yml": []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func announcement(t *testing.T, rs *rules.Ruleset, k queue.SigningKey) (queue.Announcement, []byte) {
	t.Helper()
	a, archive, err := queue.NewAnnouncement(rs, "", false, k, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a, archive
}

func announce(t *testing.T, b *queue.Broker, a queue.Announcement, archive []byte) {
	t.Helper()
	if err := b.Announce(t.Context(), a, archive); err != nil {
		t.Fatal(err)
	}
}

// put writes an announcement past all checks.
func put(t *testing.T, b *queue.Broker, a queue.Announcement) {
	t.Helper()
	kv, err := side(t, b).KeyValue(t.Context(), "saring_rollout")
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Put(t.Context(), "active", data); err != nil {
		t.Fatal(err)
	}
}

// TestPushWaitsForItsBacktest: a push without a backtest is refused, and used when the backtest comes.
func TestPushWaitsForItsBacktest(t *testing.T) {
	b := open(t, t.TempDir())
	k := signingKey(t)
	one, two := lexicon(t, "a shadow satu"), lexicon(t, "a warn satu")
	w := rolloutWorker(t, b, "w", one, k.Keys(), "")
	a := push(t, b, two, k, false)
	eventually(t, "it is refused", func() bool { return state(t, b, "w").Refused != nil })
	if r := state(t, b, "w").Refused; r.Announcement != a.ID() || !strings.Contains(r.Reason, "run: saring rules backtest") {
		t.Errorf("%+v", r)
	}
	late := rolloutWorker(t, b, "late", one, k.Keys(), "")
	backtested(t, b, two)
	for _, w := range []*worker{w, late} {
		eventually(t, "it is in use", func() bool { return w.live.Ruleset().Version == two.Version })
	}
	eventually(t, "nothing is refused any more", func() bool { return state(t, b, "w").Refused == nil && state(t, b, "late").Refused == nil })
}

// TestRollback needs no backtest, because it goes back to what was in use.
func TestRollback(t *testing.T) {
	b := open(t, t.TempDir())
	k := signingKey(t)
	one, two := lexicon(t, "a warn satu"), lexicon(t, "a shadow satu")
	w := rolloutWorker(t, b, "w", one, k.Keys(), "")
	push(t, b, two, k, false)
	eventually(t, "the second is in use", func() bool { return w.live.Ruleset().Version == two.Version })
	push(t, b, one, k, true)
	eventually(t, "the first is in use again", func() bool { return w.live.Ruleset().Version == one.Version })
	list, err := b.Announcements(t.Context())
	if err != nil || len(list) != 2 || list[0].Version != one.Version || !list[0].Rollback || list[1].Version != two.Version {
		t.Errorf("%+v %v", list, err)
	}
}

// TestFolder: with --rules the folder counts, a push is refused, and a promotion waits for its backtest.
func TestFolder(t *testing.T) {
	b := open(t, t.TempDir())
	k := signingKey(t)
	one, two := lexicon(t, "a warn satu"), lexicon(t, "a warn dua")
	w := rolloutWorker(t, b, "w", one, k.Keys(), "/etc/lexicons")
	a := push(t, b, lexicon(t, "a shadow satu"), k, false)
	eventually(t, "the push is refused", func() bool { r := state(t, b, "w").Refused; return r != nil && r.Announcement == a.ID() })
	if r := state(t, b, "w").Refused; !strings.Contains(r.Reason, "the folder /etc/lexicons (--rules), and no others") {
		t.Errorf("%s", r.Reason)
	}
	w.Folder(two, nil)
	eventually(t, "the change is refused", func() bool { return strings.Contains(state(t, b, "w").Refused.Reason, "a (changed, warn)") })
	w.Folder(one, nil) // taken back
	eventually(t, "nothing is refused", func() bool { return state(t, b, "w").Refused == nil })
	w.Folder(two, nil)
	eventually(t, "the change is refused again", func() bool { return state(t, b, "w").Refused != nil })
	if w.live.Ruleset().Version != one.Version {
		t.Error("the change is in use")
	}
	backtested(t, b, two)
	eventually(t, "the change is in use without being saved again", func() bool { return w.live.Ruleset().Version == two.Version })
	w.Folder(lexicon(t, "a shadow tiga", "b draft empat"), nil)
	eventually(t, "what flags no more needs no backtest", func() bool { return w.live.Ruleset().Rules[0].Status == rules.Shadow })
	p := push(t, b, lexicon(t, "a shadow tiga", "b draft empat"), k, false)
	eventually(t, "a push of what the folder holds is no quarrel", func() bool { return state(t, b, "w").Announcement == p.ID() })
}

// TestBrake: a rule that fires too much in one filter is braked in all, and after a restart, until it is released or
// becomes another one. Each version that gives verdicts can be fetched.
func TestBrake(t *testing.T) {
	b := open(t, t.TempDir())
	k := signingKey(t)
	rs := lexicon(t, "a warn satu", "b warn dua")
	w1, w2 := rolloutWorker(t, b, "w1", rs, k.Keys(), ""), rolloutWorker(t, b, "w2", rs, k.Keys(), "")
	fire(t, w1.live)
	braked := w1.live.Ruleset()
	if braked.Version == rs.Version {
		t.Fatal("the brake did nothing")
	}
	eventually(t, "the other filter follows", func() bool { return w2.live.Ruleset().Version == braked.Version })
	eventually(t, "both say so", func() bool {
		s1, s2 := state(t, b, "w1"), state(t, b, "w2")
		return s1.Version == braked.Version && s2.Version == braked.Version && s1.Base == rs.Version
	})
	fetch := func(version string) {
		t.Helper()
		data, err := b.Ruleset(t.Context(), version)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := rules.FromArchive(data); err != nil || got.Version != version {
			t.Errorf("%v %v", got, err)
		}
	}
	fetch(braked.Version)
	fetch(rs.Version)
	list, err := b.Brakes(t.Context())
	if err != nil || len(list) != 1 || list[0].Rule != "a" || list[0].Version != rs.Version || !strings.Contains(list[0].Reason, "fired on") {
		t.Errorf("%+v %v", list, err)
	}
	w1.stop()
	again := rolloutWorker(t, b, "w1", rs, k.Keys(), "")
	if again.live.Ruleset().Version != braked.Version {
		t.Error("after a restart the rule is not braked")
	}

	next := lexicon(t, "a warn satu", "b warn dua", "c shadow tiga") // a is as it was
	push(t, b, next, k, false)
	for _, w := range []*worker{w2, again} {
		eventually(t, "the next ruleset is in use", func() bool { return len(w.live.Ruleset().Rules) == 3 })
		if w.live.Ruleset().Rules[0].Status != rules.Shadow {
			t.Error("a push takes the brake off")
		}
	}
	if _, err := b.Release(t.Context(), "b"); err == nil || !strings.Contains(err.Error(), `no brake is on the rule "b"`) {
		t.Errorf("%v", err)
	}
	if off, err := b.Release(t.Context(), "a"); err != nil || len(off) != 1 {
		t.Errorf("%+v %v", off, err)
	}
	for _, w := range []*worker{w2, again} {
		eventually(t, "the brake is off", func() bool { return w.live.Ruleset().Version == next.Version })
	}
	fire(t, again.live) // it fires as before
	eventually(t, "it is braked once more", func() bool { return w2.live.Ruleset().Rules[0].Status == rules.Shadow })
	mended := lexicon(t, "a warn empat", "b warn dua")
	backtested(t, b, mended)
	push(t, b, mended, k, false)
	for _, w := range []*worker{w2, again} {
		eventually(t, "the mended rule flags", func() bool { return w.live.Ruleset().Version == mended.Version })
	}
	want := "[rule.braked a ruleset.pushed rule.released a rule.braked a rule.backtested a rule.backtested b ruleset.pushed]"
	if got := fmt.Sprint(steps(t, b)); got != want {
		t.Errorf("the audit log has %s, want %s", got, want)
	}
}

// fire judges posts of many channels that rule a fires on.
func fire(t *testing.T, l *filter.Live) {
	t.Helper()
	for i := range 5 {
		p, err := ingest.Admit(ingest.Raw{Platform: "telegram", Channel: ingest.RawChannel{ID: fmt.Sprint(i), Handle: "kabar_contoh", Kind: ingest.KindPublicChannel},
			ID: "1", PostedAt: time.Now(), Text: "satu"})
		if err != nil {
			t.Fatal(err)
		}
		l.Verdict(p)
	}
}

// TestKeys reads and refuses key files.
func TestKeys(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "k")
	k, err := queue.EnsureSigningKey(file)
	if err != nil {
		t.Fatal(err)
	}
	again, err := queue.EnsureSigningKey(file)
	if err != nil || again.ID() != k.ID() {
		t.Errorf("the key is made a second time: %v", err)
	}
	if _, err := queue.NewSigningKey(file); err == nil {
		t.Error("a key is written over")
	}
	trusted, err := queue.ReadKeys(file + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	a, _ := announcement(t, lexicon(t, "a warn satu"), k)
	if err := a.Verify(trusted); err != nil {
		t.Error(err)
	}
	for content, want := range map[string]string{
		"":                                  "has no key",
		"# none\n\nsaring-ruleset-key:AAAA": "list:3: want saring-ruleset-key:BASE64",
		"hello":                             "list:1: want",
	} {
		list := filepath.Join(dir, "list")
		if err := os.WriteFile(list, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := queue.ReadKeys(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", content, err)
		}
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := queue.LoadSigningKey(file); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others can read: %v", err)
	}
}

// TestRolloutLastsThroughTheBroker: a push after the broker has been away is used as well.
func TestRolloutLastsThroughTheBroker(t *testing.T) {
	store, address := t.TempDir(), freeAddress(t)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	start := func() *server.Server {
		t.Helper()
		n, _ := strconv.Atoi(port)
		s, err := server.NewServer(&server.Options{Host: host, Port: n, JetStream: true, StoreDir: store, NoSigs: true, NoLog: true})
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		if !s.ReadyForConnections(10 * time.Second) {
			t.Fatal("the broker is not ready")
		}
		return s
	}
	s := start()
	b, err := queue.Open(t.Context(), queue.Options{URL: "nats://" + address, StoreBytes: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	k := signingKey(t)
	one, two := lexicon(t, "a warn satu"), lexicon(t, "a shadow satu")
	w := rolloutWorker(t, b, "w", one, k.Keys(), "")
	s.Shutdown()
	s.WaitForShutdown()
	w.Folder(nil, errors.New("a lexicon is broken")) // what happens meanwhile is settled later
	time.Sleep(time.Second)
	s = start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	eventually(t, "the broker is there again", func() bool { return b.Conn().IsConnected() })
	push(t, b, two, k, false)
	began := time.Now()
	eventually(t, "the push is used", func() bool { return w.live.Ruleset().Version == two.Version })
	t.Logf("it took %s", time.Since(began))
}

// FuzzAnnouncement: nothing that differs from what was signed passes for it.
func FuzzAnnouncement(f *testing.F) {
	k, err := queue.NewSigningKey(filepath.Join(f.TempDir(), "k"))
	if err != nil {
		f.Fatal(err)
	}
	rs, err := rules.FromArchive(archiveOf(f, lexiconText("a warn satu")))
	if err != nil {
		f.Fatal(err)
	}
	signed, _, err := queue.NewAnnouncement(rs, "satu", false, k, nil)
	if err != nil {
		f.Fatal(err)
	}
	good, err := json.Marshal(signed)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(bytes.Replace(good, []byte("satu"), []byte("dua"), 1))
	f.Add(bytes.Replace(good, []byte(`"note"`), []byte(`"rollback":true,"note"`), 1))
	f.Add([]byte(`{"version":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var a queue.Announcement
		if json.Unmarshal(data, &a) != nil || a.Verify(k.Keys()) != nil {
			return
		}
		if a.Version != signed.Version || a.SHA256 != signed.SHA256 || !a.PushedAt.Equal(signed.PushedAt) || a.Note != signed.Note || a.Rollback || a.ID() != signed.ID() {
			t.Errorf("%s passes for %s", data, good)
		}
	})
}
