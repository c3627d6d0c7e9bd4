package index

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestParseQueryErrors(t *testing.T) {
	for _, tc := range []struct {
		query   string
		problem Problem
		column  int
		says    string // part of the message
	}{
		{`/.*/`, NoWord, 1, "no letter and no digit"},
		{`***`, NoWord, 1, ""},
		{`kota ...`, NoWord, 6, ""},
		{`""`, NoWord, 1, ""},
		{`"—"`, NoWord, 1, ""},
		{`*`, ShortPrefix, 1, "at least 3 letters"},
		{`ab*`, ShortPrefix, 1, ""},
		{`é́é *`, ShortPrefix, 5, ""},
		{`se*rang`, StarInside, 1, "may end one word"},
		{`serang**`, StarInside, 1, ""},
		{`a-b*`, StarInside, 1, ""},
		{`"kata demi`, OpenQuote, 1, "never closed"},
		{`kota channel:"x`, OpenQuote, 14, ""},
		{`-`, LoneMinus, 1, "minus"},
		{`kota - bola`, LoneMinus, 6, ""},
		{`kanal:x`, UnknownField, 1, "channel, category, severity"},
		{`ada https://t.example/x`, UnknownField, 5, "put them in quotes"},
		{`category:`, EmptyValue, 10, "must follow"},
		{`channel:@`, EmptyValue, 9, ""},
		{`category:spam`, UnknownValue, 10, "incitement, glorification, recruitment, instruction, threat, financing"},
		{`severity:urgent`, UnknownValue, 10, "low, medium, high, critical"},
		{`language:fr`, UnknownValue, 10, "id, en"},
		{`-status:closed`, UnknownValue, 9, "open, upheld, dismissed"},
		{`after:yesterday`, BadDate, 7, "YYYY-MM-DD"},
		{`after:2026-02-30`, BadDate, 7, ""},
		{`before:0001-01-01`, BadDate, 8, ""},
		{strings.Repeat("a ", MaxParts+1), TooManyParts, 2*MaxParts + 1, ""},
		{strings.Repeat("a ", 10_000), TooLong, MaxQuery + 1, "1024"},
		{"a \xff", BadCharacters, 1, "UTF-8"},
	} {
		_, err := ParseQuery(tc.query)
		var q *QueryError
		if !errors.As(err, &q) || q.Problem != tc.problem || q.Column != tc.column || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%.40q: got %v, want %s at column %d, saying %q", tc.query, err, tc.problem, tc.column, tc.says)
		}
	}
}

func TestQueryString(t *testing.T) {
	for query, want := range map[string]string{
		"":                               "",
		"  kota\t serangan ":             "kota serangan",
		`"a b"c -"d e"`:                  `"a b" c -"d e"`,
		`kota"dua kata"`:                 `kota "dua kata"`,
		`Category:Threat channel:"@X y"`: `Category:Threat channel:"@X y"`,
		`10:30`:                          `10:30`,
		`anak-anak jum'at serang*`:       `anak-anak jum'at serang*`,
	} {
		q, err := ParseQuery(query)
		if err != nil || q.String() != want {
			t.Errorf("%q: %q, %v; want %q", query, q.String(), err, want)
		}
	}
}

func TestToggle(t *testing.T) {
	q, err := ParseQuery("kota category:threat -severity:low")
	if err != nil {
		t.Fatal(err)
	}
	q.Page = 4
	for _, tc := range []struct{ field, value, want string }{
		{"category", "threat", "kota -severity:low"},
		{"category", "financing", "kota category:threat -severity:low category:financing"},
		{"severity", "low", "kota category:threat -severity:low severity:low"},
		{"channel", `a "b\`, `kota category:threat -severity:low channel:"a \"b\\"`},
	} {
		got := q.Toggle(tc.field, tc.value)
		if got.String() != tc.want || got.Page != 0 {
			t.Errorf("toggling %s:%s gives %q, want %q", tc.field, tc.value, got, tc.want)
		}
		if back := got.Toggle(tc.field, tc.value); tc.field != "category" && back.String() != q.String() {
			t.Errorf("and back: %q", back)
		}
		if again, err := ParseQuery(got.String()); err != nil || again.String() != got.String() {
			t.Errorf("%q is read as %q, %v", got, again, err)
		}
	}
	if !q.Has("category", "threat") || q.Has("severity", "low") {
		t.Error("Has")
	}
}

func FuzzParseQuery(f *testing.F) {
	for _, s := range []string{`kota "dua kata" serang* -bola category:threat after:2026-11-20`, `channel:"a \"b"`, `/.*/ ***`, `a"b"c`, `-`, `é*:"`, "a\u200b:b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := ParseQuery(text)
		if err != nil {
			var e *QueryError
			if !errors.As(err, &e) || e.Column < 1 || e.Column > len(text)+1 || e.Error() == "" {
				t.Fatalf("error %#v", err)
			}
			return
		}
		again, err := ParseQuery(q.String())
		if len(q.String()) <= MaxQuery && (err != nil || fmt.Sprint(again.parts) != fmt.Sprint(q.parts)) {
			t.Fatalf("%q is %v, its own form %q is %v, %v", text, q.parts, q.String(), again.parts, err)
		}
		q.bleve()
		for _, p := range q.parts {
			if p.kind == fieldPart && !p.not && q.Toggle(p.field, p.value).String() == q.String() {
				t.Fatalf("toggling %s:%q changes nothing", p.field, p.value)
			}
		}
	})
}
