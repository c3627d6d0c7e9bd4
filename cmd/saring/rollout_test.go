package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"saring/ingest"
	"saring/queue"
	"saring/rules"
)

// rolloutRule is a harmless rule with its whole dossier: id, status, and the word that it looks for, three times.
const rolloutRule = `  - id: %[1]s
    title: A word of the test
    status: %[2]s
    category: threat
    severity: high
    weight: 6
    author: Lexicon desk
    approver: Second reader
    date: 2026-11-22
    expires: 2099-01-01
    rationale: The test needs a word.
    source: invented
    origin: platform
    references: [none]
    falsepositives: [everybody]
    when: %[3]s
    match: [%[3]s, itu %[3]s, "%[3]s lagi"]
    pass:
      news: [kabar pagi]
      everyday: [selamat pagi]
      counter: [jangan begitu]
`

// writeLexicon writes a folder of such rules, each "id status word", in place of what was there.
func writeLexicon(t *testing.T, dir string, list ...string) {
	t.Helper()
	text := "title: Words of the test\nlanguage: id\nrules:\n"
	for _, line := range list {
		f := strings.Fields(line)
		text += fmt.Sprintf(rolloutRule, f[0], f[1], f[2])
	}
	tmp := filepath.Join(dir, ".save")
	if err := os.WriteFile(tmp, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tmp, filepath.Join(dir, "test.yml")); err != nil {
		t.Fatal(err)
	}
}

// backtested puts backtests of all rules of a folder on record, beside whatever runs.
func backtested(t *testing.T, dir string, args ...string) {
	t.Helper()
	out, code := saring(t, append([]string{"rules", "backtest", "--rules", dir}, args...)...)
	if code != fine || !strings.Contains(out, "on record") {
		t.Fatalf("backtest: %d\n%s", code, out)
	}
}

// natsServer is a broker of its own.
func natsServer(t *testing.T) (url string) {
	t.Helper()
	return natsBroker(t).ClientURL()
}

func natsBroker(t *testing.T) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the broker is not ready")
	}
	return s
}

// TestPushToTwoFilters rolls rules out to filters in processes of their own: what they may not use they refuse with the
// reason, and go on with what they have.
func TestPushToTwoFilters(t *testing.T) {
	nats := natsServer(t)
	key, stranger, dir := filepath.Join(t.TempDir(), "lexicons.key"), filepath.Join(t.TempDir(), "other.key"), t.TempDir()
	for _, file := range []string{key, stranger} {
		if out, code := saring(t, "rules", "keygen", file); code != fine || !strings.Contains(out, "--trust "+file+".pub") {
			t.Fatalf("keygen: %d %s", code, out)
		}
	}
	var filters []*upProcess
	for range 2 {
		p := startUp(t, t.TempDir(), "--nats", nats, "--roles", "filter", "--store-mb", "200", "--trust", key+".pub")
		p.url("")
		filters = append(filters, p)
	}
	all := func(what, version string) {
		t.Helper()
		for _, p := range filters {
			if got := versionInUse(t, p); got != version {
				t.Errorf("%s: the ruleset %s is in use, want %s", what, got, version)
			}
		}
	}
	push := func(args ...string) (string, int) {
		t.Helper()
		return saring(t, append([]string{"rules", "push", "--rules", dir, "--nats", nats, "--data", t.TempDir(), "--key", key}, args...)...)
	}
	bundled := versionInUse(t, filters[0])
	b, err := queue.Open(t.Context(), queue.Options{URL: nats})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	post, err := ingest.Decode([]byte(line(1, "public_channel", "pagi"))) // for the backtests
	if err != nil {
		t.Fatal(err)
	}
	if err := b.PublishPack(t.Context(), "one", ingest.AppendPack(ingest.PackHeader(nil, 1), post)); err != nil {
		t.Fatal(err)
	}

	writeLexicon(t, dir, "id-a warn satu")
	out, code := push()
	if code != found || !strings.Contains(out, "id-a (new, warn)") || !strings.Contains(out, "run: saring rules backtest --rules "+dir+" --nats ADDRESS") {
		t.Errorf("without a backtest: %d\n%s", code, out)
	}
	all("without a backtest", bundled)

	backtested(t, dir, "--nats", nats)
	if out, code = push("--key", stranger); code != found || strings.Count(out, "refuses it: it was signed with the key") != 2 || !strings.Contains(out, "0 of 2 filters use it") {
		t.Errorf("with a strange key: %d\n%s", code, out)
	}
	all("with a strange key", bundled)

	if out, code = push("--note", "the first"); code != fine || strings.Count(out, "uses it") != 2 {
		t.Errorf("push: %d\n%s", code, out)
	}
	first := announcedVersion(t, out)
	all("after the push", first)

	writeLexicon(t, dir, "id-a warn satu", "id-b shadow dua")
	if out, code = push("--note", "the second"); code != fine {
		t.Errorf("push: %d\n%s", code, out)
	}
	second := announcedVersion(t, out)
	all("after the second push", second)

	tampered := queue.Announcement{Version: first, PushedAt: time.Now(), Key: "0123456789abcdef"}
	if err := b.Announce(t.Context(), tampered, []byte("{}")); err == nil {
		t.Error("an archive that was not announced is kept")
	}

	rollback := func(args ...string) (string, int) {
		t.Helper()
		return saring(t, append([]string{"rules", "rollback", "--nats", nats, "--data", t.TempDir()}, args...)...)
	}
	if out, code = rollback("--key", stranger); code != found || !strings.Contains(out, "which is not trusted here") {
		t.Errorf("a rollback to what others have signed: %d\n%s", code, out)
	}
	if out, code = rollback("--key", key); code != fine || announcedVersion(t, out) != first {
		t.Errorf("rollback: %d\n%s", code, out)
	}
	all("after the rollback", first)
	if out, code = rollback("--key", key, second); code != fine {
		t.Errorf("rollback to a version: %d\n%s", code, out)
	}
	all("after the rollback to a version", second)
	out, code = saring(t, "rules", "history", "--nats", nats)
	if code != fine || !regexp.MustCompile(`(?s)`+second+` .*\(active\) \(rollback\) the second.*`+first+` .*\(rollback\) the first.*`+second+` .*the second.*`+first+` .*the first`).MatchString(out) {
		t.Errorf("history: %d\n%s", code, out)
	}
	for _, p := range filters {
		p.stop()
	}
	if out, code = push(); code != fine || !strings.Contains(out, "no filter runs") {
		t.Errorf("push to nobody: %d\n%s", code, out)
	}
}

func announcedVersion(t *testing.T, out string) string {
	t.Helper()
	m := regexp.MustCompile(`version ([0-9a-f]{16})`).FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("nothing was announced:\n%s", out)
	}
	return m[1]
}

// TestPushBesideUp pushes to the process on the same data folder, with that folder's key: what a newcomer does.
func TestPushBesideUp(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	p := startUp(t, data, "--source", "http")
	p.url("")
	writeLexicon(t, dir, "id-a warn satu", "id-b shadow dua")
	if out, code := saring(t, "rules", "push", "--rules", dir, "--data", data); code != found || !strings.Contains(out, "run: saring rules backtest --rules "+dir+" --data "+data) {
		t.Errorf("without a backtest: %d\n%s", code, out)
	}
	postHTTP(t, p.url("/v1/posts"), line(9, "public_channel", "pagi")) // for the backtest
	backtested(t, dir, "--data", data)
	out, code := saring(t, "rules", "push", "--rules", dir, "--data", data)
	if code != fine || !strings.Contains(out, "uses it") {
		t.Errorf("push: %d\n%s", code, out)
	}
	postHTTP(t, p.url("/v1/posts"), line(1, "public_channel", "satu")+line(2, "public_channel", "satu")+line(3, "public_channel", "tiga"))
	eventually(t, "the flags are in the index", func() bool { return p.metric("saring_index_flags") == 2 })

	listed := func() map[string]listedRule {
		t.Helper()
		out, code := saring(t, "rules", "list", "--json", "--data", data)
		if code != fine {
			t.Fatalf("list: %d\n%s", code, out)
		}
		all := map[string]listedRule{}
		for text := range strings.Lines(out) {
			var r listedRule
			if err := json.Unmarshal([]byte(text), &r); err != nil {
				t.Fatal(err)
			}
			all[r.Rule] = r
		}
		return all
	}
	all := listed()
	if a := all["id-a"]; len(all) != 2 || a.Status != rules.Warn || a.Backtest == nil || a.Measured == nil || a.Measured.Flags != 2 || a.Precision != nil || a.Expires != "2099-01-01" || a.Ruleset != versionInUse(t, p) {
		t.Errorf("%+v", all)
	}
	if out, code := saring(t, "rules", "list", "--data", data); code != fine || !regexp.MustCompile(`id-a +warn +threat +high +id +2 +- +20\d\d-\d\d-\d\d +2099-01-01`).MatchString(out) {
		t.Errorf("list: %d\n%s", code, out)
	}
	inUse := versionInUse(t, p)
	p.stop()
	if a := listed()["id-a"]; a.Measured == nil || a.Measured.Flags != 2 {
		t.Errorf("when nothing runs: %+v", a)
	}
	p = startUp(t, data, "--source", "http")
	p.url("")
	if got := versionInUse(t, p); got != inUse {
		t.Errorf("after a restart %s is in use, want %s", got, inUse)
	}
	if !strings.Contains(p.log.String(), ", pushed 20") {
		t.Error("it does not say that its rules were pushed")
	}
	p.stop()

	p = startUp(t, data, "--source", "http", "--rules", dir) // the same rules, from the folder
	p.url("")
	writeLexicon(t, dir, "id-a shadow satu")
	eventually(t, "the folder is in use", func() bool { return versionInUse(t, p) != inUse })
	if out, code := saring(t, "rules", "push", "--data", data, "--rules", dir); code != fine || !strings.Contains(out, "uses it") {
		t.Errorf("a push of what the folder holds: %d\n%s", code, out)
	}
	other := t.TempDir()
	writeLexicon(t, other, "id-a draft satu")
	if out, code := saring(t, "rules", "push", "--data", data, "--rules", other); code != found || !strings.Contains(out, "from the folder "+dir+" (--rules), and no others") {
		t.Errorf("a push against the folder: %d\n%s", code, out)
	}
	p.stop()
}

// TestBrakeAndRelease lets a rule fire on everything that comes.
func TestBrakeAndRelease(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	writeLexicon(t, dir, "id-a warn satu", "id-b warn dua")
	start := func() *upProcess {
		p := startUp(t, data, "--source", "http", "--rules", dir, "--brake-posts", "10", "--brake-share", "0.2", "--brake-for", "1h")
		p.url("")
		return p
	}
	p := start()
	base := versionInUse(t, p)
	var posts strings.Builder
	for i := range 20 {
		posts.WriteString(line(i, "public_channel", "satu"))
	}
	postHTTP(t, p.url("/v1/posts"), posts.String())
	eventually(t, "the rule is braked", func() bool { return strings.Contains(p.log.String(), "a rule is braked") })
	braked := versionInUse(t, p)
	if braked == base {
		t.Error("the braked ruleset has the version of the other")
	}
	if out, code := saring(t, "rules", "list", "--data", data); code != fine || !strings.Contains(out, "warn (braked)") || !strings.Contains(out, "2 rules, 1 braked") {
		t.Errorf("list: %d\n%s", code, out)
	}
	shown := filepath.Join(t.TempDir(), "shown")
	if out, code := saring(t, "rules", "show", braked, "--to", shown, "--data", data); code != fine {
		t.Errorf("show: %s", out)
	}
	if rs, err := rules.Load(shown); err != nil || rs.Version != braked {
		t.Errorf("the ruleset with its brake is not what was shown: %v %v", rs, err)
	}
	p.stop()
	p = start()
	if got := versionInUse(t, p); got != braked {
		t.Errorf("after a restart %s is in use, want %s", got, braked)
	}
	if !strings.Contains(p.log.String(), "1 braked") {
		t.Error("it does not say that a rule is braked")
	}
	if out, code := saring(t, "rules", "release", "id-a", "--data", data); code != fine || !strings.Contains(out, "fired on") {
		t.Errorf("release: %d\n%s", code, out)
	}
	eventually(t, "the rule flags again", func() bool { return versionInUse(t, p) == base })
	p.stop()
}
