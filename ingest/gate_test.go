package ingest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"saring/ingest"
)

// TestDecode runs the cases of testdata/decode.txt: a line of input, then "=> " and what the gate says of it.
func TestDecode(t *testing.T) {
	data, err := os.ReadFile("testdata/decode.txt")
	if err != nil {
		t.Fatal(err)
	}
	var input string
	for n, line := range strings.Split(string(data), "\n") {
		switch {
		case line == "" || strings.HasPrefix(line, "# "):
		case strings.HasPrefix(line, "=> "):
			want := string(unescape(strings.TrimPrefix(line, "=> ")))
			if got := answer(unescape(input)); got != want {
				t.Errorf("line %d: %s\n got %s\nwant %s", n, input, got, want)
			}
		default:
			input = line
		}
	}
}

// answer is what the gate says, in one line.
func answer(input []byte) string {
	p, err := ingest.Decode(input)
	var refusal *ingest.Refusal
	var inv *ingest.Invalid
	switch {
	case errors.As(err, &refusal):
		return "refused " + refusal.Reason
	case errors.As(err, &inv):
		kept := "nothing kept"
		if inv.Keep != nil {
			kept = "kept " + string(inv.Keep)
		}
		return "invalid " + inv.Reason + ": " + inv.Detail + "; " + kept
	}
	return "post " + p.Key() + " " + p.Text()
}

// unescape lets a case hold bytes that are not text: \xNN.
func unescape(s string) []byte {
	return []byte(strings.NewReplacer(`\xff`, "\xff", `\xc3`, "\xc3").Replace(s))
}

func TestHostileInput(t *testing.T) {
	public := `"platform":"telegram","channel":{"id":"-1001","kind":"public_channel"},"id":"1","posted_at":"2026-11-20T08:15:00Z"`
	for name, c := range map[string]struct {
		input  string
		reason string
	}{
		"a bomb of arrays":          {`{` + public + `,"text":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, ingest.ReasonMalformed},
		"a bomb in another field":   {`{` + public + `,"x":` + strings.Repeat(`{"a":`, 50_000) + `1` + strings.Repeat("}", 50_000) + `,"text":"t"}`, ingest.ReasonMalformed},
		"a text over the limit":     {`{` + public + `,"text":"` + strings.Repeat("a", ingest.MaxText+1) + `"}`, ingest.ReasonTooLong},
		"a line over the limit":     {`{` + public + `,"text":"` + strings.Repeat("a", ingest.MaxLine) + `"}`, ingest.ReasonTooLong},
		"ten thousand marks fit":    {`{` + public + `,"text":"a` + strings.Repeat("\u0301", 10_000) + `"}`, ""},
		"a field given twice":       {`{` + public + `,"text":"a","text":"b"}`, ingest.ReasonMalformed},
		"the kind given twice":      {`{` + public + `,"text":"a","channel":{"id":"2","kind":"private_channel"}}`, ingest.ReasonMalformed},
		"the kind given twice over": {`{"channel":{"kind":"private","kind":"public_channel"},"text":"a"}`, ingest.ReasonMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ingest.Decode([]byte(c.input))
			if c.reason == "" && err == nil {
				return
			}
			var inv *ingest.Invalid
			if !errors.As(err, &inv) || inv.Reason != c.reason {
				t.Fatalf("got %v, want %s", err, c.reason)
			}
			if len(inv.Detail) > 300 {
				t.Errorf("the detail has %d bytes: %.100s…", len(inv.Detail), inv.Detail)
			}
		})
	}
}

func TestPostSurvivesJSONAndPack(t *testing.T) {
	p, err := ingest.Admit(ingest.Raw{
		Platform: "telegram", Channel: ingest.RawChannel{ID: "-1001", Handle: "kabar_contoh", Title: "Kabar <Contoh>", Kind: ingest.KindPublicChannel},
		ID: "7", Revision: 3, PostedAt: time.Date(2026, 11, 20, 8, 15, 0, 123e6, time.FixedZone("WIB", 7*3600)), Text: "Selamat \x00 pagi 🌏", URL: "https://t.me/kabar_contoh/7",
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var q ingest.Post
	if err := json.Unmarshal(data, &q); err != nil || q != p {
		t.Errorf("from JSON %s: %+v, %v", data, q, err)
	}
	pack := ingest.AppendPack(ingest.PackHeader(nil, 1), p)
	n := 0
	err = ingest.DecodePack(pack, func(q ingest.Post, _ []byte, err error) {
		n++
		if err != nil || q != p {
			t.Errorf("from a pack: %+v, %v", q, err)
		}
	})
	if err != nil || n != 1 {
		t.Errorf("pack of %d posts: %v", n, err)
	}
}

func TestZeroPostIsNone(t *testing.T) {
	if data, err := json.Marshal(ingest.Post{}); err == nil {
		t.Errorf("a post that did not come from the gate was written: %s", data)
	}
	pack := ingest.AppendPack(ingest.PackHeader(nil, 1), ingest.Post{})
	err := ingest.DecodePack(pack, func(_ ingest.Post, _ []byte, err error) {
		if err == nil {
			t.Error("a post that did not come from the gate was read from a pack")
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestBrokenPackLeavesNeighbours(t *testing.T) {
	good := func(id string) ingest.Post {
		p, err := ingest.Admit(ingest.Raw{Platform: "telegram", Channel: ingest.RawChannel{ID: "-1", Kind: ingest.KindPublicChannel},
			ID: id, PostedAt: time.Unix(1.7e9, 0), Text: "satu"})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	pack := ingest.AppendPack(ingest.PackHeader(nil, 3), good("1"))
	at := len(pack)
	pack = ingest.AppendPack(pack, good("2"))
	pack[at+1] = 9 // the kind of the second
	pack = ingest.AppendPack(pack, good("3"))
	var got []string
	if err := ingest.DecodePack(pack, func(p ingest.Post, _ []byte, err error) {
		if err != nil {
			got = append(got, err.Error())
			return
		}
		got = append(got, p.ID())
	}); err != nil {
		t.Fatal(err)
	}
	if want := "1, refused: not a public channel (missing_kind), 3"; strings.Join(got, ", ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func FuzzDecode(f *testing.F) {
	data, err := os.ReadFile("testdata/decode.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "=>") {
			f.Add([]byte(line))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ingest.Decode(data)
		if err == nil {
			again, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			if q, err := ingest.Decode(again); err != nil || q != p {
				t.Fatalf("%s came back as %+v, %v", again, q, err)
			}
			return
		}
		var inv *ingest.Invalid
		if errors.As(err, &inv) && inv.Keep != nil && !bytes.Contains(inv.Keep, []byte(ingest.KindPublicChannel)) {
			var kept struct{ Channel struct{ Kind string } }
			if json.Unmarshal(inv.Keep, &kept) != nil || kept.Channel.Kind != ingest.KindPublicChannel {
				t.Fatalf("kept bytes that are not of a public channel: %q", inv.Keep)
			}
		}
	})
}

func FuzzDecodePack(f *testing.F) {
	p, _ := ingest.Decode([]byte(`{"platform":"telegram","channel":{"id":"-1","kind":"public_channel"},"id":"1","posted_at":"2026-11-20T08:15:00Z","text":"satu"}`))
	f.Add(ingest.AppendPack(ingest.AppendPack(ingest.PackHeader(nil, 2), p), p))
	f.Add([]byte{0x53, 1, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		_ = ingest.DecodePack(data, func(p ingest.Post, raw []byte, err error) {
			n++
			if err != nil {
				return
			}
			one := ingest.AppendPack(ingest.PackHeader(nil, 1), p)
			if err := ingest.DecodePack(one, func(q ingest.Post, _ []byte, err error) {
				if err != nil || p != q {
					t.Fatalf("came back as %+v, %v", q, err)
				}
			}); err != nil {
				t.Fatal(err)
			}
		})
		if n > ingest.MaxPackPosts {
			t.Fatalf("%d posts", n)
		}
	})
}
