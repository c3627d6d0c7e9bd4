package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"saring/filter"
	"saring/ingest"
)

func TestExplainAText(t *testing.T) {
	b := stocked(t)
	b.login()
	wantIn(t, b.page("/"), `href="/explain"`)
	wantIn(t, b.page("/explain"), "Mengapa sebuah teks ditandai", `name="text"`, "tidak disimpan")
	resp, body := b.post("/explain", url.Values{"text": {"Ayo b3rbaiat kepada\r\nISIS, kami menunggu <b>"}})
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
	f, err := explainer()
	if err != nil {
		t.Fatal(err)
	}
	wantIn(t, body, "Akan ditandai", `<mark class="counts">b3rbaiat</mark>`, "menunggu &lt;b&gt;", "angka untuk huruf", "id-oath-to-group",
		"dalam rentang 3 kata: “b3rbaiat kepada ISIS”", "Pengecualian yang tidak terpenuhi", `title="rules/lexicons/recruitment.id.yml:`, f.Version())
	wantNotIn(t, body, "why.", "explain.", "<b>,")
	_, body = b.post("/explain", url.Values{"text": {"Selamat pagi, apa kabar?"}})
	wantIn(t, body, "Tidak ditandai", "Semua kata dibaca seperti tertulis", "Tidak ada aturan yang berlaku")

	b.post("/preferences", url.Values{"language": {"en"}, "back": {"/explain"}})
	_, body = b.post("/explain", url.Values{"text": {"Ayo b3rbaiat kepada ISIS"}, "drafts": {"1"}})
	wantIn(t, body, "It would be flagged", "digits for letters", "in a stretch of 3 words", "checked")
}

func TestExplainRefuses(t *testing.T) {
	b := stocked(t)
	for _, path := range []string{"/explain", "/explain?flag=x"} {
		if resp, _ := b.get(path); resp.StatusCode != http.StatusUnauthorized {
			t.Error(path, resp.Status)
		}
	}
	if resp, body := b.post("/explain", url.Values{"text": {"baiat"}}); resp.StatusCode != http.StatusUnauthorized || strings.Contains(body, "baiat") {
		t.Error(resp.Status)
	}
	b.login()
	for _, c := range []struct{ text, want string }{
		{" \n", "Tulis atau tempelkan"},
		{strings.Repeat("a", ingest.MaxText+1), "lebih panjang daripada kiriman"},
		{strings.Repeat("ä", 4*ingest.MaxText), "lebih panjang daripada kiriman"},
	} {
		resp, body := b.post("/explain", url.Values{"text": {c.text}})
		if resp.StatusCode != http.StatusBadRequest || len(body) > 20_000 {
			t.Errorf("%.20q: %s, %d bytes", c.text, resp.Status, len(body))
		}
		wantIn(t, body, c.want)
	}
	req := b.request(http.MethodPost, "/explain", url.Values{"text": {"baiat"}})
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if resp, _ := b.do(req); resp.StatusCode != http.StatusForbidden {
		t.Error("another site:", resp.Status)
	}
	if resp, _ := b.get("/explain?flag=0000"); resp.StatusCode != http.StatusNotFound {
		t.Error(resp.Status)
	}
	resp, body := b.post("/explain", url.Values{"text": {"\xff baiat"}})
	if resp.StatusCode != http.StatusOK {
		t.Error(resp.Status)
	}
	wantIn(t, body, "\uFFFD")
}

func TestExplainAFlag(t *testing.T) {
	b := stocked(t)
	f := flag(t, "9", "kabar_contoh", "Kabar Contoh", "Ayo berbaiat kepada ISIS, kami menunggu.", "berbaiat", nil)
	b.add(f)
	b.login()
	at := "/flags/" + f.ID + "?q=berbaiat"
	wantIn(t, b.page(at), `href="/explain?q=berbaiat&amp;flag=`+f.ID+`"`, "Mengapa ditandai?")
	body := b.page("/explain?q=berbaiat&flag=" + f.ID)
	wantIn(t, body, "Teks temuan di", "Akan ditandai", "id-oath-to-group", "dibuat oleh aturan versi "+f.Ruleset, `href="`+at+`"`)
	b.post("/preferences", url.Values{"texts": {"hide"}})
	body = b.page("/explain?flag=" + f.ID)
	if i := strings.Index(body, `<details class="hidden">`); i < 0 || strings.Contains(body[:i], "berbaiat") {
		t.Error("the text is not hidden")
	}

	all, err := explainer()
	if err != nil {
		t.Fatal(err)
	}
	same := flag(t, "10", "kabar_contoh", "", "Ayo berbaiat kepada ISIS", "", func(f *filter.Flag) { f.Ruleset = all.Version() })
	b.add(same)
	wantNotIn(t, b.page("/explain?flag="+same.ID), "dibuat oleh aturan versi")
}

func TestExplainElsewhere(t *testing.T) {
	b := newBench(t)
	h, err := New(Config{Index: b.index, Keys: b.keys, Decide: b.decide})
	if err != nil {
		t.Fatal(err)
	}
	b.server.Config.Handler = h
	b.login()
	wantIn(t, b.page("/explain"), "tidak menilai kiriman", "saring rules explain")
	_, body := b.post("/explain", url.Values{"text": {"baiat"}})
	wantIn(t, body, "tidak menilai kiriman")
}

// Texts that are explained go nowhere but to the page.
func TestExplainLogsNothing(t *testing.T) {
	b := stocked(t)
	b.login()
	b.post("/explain", url.Values{"text": {"rahasia berbaiat kepada ISIS"}})
	b.post("/explain", url.Values{"text": {strings.Repeat("rahasia ", 40_000)}})
	b.get("/explain?flag=rahasia")
	wantIn(t, b.log.String(), "POST /explain")
	wantNotIn(t, b.log.String(), "rahasia", "berbaiat")
}

// An author's way: paste a text, see why, open a rule that does not apply, and come from a flag.
func TestAuthorInABrowser(t *testing.T) {
	b := chromium(t)
	desk := manyFlags(t)
	text := "Ayo b3rbaiat kepada Ｄａｕｌａｈ Islamiyah, kami menunggu kalian! Jangan lupa \"bunuh waktu\" dengan membaca. 🌿"
	f := flag(t, "9", "kabar_contoh", "Kabar Contoh", text, "b3rbaiat", nil)
	desk.add(f)
	b.do(chromedp.Navigate(desk.server.URL + "/login?token=" + desk.keys.NewLink(time.Minute)))
	b.see("#q")
	b.click(`nav a[href="/explain"]`)
	b.see("#text")
	b.shot("explain-empty-id")
	if got := ask[string](b, "document.activeElement.id"); got != "text" {
		t.Errorf("the focus is on %q", got)
	}
	b.do(chromedp.SetValue(chromedp.CSS("#text"), text))
	ask[bool](b, `document.getElementById("text").dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", ctrlKey: true, bubbles: true}))`)
	b.see("#verdict")
	b.shot("explain-id")
	if got := b.text("#verdict .verdict"); got != "Akan ditandai" {
		t.Errorf("verdict %q", got)
	}
	if got := ask[string](b, `[...document.querySelectorAll("mark.counts")].map(m => m.textContent).join("|")`); !strings.Contains(got, "b3rbaiat|") || !strings.Contains(got, "Ｄａｕｌａｈ Islamiyah|") {
		t.Errorf("hits %q", got)
	}
	ask[bool](b, `document.querySelectorAll("details.trial:nth-of-type(1), details.trial > details.quiet").forEach(d => d.open = true), true`)
	b.shot("explain-open-id")
	b.do(chromedp.EmulateViewport(390, 844))
	b.shot("explain-narrow-id")
	if ask[bool](b, `document.documentElement.scrollWidth > innerWidth`) {
		t.Error("the page is wider than the screen")
	}
	b.do(chromedp.EmulateViewport(1280, 900), chromedp.Navigate(desk.server.URL+"/flags/"+f.ID))
	b.see(".whylink a")
	b.click("button[name=language]")
	b.see("html[lang=en] .whylink a")
	b.click(".whylink a")
	b.see("#other")
	b.shot("explain-flag-en")
	b.click(".back a")
	b.see("#decision")
}
