package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"saring/filter"
	"saring/review"
)

// decided adds flags of a rule, the first of which are upheld, the next dismissed and the others open.
func (b *bench) decided(rule string, upheld, dismissed, open int) (first *filter.Flag) {
	b.t.Helper()
	for i := range upheld + dismissed + open {
		f := flag(b.t, fmt.Sprint(rule, "-", i), "kabar_contoh", "Kabar Contoh", "Sebuah contoh yang tidak berarti.", "contoh", func(f *filter.Flag) {
			f.Rules = []filter.RuleScore{{ID: rule, Title: "Aturan " + rule, Score: 6}}
		})
		b.add(f)
		if first == nil {
			first = f
		}
		d := review.Decision{ID: review.NewID(), Flag: f.ID, Outcome: review.Uphold, Reason: "violates", DecidedAt: f.FlaggedAt.Add(time.Hour)}
		if i >= upheld {
			d.Outcome, d.Reason = review.Dismiss, "news"
		}
		if i >= upheld+dismissed {
			continue
		}
		if err := b.decide(b.t.Context(), d); err != nil {
			b.t.Fatal(err)
		}
	}
	return first
}

// brake puts brakes on as of one time.
func (b *bench) brake(rules ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.braked = nil
	for _, r := range rules {
		b.braked = append(b.braked, Brake{Rule: r, Reason: "fired on 412 of 20000 posts (2.06 %) after its change", At: time.Date(2026, 11, 21, 7, 3, 0, 0, time.UTC)})
	}
}

// row is what the page has of a rule.
func row(t *testing.T, body, rule string) string {
	t.Helper()
	_, after, ok := strings.Cut(body, `<tr id="`+rule+`"`)
	if !ok {
		t.Fatalf("the page lacks the rule %s", rule)
	}
	out, _, _ := strings.Cut(after, "</tr>")
	return out
}

func TestRules(t *testing.T) {
	b := newBench(t)
	if resp, body := b.get("/rules"); resp.StatusCode != http.StatusUnauthorized || strings.Contains(body, "contoh") {
		t.Error("without a session:", resp.Status)
	}
	b.decided("contoh-1", 17, 3, 4)
	b.decided("contoh-3", 0, 0, 2)
	b.login()
	wantIn(t, b.page("/"), `href="/rules">Aturan</a>`)
	body := b.page("/rules")
	wantIn(t, body, "5 aturan", `<caption>Ancaman</caption>`)
	wantNotIn(t, body, "rules.", "rulestatus.", "brake.", "direm", `id="idle"`, `id="old"`, `id="unmeasured"`)
	for rule, parts := range map[string][]string{
		"contoh-1": {`href="/?q=rule:contoh-1"`, "Peringatkan", "Tinggi", "<span>24</span>", "17 / 3", "<b>85 %</b>", "64–95 %", `x="64" width="31"`, "2026-11-20",
			"pada 12.000 kiriman", "2099-01-01", "Meja leksikon", "Pembaca kedua", "&lt;b&gt;di luar&lt;/b&gt;", "<li dir=\"auto\">Rujukan kedua, halaman 12</li>", "kamus &amp; teka-teki"},
		"contoh-3": {"Tahan", "Inggris", "<span>2</span>", "belum ada keputusan", "2026-11-20", "lewat"},
		"contoh-4": {"Bayangan", "Keduanya", "<span>0</span>", "12 hari lagi"},
		"contoh-5": {"Draf"},
	} {
		wantIn(t, row(t, body, rule), parts...)
	}
	wantNotIn(t, row(t, body, "contoh-1"), "lewat", "hari lagi", "held")
	if a, c := strings.Index(body, `id="contoh-3"`), strings.Index(body, `id="contoh-1"`); a > c {
		t.Error("the categories are not in their order")
	}
	for by, first := range map[string]string{"flags": "contoh-1", "precision": "contoh-1", "expires": "contoh-3", "nonsense": "contoh-3"} {
		_, after, _ := strings.Cut(b.page("/rules?by="+by), "<tbody>")
		if !strings.HasPrefix(after, `<tr id="`+first+`"`) {
			t.Errorf("by %s: %.40s", by, after)
		}
	}
}

func TestBrakesAreOnEveryPage(t *testing.T) {
	b := stocked(t)
	f := b.decided("contoh-1", 1, 0, 0)
	pages := []string{"/", "/rules", "/explain", "/flags/" + f.ID}
	b.login()
	for _, path := range pages {
		wantNotIn(t, b.page(path), `id="brake"`)
	}
	b = stocked(t)
	b.decided("contoh-1", 1, 0, 0)
	b.brake("contoh-1", "contoh-2")
	resp, body := b.get("/")
	if resp.StatusCode != http.StatusUnauthorized {
		t.Fatal(resp.Status)
	}
	wantNotIn(t, body, `id="brake"`)
	b.login()
	for _, path := range pages {
		wantIn(t, b.page(path), `id="brake"`, "2 aturan direm", `href="/rules#contoh-1"`, "sejak 2026-11-21 14:03 WIB", `href="/rules">Lihat aturan`)
	}
	body = b.page("/rules")
	wantIn(t, row(t, body, "contoh-1"), "Direm sejak 2026-11-21 14:03 WIB:", "fired on 412 of 20000 posts", "saring rules release contoh-1", "<s>Peringatkan</s>")
	wantIn(t, body, "2 direm")
	resp, body = b.get("/nowhere")
	if resp.StatusCode != http.StatusNotFound {
		t.Fatal(resp.Status)
	}
	wantIn(t, body, `id="brake"`)

	many := newBench(t)
	many.brake("a", "b", "c", "d", "e", "f")
	many.login()
	wantIn(t, many.page("/"), "6 aturan direm", "dan 2 lagi")
}

// What cannot be known is said, and nothing fails.
func TestRulesThatNobodyTells(t *testing.T) {
	b := stocked(t)
	b.decided("contoh-1", 1, 0, 0)
	b.silent = errors.New("the broker is away")
	b.login()
	wantIn(t, b.page("/rules"), `id="unknown"`, "saring rules list")
	wantNotIn(t, b.page("/"), `id="brake"`)
	wantIn(t, b.log.String(), "the rules in use cannot be told", "the broker is away")

	h, err := New(Config{Index: b.index, Keys: b.keys, Decide: b.decide})
	if err != nil {
		t.Fatal(err)
	}
	b.server.Config.Handler = h
	wantIn(t, b.page("/rules"), "tidak tahu aturan mana", "saring rules list")
	wantNotIn(t, b.page("/"), `id="brake"`)
}

func TestPrecisionBesideAFlag(t *testing.T) {
	b := newBench(t)
	f, open := b.decided("contoh-1", 17, 3, 0), b.decided("contoh-2", 0, 0, 1)
	b.login()
	wantIn(t, b.page("/flags/"+f.ID), "17 dari 20 dikuatkan, 64–95 %", `href="/rules#contoh-1"`)
	wantIn(t, b.page("/flags/"+open.ID), "belum ada keputusan tentang aturan ini")
	b.post("/flags/"+open.ID+"/decision", url.Values{"id": {review.NewID()}, "outcome": {"dismiss"}, "reason": {"art"}})
	wantIn(t, b.page("/flags/"+open.ID), "0 dari 1 dikuatkan, 0–79 %") // at once after a decision made here
	b.post("/preferences", url.Values{"language": {"en"}})
	wantIn(t, b.page("/flags/"+f.ID), "17 of 20 upheld, 64–95 %")
}

func TestExpiry(t *testing.T) {
	now := time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		day     string
		expired bool
		days    int
	}{
		{"", false, 0}, {"2026-11-21", true, 0}, {"2026-11-22", true, 0}, {"2026-11-23", false, 1}, {"2026-12-22", false, 30}, {"2026-12-23", false, 0},
	} {
		if expired, days := expiry(c.day, now); expired != c.expired || days != c.days {
			t.Errorf("%s: %t, in %d days", c.day, expired, days)
		}
	}
}

// Many requests ask once, none of them waits for an answer while there is an old one, and an error takes no value away.
func TestKept(t *testing.T) {
	var asked atomic.Int32
	var fail atomic.Bool
	gate := make(chan bool, 1)
	k := &kept[int]{good: time.Hour, wait: time.Minute, ask: func(context.Context) (int, error) {
		n := asked.Add(1)
		<-gate
		if fail.Load() {
			return 0, errors.New("away")
		}
		return int(n), nil
	}}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if a := k.get(t.Context()); a.value != 1 || a.err != nil || !a.known() {
				t.Errorf("%+v", a)
			}
		})
	}
	gate <- true
	all.Wait()
	k.forget()
	fail.Store(true)
	all.Go(func() {
		if a := k.get(t.Context()); a.value != 1 || a.err == nil || !a.known() {
			t.Errorf("after an error: %+v", a)
		}
	})
	for asked.Load() < 2 {
		time.Sleep(time.Millisecond)
	}
	if a := k.get(t.Context()); a.value != 1 || a.err != nil {
		t.Errorf("while it is asked: %+v", a)
	}
	gate <- true
	all.Wait()
	if asked.Load() != 2 {
		t.Errorf("asked %d times", asked.Load())
	}
	if a := (&kept[int]{ask: func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }, wait: time.Millisecond}).get(t.Context()); a.err == nil || a.known() {
		t.Errorf("without an answer: %+v", a)
	}
}

// A moderator learns of a brake, looks at the rules, and searches for the flags of one.
func TestRulesInABrowser(t *testing.T) {
	b := chromium(t)
	desk := newBench(t)
	f := desk.decided("contoh-1", 17, 3, 4)
	desk.decided("contoh-3", 0, 2, 1)
	desk.brake("contoh-2")
	b.do(chromedp.Navigate(desk.server.URL + "/login?token=" + desk.keys.NewLink(time.Minute)))
	b.see("#brake")
	b.shot("brake-id")
	b.click(`#brake a[href="/rules"]`)
	b.see(".inuse")
	b.shot("rules-id")
	b.click("#contoh-1 summary")
	b.see("#contoh-1 dl")
	b.shot("rules-open-id")
	b.do(chromedp.EmulateViewport(390, 844))
	b.shot("rules-narrow-id")
	if ask[bool](b, `document.documentElement.scrollWidth > innerWidth`) {
		t.Error("the page is wider than the screen")
	}
	b.do(chromedp.EmulateViewport(1280, 900))
	b.click(`.orders a[href="/rules?by=precision"]`)
	b.see(".orders [aria-current]")
	b.click("button[name=language]")
	b.see("html[lang=en] .inuse")
	if first := ask[string](b, `document.querySelector(".inuse tbody tr").id`); first != "contoh-3" {
		t.Errorf("the lowest precision has %q", first)
	}
	b.shot("rules-precision-en")
	b.do(chromedp.Focus(chromedp.CSS("#contoh-1 .title")))
	b.key("\r")
	b.see(".flag")
	if n := ask[int](b, `document.querySelectorAll(".flag").length`); n != 24 {
		t.Errorf("%d flags of the rule on the first page", n)
	}
	b.do(chromedp.Navigate(desk.server.URL + "/flags/" + f.ID))
	b.see(".plain .precision")
	b.shot("flag-precision-en")
	b.do(chromedp.EmulateViewport(390, 844))
	b.shot("flag-precision-narrow-en")
	if ask[bool](b, `document.documentElement.scrollWidth > innerWidth`) {
		t.Error("the flag is wider than the screen")
	}
	b.click(".plain li a")
	b.see("tr:target")
}
