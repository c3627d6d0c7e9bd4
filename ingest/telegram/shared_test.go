package telegram

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// shared is where real shapes lie, which are not part of the repository.
const shared = "../../../shared/data/telegram"

func requireShared(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(shared); err == nil {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("SARING_REQUIRE"), ","), "shared") {
		t.Fatalf("%s is not there, and SARING_REQUIRE names it", shared)
	}
	t.Skipf("%s is not there: the real shapes of Telegram are not tested (SARING_REQUIRE=shared makes this a failure)", shared)
}

// TestRealExports: they are of groups, and all refused.
func TestRealExports(t *testing.T) {
	requireShared(t)
	files, _ := filepath.Glob(shared + "/desktop_export/*.json")
	if len(files) == 0 {
		t.Fatal("no exports")
	}
	for _, file := range files {
		w := newWire()
		err := runUntil(t, &Export{Path: file}, w.intake(), nil)
		if !errors.Is(err, ErrRefused) || len(w.lines()) > 0 {
			t.Errorf("%s: %d posts, %v", file, len(w.lines()), err)
		}
		// The same messages, were they a public channel's: every one can be read.
		data, _ := os.ReadFile(file)
		kind := regexp.MustCompile(`"type": "(public_supergroup|private_group)"`)
		as := kind.ReplaceAll(data, []byte(`"type": "public_channel"`))
		if err := runUntil(t, &Export{Path: write(t, string(as))}, w.intake(), nil); err != nil || len(w.letters()) > 0 || len(w.lines()) == 0 {
			t.Errorf("%s as a channel: %d posts, %v, %v", file, len(w.lines()), err, w.letters())
		}
	}
}

// TestRealUpdates: they are of private chats, and nothing of them is admitted.
func TestRealUpdates(t *testing.T) {
	requireShared(t)
	files, _ := filepath.Glob(shared + "/bot_api/*pdate*.json")
	if len(files) == 0 {
		t.Fatal("no updates")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if wrapped := regexp.MustCompile(`(?s)^.*"result":\s*\[(.*)\]\s*}\s*$`).FindSubmatch(data); wrapped != nil {
			data = wrapped[1]
		}
		w := newWire()
		batch := w.intake().Batch("telegram_bot")
		if err := offerUpdate(t.Context(), batch, "test", newUpdate(data)); err != nil {
			t.Fatal(err)
		}
		if batch.Tally.Accepted != 0 || batch.Tally.Refused != 1 {
			t.Errorf("%s: %+v", file, batch.Tally)
		}
	}
}

// TestRealPages: a whole page, and single messages put into a page.
func TestRealPages(t *testing.T) {
	requireShared(t)
	textless := map[string]bool{"message_sticker.html": true, "message_media_round_video.html": true}
	files, _ := filepath.Glob(shared + "/tme_s_html/*.html")
	for _, file := range files {
		name := filepath.Base(file)
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		page := string(data)
		of := regexp.MustCompile(`data-post="(\w+)/`).FindStringSubmatch(page)
		if of == nil {
			continue // a piece of a message
		}
		if name != "full.html" {
			page = previewPage(of[1], "5 subscribers", page)
		}
		got := readPage(t, of[1], page)
		want := 1
		if name == "full.html" {
			want = strings.Count(page, "data-post=")
		}
		if textless[name] {
			want = 0
		}
		if len(got.posts) != want || len(got.dead) > 0 {
			t.Errorf("%s: %d posts, want %d; %v", name, len(got.posts), want, got.letters())
		}
		for _, p := range got.posts {
			sensible(t, name, fmt.Sprint(p.URL(), " ", p.Text()), p.PostedAt())
			if name == "full.html" && p.Channel().ID != "-1001084368520" {
				t.Errorf("%s: channel %s", name, p.Channel().ID)
			}
		}
	}
}

// readPage lets a Preview read one page.
func readPage(t *testing.T, channel, page string) *memWire {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(page)) }))
	defer server.Close()
	w := newWire()
	p := &Preview{Site: &Site{Base: server.URL, Every: time.Millisecond}, Channel: channel}
	_ = runUntil(t, p, w.intake(), func() bool { cursor, _ := w.LoadCursor(t.Context(), p.Name()); return cursor != nil })
	return w
}

// sensible fails for what is not a post's text.
func sensible(t *testing.T, file, text string, at time.Time) {
	t.Helper()
	for _, odd := range []string{"  ", "\n\n\n", " \n", "\n ", "Forwarded from", "views", "Anonymous Poll", "rkadiy Ivanov", "VIEW IN", "%\n", "<"} {
		if strings.Contains(text, odd) {
			t.Errorf("%s: the text has %q: %q", file, odd, text)
		}
	}
	if at.Year() < 2015 {
		t.Errorf("%s: posted at %v", file, at)
	}
}
