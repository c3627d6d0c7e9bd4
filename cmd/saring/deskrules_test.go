package main

import (
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"testing"
)

// moderator logs in at the desk of a process and returns how to read its pages.
func moderator(t *testing.T, p *upProcess) func(path string) string {
	t.Helper()
	p.url("")
	out, code := saring(t, "login", "--data", p.data)
	jar, err := cookiejar.New(nil)
	if code != fine || err != nil {
		t.Fatalf("login: %d %s %v", code, out, err)
	}
	client := &http.Client{Jar: jar}
	open(t, client, regexp.MustCompile(`http://\S+/login\?token=\S+`).FindString(out))
	return func(path string) string { t.Helper(); return open(t, client, p.url(path)) }
}

// TestDeskTellsOfBrakes: a desk without the role filter tells of a brake that another process has put on, of the rules in
// use, and that it cannot tell when the broker is away.
func TestDeskTellsOfBrakes(t *testing.T) {
	broker, dir := natsBroker(t), t.TempDir()
	nats := broker.ClientURL()
	writeLexicon(t, dir, "id-a warn satu", "id-b warn dua")
	desk := startUp(t, t.TempDir(), "--nats", nats, "--roles", "ingest,review", "--source", "http", "--store-mb", "200")
	page := moderator(t, desk)
	if got := page("/rules"); !strings.Contains(got, `id="idle"`) || strings.Contains(got, `id="id-a"`) {
		t.Errorf("without a filter:\n%.2000s", got)
	}
	worker := startUp(t, t.TempDir(), "--nats", nats, "--roles", "filter", "--rules", dir, "--brake-posts", "10", "--brake-share", "0.2", "--brake-for", "1h")
	eventually(t, "the desk has the filter's rules", func() bool {
		got := page("/rules")
		return strings.Contains(got, `id="id-a"`) && strings.Contains(got, "2 aturan") && !strings.Contains(got, `id="idle"`)
	})
	if got := page("/"); strings.Contains(got, `id="brake"`) {
		t.Error("a brake that is not on")
	}
	var posts strings.Builder
	for i := range 20 {
		posts.WriteString(line(i, "public_channel", "satu"))
	}
	postHTTP(t, desk.url("/v1/posts"), posts.String())
	eventually(t, "the desk tells of the brake", func() bool { return strings.Contains(page("/"), `id="brake"`) })
	eventually(t, "and of its reason", func() bool {
		got := page("/rules")
		return strings.Contains(got, "fired on") && strings.Contains(got, "saring rules release id-a") && strings.Contains(got, "1 direm")
	})
	if out, code := saring(t, "rules", "release", "id-a", "--nats", nats, "--data", t.TempDir()); code != fine {
		t.Errorf("release: %d %s", code, out)
	}
	eventually(t, "the brake is off", func() bool { return !strings.Contains(page("/"), `id="brake"`) })
	worker.stop()
	broker.Shutdown()
	broker.WaitForShutdown()
	eventually(t, "it says that it goes by what it knew", func() bool {
		got := page("/rules")
		return strings.Contains(got, `id="old"`) && strings.Contains(got, `id="id-a"`)
	})
	desk.kill()
}
