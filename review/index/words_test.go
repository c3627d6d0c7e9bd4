package index

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "",
		"Halo, dunia!":                    "halo dunia",
		"Jum'at jum’at don't":             "jumat jumat dont",
		"se\u200bra\u200dng se\u00adrang": "serang serang",
		"ＦＵＬＬ 𝐛𝐨𝐥𝐝 é e\u0301":           "full bold e e",
		"anak-anak t.me/kabar_x #tagar": "anak anak t me kabar x tagar",
		"'kutip' ‘a’":                   "kutip a",
		"الْحَمْدُ ـ":                   "الحمد",
		"\xff\xfe rusak\xff":            "rusak",
		"😀 5kg ½":                       "5kg 12",
		"…—***/.*/":                     "",
		"\u200b\u200b":                  "",
	} {
		var got []string
		for _, w := range words(text) {
			got = append(got, w.term)
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("words of %q: %q, want %q", text, g, want)
		}
	}
}

func TestLongWordIsCut(t *testing.T) {
	ws := words(strings.Repeat("é", 5000))
	if len(ws) != 1 || len(ws[0].term) != maxWord || ws[0].end != 10000 {
		t.Errorf("got %d words", len(ws))
	}
}

func FuzzWords(f *testing.F) {
	f.Add("Jum'at ser\u200bang ＦＵＬＬ ½ \xff الْحَمْدُ")
	f.Fuzz(func(t *testing.T, text string) {
		at := 0
		for _, w := range words(text) {
			if w.start < at || w.end <= w.start || w.end > len(text) {
				t.Fatalf("word %+v after %d", w, at)
			}
			if w.term == "" || len(w.term) > maxWord || strings.HasPrefix(w.term, stemMark) || !utf8.ValidString(w.term) {
				t.Fatalf("term %q", w.term)
			}
			if again := fold(w.term); again != w.term && len(w.term) < maxWord-8 {
				t.Fatalf("folding %q again gives %q", w.term, again)
			}
			stem("id", w.term)
			stem("en", w.term)
			at = w.end
		}
	})
}
