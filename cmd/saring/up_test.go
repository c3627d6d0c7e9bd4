package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"saring/queue"
)

// TestFirstRun does what a newcomer does: no argument, then the desk, a search, and Ctrl-C.
func TestFirstRun(t *testing.T) {
	data := filepath.Join(t.TempDir(), "saring-data")
	p := startUp(t, data)
	eventually(t, "flags are shown", func() bool { return strings.Contains(p.log.String(), "flags so far: ") })
	for _, want := range []string{"read the sample: 292 posts; 12 refused", "28 warnings to the platform and 28 notices to the government", "Ctrl-C stops"} {
		if !strings.Contains(p.log.String(), want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if strings.Contains(p.log.String(), "level=") {
		t.Error("the first run is not calm: it logs something")
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	link := regexp.MustCompile(`http://\S+/login\?token=\S+`).FindString(p.log.String())
	if page := open(t, browser, link); !strings.Contains(page, "28") {
		t.Errorf("the desk does not show the flags:\n%.2000s", page)
	}
	if page := open(t, &http.Client{}, link); strings.Contains(page, "contoh") {
		t.Error("the link works twice")
	}
	if again, code := saring(t, "login", "--data", data); code != fine || !strings.Contains(again, "/login?token=") {
		t.Errorf("login: %d %s", code, again)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		p.get(path)
	}
	if out, code := saring(t, "search", "--data", data, "category:recruitment"); code != fine || !strings.Contains(out, "contoh") {
		t.Errorf("search while it runs: %d\n%s", code, out)
	}

	second := startUp(t, data)
	if err := second.Wait(); err == nil || !strings.Contains(second.log.String(), fmt.Sprintf("in use by another saring (process %d)", p.Process.Pid)) {
		t.Errorf("a second one on the same folder: %v\n%s", err, second.log)
	}
	if out := p.get("/readyz"); out != "ready\n" {
		t.Errorf("the first is harmed by the second: %s", out)
	}
	p.stop()
	if out, code := saring(t, "search", "--data", data, "category:recruitment"); code != fine || !strings.Contains(out, "contoh") {
		t.Errorf("search when nothing runs: %d\n%s", code, out)
	}

	p = startUp(t, data)
	eventually(t, "the second run ends where the first did", func() bool {
		return strings.Contains(p.log.String(), "flags so far: 28, with 28 warnings to the platform and 28 notices")
	})
	p.stop()
}

func open(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestIndexIsAView deletes the index, damages it, and puts it beside other streams: it follows the streams.
func TestIndexIsAView(t *testing.T) {
	data := t.TempDir()
	holds := func(n int) {
		t.Helper()
		p := startUp(t, data)
		eventually(t, "the index is up to date", func() bool { return strings.Contains(p.log.String(), "all can be searched") })
		if out, _ := saring(t, "search", "--data", data, "--json"); !strings.Contains(out, fmt.Sprintf(`"total":%d,`, n)) {
			t.Errorf("want %d flags, got %.200s", n, out)
		}
		p.stop()
	}
	holds(28)
	if err := os.RemoveAll(filepath.Join(data, indexDir)); err != nil {
		t.Fatal(err)
	}
	holds(28)
	roots, err := filepath.Glob(filepath.Join(data, indexDir, "*", "store", "root.bolt"))
	if err != nil || len(roots) == 0 {
		t.Fatalf("no index found: %v", err)
	}
	if err := os.Truncate(roots[0], 1000); err != nil {
		t.Fatal(err)
	}
	holds(28)
	if err := os.RemoveAll(filepath.Join(data, "broker")); err != nil { // other streams, with numbers of their own
		t.Fatal(err)
	}
	holds(28)
}

const lexicon = `title: A lexicon of the test
language: en
rules:
  - id: en-test
    title: A word that only this test has
    category: threat
    severity: high
    weight: 6
    when: %s
    match: [%s]
    pass: [an ordinary sentence]
`

// TestLexiconOnSave saves lexicons while the process runs: a good one is used at once, a bad one is refused with its
// place, and the last good one stays.
func TestLexiconOnSave(t *testing.T) {
	data, dir := t.TempDir(), t.TempDir()
	save := func(content string) {
		t.Helper()
		tmp := filepath.Join(dir, ".save")
		if err := os.WriteFile(tmp, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(tmp, filepath.Join(dir, "test.yml")); err != nil {
			t.Fatal(err)
		}
	}
	save(fmt.Sprintf(lexicon, "quxword", "quxword"))
	p := startUp(t, data, "--rules", dir, "--source", "http")
	flagged := func(text string) bool {
		t.Helper()
		all, some := p.metric("saring_verdicts_total"), p.metric("saring_verdicts_total", `result="flagged"`)
		postHTTP(t, p.url("/v1/posts"), line(1, "public_channel", text))
		eventually(t, "the post has a verdict", func() bool { return p.metric("saring_verdicts_total") > all })
		return p.metric("saring_verdicts_total", `result="flagged"`) > some
	}
	if !flagged("quxword") || flagged("zapword") {
		t.Error("the first lexicon does not do what it says")
	}
	first := versionInUse(t, p)

	save(fmt.Sprintf(lexicon, "$nobody", "quxword"))
	eventually(t, "the bad lexicon is refused", func() bool {
		return p.metric("saring_ruleset_reloads_total", `result="refused"`) == 1
	})
	if !strings.Contains(p.log.String(), `test.yml:9:11: no group is named`) {
		t.Error("the log does not say where the mistake is")
	}
	save(fmt.Sprintf(lexicon, "quxword", "zapword")) // its own test fails
	eventually(t, "the rule that does not hold is refused", func() bool {
		return p.metric("saring_ruleset_reloads_total", `result="refused"`) == 2
	})
	if versionInUse(t, p) != first {
		t.Error("a bad lexicon took the place of the good one")
	}

	save(fmt.Sprintf(lexicon, "zapword", "zapword"))
	eventually(t, "the changed rule is refused for want of a backtest", func() bool {
		return p.metric("saring_ruleset_reloads_total", `result="refused"`) == 3
	})
	if want := "saring rules backtest --rules " + dir + " --data " + data; !strings.Contains(p.log.String(), want) {
		t.Errorf("the log does not say what to do: %s", want)
	}
	if versionInUse(t, p) != first {
		t.Error("a rule that was changed and not tested took the place of the good one")
	}
	backtested(t, dir, "--data", data)
	eventually(t, "the next good one is used", func() bool { return versionInUse(t, p) != first })
	if flagged("quxword") || !flagged("zapword") {
		t.Error("the second lexicon does not do what it says")
	}
	old := filepath.Join(t.TempDir(), "old")
	if out, code := saring(t, "rules", "show", first, "--to", old, "--data", data); code != fine {
		t.Errorf("rules show: %s", out)
	}
	if got, err := os.ReadFile(filepath.Join(old, "test.yml")); err != nil || string(got) != fmt.Sprintf(lexicon, "quxword", "quxword") {
		t.Errorf("the lexicon of the first verdict cannot be fetched: %s %v", got, err)
	}
	p.stop()
}

// versionInUse is that of the ruleset that gives the verdicts.
func versionInUse(t *testing.T, p *upProcess) string {
	t.Helper()
	m := regexp.MustCompile(`saring_ruleset_info\{version="([0-9a-f]{16})"\} 1`).FindStringSubmatch(p.get("/metrics"))
	if m == nil {
		t.Fatal("no ruleset is in use")
	}
	return m[1]
}

// TestDeadLetters looks at dead letters and sends them again, while the process runs and when it does not.
func TestDeadLetters(t *testing.T) {
	data := t.TempDir()
	p := startUp(t, data, "--source", "http")
	postHTTP(t, p.url("/v1/posts"), strings.Replace(line(1, "public_channel", "pagi"), "2026-", "0000-", 1)+"{\n")
	look := func() {
		t.Helper()
		out, code := saring(t, "dead", "ls", "--data", data)
		if code != fine || !strings.Contains(out, "bad_field") || !strings.Contains(out, "malformed_json") {
			t.Errorf("dead ls: %d\n%s", code, out)
		}
		if out, code = saring(t, "dead", "replay", "--all", "--data", data); code != found || strings.Count(out, "dead letter") != 3 {
			t.Errorf("dead replay: %d\n%s", code, out)
		}
		if out, code = saring(t, "dead", "show", "99", "--data", data); code != found || !strings.Contains(out, "saring dead ls") {
			t.Errorf("dead show 99: %d\n%s", code, out)
		}
	}
	look()
	resp, err := http.Get(p.url("/api/dead"))
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a stranger asks for dead letters: %v %v", resp, err)
	}
	p.stop()
	look()
	if out, code := saring(t, "dead", "ls", "--data", t.TempDir()); code != found || !strings.Contains(out, "--data") {
		t.Errorf("dead ls where nothing is: %d %s", code, out)
	}
}

// TestRemoteBroker runs the roles apart on a broker of its own, which goes away and comes back under load.
func TestRemoteBroker(t *testing.T) {
	store, address := t.TempDir(), freePort(t)
	startBroker := func() *server.Server {
		t.Helper()
		host, port, _ := strings.Cut(address, ":")
		s, err := server.NewServer(&server.Options{Host: host, Port: atoi(t, port), JetStream: true, StoreDir: store, NoSigs: true, NoLog: true})
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		if !s.ReadyForConnections(10 * time.Second) {
			t.Fatal("the broker is not ready")
		}
		return s
	}
	broker := startBroker()
	roles := map[string]*upProcess{}
	for _, r := range allRoles {
		roles[r] = startUp(t, t.TempDir(), "--nats", "nats://"+address, "--roles", r, "--store-mb", "200")
		roles[r].url("")
	}
	send := func(from int) {
		t.Helper()
		var b strings.Builder
		for i := from; i < from+1000; i++ {
			text := everyday[i%len(everyday)]
			if i%100 == 0 {
				text = flaggedText
			}
			b.WriteString(line(i, "public_channel", text))
		}
		eventually(t, "the posts are taken", func() bool {
			resp, err := http.Post(roles[roleIngest].url("/v1/posts"), "application/x-ndjson", strings.NewReader(b.String()))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			return resp.StatusCode == http.StatusAccepted
		})
	}
	send(0)
	broker.Shutdown()
	broker.WaitForShutdown()
	done := make(chan struct{})
	go func() { defer close(done); send(1000) }()
	time.Sleep(3 * time.Second)
	broker = startBroker()
	defer broker.Shutdown()
	<-done
	eventually(t, "the index has every flag", func() bool { return roles[roleReview].metric("saring_index_flags") == 20 })
	eventually(t, "every flag is warned of", func() bool { return roles[roleFilter].metric("saring_warnings_total") >= 20 })
	for _, p := range roles {
		p.stop()
	}
	b, err := queue.Open(t.Context(), queue.Options{URL: "nats://" + address})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	counts, err := b.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{queue.FlagStream, queue.Platform, queue.Government} {
		if counts[s] != 20 {
			t.Errorf("%s holds %d messages, want 20", s, counts[s])
		}
	}
}

func atoi(t *testing.T, s string) (n int) {
	t.Helper()
	if _, err := fmt.Sscan(s, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestMistypedUp asks for what there is not.
func TestMistypedUp(t *testing.T) {
	config := filepath.Join(t.TempDir(), "saring.yml")
	if err := os.WriteFile(config, []byte("log: json\nlissen: 127.0.0.1:0\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--source", "ftp://x"}, misuse, `--source "ftp://x" is none that saring knows`},
		{[]string{"--source", "file:nowhere.ndjson"}, found, "nowhere.ndjson: no such file"},
		{[]string{"--source", "telegram-bot"}, misuse, "--telegram-token-file is missing"},
		{[]string{"--roles", "ingest,filtre"}, misuse, `there is no role "filtre"; the roles are ingest, filter, review`},
		{[]string{"--engine", "magic"}, found, `there is no engine "magic"; the engines are [words cloudflare]`},
		{[]string{"--rules", "nowhere"}, found, "nowhere: no such file"},
		{[]string{"--trust", "nowhere"}, found, "nowhere: no such file"},
		{[]string{"--listen", "nowhere"}, misuse, "want HOST:PORT"},
		{[]string{"--log", "xml"}, misuse, "it is text or json"},
		{[]string{"--config", config}, found, "saring.yml:2: there is no setting \"lissen\""},
		{[]string{"posts.ndjson"}, misuse, "sources are given with --source"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			out, code := saring(t, append([]string{"up", "--data", t.TempDir()}, c.args...)...)
			if code != c.code || !strings.Contains(out, c.want) {
				t.Errorf("code %d, want %d:\n%s", code, c.code, out)
			}
		})
	}
}
