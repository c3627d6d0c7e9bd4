package console

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"saring/filter"
	"saring/rules"
)

// A browser is a real one, with a new profile. Its methods end the test when something does not come about.
type browser struct {
	t   *testing.T
	ctx context.Context
}

// chromium starts a browser. Without one on the machine the test is skipped, or fails when SARING_REQUIRE lists
// "browser".
func chromium(t *testing.T) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil && path == "" {
			path = p
		}
	}
	if path == "" {
		if slices.Contains(strings.Split(os.Getenv("SARING_REQUIRE"), ","), "browser") {
			t.Fatal("SARING_REQUIRE asks for a browser, and there is no chromium on this machine")
		}
		t.Skip("SKIPPED: no chromium on this machine; the desk was not tried in a real browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(profile(t)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.WindowSize(1280, 900),
	)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 50*time.Second)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return &browser{t, ctx}
}

// profile is a new folder. The browser writes in it for a moment after it has ended.
func profile(t *testing.T) string {
	dir, err := os.MkdirTemp("", "saring-browser-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 50 {
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	return dir
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// see waits for an element, and for the page to be all there, its script included.
func (b *browser) see(selector string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(selector)))
	for ask[string](b, "document.readyState") != "complete" {
		time.Sleep(10 * time.Millisecond)
	}
}

func (b *browser) click(selector string) { b.t.Helper(); b.do(chromedp.Click(chromedp.CSS(selector))) }

func (b *browser) key(keys string) { b.t.Helper(); b.do(chromedp.KeyEvent(keys)) }

// ask evaluates a script.
func ask[T any](b *browser, script string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

func (b *browser) text(selector string) string {
	b.t.Helper()
	s, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS(selector)))
	if err != nil {
		b.t.Fatal(err)
	}
	return strings.TrimSpace(s)
}

// shot keeps a picture of the page in the folder that SARING_SHOTS names, for a person to look at.
func (b *browser) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("SARING_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func manyFlags(t *testing.T) *bench {
	b := stocked(t)
	long := strings.Repeat("Pasar pagi ramai, nelayan pulang membawa ikan segar. ", 12)
	b.add(
		flag(t, "4", "cerita_panjang", "Cerita Panjang Sekali dari Kampung Nelayan", long+"Tokoh itu mengancam akan datang lagi. "+long, "mengancam", func(f *filter.Flag) {
			f.Severity, f.Category, f.Score = rules.Medium, rules.Threat, 5.25
			f.Rules = append(f.Rules, filter.RuleScore{ID: "contoh-2", Title: "Ancaman terhadap kota", Score: 3})
		}),
		flag(t, "5", "", "", "عربي: نص تجريبي لا ضرر فيه. Teks campuran, aman.", "aman", nil),
	)
	return b
}

// A moderator's way: log in, search with the keyboard, open a flag, decide, see the status in the list.
func TestModeratorInABrowser(t *testing.T) {
	b := chromium(t)
	desk := manyFlags(t)
	b.do(chromedp.Navigate(desk.server.URL + "/login?token=" + desk.keys.NewLink(time.Minute)))
	b.see("#q")
	b.shot("list-id")
	b.key("j")
	b.key("j")
	b.key("k")
	if got := ask[int](b, `[...document.querySelectorAll(".title")].indexOf(document.activeElement)`); got != 0 {
		t.Errorf("j j k leads to flag %d", got)
	}
	b.key("/")
	if got := ask[string](b, `document.activeElement.id`); got != "q" {
		t.Errorf("/ leads to %q", got)
	}
	b.key(kb.Backspace) // the driver types the slash all the same
	b.key("diserang kota" + kb.Enter)
	b.see("mark.query")
	b.shot("search-id")
	if n := ask[int](b, `document.querySelectorAll(".flag").length`); n != 1 {
		t.Errorf("%d flags found", n)
	}
	b.key("j")
	b.key(kb.Enter)
	b.see("#decision")
	b.shot("flag-id")
	b.do(chromedp.SetValue(chromedp.CSS("form:has(button.dismiss) select"), "art"))
	b.click("button.dismiss")
	b.see(".saved")
	b.shot("decided-id")
	if s := b.text("#decision .badge.status"); s != "Ditolak" {
		t.Errorf("status on the page: %q", s)
	}
	b.click(".back a")
	b.see(".flag")
	if s, at := b.text(".flag .badge.status"), ask[string](b, "location.search"); s != "Ditolak" || at != "?q=diserang+kota" {
		t.Errorf("status in the list %q, at %q", s, at)
	}
	b.click("button[name=language]")
	b.see("html[lang=en] .flag")
	b.shot("search-en")
	if len(desk.decisions) != 1 || desk.decisions[0].Reason != "art" {
		t.Errorf("decisions %+v", desk.decisions)
	}
	b.narrow(desk)
	b.hidden(desk)
}

// narrow looks at the desk on a telephone: nothing may stick out.
func (b *browser) narrow(desk *bench) {
	b.t.Helper()
	const sticksOut = `document.documentElement.scrollWidth > innerWidth`
	b.do(chromedp.EmulateViewport(390, 844), chromedp.Navigate(desk.server.URL+"/"))
	b.see(".flag")
	b.shot("list-narrow")
	if ask[bool](b, sticksOut) {
		b.t.Error("the list is wider than the screen")
	}
	b.click(".flag .title")
	b.see("#decision")
	b.shot("flag-narrow")
	if ask[bool](b, sticksOut) {
		b.t.Error("the flag is wider than the screen")
	}
	b.do(chromedp.EmulateViewport(1280, 900))
}

// hidden wants texts to stay hidden until asked for, and ends the session.
func (b *browser) hidden(desk *bench) {
	b.t.Helper()
	b.click("button[name=texts]")
	b.see("details.hidden summary")
	b.shot("flag-hidden")
	const visible = `document.querySelector(".text").checkVisibility()`
	if ask[bool](b, visible) {
		b.t.Error("a hidden text can be seen")
	}
	b.click("details.hidden summary")
	if !ask[bool](b, visible) {
		b.t.Error("a text that was asked for cannot be seen")
	}
	b.do(chromedp.Navigate(desk.server.URL + "/?q=category:spam"))
	b.see("#problem")
	b.shot("problem")
	b.click("nav form:last-child button")
	b.see("pre")
	b.shot("login")
}
