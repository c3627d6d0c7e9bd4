package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"saring/ingest"
	"saring/queue"
)

// The canaries: one stands in everything that is not of a public channel and in the fields that no post has, the
// other in public posts, to show that the search for them can find something.
const (
	privateCanary = "kenari-rahasia-7f3a"
	publicCanary  = "kenari-umum-91bc"
)

// notPublic is every way of not being a public channel.
var notPublic = []string{"private_channel", "private_group", "public_supergroup", "group", "personal_chat", "channel", "broadcast", ""}

// mixed writes n posts of all kinds, from an id on, and says how many of each there are.
func mixed(from, n int) (body string, tally ingest.Tally) {
	var b strings.Builder
	for i := from; i < from+n; i++ {
		switch {
		case i%10 == 3:
			b.WriteString(line(i, notPublic[i/10%len(notPublic)], flaggedText+" "+privateCanary))
			tally.Refused++
		case i%500 == 4: // no JSON: it could be anybody's
			b.WriteString(`{"channel":{"kind":"public_channel"},"text":"` + privateCanary + "\n")
			tally.Invalid++
		case i%100 == 7:
			b.WriteString(strings.Replace(line(i, "public_channel", flaggedText+" "+publicCanary),
				`"revision"`, `"author":"`+privateCanary+`","revision"`, 1))
			tally.Accepted++
		case i%500 == 9: // public, and broken: a dead letter, without the author
			bad := strings.Replace(line(i, "public_channel", publicCanary), "2026-", "0000-", 1)
			b.WriteString(strings.Replace(bad, `"revision"`, `"author":"`+privateCanary+`","revision"`, 1))
			tally.Invalid++
		default:
			b.WriteString(line(i, "public_channel", everyday[i%len(everyday)]))
			tally.Accepted++
		}
	}
	return b.String(), tally
}

// TestPrivateIsNowhere sends 10,000 posts of all kinds through a file, HTTP and the broker's subject. Every public
// one gets a verdict, every other one is refused and counted, and nothing of those is found anywhere.
func TestPrivateIsNowhere(t *testing.T) {
	data, file := t.TempDir(), filepath.Join(t.TempDir(), "posts.ndjson")
	body, want := mixed(0, 4000)
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	p := startUp(t, data, "--source", "file:"+file, "--nats-listen", port)
	for i := range 3 {
		body, tally := mixed(4000+i*1000, 1000)
		sum(&want, tally)
		check(t, "HTTP", postHTTP(t, p.url("/v1/posts"), body), tally)
	}
	nc := platformConn(t, data, port)
	for i := range 30 {
		body, tally := mixed(7000+i*100, 100)
		sum(&want, tally)
		answer, err := nc.Request(queue.RawSubject, []byte(body), 20*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		check(t, "the raw subject", answer.Data, tally)
	}
	eventually(t, "every public post has a verdict", func() bool {
		return p.metric("saring_verdicts_total") >= float64(want.Accepted)
	})
	for name, n := range map[string]int{"saring_posts_total": want.Accepted, "saring_posts_refused_total": want.Refused,
		"saring_posts_invalid_total": want.Invalid, "saring_verdicts_total": want.Accepted, "saring_dead_letters_total": want.Invalid} {
		if got := p.metric(name); got != float64(n) {
			t.Errorf("%s is %g, want %d", name, got, n)
		}
	}
	eventually(t, "all flags are there", func() bool { return p.metric("saring_index_flags") == 100 })
	metrics := p.get("/metrics")
	if got := p.metric("saring_flags_total"); got != 100 {
		t.Errorf("%g flags, want 100", got)
	}
	search, _ := saring(t, "search", "--data", data, "--json", publicCanary)
	if !strings.Contains(search, `"total":100,`) {
		t.Errorf("the public canary is not searched for as it should: %.200s", search)
	}
	if out, _ := saring(t, "search", "--data", data, "--json", privateCanary); !strings.Contains(out, `"total":0,`) {
		t.Errorf("the index holds the private canary")
	}
	dead, _ := saring(t, "dead", "ls", "--data", data, "--json")
	p.stop()

	for where, text := range map[string]string{"metrics": metrics, "log": p.log.String(), "search": search, "dead letters": decoded(t, dead)} {
		if strings.Contains(text, privateCanary) {
			t.Errorf("%s: the private canary is there", where)
		}
	}
	for _, where := range []string{metrics, p.log.String()} {
		if strings.Contains(where, publicCanary) || strings.Contains(where, "berbaiat") {
			t.Error("metrics or log hold the text of a post")
		}
	}
	if n := occurrences(t, data, publicCanary); n == 0 {
		t.Error("the data folder does not hold the public canary, so the search for the other proves nothing")
	}
	if n := occurrences(t, data, privateCanary); n > 0 {
		t.Errorf("%d files of the data folder hold the private canary", n)
	}
}

func sum(a *ingest.Tally, b ingest.Tally) {
	a.Accepted += b.Accepted
	a.Refused += b.Refused
	a.Invalid += b.Invalid
}

// check compares an answer with what was sent.
func check(t *testing.T, where string, answer []byte, want ingest.Tally) {
	t.Helper()
	var got ingest.Tally
	if err := json.Unmarshal(answer, &got); err != nil {
		t.Fatalf("%s answered %s: %v", where, answer, err)
	}
	if got.Accepted != want.Accepted || got.Refused != want.Refused || got.Invalid != want.Invalid || len(got.Errors) != want.Invalid {
		t.Errorf("%s answered %s, want %+v", where, answer, want)
	}
	if bytes.Contains(answer, []byte(privateCanary)) {
		t.Errorf("%s answered with the private canary", where)
	}
}

func postHTTP(t *testing.T, url, body string) []byte {
	t.Helper()
	resp, err := http.Post(url, "application/x-ndjson", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil || resp.StatusCode != http.StatusAccepted {
		t.Fatalf("%s %s %v", resp.Status, &b, err)
	}
	return b.Bytes()
}

// platformConn connects to the embedded broker as the platform.
func platformConn(t *testing.T, data, address string) *nats.Conn {
	t.Helper()
	var nc *nats.Conn
	eventually(t, "the broker's port is open", func() bool {
		password, err := os.ReadFile(filepath.Join(data, "platform.password"))
		if err != nil {
			return false
		}
		nc, err = nats.Connect(address, nats.UserInfo(queue.RawUser, string(password)), nats.CustomInboxPrefix(queue.RawInbox))
		return err == nil
	})
	t.Cleanup(nc.Close)
	return nc
}

func freePort(t *testing.T) string {
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

// decoded is the dead letters with their bodies as text.
func decoded(t *testing.T, list string) string {
	t.Helper()
	var b strings.Builder
	for dec := json.NewDecoder(strings.NewReader(list)); dec.More(); {
		var l queue.Letter
		if err := dec.Decode(&l); err != nil {
			t.Fatalf("%v in %.200s", err, list)
		}
		fmt.Fprintf(&b, "%+v %s\n", l, l.Body)
	}
	return b.String()
}

// occurrences counts the files below a folder that hold a string.
func occurrences(t *testing.T, dir, s string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(s)) {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
