package console

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"saring/filter"
	"saring/review"
	"saring/review/index"
	"saring/rules"
)

// keysInUse is every key that a template or the code asks for.
func keysInUse(t *testing.T) map[string]bool {
	used := map[string]bool{}
	literal := regexp.MustCompile(`\bt \(?"([a-z_.]+)"`)
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		data, err := fs.ReadFile(templateFiles, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range literal.FindAllStringSubmatch(string(data), -1) {
			used[m[1]] = true
		}
	}
	add := func(prefix string, values ...string) {
		for _, v := range values {
			used[prefix+v] = true
		}
	}
	for _, c := range rules.Categories {
		add("category.", string(c))
	}
	for _, s := range rules.Severities {
		add("severity.", string(s))
	}
	for _, s := range review.Statuses {
		add("status.", string(s))
	}
	for _, o := range review.Outcomes {
		add("outcome.", string(o))
		add("decide.", string(o)+".text")
	}
	for _, s := range index.Sorts {
		add("sort.", string(s))
	}
	add("language.", rules.Languages...)
	add("action.", string(rules.Warn), string(rules.Hold))
	add("field.", "status", "severity", "category", "language", "channel", "rule")
	for _, p := range []index.Problem{index.UnknownField, index.UnknownValue, index.EmptyValue, index.BadDate, index.NoWord, index.ShortPrefix,
		index.StarInside, index.OpenQuote, index.LoneMinus, index.TooLong, index.TooManyParts, index.BadCharacters} {
		add("error.", string(p))
	}
	add("error.", "query", "sort", "deadline", "too_broad", "internal", "gone", "notfound", "notsaved", "title", "decision")
	add("login.", "title", "needed", "expired", "spent", "bad", "out", "how")
	add("decide.", "saved", "saved.late")
	add("search.", "label")
	add("explain.", "title", "long", "empty")
	add("rules.", "title")
	add("rules.by.", ruleOrders...)
	add("rulestatus.", string(rules.Draft), string(rules.Shadow), string(rules.Warn), string(rules.Hold))
	for code := range filter.Reasons() {
		add("why.", code)
	}
	add("flag.", "title")
	return used
}

func TestEveryTextIsThereInEveryLanguage(t *testing.T) {
	used := keysInUse(t)
	verbs := regexp.MustCompile(`%[a-z]`)
	locales := map[string]*locale{}
	for _, lang := range languages {
		l, err := loadLocale(lang)
		if err != nil {
			t.Fatal(err)
		}
		locales[lang] = l
		for key := range used {
			if strings.TrimSpace(l.words[key]) == "" {
				t.Errorf("%s: %q is missing", lang, key)
			}
		}
		for key := range l.words {
			if !used[key] {
				t.Errorf("%s: nothing uses %q", lang, key)
			}
		}
	}
	for key, words := range locales["id"].words {
		other, ok := locales["en"].words[key]
		if !ok || !slices.Equal(verbs.FindAllString(words, -1), verbs.FindAllString(other, -1)) {
			t.Errorf("%q takes other arguments in English", key)
		}
	}
	if len(locales["id"].words) != len(locales["en"].words) {
		t.Errorf("%d texts in Indonesian, %d in English", len(locales["id"].words), len(locales["en"].words))
	}
}

// What the filter says in English stands in the locale a second time, and must be the same.
func TestReasonsAreTheFilters(t *testing.T) {
	l, err := loadLocale("en")
	if err != nil {
		t.Fatal(err)
	}
	for code, text := range filter.Reasons() {
		if l.words["why."+code] != text {
			t.Errorf("%s: %q, and the filter says %q", code, l.words["why."+code], text)
		}
	}
}

func TestNumbersAreWrittenAsTheLanguageDoes(t *testing.T) {
	for lang, want := range map[string]string{"id": "12.345 temuan", "en": "12,345 flags"} {
		l, err := loadLocale(lang)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.say("results.count", 12345); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}
