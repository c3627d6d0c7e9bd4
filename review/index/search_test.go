package index

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"saring/review"
	"saring/rules"
)

// library is a dozen harmless posts, told apart by their ids.
func library(t testing.TB) *Index {
	x := open(t, t.TempDir())
	var s script
	day := func(n int) time.Time { return monday.AddDate(0, 0, n) }
	list := []sample{
		{id: "a", text: "Mereka menyerang pos polisi di kota lama.", category: rules.Threat, severity: rules.High, score: 7, rules: []string{"r1", "r2"}, at: day(0)},
		{id: "b", text: "Serangan ke kota, kata saksi.", category: rules.Incitement, severity: rules.Critical, score: 9.5, rules: []string{"r1"}, channel: "Beta", at: day(1)},
		{id: "c", text: "Kota tua yang indah. Jum'at libur.", category: rules.Glorification, severity: rules.Low, score: 5, rules: []string{"r3"}, channel: "beta_dua", at: day(2)},
		{id: "d", lang: "en", text: "They attacked the old city, the attackers said.", category: rules.Threat, severity: rules.Medium, score: 6, rules: []string{"e1"}, at: day(8)},
		{id: "e", lang: "en", text: "An attack on the city: join us, brothers!", category: rules.Recruitment, severity: rules.High, score: 12.25, rules: []string{"e1", "e2"}, channel: "Beta", at: day(9)},
		{id: "f", text: "ser\u200bang! 𝐊𝐎𝐓𝐀 anak-anak", category: rules.Financing, severity: rules.Medium, score: 5.5, rules: []string{"r1"}, at: day(-7)},
	}
	var entries []Entry
	for _, l := range list {
		entries = append(entries, s.flag(l.flag(t)))
	}
	entries = append(entries, s.decide(entries[2].Flag, review.Dismiss, monday), s.decide(entries[1].Flag, review.Uphold, monday))
	apply(t, x, entries...)
	return x
}

func TestSearch(t *testing.T) {
	x := library(t)
	for query, want := range map[string]string{
		"": "e d c b a f",
		// words: all must occur, in any inflection of their language
		"kota":           "c b a f",
		"serang":         "b a f",
		"SERANGAN kota":  "b a f",
		"diserang":       "b a f",
		"menyerang lama": "a",
		"attack":         "e d",
		"attacking":      "e d",
		"attacked city":  "e d",
		"jumat":          "c",
		"jum’at":         "c",
		"tidakada":       "",
		"kota attack":    "",
		"ｋｏｔａ":           "c b a f",
		"zzz* kota":      "",
		// phrases: as written
		`"serangan ke kota"`:       "b",
		`"serang ke kota"`:         "",
		`"kota tua"`:               "c",
		`"Kota. LAMA!"`:            "a",
		`"the old city"`:           "d",
		`"serang"`:                 "f",
		`"menyerang"`:              "a",
		"anak-anak":                "f",
		`"anak"`:                   "f",
		`"kota lama" "pos polisi"`: "a",
		// prefixes
		"seran*":    "b f",
		"meny*":     "a",
		"att*":      "e d",
		"SER* kot*": "b f",
		// negation
		"-kota":              "e d",
		"kota -serang":       "c",
		`kota -"kota tua"`:   "b a f",
		"kota -seran*":       "c a",
		"-category:threat":   "e c b f",
		"kota -channel:beta": "c a f",
		"-status:open":       "c b",
		"-after:2026-11-18":  "b a f",
		// fields
		"channel:alpha":                        "d a f",
		"channel:@BETA":                        "e b",
		"channel:-1008":                        "c",
		`channel:"beta" channel:beta_dua`:      "e c b",
		"category:threat":                      "d a",
		"category:threat category:financing":   "d a f",
		"severity:critical severity:high kota": "b a",
		"language:en":                          "e d",
		"Language:ID kota severity:low":        "c",
		"rule:r1":                              "b a f",
		"rule:e1 rule:r3":                      "e d c",
		"rule:e1 -rule:e2":                     "d",
		"rule:R1":                              "",
		"status:open":                          "e d a f",
		"status:upheld":                        "b",
		"status:dismissed":                     "c",
		"platform:telegram":                    "e d c b a f",
		"platform:other":                       "",
		// days, in WIB
		"after:2026-11-17":                    "e d c b",
		"before:2026-11-17":                   "a f",
		"after:2026-11-17 before:2026-11-19":  "c b",
		"after:2026-11-17 after:2026-11-25":   "e",
		"before:2026-11-01":                   "",
		"after:2026-11-20 before:2026-11-10":  "",
		"kota after:2026-11-16 channel:alpha": "a",
	} {
		var posts []string
		for _, id := range strings.Fields(want) {
			posts = append(posts, id+":0")
		}
		wantIDs(t, x, query, strings.Join(posts, " "))
	}
}

// Hostile queries are refused or answered at once; none is passed on to bleve's own query language.
func TestHostileQueries(t *testing.T) {
	x := library(t)
	for _, query := range []string{
		`/.*/`, `***`, `*`, `text:/.*/`, `+kota^1000~2`, `_id:*`, `flag:*`, strings.Repeat("kota OR ", 10_000), strings.Repeat("(", 500),
		strings.Repeat(`"`, 999), strings.Repeat("-", 999), strings.Repeat("a", MaxQuery-1) + "*", strings.Repeat("ab ", MaxParts),
		"\x00kota", "kota\u202e", `"` + strings.Repeat("kota ", 200) + `"`, `channel:"\`, "=serang", "men* ber* ter* pen* mem* per*",
	} {
		start := time.Now()
		q, err := ParseQuery(query)
		if err == nil {
			_, err = x.Search(t.Context(), q)
		}
		var e *QueryError
		if err != nil && !errors.As(err, &e) || time.Since(start) > time.Second {
			t.Errorf("%.30q: %v after %v", query, err, time.Since(start))
		}
	}
}

func TestPrefixOfMoreWordsThanClauses(t *testing.T) {
	x := open(t, t.TempDir())
	var s script
	var b strings.Builder
	for i := range 3 * maxClauses {
		fmt.Fprintf(&b, "kata%d ", i)
	}
	apply(t, x, s.flag(sample{id: "a", text: b.String()}.flag(t)), s.flag(sample{id: "b", text: "katak"}.flag(t)))
	wantIDs(t, x, "kat*", "a:0 b:0")
	wantIDs(t, x, "kata* -katak", "a:0")
	wantIDs(t, x, "-kat*", "")
	for week := range 7 {
		b.Reset()
		for i := range 3000 {
			fmt.Fprintf(&b, "kata%d ", 3000*week+i)
		}
		apply(t, x, s.flag(sample{id: fmt.Sprint(week), text: b.String()}.flag(t)))
	}
	q, err := ParseQuery("kat*")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x.Search(t.Context(), q); !errors.Is(err, ErrTooBroad) {
		t.Errorf("more words than a prefix may stand for: %v", err)
	}
	wantIDs(t, x, "kata2099*", "0:0 6:0 a:0")
}

func TestSort(t *testing.T) {
	x := library(t)
	for sort, want := range map[Sort]string{
		Newest: "e d c b a f", Oldest: "f a b c d e", BySeverity: "b e a d f c", ByScore: "e b a d f c",
	} {
		for size := 1; size <= 6; size++ {
			var got []string
			for page := 1; page <= 6; page++ {
				r, err := x.Search(t.Context(), Query{Sort: sort, Page: page, Size: size})
				if err != nil || r.Total != 6 || r.Pages != (6+size-1)/size {
					t.Fatalf("%s: %+v, %v", sort, r, err)
				}
				if page > r.Pages {
					if r.Page != r.Pages || len(r.Hits) == 0 {
						t.Errorf("page %d became %d of %d with %d flags", page, r.Page, r.Pages, len(r.Hits))
					}
					continue
				}
				for _, h := range r.Hits {
					got = append(got, h.Flag.Post.ID())
				}
			}
			if g := strings.Join(got, " "); g != want {
				t.Errorf("%s by %d: %q, want %q", sort, size, g, want)
			}
		}
	}
}

func TestBounds(t *testing.T) {
	for _, tc := range []struct{ page, size, wantPage, wantSize int }{
		{0, 0, 1, DefaultSize}, {-5, -1, 1, DefaultSize}, {1 << 40, 1 << 40, MaxDepth / MaxSize, MaxSize}, {3, 10, 3, 10},
	} {
		q := Query{Page: tc.page, Size: tc.size}
		if q.bound(); q.Page != tc.wantPage || q.Size != tc.wantSize {
			t.Errorf("page %d of %d became %d of %d", tc.page, tc.size, q.Page, q.Size)
		}
	}
	if _, err := ParseSort("best"); err == nil || !strings.Contains(err.Error(), "newest") {
		t.Errorf("ParseSort: %v", err)
	}
	if s, err := ParseSort(""); s != Newest || err != nil {
		t.Errorf("ParseSort: %v, %v", s, err)
	}
}

func TestFacetsAreExact(t *testing.T) {
	x := library(t)
	for query, want := range map[string]string{
		"": "status open=4 dismissed=1 upheld=1; severity high=2 medium=2 critical=1 low=1; " +
			"category threat=2 financing=1 glorification=1 incitement=1 recruitment=1; language id=4 en=2; " +
			"channel alpha=3 beta=2 beta_dua=1; rule r1=3 e1=2 e2=1 r2=1 r3=1",
		"serang -channel:beta": "status open=2; severity high=1 medium=1; category financing=1 threat=1; language id=2; channel alpha=2; rule r1=2 r2=1",
		"tidakada":             "status; severity; category; language; channel; rule",
	} {
		var facets []string
		for _, f := range find(t, x, query).Facets {
			s := f.Field
			for _, v := range f.Values {
				s += fmt.Sprintf(" %s=%d", v.Value, v.Count)
			}
			facets = append(facets, s)
		}
		if got := strings.Join(facets, "; "); got != want {
			t.Errorf("facets of %q:\n got %s\nwant %s", query, got, want)
		}
	}
}

// What a facet counts is what a click on it finds.
func TestFacetCountIsWhatItsFilterFinds(t *testing.T) {
	x := library(t)
	q, err := ParseQuery("-kota*")
	if err != nil {
		t.Fatal(err)
	}
	r, err := x.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Facets {
		for _, v := range f.Values {
			if n := find(t, x, q.Toggle(f.Field, v.Value).String()).Total; n != v.Count {
				t.Errorf("%s:%s counts %d, finds %d", f.Field, v.Value, v.Count, n)
			}
		}
	}
}

func TestFacetsOfManyChannels(t *testing.T) {
	x := open(t, t.TempDir())
	var s script
	for week := range 3 {
		var entries []Entry
		for i := range 300 {
			entries = append(entries, s.flag(sample{
				id: fmt.Sprint(i), channel: fmt.Sprintf("kanal_%d", i%200), text: "x", at: monday.AddDate(0, 0, 7*week),
			}.flag(t)))
		}
		apply(t, x, entries...)
	}
	for _, f := range find(t, x, "").Facets {
		n := 0
		for _, v := range f.Values {
			n += v.Count
		}
		if f.Field == "channel" && (len(f.Values) != 200 || n != int(x.Count())) {
			t.Errorf("%d channels, %d flags of %d", len(f.Values), n, x.Count())
		}
	}
}

func TestSearchStopsWithItsContext(t *testing.T) {
	x := library(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := x.Search(ctx, Query{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), -1)
	defer cancel()
	if _, err := x.Search(ctx, Query{}); !errors.Is(err, ErrDeadline) {
		t.Errorf("late: %v", err)
	}
	x.Close()
	if _, err := x.Search(t.Context(), Query{}); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestWeeks(t *testing.T) {
	for _, tc := range []struct{ at, week string }{
		{"2026-11-16T00:00:00Z", "2026-W47"}, {"2026-11-15T23:59:59Z", "2026-W46"}, {"2027-01-01T00:00:00Z", "2026-W53"}, {"2024-12-30T00:00:00Z", "2025-W01"},
	} {
		at, err := time.Parse(time.RFC3339, tc.at)
		if err != nil {
			t.Fatal(err)
		}
		w := weekOf(at)
		start, ok := w.start()
		if string(w) != tc.week || !ok || start.After(at) || !start.AddDate(0, 0, 7).After(at) {
			t.Errorf("%s is in %s from %v", tc.at, w, start)
		}
	}
	for _, name := range []string{"", "2026-W60", "2026-W4", "state.bolt", "2026-W00", "2025-W53"} {
		if _, ok := week(name).start(); ok {
			t.Errorf("%q is no week", name)
		}
	}
}

// Flags are written, searched and decided at once.
func TestConcurrentUse(t *testing.T) {
	x := open(t, t.TempDir())
	done := make(chan error)
	go func() {
		var err error
		for i := range 20 {
			f := sample{id: fmt.Sprint(i), text: "kota", at: monday.AddDate(0, 0, i)}.flag(t)
			err = errors.Join(err, x.Apply(t.Context(), []Entry{{Stream: "FLAGS", Seq: uint64(i + 1), Flag: f}}),
				x.Apply(t.Context(), []Entry{{Stream: "DECISIONS", Seq: uint64(i + 1), Decision: decision(f.ID, review.Uphold, monday)}}))
		}
		done <- err
	}()
	for running := true; running; {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			running = false
		default:
			find(t, x, "kota status:upheld")
			x.Position("FLAGS")
		}
	}
	if r := find(t, x, "status:upheld"); r.Total != 20 {
		t.Errorf("%d upheld", r.Total)
	}
}
