package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"saring/filter"
	"saring/review"
	"saring/review/index"
)

//go:embed templates/*.html
var templateFiles embed.FS

// pages are the templates in one language.
type pages struct {
	locale *locale
	tree   *template.Template
}

func parsePages(lang string) (*pages, error) {
	l, err := loadLocale(lang)
	if err != nil {
		return nil, err
	}
	t, err := template.New("").Funcs(functions(l)).ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	return &pages{locale: l, tree: t}, nil
}

// functions are what templates can call, besides what html/template has.
func functions(l *locale) template.FuncMap {
	return template.FuncMap{
		"t":       l.say,
		"wib":     func(t time.Time) string { return t.In(index.WIB).Format("2006-01-02 15:04") + " WIB" },
		"utc":     utc,
		"day":     func(t time.Time) string { return t.In(index.WIB).Format(time.DateOnly) },
		"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"score":   func(f float64) string { return l.printer.Sprintf("%.1f", f) },
		"number":  func(n int) string { return l.printer.Sprintf("%d", n) },
		"source":  source,
		"weight":  func(f float64) string { return l.printer.Sprintf("%v", f) },
		"why":     func(r filter.Reason) string { return l.say("why."+r.Code, r.Args...) },
		"where":   where,
		"holding": holding,
		"reason": func(code string) string {
			r, _ := review.ReasonByCode(code)
			return r.Label(l.language)
		},
	}
}

// utc is the time of day, and the date where it is another than in WIB.
func utc(t time.Time) string {
	layout := "15:04 UTC"
	if t.UTC().YearDay() != t.In(index.WIB).YearDay() {
		layout = "2006-01-02 15:04 UTC"
	}
	return t.UTC().Format(layout)
}

// where is line and column of file:line:column.
func where(at string) string {
	parts := strings.Split(at, ":")
	return strings.Join(parts[max(len(parts)-2, 0):], ":")
}

// source writes a channel as its facet names it: a handle begins with a letter, an id does not.
func source(name string) string {
	if name != "" && (name[0] == '-' || '0' <= name[0] && name[0] <= '9') {
		return name
	}
	return "@" + name
}

// A page is what every template gets beside its own data.
type page struct {
	Language string
	Title    string // the key of it
	In       bool   // whether somebody is logged in
	Hide     bool   // whether texts are shown only when asked for
	Here     string // the address, to come back to
	Brakes   banner // for those who are logged in
	Data     any    // listData, flagData, explainData, rulesData, messageData or loginData
}

func (d *desk) language(r *http.Request) string {
	if c, err := r.Cookie(languageCookie); err == nil && d.pages[c.Value] != nil {
		return c.Value
	}
	return languages[0]
}

// say is a text in the language of the request.
func (d *desk) say(r *http.Request, key string, args ...any) string {
	return d.pages[d.language(r)].locale.say(key, args...)
}

func hidesTexts(r *http.Request) bool {
	c, err := r.Cookie(textsCookie)
	return err == nil && c.Value == "hide"
}

// render writes a page whole, or an error and nothing of it.
func (d *desk) render(w http.ResponseWriter, r *http.Request, status int, name, title string, data any) {
	p := page{
		Language: d.language(r), Title: title, In: d.loggedIn(r), Hide: hidesTexts(r), Here: r.URL.RequestURI(), Data: data,
	}
	if r.Method != http.MethodGet {
		p.Here = "/"
		if r.URL.Path == "/explain" {
			p.Here = r.URL.Path
		}
	}
	if p.In {
		p.Brakes = d.banner(r.Context())
	}
	var b bytes.Buffer
	if err := d.pages[p.Language].tree.ExecuteTemplate(&b, name, p); err != nil {
		d.Log.Error("desk: a page could not be made", "page", name, "error", fmt.Sprintf("%T", err))
		http.Error(w, d.say(r, "error.internal"), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// messageData is for a page that only says something.
type messageData struct{ Key string }

func (d *desk) fail(w http.ResponseWriter, r *http.Request, status int, key string) {
	d.render(w, r, status, "message.html", "error.title", messageData{key})
}

func (d *desk) notFound(w http.ResponseWriter, r *http.Request) {
	d.fail(w, r, http.StatusNotFound, "error.notfound")
}

// loginData is for the page of those who are not logged in. It speaks every language, their own first.
type loginData struct{ Texts []loginText }

type loginText struct{ Language, Title, Problem, How string }

func (d *desk) loginPage(w http.ResponseWriter, r *http.Request, status int, key string) {
	var data loginData
	for _, lang := range languages {
		l := d.pages[lang].locale
		text := loginText{lang, l.say("login.title"), l.say(key), l.say("login.how")}
		if lang == d.language(r) {
			data.Texts = append([]loginText{text}, data.Texts...)
		} else {
			data.Texts = append(data.Texts, text)
		}
	}
	d.render(w, r, status, "login.html", "login.title", data)
}
