package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"saring/ingest"

	"github.com/go-telegram/bot/models"
)

const testToken = "424242:RAHASIA-token_for-the-tests"

// A fakeAPI answers getUpdates as the Bot API does: it keeps an update until a later offset confirms it.
type fakeAPI struct {
	mu      sync.Mutex
	queue   []json.RawMessage
	offsets []int64
	allowed []string
	before  func(w http.ResponseWriter, call int) bool // answers instead, if it returns true
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.URL.Path != "/bot"+testToken+"/getUpdates" {
		http.Error(w, `{"ok":false,"error_code":404}`, http.StatusNotFound)
		return
	}
	var ask struct {
		Offset  int64    `json:"offset"`
		Allowed []string `json:"allowed_updates"`
	}
	_ = json.NewDecoder(r.Body).Decode(&ask)
	f.offsets, f.allowed = append(f.offsets, ask.Offset), ask.Allowed
	if f.before != nil && f.before(w, len(f.offsets)) {
		return
	}
	for i := len(f.queue) - 1; i >= 0; i-- { // what stands before a confirmed update is confirmed
		if id := newUpdate([]byte(f.queue[i])).id; id >= 0 && id < ask.Offset {
			f.queue = f.queue[i+1:]
			break
		}
	}
	answer, _ := json.Marshal(map[string]any{"ok": true, "result": f.queue})
	_, _ = w.Write(answer)
}

func (f *fakeAPI) asked() []int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.offsets)
}

func updatesOf(t testing.TB, data []byte) []json.RawMessage {
	t.Helper()
	var queue []json.RawMessage
	if err := json.Unmarshal(data, &queue); err != nil {
		t.Fatal(err)
	}
	return queue
}

func serveAPI(t *testing.T, queue []json.RawMessage) (*fakeAPI, *Bot) {
	f := &fakeAPI{queue: queue}
	if f.queue == nil {
		f.queue = []json.RawMessage{}
	}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, &Bot{Token: testToken, Base: server.URL, Poll: time.Second}
}

// TestBot reads one update of each kind.
func TestBot(t *testing.T) {
	f, b := serveAPI(t, updatesOf(t, testdata(t, "updates.json")))
	w := newWire()
	err := runUntil(t, b, w.intake(), func() bool { return slices.Contains(f.asked(), 5012) })
	equal(t, "posts", w.lines(), []string{
		"11.0 Harga beras turun di pasar induk.\nCek daftar lengkapnya besok pagi.",
		"11.1790000600 Harga beras naik di pasar induk.",
		"12.0 Two pictures of the new market hall",
		"14.0 Buka hari Minggu?\nYa\nTidak",
		"15.0 Road works on the ring road until Friday",
		"17.0 Balai Warga\nJalan Melati 5",
		"18.0 Belanja\nBeras\nGula",
		"19.0 Daftar harga\ndaftar-harga.pdf",
		"20.0 Jadwal\nPasar buka jam enam, lihat peta\n1. sayur\n2. ikan",
	})
	p := w.posts[0]
	got := fmt.Sprint(p.Platform(), " ", p.Channel(), " ", p.PostedAt().Format(time.RFC3339), " ", p.URL())
	want := "telegram {-1001700000001 kabar_pasar Kabar Pasar} 2026-09-21T14:13:20Z https://t.me/kabar_pasar/11"
	if got != want {
		t.Errorf("post:\n got  %s\n want %s", got, want)
	}
	equal(t, "dead letters", w.letters(), nil)
	f.mu.Lock() // a call that was broken off may still be under way
	defer f.mu.Unlock()
	equal(t, "allowed_updates", f.allowed, []string{"channel_post", "edited_channel_post"})
	if b.Name() != "telegram_bot:424242" {
		t.Errorf("name: %s", b.Name())
	}
	w.clean(t, err, testToken, "RAHASIA")
}

// TestBotReadsWhatTheLibraryWrites keeps our field names to those of a library that follows the API.
func TestBotReadsWhatTheLibraryWrites(t *testing.T) {
	data, err := json.Marshal(models.Update{ID: 7, EditedChannelPost: &models.Message{
		ID: 9, Date: 1790000000, EditDate: 1790000060, Caption: "caption", AuthorSignature: canary,
		From: &models.User{FirstName: canary}, Contact: &models.Contact{FirstName: canary},
		Chat:      models.Chat{ID: -1001700000001, Type: models.ChatTypeChannel, Username: "kabar_pasar", Title: "Kabar Pasar"},
		Poll:      &models.Poll{Question: "question", Options: []models.PollOption{{Text: "option"}}},
		Venue:     &models.Venue{Title: "venue", Address: "address"},
		Document:  &models.Document{FileName: "file.pdf"},
		Audio:     &models.Audio{Title: "song", Performer: canary},
		Game:      &models.Game{Title: "game", Description: "play"},
		Checklist: &models.Checklist{Title: "list", Tasks: []models.ChecklistTask{{Text: "task"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	raws, ok := readUpdate(data)
	if !ok || len(raws) != 1 {
		t.Fatalf("the update cannot be read: %v %v", raws, ok)
	}
	want := "caption\nquestion\noption\nlist\ntask\nvenue\naddress\ngame\nplay\nsong\nfile.pdf"
	if raws[0].Text != want || raws[0].ID != "9" || raws[0].Revision != 1790000060 {
		t.Errorf("got %+v\nwant the text %q", raws[0], want)
	}
}

func TestBotRefuses(t *testing.T) {
	f, b := serveAPI(t, updatesOf(t, testdata(t, "refused.json")))
	w := newWire()
	err := runUntil(t, b, w.intake(), func() bool { return slices.Contains(f.asked(), 6008) })
	equal(t, "posts", w.lines(), nil)
	equal(t, "dead letters", w.letters(), nil)
	w.clean(t, err)
}

func post(id, update int, text string) json.RawMessage {
	return fmt.Appendf(nil, `{"update_id":%d,"channel_post":{"message_id":%d,"date":1790000000,"chat":{"id":-1001700000001,`+
		`"type":"channel","username":"kabar_pasar"},"text":%q}}`, update, id, text)
}

// TestBotOddUpdates puts updates that cannot be read between good ones, and at the end of the queue.
func TestBotOddUpdates(t *testing.T) {
	queue := []json.RawMessage{
		post(1, 10, "satu"),
		json.RawMessage(`{"update_id":11,"channel_post":"KENARI"}`),
		json.RawMessage(`{"update_id":12,"channel_post":{"message_id":2,"date":"KENARI","chat":{"id":-1001700000001,"type":"channel","username":"kabar_pasar"},"text":"KENARI"}}`),
		json.RawMessage(`{"update_id":13,"channel_post":{"message_id":3,"date":1790000000,"chat":{"id":-100,"type":"private","type":"channel","username":"kabar_pasar"},"text":"KENARI"}}`),
		json.RawMessage(`{"update_id":"14 KENARI"}`),
		json.RawMessage(`"KENARI"`),
		post(4, 15, "empat"),
		post(5, 16, ""),
		json.RawMessage(`{"update_id":17,"channel_post":{"message_id":6,"date":9999999999999,"chat":{"id":-1001700000001,"type":"channel","username":"kabar_pasar"},"text":"a public post with a date of another age"}}`),
		json.RawMessage(`{"update_id":18,"channel_post":{"message_id":7,"date":1790000000,"chat":{"id":-1001700000001,"type":"channel","username":"kabar_pasar"},"text":"` + strings.Repeat("K", 70000) + `"}}`),
	}
	f, b := serveAPI(t, queue)
	w := newWire()
	err := runUntil(t, b, w.intake(), func() bool { return slices.Contains(f.asked(), 19) })
	equal(t, "posts", w.lines(), []string{"1.0 satu", "4.0 empat"})
	letters := w.letters()
	slices.Sort(letters)
	equal(t, "dead letters", letters, []string{
		"telegram_bot:424242/update/11 malformed_json",
		"telegram_bot:424242/update/12 malformed_json",
		"telegram_bot:424242/update/13 malformed_json",
		"telegram_bot:424242/update/17 bad_field",
		"telegram_bot:424242/update/18 too_long",
		"telegram_bot:424242/update/? malformed_json",
		"telegram_bot:424242/update/? malformed_json",
	})
	w.clean(t, err)
}

// TestBotGoesPastUpdatesWithoutID: an answer with nothing but such updates does not stall a queue whose place is known.
func TestBotGoesPastUpdatesWithoutID(t *testing.T) {
	for _, tc := range []struct{ offset, want int64 }{{0, 0}, {30, 31}} {
		if got := nextOffset(tc.offset, []update{{id: -1}}); got != tc.want {
			t.Errorf("from %d to %d, want %d", tc.offset, got, tc.want)
		}
	}
	_, b := serveAPI(t, []json.RawMessage{json.RawMessage(`{}`)})
	err := runUntil(t, b, newWire().intake(), nil)
	if err == nil || !strings.Contains(err.Error(), "check the address") {
		t.Errorf("a server without update ids: %v", err)
	}
}

// TestBotResumes: nothing is confirmed before it is durable, and a restart goes on at the offset.
func TestBotResumes(t *testing.T) {
	f, b := serveAPI(t, []json.RawMessage{post(1, 10, "satu"), post(2, 11, "dua")})
	w := newWire()
	w.setDown(errors.New("the broker is away"))
	for range 2 {
		if err := runUntil(t, b, w.intake(), nil); err == nil || err.Error() != "the broker is away" {
			t.Fatalf("error: %v", err)
		}
	}
	w.setDown(nil)
	_ = runUntil(t, b, w.intake(), func() bool { return slices.Contains(f.asked(), 12) })
	f.mu.Lock()
	f.queue = append(f.queue, post(3, 12, "tiga"))
	f.offsets = nil
	f.mu.Unlock()
	again := &Bot{Token: b.Token, Base: b.Base, Poll: b.Poll}
	_ = runUntil(t, again, w.intake(), func() bool { return slices.Contains(f.asked(), 13) })
	equal(t, "posts", w.lines(), []string{"1.0 satu", "2.0 dua", "3.0 tiga"})
	if first := f.asked()[0]; first != 12 {
		t.Errorf("after the restart it asked from %d, want 12", first)
	}
	other, b2 := serveAPI(t, []json.RawMessage{post(9, 3, "lain")}) // ids of another server begin elsewhere
	_ = runUntil(t, b2, w.intake(), func() bool { return slices.Contains(other.asked(), 4) })
	if first := other.asked()[0]; first != 0 {
		t.Errorf("another server was asked from %d, want 0", first)
	}
}

// TestBotFollowsNewIDs: after a week of silence the ids begin elsewhere, maybe lower.
func TestBotFollowsNewIDs(t *testing.T) {
	f := &fakeAPI{queue: []json.RawMessage{}}
	f.before = func(w http.ResponseWriter, call int) bool {
		if call == 1 {
			fmt.Fprintf(w, `{"ok":true,"result":[%s]}`, post(1, 900, "satu"))
		} else if call == 2 {
			fmt.Fprintf(w, `{"ok":true,"result":[%s]}`, post(2, 50, "dua"))
		}
		return call <= 2
	}
	server := httptest.NewServer(f)
	defer server.Close()
	w := newWire()
	_ = runUntil(t, &Bot{Token: testToken, Base: server.URL}, w.intake(), func() bool { return len(f.asked()) >= 3 })
	if got := f.asked()[:3]; !slices.Equal(got, []int64{0, 901, 51}) {
		t.Errorf("offsets %v, want 0, 901, 51", got)
	}
}

func TestBotErrors(t *testing.T) {
	for _, tc := range []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{"401", 401, `{"ok":false,"error_code":401,"description":"KENARI"}`, "token is refused"},
		{"404", 404, `KENARI`, "token is refused"},
		{"409", 409, `{"ok":false,"error_code":409,"description":"Conflict: KENARI"}`, "another process polls with the same token"},
		{"502", 502, `<html>KENARI</html>`, "failure of its own (502)"},
		{"redirect", 302, `KENARI`, "redirects"},
		{"200 that is not JSON", 200, `KENARI`, "not one of the Bot API"},
		{"200 with an error", 200, `{"ok":false,"error_code":409,"description":"KENARI"}`, "another process"},
		{"200 without updates", 200, `{"ok":true}`, "not one of the Bot API"},
		{"200 with something else", 200, `{"ok":true,"result":{"KENARI":1}}`, "not one of the Bot API"},
		{"too big", 200, `{"ok":true,"result":["` + strings.Repeat("K", maxAnswer) + `"]}`, "more than 16777216 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "/"+testToken)
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			}))
			defer server.Close()
			w := newWire()
			err := runUntil(t, &Bot{Token: testToken, Base: server.URL}, w.intake(), nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
			w.clean(t, err, testToken, "RAHASIA")
		})
	}
}

// TestBotKeepsTheToken makes the network fail in all the ways in which net/http would name the address.
func TestBotKeepsTheToken(t *testing.T) {
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		fmt.Fprintf(conn, "KENARI %s\r\n\r\n", r.URL.Path)
		_ = conn.Close()
	}))
	defer broken.Close()
	closed := httptest.NewServer(nil)
	closed.Close()
	for _, base := range []string{broken.URL, closed.URL, "http://invalid.invalid", "ht tp://x", "nonsense", "https://" + broken.Listener.Addr().String()} {
		w := newWire()
		err := runUntil(t, &Bot{Token: testToken, Base: base}, w.intake(), nil)
		if err == nil {
			t.Errorf("%s: no error", base)
		}
		w.clean(t, err, testToken, "RAHASIA")
	}
	for _, token := range []string{"", "RAHASIA", "42:RAHASIA/../token1234567", "42:RAHASIA"} {
		b := &Bot{Token: token, Base: closed.URL}
		w := newWire()
		err := runUntil(t, b, w.intake(), nil)
		if err == nil || !strings.Contains(err.Error(), "@BotFather") || strings.Contains(b.Name(), "RAHASIA") {
			t.Errorf("%q: %v, named %s", token, err, b.Name())
		}
		w.clean(t, err, "RAHASIA")
	}
}

// TestSourcesEnd: a source that is told to stop while it waits for an answer returns, and leaves no goroutine.
func TestSourcesEnd(t *testing.T) {
	before := runtime.NumGoroutine()
	asked := make(chan struct{}, 2)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not notice that the client went away
		asked <- struct{}{}
		<-r.Context().Done()
	}))
	for _, s := range []ingest.Source{
		&Bot{Token: testToken, Base: server.URL},
		&Preview{Site: &Site{Base: server.URL}, Channel: "Warta"},
	} {
		err := runUntil(t, s, newWire().intake(), func() bool { return len(asked) > 0 })
		if <-asked; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", s.Name(), err)
		}
	}
	server.Close()
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

// TestBotWaits honours retry_after, to the second.
func TestBotWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var asked []time.Duration
		f := &fakeAPI{queue: []json.RawMessage{}}
		f.before = func(w http.ResponseWriter, call int) bool {
			asked = append(asked, time.Since(began))
			if call == 1 {
				w.WriteHeader(http.StatusTooManyRequests)
				_, _ = io.WriteString(w, `{"ok":false,"error_code":429,"parameters":{"retry_after":17}}`)
			}
			return call == 1
		}
		err := runUntil(t, &Bot{Token: testToken, Transport: inProcess{f}}, newWire().intake(),
			func() bool { return len(f.asked()) >= 2 })
		if len(asked) < 2 || asked[1] != 17*time.Second {
			t.Errorf("asked at %v, want 0 and 17 s (%v)", asked, err)
		}
	})
}
