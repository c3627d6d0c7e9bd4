package telegram

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"saring/ingest"

	"github.com/PuerkitoBio/goquery"
	"github.com/go-json-experiment/json"
)

// FuzzUpdate: no update makes a panic, and none is admitted whose chat is not a channel with a username.
func FuzzUpdate(f *testing.F) {
	for _, name := range []string{"updates.json", "refused.json"} {
		for _, u := range updatesOf(f, testdata(f, name)) {
			f.Add([]byte(u))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		raws, ok := readUpdate(data)
		_ = newUpdate(data)
		if !ok {
			return
		}
		type inChat struct {
			Chat chat `json:"chat"`
		}
		var u struct {
			Post   inChat `json:"channel_post"`
			Edited inChat `json:"edited_channel_post"`
		}
		_ = json.Unmarshal(data, &u)
		public := false
		for _, c := range []chat{u.Post.Chat, u.Edited.Chat} {
			public = public || c.Type == "channel" && c.Username != ""
		}
		for _, raw := range raws {
			_, err := ingest.Admit(raw)
			if err == nil && !public {
				t.Errorf("admitted: %q", data)
			}
			if raw.Channel.Kind != ingest.KindPublicChannel && raw != (ingest.Raw{Channel: ingest.RawChannel{Kind: raw.Channel.Kind}}) {
				t.Errorf("read more than the kind of what is not public: %q", data)
			}
		}
	})
}

// FuzzPreview: no page makes a panic, and none is read that does not count subscribers.
func FuzzPreview(f *testing.F) {
	c := newChannel("Warta_Kebun", numbered(1, 2))
	f.Add(testdata(f, "page.html"))
	f.Add([]byte(c.page(0)))
	f.Add([]byte(previewPage("Warta_Kebun", "3 members", c.post(1))))
	f.Add([]byte(previewPage("lain", "3 subscribers", c.post(1))))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parsePage(data, "warta_kebun")
		if err != nil && !errors.Is(err, errNoHeader) {
			t.Errorf("error %v", err)
		}
		if len(p.posts) > 0 && (err != nil || p.kind != ingest.KindPublicChannel) {
			t.Errorf("read posts of %q, error %v", p.kind, err)
		}
		if len(p.posts) > 0 {
			doc, _ := goquery.NewDocumentFromReader(bytes.NewReader(data))
			if !strings.Contains(strings.ToLower(doc.Text()), "subscriber") {
				t.Error("read posts of a page without subscribers")
			}
		}
	})
}

// FuzzExport: no file makes a panic, and nothing is admitted but from a public channel's.
func FuzzExport(f *testing.F) {
	files, _ := filepath.Glob("testdata/export*.json")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := os.CreateTemp(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		defer os.Remove(file.Name())
		defer file.Close()
		if _, err := file.Write(data); err != nil {
			t.Fatal(err)
		}
		w := newWire()
		in := w.intake()
		err = (&Export{Path: file.Name()}).Run(context.Background(), in)
		_ = in.Drain(context.Background())
		head, headErr := inspect(context.Background(), file)
		if len(w.posts) > 0 && (headErr != nil || head.refusal() != "" || head.kind != ingest.KindPublicChannel) {
			t.Errorf("%d posts of %+v: %v", len(w.posts), head, err)
		}
	})
}
