package telegram

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A fakeChannel serves preview pages as t.me does: the newest twenty messages, or those before an id.
type fakeChannel struct {
	mu      sync.Mutex
	name    string
	number  int64 // in data-view; 0 leaves it out
	counter string
	texts   map[int]string // by message id
	asked   []string       // the queries
	at      []time.Time
	agents  []string
	before  func(w http.ResponseWriter, r *http.Request, call int) bool // answers instead, if it returns true
}

func newChannel(name string, texts map[int]string) *fakeChannel {
	return &fakeChannel{name: name, number: 1700000009, counter: "1.2K subscribers", texts: texts}
}

func (c *fakeChannel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked, c.at = append(c.asked, r.URL.RawQuery), append(c.at, time.Now())
	c.agents = append(c.agents, r.UserAgent())
	if c.before != nil && c.before(w, r, len(c.asked)) {
		return
	}
	if !strings.EqualFold(r.URL.Path, "/s/"+c.name) {
		http.Redirect(w, r, "/"+strings.TrimPrefix(r.URL.Path, "/s/"), http.StatusFound)
		return
	}
	before, _ := strconv.Atoi(r.URL.Query().Get("before"))
	_, _ = w.Write([]byte(c.page(before)))
}

func (c *fakeChannel) page(before int) string {
	var ids []int
	for id := range c.texts {
		if before == 0 || id < before {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var posts []string
	for _, id := range ids[max(0, len(ids)-20):] {
		posts = append(posts, c.post(id))
	}
	return previewPage(c.name, c.counter, posts...)
}

func (c *fakeChannel) post(id int) string {
	view := ""
	if c.number != 0 {
		view = ` data-view="` + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"c":-%d,"p":%d}`, c.number, id)) + `"`
	}
	return fmt.Sprintf(`<div class="tgme_widget_message js-widget_message" data-post="%s/%d"%s>`+
		`<div class="tgme_widget_message_text js-message_text" dir="auto">%s</div>`+
		`<span class="tgme_widget_message_meta"><span class="tgme_widget_message_from_author">KENARI</span>`+
		`<a class="tgme_widget_message_date"><time datetime="2026-10-01T07:00:00+00:00"></time></a></span></div>`,
		c.name, id, view, c.texts[id])
}

func previewPage(name, counter string, posts ...string) string {
	return `<html><body><div class="tgme_channel_info"><div class="tgme_channel_info_header">` +
		`<div class="tgme_channel_info_header_title"><span dir="auto">Warta</span></div>` +
		`<div class="tgme_channel_info_header_username"><a href="https://t.me/` + name + `">@` + name + `</a></div></div></div>` +
		`<div class="tgme_header_counter">` + counter + `</div>` +
		`<section class="tgme_channel_history">` + strings.Join(posts, "") + `</section></body></html>`
}

// set changes the channel; an empty text deletes.
func (c *fakeChannel) set(id int, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.texts[id] = text; text == "" {
		delete(c.texts, id)
	}
}

func (c *fakeChannel) calls() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.asked)
}

func (c *fakeChannel) site() *Site { return &Site{Transport: inProcess{c}} }

func numbered(from, to int) map[int]string {
	texts := map[int]string{}
	for id := from; id <= to; id++ {
		texts[id] = fmt.Sprint("kabar ", id)
	}
	return texts
}

func revisions(from, to int) []string {
	var ids []string
	for id := from; id <= to; id++ {
		ids = append(ids, fmt.Sprint(id, ".0"))
	}
	return ids
}

// TestPreviewPage reads a page with a message of each kind, from a real server.
func TestPreviewPage(t *testing.T) {
	var agent atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		agent.Store(r.UserAgent())
		_, _ = w.Write(testdata(t, "page.html"))
	}))
	defer server.Close()
	w := newWire()
	p := &Preview{Site: &Site{Base: server.URL, Every: time.Millisecond}, Channel: "@warta_kebun", Interval: time.Millisecond}
	looks := func() bool { cursor, _ := w.LoadCursor(t.Context(), p.Name()); return cursor != nil }
	err := runUntil(t, p, w.intake(), looks)
	equal(t, "posts", w.lines(), []string{
		"101.0 Musim tanam dimulai pekan depan.\nBaca panduannya dulu 🌾\n\n#kebun",
		"102.0 A forwarded note on compost",
		"103.0 Tanam apa?\nCabai\nTomat",
		"104.0 Album: panen pertama\na  b\nc",
		"106.0 jadwal tanam.pdf\nJadwal lengkap",
	})
	got := fmt.Sprint(w.posts[0].Channel(), " ", w.posts[0].PostedAt().Format(time.RFC3339), " ", w.posts[0].URL())
	if want := "{-1001700000009 Warta_Kebun Warta Kebun 🌱} 2026-10-01T00:30:00Z https://t.me/Warta_Kebun/101"; got != want {
		t.Errorf("post:\n got  %s\n want %s", got, want)
	}
	equal(t, "dead letters", w.letters(), []string{"telegram_preview:warta_kebun/0 malformed_json"})
	if agent := agent.Load(); agent != "Saring/1.0 (+public channel monitor)" {
		t.Errorf("user agent %q", agent)
	}
	w.clean(t, err)
}

// TestPreviewResumes runs, is away for 90 posts, and runs again: nothing is skipped and nothing is said twice.
func TestPreviewResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("Warta", numbered(1, 50))
		w, site := newWire(), c.site()
		_ = runWithin(t, time.Hour, &Preview{Site: site, Channel: "Warta"}, w.intake(), func() bool { return len(w.lines()) == 20 })
		equal(t, "first run", w.ids(), revisions(31, 50))
		for id := 51; id <= 140; id++ {
			c.set(id, fmt.Sprint("kabar ", id))
		}
		c.set(70, "") // deleted: an id may be missing
		w.posts = nil
		err := runWithin(t, time.Hour, &Preview{Site: site, Channel: "Warta", Interval: time.Second, Pages: 2}, w.intake(),
			func() bool { return len(w.lines()) >= 89 })
		got := w.ids()
		slices.SortFunc(got, func(a, b string) int { return len(a) - len(b) })
		slices.Sort(got)
		want := slices.Concat(revisions(51, 69), revisions(71, 140))
		slices.Sort(want)
		equal(t, "second run", got, want)
		w.clean(t, err)
	})
}

// TestPreviewStopsInTheGap: what of a gap was not read in one run is read in the next, from the cursor alone.
func TestPreviewStopsInTheGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("Warta", numbered(1, 20))
		w, site := newWire(), c.site()
		_ = runWithin(t, time.Hour, &Preview{Site: site, Channel: "Warta"}, w.intake(), func() bool { return len(w.lines()) == 20 })
		for id := 21; id <= 120; id++ {
			c.set(id, fmt.Sprint("kabar ", id))
		}
		c.before = func(w http.ResponseWriter, r *http.Request, _ int) bool { // the third page back is never served
			if r.URL.RawQuery == "before=61" {
				w.WriteHeader(http.StatusNotFound)
				return true
			}
			return false
		}
		err := runWithin(t, time.Hour, &Preview{Site: site, Channel: "Warta"}, w.intake(), nil)
		if err == nil || !strings.Contains(err.Error(), "is refused (404)") {
			t.Fatalf("error: %v", err)
		}
		c.before = nil
		_ = runWithin(t, time.Hour, &Preview{Site: site, Channel: "Warta"}, w.intake(), func() bool { return len(w.lines()) >= 120 })
		got := w.ids()
		slices.Sort(got)
		want := revisions(1, 120)
		slices.Sort(want)
		equal(t, "posts", got, want)
	})
}

// TestPreviewEdit: a changed text is a new revision, once; votes and reactions are no change.
func TestPreviewEdit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("Warta", map[int]string{1: "satu", 2: "dua"})
		w, site := newWire(), c.site()
		p := &Preview{Site: site, Channel: "Warta", Interval: time.Minute}
		_ = runWithin(t, time.Hour, p, w.intake(), func() bool { return c.calls() >= 3 })
		c.set(1, "satu, diubah")
		now := time.Now().Unix()
		_ = runWithin(t, time.Hour, &Preview{Site: site, Channel: "warta", Interval: time.Minute}, w.intake(), func() bool { return len(w.lines()) == 3 })
		c.set(1, "satu, diubah lagi")
		_ = runWithin(t, time.Hour, &Preview{Site: site, Channel: "warta", Interval: time.Minute}, w.intake(), func() bool { return len(w.lines()) == 4 })
		lines := w.lines()
		equal(t, "posts", lines[:2], []string{"1.0 satu", "2.0 dua"})
		first, second := w.posts[2].Revision(), w.posts[3].Revision()
		if first < now || first > now+60 || second <= first || lines[3] != fmt.Sprintf("1.%d satu, diubah lagi", second) {
			t.Errorf("edits at %d: %q", now, lines[2:])
		}
	})
}

// TestPreviewRefuses: nothing of a page is admitted that does not prove to be of the public channel.
func TestPreviewRefuses(t *testing.T) {
	c := newChannel("Warta", map[int]string{1: "KENARI"})
	post := c.post(1)
	for _, tc := range []struct{ name, page, want string }{
		{"group", previewPage("Warta", "512 members, 12 online", post), "groups are not read"},
		{"group with a counter", strings.Replace(previewPage("Warta", "1 subscriber", post), `<section`,
			`<div class="tgme_channel_info_counter"><span class="counter_type">members</span></div><section`, 1), "groups are not read"},
		{"no counter", previewPage("Warta", "", post), "does not show a channel"},
		{"another channel", previewPage("Berita", "5 subscribers", post), "has no header of a channel"},
		{"no header", `<html>` + post + `</html>`, "has no header of a channel"},
		{"no page", ``, "has no header of a channel"},
		{"deep", strings.Repeat("<div>", 100_000) + "KENARI", "has no header of a channel"},
		{"huge", strings.Repeat("KENARI", maxPage/6+1), "more than 4194304 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(tc.page)) }))
			defer server.Close()
			w := newWire()
			err := runUntil(t, &Preview{Site: &Site{Base: server.URL, Every: time.Millisecond}, Channel: "warta"}, w.intake(), nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), "telegram_preview:warta") {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
			equal(t, "posts", w.lines(), nil)
			w.clean(t, err)
		})
	}
	server := httptest.NewServer(c)
	defer server.Close()
	for name, want := range map[string]string{"pribadi": "there is no public preview", "": "name of a channel", "../x": "name of a channel", "joinchat/AAAA": "name of a channel"} {
		w := newWire()
		err := runUntil(t, &Preview{Site: &Site{Base: server.URL}, Channel: name}, w.intake(), nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestPreviewIsPolite: one pace for all channels of a host, one pause for all when it asks for it, no page twice.
func TestPreviewIsPolite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("Warta", numbered(1, 3))
		c.before = func(w http.ResponseWriter, r *http.Request, call int) bool {
			switch {
			case call == 2:
				w.Header().Set("Retry-After", "90")
				w.WriteHeader(http.StatusTooManyRequests)
			case call == 4 || call == 5:
				w.WriteHeader(http.StatusBadGateway)
			case r.Header.Get("If-None-Match") == `"v1"` && r.Header.Get("If-Modified-Since") == "yesterday":
				w.WriteHeader(http.StatusNotModified)
			default:
				w.Header().Set("ETag", `"v1"`)
				w.Header().Set("Last-Modified", "yesterday")
				return false
			}
			return true
		}
		w, site := newWire(), c.site()
		in := w.intake()
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				_ = runWithin(t, 24*time.Hour, &Preview{Site: site, Channel: "Warta", Interval: 5 * time.Minute}, in, func() bool { return c.calls() >= 10 })
			})
		}
		both.Wait()
		if len(w.lines()) > 6 {
			t.Errorf("posts %q", w.lines())
		}
		for i := 1; i < len(c.at); i++ {
			if pause := c.at[i].Sub(c.at[i-1]); pause < 1900*time.Millisecond {
				t.Errorf("request %d came %v after the one before", i+1, pause)
			}
		}
		if pause := c.at[2].Sub(c.at[1]); pause < 90*time.Second || pause > 92*time.Second {
			t.Errorf("after Retry-After: 90 it waited %v", pause)
		}
	})
}

// TestPreviewGivesUp: a host that stays away is an error in the end, so that somebody hears of it.
func TestPreviewGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("Warta", nil)
		c.before = func(w http.ResponseWriter, _ *http.Request, _ int) bool { w.WriteHeader(503); return true }
		w := newWire()
		err := runUntil(t, &Preview{Site: c.site(), Channel: "Warta"}, w.intake(), nil)
		if err == nil || !strings.Contains(err.Error(), "put off by the host (503)") || c.calls() != siteTries {
			t.Errorf("after %d calls: %v", c.calls(), err)
		}
	})
}

// TestPreviewChannelID: the number of the page, else the name; another number under the same name is another channel.
func TestPreviewChannelID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("Warta", numbered(1, 1))
		w, site := newWire(), c.site()
		_ = runWithin(t, time.Hour, &Preview{Site: site, Channel: "Warta"}, w.intake(), func() bool { return len(w.lines()) == 1 })
		c.mu.Lock()
		c.number = 1700000010
		c.mu.Unlock()
		_ = runWithin(t, time.Hour, &Preview{Site: site, Channel: "Warta"}, w.intake(), func() bool { return len(w.lines()) == 2 })
		n := newChannel("Berita", numbered(1, 1))
		n.number = 0
		_ = runUntil(t, &Preview{Site: n.site(), Channel: "BERITA"}, w.intake(), func() bool { return len(w.lines()) == 3 })
		var ids []string
		for _, p := range w.posts {
			ids = append(ids, p.Channel().ID)
		}
		equal(t, "channels", ids, []string{"-1001700000009", "-1001700000010", "@berita"})
	})
}

// TestPreviewRetriesWhatWasNotStored: the cursor stays when the wire fails.
func TestPreviewRetriesWhatWasNotStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChannel("Warta", numbered(1, 3))
		w, site := newWire(), c.site()
		w.setDown(fmt.Errorf("the broker is away"))
		p := &Preview{Site: site, Channel: "Warta"}
		if err := runUntil(t, p, w.intake(), nil); err == nil || err.Error() != "the broker is away" {
			t.Fatal(err)
		}
		w.setDown(nil)
		_ = runWithin(t, time.Hour, p, w.intake(), func() bool { return len(w.lines()) == 3 })
		equal(t, "posts", w.ids(), revisions(1, 3))
	})
}

// TestSeenIsBounded: a cursor does not grow with its channel.
func TestSeenIsBounded(t *testing.T) {
	s := &seen{Posts: map[int64]seenPost{}}
	for id := int64(1); id < 5000; id += 20 {
		s.note(pagePost{id: id, text: fmt.Sprint(id)}, time.Now())
		s.advance(id, id)
		s.trim()
	}
	if len(s.Posts) != keepPosts || len(s.Gaps) != keepGaps {
		t.Errorf("%d posts and %d gaps", len(s.Posts), len(s.Gaps))
	}
	if first := s.Gaps[0]; first.After != 1 || first.Before < 4000 {
		t.Errorf("the joined gap is %v: something was lost", first)
	}
}
