package government_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"saring/filter"
	"saring/ingest"
	"saring/queue/government"
	"saring/rules"
)

const golden = "testdata/notice.json"

// canary stands in everything that could tell of a person or what was said. It must not come out.
const canary = "KENARI"

// flag is a flag with a canary in everything that a notice must not have.
func flag(t testing.TB) filter.Flag {
	t.Helper()
	p, err := ingest.Admit(ingest.Raw{
		Platform: "telegram", ID: "4711", Revision: 2, PostedAt: time.Date(2026, 11, 20, 15, 15, 0, 250e6, time.FixedZone("WIB", 7*3600)),
		Channel: ingest.RawChannel{ID: "-1001234567890", Handle: canary + "_handle", Title: canary + " title", Kind: ingest.KindPublicChannel},
		Text:    canary + " text by @" + canary + "_author, +62 812 0000 " + canary,
		URL:     "https://t.me/kabar_contoh/4711?single&comment=" + canary + "&by=" + canary + "#" + canary,
	})
	if err != nil {
		t.Fatal(err)
	}
	return filter.Flag{
		ID: filter.FlagID(p), Post: p, FlaggedAt: time.Date(2026, 11, 20, 8, 15, 1, 0, time.UTC),
		Verdict: filter.Verdict{
			Language: canary, Category: rules.Recruitment, Severity: rules.High, Score: 123454321, Action: canary, Ruleset: "3f2a9c1be0d47785",
			Rules: []filter.RuleScore{
				{ID: "id-oath-to-group", Title: canary + " rule", Score: 123454321},
				{ID: "id-call-to-join", Title: canary + " rule", Score: 123454321},
			},
			Hits: []filter.Hit{{Rule: canary, Term: canary, Start: 123454321, End: 123454321, Text: canary}},
		},
	}
}

func encode(t testing.TB, e government.Event) string {
	t.Helper()
	data, err := government.Notices.Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestNotice: a notice is these keys with these values in this order, and not a byte more.
func TestNotice(t *testing.T) {
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, want); err != nil {
		t.Fatal(err)
	}
	got := encode(t, government.NewNotice(flag(t)))
	if got != compact.String() {
		t.Errorf("got\n%s\nwant\n%s", got, compact.String())
	}
	if again := encode(t, government.NewNotice(flag(t))); again != got {
		t.Errorf("the same flag gave another notice:\n%s", again)
	}
}

// TestNoPerson looks for the canaries of the flag in the notice, in its subject and in its id.
func TestNoPerson(t *testing.T) {
	e := government.NewNotice(flag(t))
	for what, s := range map[string]string{"the notice": encode(t, e), "the subject": government.Notices.Subject(e), "the id": government.Notices.ID(e)} {
		for _, secret := range []string{canary, strings.ToLower(canary), "123454321", "single", "812", "@", "?", "#"} {
			if strings.Contains(s, secret) {
				t.Errorf("%s holds %q: %s", what, secret, s)
			}
		}
	}
}

// TestAddress: of an address nothing is told but scheme, host and path.
func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"":                                  "",
		"https://t.me/kabar_contoh/4711":    "https://t.me/kabar_contoh/4711",
		"http://t.me:8080/a%2Fb":            "http://t.me:8080/a%2Fb",
		"https://t.me/k/1?":                 "https://t.me/k/1",
		"https://t.me/k/1#":                 "https://t.me/k/1",
		"https://t.me/k/1?a=1&b=%40budi#c":  "https://t.me/k/1",
		"https://t.me/k/1?a=1?b=2#c?d=3#e":  "https://t.me/k/1",
		"https://t.me?user=budi":            "https://t.me",
		"https://t.me/k/1%3Fuser%3Dbudi?x":  "https://t.me/k/1%3Fuser%3Dbudi",
		"https://example.org/ruang/47?\x7f": "refused by the gate",
		"https://budi:rahasia@t.me/k/1":     "refused by the gate",
	} {
		p, err := ingest.Admit(ingest.Raw{Platform: "telegram", ID: "1", PostedAt: time.Date(2026, 11, 20, 8, 15, 0, 0, time.UTC),
			Channel: ingest.RawChannel{ID: "-1001", Kind: ingest.KindPublicChannel}, URL: in})
		got := "refused by the gate"
		if err == nil {
			got = government.NewNotice(filter.Flag{Post: p}).Data.URL
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestSchema walks over the types of the event: every key that it could have is in the golden notice, and the other
// way round. Whoever adds a field has to change the notice that the government was promised, where it is seen.
func TestSchema(t *testing.T) {
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var notice any
	if err := json.Unmarshal(data, &notice); err != nil {
		t.Fatal(err)
	}
	sameKeys(t, "", reflect.TypeFor[government.Event](), notice)
}

func sameKeys(t *testing.T, path string, typ reflect.Type, v any) {
	t.Helper()
	switch {
	case typ == reflect.TypeFor[time.Time]() || typ.Kind() == reflect.String || typ.Kind() == reflect.Int64:
	case typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.String:
	case typ.Kind() == reflect.Struct:
		object, _ := v.(map[string]any)
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" || name == "-" || options != "" || f.Anonymous || !f.IsExported() {
				t.Errorf("%s.%s: every field has a plain key, always written", path, f.Name)
			}
			inner, there := object[name]
			if !there {
				t.Errorf("%s.%s is not in %s", path, name, golden)
			}
			sameKeys(t, path+"."+name, f.Type, inner)
			delete(object, name)
		}
		for name := range object {
			t.Errorf("%s.%s is in %s, and no field", path, name, golden)
		}
	default: // a map, an interface, a pointer: room for anything
		t.Errorf("%s is a %v, which could hold anything", path, typ)
	}
}

// TestDecode reads its own notice, and no other one.
func TestDecode(t *testing.T) {
	e := government.NewNotice(flag(t))
	good := encode(t, e)
	got, err := government.DecodeEvent([]byte(good))
	if err != nil || !reflect.DeepEqual(got, e) {
		t.Fatalf("%+v, %v\nwant %+v", got, err, e)
	}
	for name, bad := range map[string]string{
		"a key of ours elsewhere": strings.Replace(good, `"data":{`, `"flag":"x","data":{`, 1),
		"something after it":      good + "{}",
		"another type":            strings.Replace(good, government.NoticeType, "saring.warning.issued", 1),
		"another version":         strings.Replace(good, `"specversion":"1.0"`, `"specversion":"0.3"`, 1),
		"an object for a text":    strings.Replace(good, `"post":"4711"`, `"post":{"text":"x"}`, 1),
		"a list for a text":       strings.Replace(good, `"post":"4711"`, `"post":["x"]`, 1),
		"an object for a rule":    strings.Replace(good, `"id-oath-to-group"`, `{"id":"id-oath-to-group","title":"x"}`, 1),
		"half":                    good[:len(good)/2],
		"nothing":                 "",
		"a list":                  "[" + good + "]",
	} {
		if bad == good {
			t.Fatalf("%s: nothing was changed", name)
		}
		if e, err := government.DecodeEvent([]byte(bad)); err == nil {
			t.Errorf("%s: taken: %+v", name, e)
		}
	}
}

// TestNoOtherKey puts one more key at each depth of a notice: all are refused.
func TestNoOtherKey(t *testing.T) {
	good := encode(t, government.NewNotice(flag(t)))
	for _, key := range []string{"text", "title", "author", "author_name", "handle", "phone", "views", "moderator", "score", "hits", "language",
		"x", "", "__proto__", "data2", "flag ", "flag\u0000", "ﬂag"} {
		quoted, err := json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range []string{`"x"`, `null`, `{}`, `[]`, `0`} {
			member := fmt.Sprintf("%s:%s", quoted, value)
			for _, bad := range []string{
				"{" + member + "," + good[1:],
				strings.TrimSuffix(good, "}") + "," + member + "}",
				strings.Replace(good, `"data":{`, `"data":{`+member+",", 1),
				strings.TrimSuffix(good, "}}") + "," + member + "}}",
			} {
				if _, err := government.DecodeEvent([]byte(bad)); err == nil {
					t.Errorf("taken: %s", bad)
				}
			}
		}
	}
}

// TestKeysByteForByte writes the keys of the schema in other letters, and twice: all are refused.
func TestKeysByteForByte(t *testing.T) {
	good := encode(t, government.NewNotice(flag(t)))
	for _, key := range []string{"flag", "platform", "channel", "post", "revision", "url", "category", "severity", "rules", "ruleset", "posted_at", "flagged_at", "data", "id", "subject"} {
		for name, bad := range map[string]string{
			"upper case":      strings.Replace(good, `"`+key+`":`, `"`+strings.ToUpper(key)+`":`, 1),
			"title case":      strings.Replace(good, `"`+key+`":`, `"`+strings.ToUpper(key[:1])+key[1:]+`":`, 1),
			"beside the real": strings.Replace(good, `"`+key+`":`, `"`+strings.ToUpper(key)+`":null,"`+key+`":`, 1),
			"twice":           strings.Replace(good, `"`+key+`":`, `"`+key+`":null,"`+key+`":`, 1),
		} {
			if _, err := government.DecodeEvent([]byte(bad)); err == nil {
				t.Errorf("%s, %s: taken", key, name)
			}
		}
	}
}

// FuzzDecodeEvent: whatever is taken is a notice that is written again with the keys of the schema alone.
func FuzzDecodeEvent(f *testing.F) {
	good := encode(f, government.NewNotice(flag(f)))
	f.Add(good)
	f.Add(strings.Replace(good, `"data":{`, `"data":{"text":"x",`, 1))
	f.Fuzz(func(t *testing.T, data string) {
		e, err := government.DecodeEvent([]byte(data))
		if err != nil {
			return
		}
		written := encode(t, e)
		again, err := government.DecodeEvent([]byte(written))
		if err != nil || encode(t, again) != written {
			t.Fatalf("%s\nbecomes %s\nand that %+v: %v", data, written, again, err)
		}
	})
}
