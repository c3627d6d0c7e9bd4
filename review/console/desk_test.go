package console

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"saring/filter"
	"saring/review"
	"saring/review/index"
	"saring/rules"
)

func stocked(t *testing.T) *bench {
	b := newBench(t)
	b.add(
		flag(t, "1", "kabar_contoh", "Kabar Contoh", "Kita menyerang kota itu <b>besok</b>, kata tokoh di film.", "menyerang", nil),
		flag(t, "2", "berita_kita", "Berita & Kita", "Serangan jantung: kenali gejalanya.", "Serangan", func(f *filter.Flag) {
			f.Severity, f.Category = rules.Low, rules.Incitement
		}),
		flag(t, "3", "english_sample", "English Sample", "The chess player attacked on move nine.", "attacked", func(f *filter.Flag) {
			f.Language, f.Severity, f.Category = "en", rules.Critical, rules.Glorification
		}),
	)
	return b
}

func TestNothingWithoutASession(t *testing.T) {
	b := stocked(t)
	id := filter.FlagID(flag(t, "1", "kabar_contoh", "", "x", "", nil).Post)
	for _, path := range []string{"/", "/?q=kota", "/flags/" + id, "/nowhere", "/flags/" + id + "/decision"} {
		resp, body := b.get(path)
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("GET %s: %s", path, resp.Status)
		}
		wantIn(t, body, "Anda belum masuk", "You are not logged in", "saring login")
		wantNotIn(t, body, "Kabar", "menyerang")
	}
	for _, path := range []string{"/flags/" + id + "/decision", "/preferences", "/logout"} {
		if resp, _ := b.post(path, url.Values{"outcome": {"uphold"}, "reason": {"violates"}, "id": {"x"}}); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("POST %s: %s", path, resp.Status)
		}
	}
	resp, body := b.get("/api/search?q=kota")
	if resp.StatusCode != http.StatusUnauthorized || !strings.Contains(body, `"error"`) {
		t.Errorf("api: %s %s", resp.Status, body)
	}
	if len(b.decisions) != 0 {
		t.Error("somebody decided")
	}
	if resp, _ := b.get("/static/desk.css"); resp.StatusCode != http.StatusOK {
		t.Errorf("style: %s", resp.Status)
	}
}

func TestLoginLinks(t *testing.T) {
	b := stocked(t)
	link := "/login?token=" + b.keys.NewLink(time.Minute)
	resp, _ := b.get(link)
	c := resp.Cookies()
	if resp.StatusCode != http.StatusSeeOther || len(c) != 1 || !c[0].HttpOnly || c[0].SameSite != http.SameSiteLaxMode || c[0].MaxAge != 12*60*60 {
		t.Fatalf("%s %+v", resp.Status, c)
	}
	b.page("/")
	b.client = b.browser() // somebody else
	for path, want := range map[string]string{
		link: "Tautan ini sudah dipakai", "/login?token=x": "This link is not valid", "/login": "Tautan ini tidak berlaku",
		"/login?token=" + b.keys.NewLink(-1): "This link has expired", "/login?token=" + b.keys.APIToken(time.Minute): "This link is not valid",
	} {
		resp, body := b.get(path)
		if resp.StatusCode != http.StatusForbidden || len(resp.Cookies()) != 0 {
			t.Errorf("%s: %s", want, resp.Status)
		}
		wantIn(t, body, want, "saring login")
	}
	if resp, _ := b.get("/"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("after bad links: %s", resp.Status)
	}
}

func TestLogoutEndsTheSessionEverywhere(t *testing.T) {
	b := stocked(t)
	b.login()
	u, _ := url.Parse(b.server.URL)
	stolen := b.client.Jar.Cookies(u)
	resp, body := b.post("/logout", nil)
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
	wantIn(t, body, "Anda sudah keluar")
	if resp, _ := b.get("/"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("after logout: %s", resp.Status)
	}
	b.client.Jar.SetCookies(u, stolen)
	if resp, _ := b.get("/"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("with a copy of the cookie: %s", resp.Status)
	}
}

func TestHeaders(t *testing.T) {
	b := stocked(t)
	b.login()
	for _, path := range []string{"/", "/?q=%22", "/nowhere", "/api/search", "/static/desk.js"} {
		resp, body := b.get(path)
		for k, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'", "Referrer-Policy": "no-referrer",
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		} {
			if !strings.HasPrefix(resp.Header.Get(k), want) {
				t.Errorf("%s: %s is %q", path, k, resp.Header.Get(k))
			}
		}
		wantNotIn(t, body, "<style", "style=", "onclick", "javascript:", "<script>")
		if strings.HasPrefix(path, "/static") == (resp.Header.Get("Cache-Control") == "no-store") {
			t.Errorf("%s: Cache-Control is %q", path, resp.Header.Get("Cache-Control"))
		}
	}
}

func TestList(t *testing.T) {
	b := stocked(t)
	b.login()
	body := b.page("/")
	wantIn(t, body, `<html lang="id">`, "<b>3 temuan</b>", "Kita <mark class=\"hit\">menyerang</mark> kota itu &lt;b&gt;besok&lt;/b&gt;",
		"Berita &amp; Kita", "@kabar_contoh", "2026-11-20 15:15 WIB", "08:15 UTC", "Kritis", "Ancaman", "Terbuka", "Aturan contoh", "7,5")
	body = b.page("/?q=" + url.QueryEscape("kota"))
	wantIn(t, body, "<b>1 temuan</b>", `<mark class="query">kota</mark>`, `value="kota"`, "/?q=kota&#43;severity%3Ahigh")
	wantNotIn(t, body, "Berita &amp; Kita")
	body = b.page("/?q=" + url.QueryEscape("category:threat"))
	wantIn(t, body, `<a href="/" class="active"`)
	body = b.page("/?sort=severity")
	if first := body[strings.Index(body, `class="title"`):]; !strings.Contains(first[:200], "telegram/-1001234567890/3") {
		t.Error("the gravest is not first")
	}
	wantIn(t, b.page("/?q=tidakada"), "Tidak ada temuan yang cocok")
	wantIn(t, b.page("/?page=99&sort=oldest"), "<b>3 temuan</b>")
	wantIn(t, b.page("/?sort=best&page=x"), "Urutan itu tidak dikenal", "<b>3 temuan</b>")
}

func TestPaging(t *testing.T) {
	b := newBench(t)
	var flags []*filter.Flag
	for i := range 60 {
		flags = append(flags, flag(t, string(rune('A'+i)), "kanal", "", "kota", "", nil))
	}
	b.add(flags...)
	b.login()
	seen := map[string]bool{}
	next := regexp.MustCompile(`rel="next" href="([^"]+)"`)
	path := "/?q=kota"
	for pages := 1; ; pages++ {
		body := b.page(path)
		for _, m := range regexp.MustCompile(`class="title" href="/flags/([0-9a-f]+)`).FindAllStringSubmatch(body, -1) {
			seen[m[1]] = true
		}
		m := next.FindStringSubmatch(body)
		if m == nil {
			wantIn(t, body, "Halaman 3 dari 3", `rel="prev"`)
			break
		}
		if path = strings.ReplaceAll(m[1], "&amp;", "&"); pages > 3 {
			t.Fatal("too many pages")
		}
	}
	if len(seen) != 60 {
		t.Errorf("%d flags on all pages", len(seen))
	}
}

func TestQueryErrorsAreSaidInTheLanguageOfTheDesk(t *testing.T) {
	b := stocked(t)
	b.login()
	for query, want := range map[string][2]string{
		"kota category:spam":          {"huruf ke-15: “spam” bukan nilai bidang ini. Yang mungkin: incitement, glorification", "at character 15: “spam” is not a value"},
		"kanal:x":                     {"tidak ada bidang “kanal”. Yang ada: channel, category", "there is no field “kanal”"},
		`"<i>`:                        {"huruf ke-1: tanda kutip tidak ditutup", "never closed"},
		"ab*":                         {"paling sedikit 3 huruf", "at least 3 letters"},
		"after:<script>":              {"“&lt;script&gt;” bukan tanggal", "is no date"},
		strings.Repeat("kata ", 1000): {"pencarian terlalu panjang", "too long"},
	} {
		for i, lang := range languages {
			b.post("/preferences", url.Values{"language": {lang}})
			resp, body := b.get("/?q=" + url.QueryEscape(query))
			if resp.StatusCode != http.StatusBadRequest {
				t.Errorf("%q: %s", query, resp.Status)
			}
			wantIn(t, body, want[i], `aria-invalid="true"`)
			wantNotIn(t, body, "<i>", "%!", "Kabar Contoh")
		}
	}
}

func TestPreferences(t *testing.T) {
	b := stocked(t)
	b.login()
	resp, _ := b.post("/preferences", url.Values{"language": {"en"}, "back": {"/?q=kota"}})
	if resp.Header.Get("Location") != "/?q=kota" {
		t.Errorf("back to %q", resp.Header.Get("Location"))
	}
	wantIn(t, b.page("/"), `<html lang="en">`, "3 flags", "Critical", "Hide texts", "7.5")
	b.post("/preferences", url.Values{"texts": {"hide"}})
	wantIn(t, b.page("/"), "Show texts", `<details class="hidden"><summary>Show text</summary>`)
	b.post("/preferences", url.Values{"texts": {"show"}, "language": {"xx"}})
	wantIn(t, b.page("/"), "Hide texts", `<html lang="en">`)
	for _, back := range []string{"", "https://else.example/", "//else.example", `/\else.example`, "javascript:alert(1)", "/\t/else.example"} {
		resp, _ := b.post("/preferences", url.Values{"back": {back}})
		if resp.Header.Get("Location") != "/" {
			t.Errorf("back %q leads to %q", back, resp.Header.Get("Location"))
		}
	}
}

// formOf finds the form of an outcome on a page.
func formOf(t *testing.T, body, outcome string) (path string, form url.Values) {
	t.Helper()
	m := regexp.MustCompile(`<form method="post" action="([^"]+/decision[^"]*)">\s*<input type="hidden" name="id" value="([0-9a-f]+)"><input type="hidden" name="outcome" value="` + outcome + `">`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no form to %s", outcome)
	}
	return strings.NewReplacer("&amp;", "&", "&#43;", "+").Replace(m[1]), url.Values{"id": {m[2]}, "outcome": {outcome}}
}

func TestFlagAndDecision(t *testing.T) {
	b := stocked(t)
	b.login()
	b.post("/preferences", url.Values{"language": {"en"}})
	f := flag(t, "1", "kabar_contoh", "", "x", "", nil)
	at := "/flags/" + f.ID + "?q=kota&sort=oldest"
	body := b.page(at)
	wantIn(t, body, `<mark class="hit">menyerang</mark> <mark class="query">kota</mark>`, "contoh-1", "3f9a51c07be2", "telegram/-1001234567890/1",
		`href="https://t.example/kabar_contoh/1" target="_blank" rel="noreferrer noopener nofollow"`, "5–14", `href="/?q=kota&amp;sort=oldest"`, "Counter-speech")
	path, form := formOf(t, body, "dismiss")
	if resp, body := b.post(path, form); resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, "choose an outcome and a reason") {
		t.Errorf("without a reason: %s", resp.Status)
	}
	form.Set("reason", "violates")
	if resp, _ := b.post(path, form); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("with a reason of the other outcome: %s", resp.Status)
	}
	form.Set("reason", "art")
	resp, _ := b.post(path, form)
	to := resp.Header.Get("Location")
	if resp.StatusCode != http.StatusSeeOther || to != at+"&saved=now" {
		t.Fatalf("%s to %q", resp.Status, to)
	}
	wantIn(t, b.page(to), "The decision is saved", "Dismissed", "Art, literature or satire", "Change the decision")
	wantIn(t, b.page("/?q=status:dismissed"), "<b>1 flag</b>", "@kabar_contoh")
	d := b.decisions[0]
	if d.Flag != f.ID || d.Outcome != review.Dismiss || d.Reason != "art" || d.ID != form.Get("id") || time.Since(d.DecidedAt) > time.Minute || d.Validate() != nil {
		t.Errorf("decision %+v", d)
	}
	b.post(path, form) // the form sent again is the same decision
	if len(b.decisions) != 2 || b.decisions[1].ID != d.ID {
		t.Errorf("decisions %+v", b.decisions)
	}
	path, form = formOf(t, b.page(to), "uphold")
	form.Set("reason", "violates")
	b.post(path, form)
	wantIn(t, b.page(at), "Upheld")
}

func TestDecisionThatCannotBeSaved(t *testing.T) {
	b := stocked(t)
	b.login()
	f := flag(t, "1", "kabar_contoh", "", "x", "", nil)
	path, form := formOf(t, b.page("/flags/"+f.ID), "uphold")
	form.Set("reason", "violates")
	b.refuse = errors.New("no broker")
	resp, body := b.post(path, form)
	if resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%s", resp.Status)
	}
	wantIn(t, body, "Keputusan belum tersimpan")
	wantIn(t, b.page("/flags/"+f.ID), "Terbuka")
	wantIn(t, b.log.String(), "no broker")
}

func TestOtherSitesCannotDecide(t *testing.T) {
	b := stocked(t)
	b.login()
	f := flag(t, "1", "kabar_contoh", "", "x", "", nil)
	path, form := formOf(t, b.page("/flags/"+f.ID), "uphold")
	form.Set("reason", "violates")
	for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://else.example"}} {
		req := b.request(http.MethodPost, path, form)
		req.Header.Del("Sec-Fetch-Site")
		req.Header.Set(header[0], header[1])
		if resp, _ := b.do(req); resp.StatusCode != http.StatusForbidden {
			t.Errorf("%v: %s", header, resp.Status)
		}
	}
	if len(b.decisions) != 0 {
		t.Error("another site decided")
	}
}

func TestFlagThatIsGone(t *testing.T) {
	b := stocked(t)
	b.login()
	for _, path := range []string{"/flags/0000", "/flags/%2e%2e", "/flags/a%00b"} {
		resp, body := b.get(path)
		if resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, resp.Status)
		}
		wantIn(t, body, "Ada masalah")
	}
	if resp, _ := b.post("/flags/0000/decision", url.Values{"id": {"x"}, "outcome": {"uphold"}, "reason": {"violates"}}); resp.StatusCode != http.StatusNotFound || len(b.decisions) != 0 {
		t.Errorf("%s, %d decisions", resp.Status, len(b.decisions))
	}
	resp, body := b.get("/nowhere")
	if resp.StatusCode != http.StatusNotFound {
		t.Error(resp.Status)
	}
	wantIn(t, body, "Halaman ini tidak ada")
}

func TestHostileTextIsOnlyText(t *testing.T) {
	b := newBench(t)
	evil := `"><script>alert(1)</script><img src=x onerror=alert(2)> {{.}} javascript:alert(3)`
	f := flag(t, "1", "kanal", evil, evil, "<script>", func(f *filter.Flag) {
		f.Rules[0].Title, f.Hits[0].Term, f.Ruleset = evil, evil, evil
	})
	b.add(f)
	b.login()
	for _, path := range []string{"/", "/flags/" + f.ID, "/?q=" + url.QueryEscape(evil), "/?q=" + url.QueryEscape(`"`+strings.ReplaceAll(evil, `"`, "")+`"`)} {
		_, body := b.get(path)
		wantNotIn(t, body, "<script>alert", "<img src=x", `href="javascript`)
	}
}

func TestAPIAndClient(t *testing.T) {
	b := stocked(t)
	c := NewClient(b.server.URL+"/", b.keys.APIToken(time.Minute))
	q, err := index.ParseQuery("serang -jantung")
	if err != nil {
		t.Fatal(err)
	}
	q.Sort, q.Size = index.Oldest, 1
	res, err := c.Search(t.Context(), q)
	if err != nil || res.Total != 1 || res.Size != 1 || res.Sort != index.Oldest || res.Query != "serang -jantung" {
		t.Fatalf("%+v, %v", res, err)
	}
	direct, err := b.index.Search(t.Context(), q)
	if err != nil || res.Hits[0].Flag.Post != direct.Hits[0].Flag.Post || len(res.Hits[0].Spans) != 3 || len(res.Facets) != 6 || res.Hits[0].Status != review.Open {
		t.Errorf("over HTTP %+v\ndirect %+v, %v", res, direct, err)
	}
	for token, want := range map[string]string{"": "a session or a token", b.keys.NewLink(time.Minute): "a session or a token", b.keys.APIToken(-1): "a session"} {
		if _, err := NewClient(b.server.URL, token).Search(t.Context(), q); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("token %q: %v", token, err)
		}
	}
	if _, err := NewClient("http://127.0.0.1:1", "").Search(t.Context(), q); err == nil || strings.Contains(err.Error(), "jantung") {
		t.Errorf("no desk there: %v", err)
	}
	b.login()
	for path, want := range map[string]string{
		"/api/search?q=%22":                `"problem":"open_quote","column":1`,
		"/api/search?sort=best":            `it must be one of [newest`,
		"/api/search?page=0":               `page must be a number`,
		"/api/search?size=many":            `size must be a number`,
		"/api/search?q=kota&size=5&page=9": `"total":1,"page":1`,
	} {
		resp, body := b.get(path)
		if (resp.StatusCode != http.StatusOK) != strings.Contains(body, `"error"`) || resp.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %s", path, resp.Status)
		}
		wantIn(t, body, want)
	}
}

func TestLogsHoldNoTextAndNoQuery(t *testing.T) {
	b := stocked(t)
	b.login()
	b.page("/?q=rahasia")
	b.get("/?q=rahasia%22")
	b.get("/api/search?q=rahasia*x")
	id := flag(t, "1", "kabar_contoh", "", "x", "", nil).ID
	path, form := formOf(t, b.page("/flags/"+id+"?q=rahasia"), "uphold")
	b.refuse = errors.New("refused")
	form.Set("reason", "violates")
	b.post(path, form)
	b.index.Close()
	b.get("/?q=rahasia")
	log := b.log.String()
	wantIn(t, log, "GET /{$}", "status=303", "a search failed")
	wantNotIn(t, log, "rahasia", "menyerang", "token=", "Kabar")
}

func TestConfigIsRequired(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("no error")
	}
}
