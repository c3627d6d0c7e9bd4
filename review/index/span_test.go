package index

import (
	"strings"
	"testing"
	"unicode/utf8"

	"saring/filter"
)

// marked writes spans as text: [rule's hit], {query}.
func marked(spans []Span) string {
	var b strings.Builder
	for _, s := range spans {
		switch s.Kind {
		case RuleHit:
			b.WriteString("[" + s.Text + "]")
		case QueryMatch:
			b.WriteString("{" + s.Text + "}")
		default:
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

func TestSpans(t *testing.T) {
	for _, tc := range []struct{ lang, text, hit, query, want string }{
		{"id", "Mereka menyerang kota.", "", "", "Mereka menyerang kota."},
		{"id", "Mereka menyerang kota.", "menyerang", "", "Mereka [menyerang] kota."},
		{"id", "Mereka menyerang kota.", "kota", "diserang", "Mereka {menyerang} [kota]."},
		{"id", "Mereka menyerang kota.", "menyerang", "serangan", "Mereka [menyerang] kota."},
		{"id", "é日本 ser\u200bang 😀 𝐊𝐎𝐓𝐀!", "😀", "serang kota", "é日本 {ser\u200bang} [😀] {𝐊𝐎𝐓𝐀}!"},
		{"id", "kota tua, kota lama", "", `"kota lama"`, "kota tua, {kota lama}"},
		{"id", "kota kota kota", "", `"kota kota"`, "{kota kota kota}"},
		{"id", "kota serangan", "", "ser* -kota", "kota {serangan}"},
		{"id", "kota", "", "category:threat -kota", "kota"},
		{"en", "Attacks! He attacked.", "", "attack", "{Attacks}! He {attacked}."},
		{"id", "dua kata penting", "kata pen", "penting", "dua [kata pen]{ting}"},
		{"id", "", "", "kota", ""},
	} {
		q, err := ParseQuery(tc.query)
		if err != nil {
			t.Fatal(err)
		}
		f := sample{id: "a", lang: tc.lang, text: tc.text, hit: tc.hit}.flag(t)
		if got := marked(Spans(f, q)); got != tc.want {
			t.Errorf("%q in %q: %q, want %q", tc.query, tc.text, got, tc.want)
		}
	}
}

// What bleve found by its words is highlighted by ours: the two must agree.
func TestEveryFoundTextIsHighlighted(t *testing.T) {
	x := library(t)
	for _, query := range []string{"kota", "diserang", "attacking", `"kota tua"`, "seran*", "meny*", "jumat", "anak-anak", `"serang"`, "city"} {
		r := find(t, x, query)
		for _, h := range r.Hits {
			if !strings.Contains(marked(h.Spans), "{") {
				t.Errorf("%q found %q without saying where", query, h.Flag.Post.Text())
			}
		}
		all := find(t, x, "")
		q, _ := ParseQuery(query)
		n := 0
		for _, h := range all.Hits {
			if strings.Contains(marked(Spans(&h.Flag, q)), "{") {
				n++
			}
		}
		if n != r.Total || n == 0 {
			t.Errorf("%q is highlighted in %d texts, found in %d", query, n, r.Total)
		}
	}
}

func TestExcerpt(t *testing.T) {
	long := strings.Repeat("awal kata é ", 100) + "TEPAT" + strings.Repeat(" akhir 😀 kata", 100)
	f := sample{id: "a", text: long, hit: "TEPAT"}.flag(t)
	e := Excerpt(Spans(f, Query{}), 240)
	got := marked(e)
	if !strings.HasPrefix(got, "… ") || !strings.HasSuffix(got, " …") || !strings.Contains(got, "[TEPAT]") || len(got) > 300 || !utf8.ValidString(got) {
		t.Errorf("excerpt %q", got)
	}
	if got := marked(Excerpt(Spans(sample{id: "a", text: "pendek", hit: "dek"}.flag(t), Query{}), 240)); got != "pen[dek]" {
		t.Errorf("short excerpt %q", got)
	}
	if got := marked(Excerpt(Spans(sample{id: "a", text: strings.Repeat("é", 500)}.flag(t), Query{}), 101)); len(got) > 110 || !utf8.ValidString(got) {
		t.Errorf("excerpt of one word %q", got)
	}
}

func FuzzSpans(f *testing.F) {
	f.Add("é日本 ser\u200bang 😀 kota", "serang kota", 0, 3, 5, 9)
	f.Add("kota tua, kota lama", `"kota lama" -tua`, -1, 400, 3, 2)
	f.Fuzz(func(t *testing.T, text, query string, a, b, c, d int) {
		if !utf8.ValidString(text) || len(text) > 10_000 {
			t.Skip()
		}
		q, err := ParseQuery(query)
		if err != nil {
			q = Query{}
		}
		flag := sample{id: "a", text: text}.flag(t)
		flag.Hits = []filter.Hit{{Start: a, End: b}, {Start: c, End: d}}
		spans := Spans(flag, q)
		var joined strings.Builder
		for i, s := range spans {
			if s.Text == "" || !utf8.ValidString(s.Text) || (i > 0 && spans[i-1].Kind == s.Kind) {
				t.Fatalf("spans %+v", spans)
			}
			joined.WriteString(s.Text)
		}
		if joined.String() != text {
			t.Fatalf("joined %q, want %q", joined.String(), text)
		}
		for _, s := range Excerpt(spans, 60) {
			if !utf8.ValidString(s.Text) {
				t.Fatalf("excerpt %+v", s)
			}
		}
	})
}
