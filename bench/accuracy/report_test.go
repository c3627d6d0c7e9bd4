package accuracy

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"saring/filter"
	"saring/rules"
)

// has judges by single words, so that the golden files stay as they are when folding or the rules' language change.
func has(words ...string) Judge {
	return func(text string) (bool, []string) {
		for _, w := range words {
			if strings.Contains(strings.ToLower(text), w) {
				return true, []string{"has-" + w}
			}
		}
		return false, nil
	}
}

func fixtureGroups(t *testing.T) []Group {
	t.Helper()
	names, _ := filepath.Glob("testdata/*.*.txt")
	apart, _ := filepath.Glob("testdata/apart/*.txt")
	names = append(names, apart...)
	groups, err := Read(names, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	return groups
}

// fixture measures a judge on the cases and rows of testdata.
func fixture(t *testing.T, judge Judge, lists Lists) *Measurement {
	t.Helper()
	m := NewMeasurement(judge, lists)
	for _, g := range fixtureGroups(t) {
		m.Group(g)
	}
	data, err := os.ReadFile("testdata/rows.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		row, err := DecodeRow([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		m.Row(row)
	}
	return m
}

// fixtureRules are the rules of testdata, as a judge and as word lists.
func fixtureRules(t *testing.T) (*rules.Ruleset, Judge, Lists) {
	t.Helper()
	rs, err := rules.Load("testdata/rules")
	if err != nil {
		t.Fatal(err)
	}
	f, err := filter.New(rs)
	if err != nil {
		t.Fatal(err)
	}
	lists, err := NewLists(rs, EverydayOf(fixtureGroups(t)))
	if err != nil {
		t.Fatal(err)
	}
	return rs, JudgeOf(f), lists
}

func plain(t *testing.T) *Measurement {
	return fixture(t, has("seranglah", "bakarlah", "mujahideen"), Lists{Full: has("lah", "khilafah", "mujahideen", "join"), Narrow: has("khilafah")})
}

func fixtureReport(m *Measurement) Report {
	r := m.Report()
	r.Ruleset, r.At = "0123456789abcdef", time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	r.Skipped = []string{"something: it is not there"}
	return r
}

// TestReport holds the whole report on the fixture to testdata/report.golden.
func TestReport(t *testing.T) {
	m := plain(t)
	var b strings.Builder
	if err := fixtureReport(m).WriteText(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/report.golden", b.String())
}

// TestPage renders the same report as a page: every line is on it, no text of a post is, and it needs nothing else.
func TestPage(t *testing.T) {
	m, groups := plain(t), fixtureGroups(t)
	r := fixtureReport(m)
	var b strings.Builder
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, s := range r.Sections {
		from := strings.Index(page, `<section id="`+s.ID+`">`)
		if from < 0 {
			t.Errorf("section %s is not there", s.ID)
			continue
		}
		part, _, _ := strings.Cut(page[from:], "</section>")
		if n := strings.Count(part, `<th scope="row">`); n != len(s.Lines) || strings.Count(part, `class="interval"`) != n {
			t.Errorf("section %s has %d lines and %d intervals, want %d", s.ID, n, strings.Count(part, `class="interval"`), len(s.Lines))
		}
	}
	if bad := regexp.MustCompile(`(?i)<script|<link|<img|<iframe|https?:|\bon\w+=|NaN|Inf\b|Canary`).FindString(page); bad != "" {
		t.Errorf("%q is on the page", bad)
	}
	for _, g := range groups {
		for _, texts := range g.Texts {
			for _, text := range texts {
				if strings.Contains(page, text[:min(len(text), 20)]) {
					t.Errorf("a text of %s is on the page", g.ID)
				}
			}
		}
	}
	for _, want := range []string{"2026-11-22 09:30 UTC", "0123456789abcdef", "Not measured: something", "6 groups of cases", "prefers-color-scheme: dark"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}

// TestPageEscapes gives names that come from files.
func TestPageEscapes(t *testing.T) {
	m := plain(t)
	m.Row(Row{ID: "1", Set: "<script>alert(1)</script>", Expect: `"><b>`, Function: "<i>", Text: "x"})
	var b strings.Builder
	if err := m.Report().WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	if bad := regexp.MustCompile(`<script|<b>|<i>`).FindString(b.String()); bad != "" {
		t.Errorf("%s is on the page", bad)
	}
}

func TestReportAsJSON(t *testing.T) {
	m := plain(t)
	data, err := json.Marshal(fixtureReport(m))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Goals, Reached int
		Sections       []struct {
			ID    string
			Lines []struct {
				Path    []string
				Filter  struct{ Share, Low, High float64 }
				List    *struct{ Flagged, Texts int } `json:"word_list"`
				AtMost  *float64                      `json:"at_most"`
				Reached *bool
			}
		}
	}
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	for _, s := range got.Sections {
		for _, l := range s.Lines {
			if l.List == nil || l.Filter.Low > l.Filter.Share || l.Filter.Share > l.Filter.High {
				t.Errorf("%s %v: %+v", s.ID, l.Path, l)
			}
			if fmt.Sprint(l.Path) == "[hardneg_news news_sample]" && (l.AtMost == nil || *l.AtMost != 0.003 || l.Reached == nil || *l.Reached) {
				t.Errorf("%v: at most %v, reached %v", l.Path, l.AtMost, l.Reached)
			}
		}
	}
	if strings.Contains(string(data), "Canary") {
		t.Error("a text is in the report")
	}
}

// TestMisses looks at what is shown of wrong judgements: nothing of what is kept apart, and no text of a labelled post.
func TestMisses(t *testing.T) {
	rs, judge, lists := fixtureRules(t)
	m, groups := fixture(t, judge, lists), fixtureGroups(t)
	near, err := Near(rs)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, miss := range m.Misses(near) {
		if miss.Evasion == "" {
			fmt.Fprintf(&b, "%s %s flagged=%v %v %q %q\n", miss.ID, miss.Kind, miss.Flagged, miss.Rules, miss.Near, miss.Text)
		}
		for _, g := range groups {
			if g.ID == miss.ID && g.KeptApart {
				t.Errorf("a group that is kept apart is shown: %+v", miss)
			}
		}
	}
	golden(t, "testdata/misses.golden", b.String())
	for text, want := range map[string]string{
		"Bakarlah dendammu demi khilafah": "kept off by unless: call",
		"Come to the khilafah.":           "too light: light",
		"Our ranks are open.":             "in shadow: quiet",
		"Our doors are open.":             "",
	} {
		_, rules := judge(text)
		if got := near(Miss{Text: text, Rules: rules}); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestInterval(t *testing.T) {
	for _, c := range []struct {
		hits, n   int
		low, high float64
	}{
		{0, 10, 0, 0.2775}, {1, 10, 0.0179, 0.4042}, {5, 10, 0.2366, 0.7634}, {10, 10, 0.7225, 1},
		{0, 2500, 0, 0.0015}, {0, 0, 0, 1},
	} {
		if low, high := (Rate{c.hits, c.n}).Interval(); math.Abs(low-c.low) > 5e-5 || math.Abs(high-c.high) > 5e-5 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.hits, c.n, low, high, c.low, c.high)
		}
	}
}

// TestGoalsOfLines says which lines have which goal, and when it is reached.
func TestGoalsOfLines(t *testing.T) {
	for _, c := range []struct {
		section, path  string
		flagged, texts int
		goal           string // "" for none
		reached        bool
	}{
		{recall, "id", 95, 100, "at least 95 %", true},
		{recall, "id", 94, 100, "at least 95 %", false},
		{recall, "id/seen", 0, 100, "", true},
		{categories, "threat/id", 0, 100, "", true},
		{evasions, "leet", 0, 100, "", true},
		{evasions, "leet/en", 90, 100, "at least 90 %", true},
		{evasions, "leet/en", 89, 100, "at least 90 %", false},
		{evasions, "leet/en/all", 0, 100, "", true},
		{lookAlikes, "en", 1, 100, "at most 1 %", true},
		{lookAlikes, "en", 2, 100, "at most 1 %", false},
		{lookAlikes, "en/news", 100, 100, "", true},
		{labelled, "neg", 100, 100, "", true},
		{labelled, "neg/a_set", 1, 2000, "at most 0.05 %", true},
		{labelled, "neg/a_set", 1, 1999, "at most 0.05 %", false},
		{labelled, "hardneg_religious/a_set", 1, 1999, "at most 0.05 %", false},
		{labelled, "hardneg_news/a_set", 3, 1000, "at most 0.3 %", true},
		{labelled, "hardneg_topic/a_set", 4, 1000, "at most 0.3 %", false},
		{labelled, "hardneg_counter/a_set", 4, 1000, "at most 0.3 %", false},
		{labelled, "other_hate/a_set", 100, 100, "", true},
		{labelled, "weakpos/a_set", 0, 100, "", true},
	} {
		path := strings.Split(c.path, "/")
		l := &Line{Path: path, Filter: Rate{c.flagged, c.texts}, Goal: goalOf(c.section, path)}
		goal := ""
		if l.Goal != nil {
			goal = l.Goal.String()
		}
		if goal != c.goal || l.Reached() != c.reached {
			t.Errorf("%s %s, %d of %d: goal %q, reached %v", c.section, c.path, c.flagged, c.texts, goal, l.Reached())
		}
	}
}

func TestDecodeRow(t *testing.T) {
	for _, line := range []string{``, `[]`, `{}`, `{"id":"1","text":"x"}`, `{"id":"1","expect":"neg"}`, `{"text":1,"expect":"neg"}`} {
		if row, err := DecodeRow([]byte(line)); err == nil {
			t.Errorf("%s is read as %+v", line, row)
		}
	}
	row, err := DecodeRow([]byte(`{"id":"1","expect":"neg","labels":{"function":"f","n":1},"text":""}`))
	if want := (Row{ID: "1", Set: "no set", Expect: "neg", Function: "f"}); err != nil || row != want {
		t.Errorf("%+v, %v, want %+v", row, err, want)
	}
}

// TestLists flags with every term of the rules that can flag, and without those that everyday texts have.
func TestLists(t *testing.T) {
	_, _, lists := fixtureRules(t)
	for text, want := range map[string][2]bool{ // full, narrow
		"Seranglah!":                  {true, true},
		"Bakarlah ikannya":            {true, false}, // in an everyday text
		"join":                        {true, false},
		"Mujahideen":                  {true, true},
		"demi khilafah":               {true, true},
		"come to the khilafah":        {true, true},
		"kata jaksa":                  {false, false}, // only in unless
		"our ranks are open":          {false, false}, // in shadow
		"our doors":                   {false, false}, // in draft
		"Pasar ramai sejak pagi tadi": {false, false},
	} {
		full, _ := lists.Full(text)
		narrow, _ := lists.Narrow(text)
		if got := [2]bool{full, narrow}; got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	none, err := NewLists(&rules.Ruleset{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if full, _ := none.Full("jihad"); full {
		t.Error("a list of nothing flags")
	}
}
