package telegram

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saring/ingest"
)

// TestExport reads the export of a channel with a message of each kind, in both forms of a text.
func TestExport(t *testing.T) {
	w := newWire()
	var total ingest.Tally
	var resumed bool
	var done int64
	e := &Export{Path: "testdata/export.json", Done: func(t ingest.Tally, r bool) { total, resumed = t, r },
		Progress: func(n, _ int64) { done = n }}
	err := runUntil(t, e, w.intake(), nil)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "posts", w.lines(), []string{
		"2.0 Selamat datang di kebun.",
		"3.1790739000 Baca https://example.org/tanam dan panduan.",
		"4.0 Caption of a forwarded picture",
		"6.0 Tanam apa?\nCabai\nTomat",
		"9.0 Old form, no unix time",
		"10.0 Only entities",
		"11.0 jadwal.pdf",
	})
	got := fmt.Sprint(w.posts[0].Channel(), " ", w.posts[0].PostedAt().Format(time.RFC3339), " ", w.posts[0].URL())
	if want := "{-1001700000009  Warta Kebun} 2026-09-30T02:00:00Z "; got != want {
		t.Errorf("post:\n got  %s\n want %s", got, want)
	}
	equal(t, "dead letters", w.letters(), []string{e.Name() + ":7 missing_field"})
	if total.Accepted != 7 || total.Invalid != 1 || resumed || done != int64(len(testdata(t, "export.json"))) {
		t.Errorf("%+v, resumed %v, progress %d", total, resumed, done)
	}
	if err := runUntil(t, e, w.intake(), nil); err != nil || !resumed || total.Accepted != 0 || len(w.posts) != 7 {
		t.Errorf("again: %v, %+v, resumed %v, %d posts", err, total, resumed, len(w.posts))
	}
	w.clean(t, err)
}

// TestExportRefuses: whatever is not one public channel's is refused whole, in whatever order it stands.
func TestExportRefuses(t *testing.T) {
	for name, want := range map[string]string{
		"export_hostile_order.json": "another kind of chat",
		"export_account.json":       `export of an account (it has "about")`,
		"export_disguised.json":     `export of an account (it has "left_chats")`,
	} {
		w := newWire()
		e := &Export{Path: filepath.Join("testdata", name)}
		for range 2 { // also when it is tried again
			err := runUntil(t, e, w.intake(), nil)
			if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v", name, err)
			}
			w.clean(t, err)
		}
		equal(t, name, w.lines(), nil)
	}
	for _, kind := range []string{"", "private_channel", "public_supergroup", "bot_chat", "KENARI", "Public_Channel"} {
		w := newWire()
		e := &Export{Path: write(t, `{"name":"KENARI","type":"`+kind+`","id":1,"messages":[{"id":1,"type":"message","date_unixtime":"1790733600","text":"KENARI"}]}`)}
		err := runUntil(t, e, w.intake(), nil)
		if !errors.Is(err, ErrRefused) {
			t.Errorf("%q: %v", kind, err)
		}
		equal(t, kind, w.lines(), nil)
		w.clean(t, err)
	}
}

func TestExportTypeLast(t *testing.T) {
	w := newWire()
	if err := runUntil(t, &Export{Path: "testdata/export_type_last.json"}, w.intake(), nil); err != nil {
		t.Fatal(err)
	}
	equal(t, "posts", w.lines(), []string{"2.0 Type stands last"})
}

// TestExportBroken: nothing is admitted of a file that is not whole, and the error says why and what to do.
func TestExportBroken(t *testing.T) {
	const head = `{"name":"Warta","type":"public_channel","id":1700000009,"messages":[{"id":1,"type":"message","date_unixtime":"1790733600","text":"KENARI"}`
	for content, want := range map[string]string{
		"":                        "ends early",
		"[]":                      "not an object",
		"KENARI":                  "not JSON at byte 0",
		head:                      "ends early",
		head + `]`:                "ends early",
		head + `],KENARI`:         "not JSON at byte",
		head + `]}KENARI`:         "not JSON at byte",
		head + `]}{}`:             "something follows",
		head + `],"type":"x"}`:    "appears twice",
		head + `],"messages":[]}`: "appears twice",
		`{"type":"public_channel","id":1700000009}`:                               "no messages",
		`{"type":"public_channel","id":"KENARI","messages":[]}`:                   "no id of the channel",
		`{"type":"public_channel","id":1,"messages":{}}`:                          "no list",
		head + `,{"text":"` + strings.Repeat("K", maxExported+4096) + `"}` + `]}`: "over 4194304 bytes",
	} {
		w := newWire()
		err := runUntil(t, &Export{Path: write(t, content)}, w.intake(), nil)
		if err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, ErrRefused) {
			t.Errorf("%.40q: %v, want %q", content, err, want)
		}
		equal(t, "posts", w.lines(), nil)
		w.clean(t, err)
	}
	if err := runUntil(t, &Export{Path: t.TempDir()}, newWire().intake(), nil); err == nil || !strings.Contains(err.Error(), "result.json") {
		t.Errorf("a folder: %v", err)
	}
}

// TestExportResumes stops a long export in the middle: it goes on where it was, and reads no message twice.
func TestExportResumes(t *testing.T) {
	const n = 3*exportChunk + 100
	path := write(t, longExport(n))
	w := newWire()
	ctx, cancel := context.WithCancel(t.Context())
	e := &Export{Path: path, Progress: func(done, total int64) { cancel() }}
	if err := e.Run(ctx, w.intake()); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	first := len(w.lines())
	if first < exportChunk || first >= n {
		t.Fatalf("%d posts before the stop", first)
	}
	var resumed bool
	e = &Export{Path: path, Done: func(_ ingest.Tally, r bool) { resumed = r }}
	if err := runUntil(t, e, w.intake(), nil); err != nil || !resumed {
		t.Fatal(err, resumed)
	}
	count := map[string]int{}
	for _, id := range w.ids() {
		count[id]++
	}
	if len(count) != n || len(w.ids()) != n {
		t.Errorf("%d posts, %d of them different; want %d", len(w.ids()), len(count), n)
	}
	if err := os.WriteFile(path, []byte(longExport(n+1)), 0o600); err != nil { // exported again
		t.Fatal(err)
	}
	if err := runUntil(t, e, w.intake(), nil); err != nil || resumed || len(w.ids()) != n+n+1 {
		t.Errorf("a new export: %v, resumed %v, %d posts", err, resumed, len(w.ids()))
	}
}

func longExport(n int) string {
	var b strings.Builder
	b.WriteString(`{"name":"Warta","type":"public_channel","id":1700000009,"messages":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":%d,"type":"message","date_unixtime":"1790733600","text":"kabar %d"}`, i+1, i+1)
	}
	b.WriteString(`]}`)
	return b.String()
}

func write(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "result.json")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
