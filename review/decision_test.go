package review

import (
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

func decision() Decision {
	return Decision{
		ID: NewID(), Flag: "0123456789abcdef0123456789abcdef", Outcome: Dismiss, Reason: "news",
		DecidedAt: time.Date(2026, 11, 20, 8, 15, 0, 0, time.UTC),
	}
}

func TestValidate(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*Decision)
		want   string // part of the error; "" for none
	}{
		{"right", func(*Decision) {}, ""},
		{"upheld", func(d *Decision) { d.Outcome, d.Reason = Uphold, "violates" }, ""},
		{"no id", func(d *Decision) { d.ID = "" }, "id is missing"},
		{"long id", func(d *Decision) { d.ID = strings.Repeat("a", 129) }, "the limit is 128"},
		{"line break in the flag's id", func(d *Decision) { d.Flag = "a\nb" }, "visible ASCII"},
		{"no flag", func(d *Decision) { d.Flag = "" }, "flag is missing"},
		{"unknown outcome", func(d *Decision) { d.Outcome = "delete" }, "one of [uphold dismiss]"},
		{"unknown reason", func(d *Decision) { d.Reason = "boring" }, "one of [news religious"},
		{"reason of the other outcome", func(d *Decision) { d.Outcome = Uphold }, "one of [violates]"},
		{"no time", func(d *Decision) { d.DecidedAt = time.Time{} }, "decided_at"},
	} {
		d := decision()
		tc.change(&d)
		err := d.Validate()
		if (err == nil) != (tc.want == "") || (err != nil && !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: error %v, want %q", tc.name, err, tc.want)
		}
	}
}

// A decision goes to the platform and to the government: no key may be added without this test being changed.
func TestSchemaNamesNoPerson(t *testing.T) {
	d := decision()
	d.ID = "d1"
	got, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"d1","flag":"0123456789abcdef0123456789abcdef","outcome":"dismiss","reason":"news","decided_at":"2026-11-20T08:15:00Z"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var back Decision
	if err := json.Unmarshal(got, &back); err != nil || back != d {
		t.Errorf("read back %+v, %v", back, err)
	}
}

func TestSupersedesIsAnOrder(t *testing.T) {
	a, b := decision(), decision()
	a.ID, b.ID = "a", "b"
	if a.Supersedes(b) || !b.Supersedes(a) || !a.Supersedes(a) {
		t.Error("of two decisions of the same time the greater id counts")
	}
	a.DecidedAt = a.DecidedAt.Add(time.Millisecond)
	if !a.Supersedes(b) || b.Supersedes(a) {
		t.Error("the later decision counts")
	}
}

func TestReasons(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Reasons {
		if r.Label("id") == "" || r.Label("en") == "" || seen[r.Code] {
			t.Errorf("reason %+v lacks a label or is there twice", r)
		}
		seen[r.Code] = true
	}
	if len(ReasonCodes(Uphold))+len(ReasonCodes(Dismiss)) != len(Reasons) {
		t.Error("a reason belongs to no outcome")
	}
}

func TestNewIDIsNew(t *testing.T) {
	if a, b := NewID(), NewID(); a == b || len(a) != 32 {
		t.Errorf("%q, %q", a, b)
	}
}
