package platform_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"
	"time"

	"saring/filter"
	"saring/ingest"
	"saring/queue/platform"
	"saring/rules"
)

func flag(t testing.TB) filter.Flag {
	t.Helper()
	p, err := ingest.Admit(ingest.Raw{
		Platform: "telegram", ID: "4711", Revision: 2, PostedAt: time.Date(2026, 11, 20, 15, 15, 0, 250e6, time.FixedZone("WIB", 7*3600)),
		Channel: ingest.RawChannel{ID: "-1001234567890", Handle: "kabar_contoh", Title: "Kabar <Contoh>", Kind: ingest.KindPublicChannel},
		Text:    "Segera bai’at\nkepada … \"&\" 🔥",
		URL:     "https://t.me/kabar_contoh/4711?single&x=1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return filter.Flag{
		ID: filter.FlagID(p), Post: p, FlaggedAt: time.Date(2026, 11, 20, 8, 15, 1, 0, time.UTC),
		Verdict: filter.Verdict{
			Language: "id", Category: rules.Recruitment, Severity: rules.High, Score: 8.5, Threshold: 5, Action: rules.Warn, Ruleset: "3f2a9c1be0d47785",
			Rules: []filter.RuleScore{{ID: "id-oath-to-group", Title: "Oath of allegiance to a listed group", Score: 8.5}},
			Hits:  []filter.Hit{{Rule: "id-oath-to-group", Term: "bai'at", Start: 7, End: 15, Text: "bai’at"}},
		},
	}
}

// TestWarning: a warning is the flag whole, with its post, in testdata/warning.json.
func TestWarning(t *testing.T) {
	file, err := os.ReadFile("testdata/warning.json")
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Compact(&want, file); err != nil {
		t.Fatal(err)
	}
	w := platform.NewWarning(flag(t))
	got, err := platform.Warnings.Encode(w)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want.String() {
		t.Errorf("got\n%s\nwant\n%s", got, want.String())
	}
	if id, subject := platform.Warnings.ID(w), platform.Warnings.Subject(w); id != "warning-"+w.Data.ID || subject != "saring.platform.warning.telegram.-1001234567890."+w.Data.ID {
		t.Errorf("id %s, subject %s", id, subject)
	}
	if back, err := platform.Warnings.Decode(got); err != nil || !reflect.DeepEqual(back, w) {
		t.Errorf("read again: %+v, %v\nwant %+v", back, err, w)
	}
	if again, _ := platform.Warnings.Encode(platform.NewWarning(flag(t))); !bytes.Equal(again, got) {
		t.Errorf("the same flag gave another warning:\n%s", again)
	}
}

// TestDecode refuses what is no warning, and a post in it that the gate would refuse.
func TestDecode(t *testing.T) {
	good, err := platform.Warnings.Encode(platform.NewWarning(flag(t)))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"another type":    {platform.WarningType, "saring.notice.issued"},
		"another version": {`"specversion":"1.0"`, `"specversion":"2.0"`},
		"a private post":  {"public_channel", "private_channel"},
		"a post in parts": {`"platform":"telegram",`, ``},
	} {
		bad := bytes.Replace(good, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(bad, good) {
			t.Fatalf("%s: nothing was changed", name)
		}
		if w, err := platform.Warnings.Decode(bad); err == nil {
			t.Errorf("%s: taken: %+v", name, w)
		}
	}
}
