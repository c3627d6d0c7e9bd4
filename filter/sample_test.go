package filter

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestSample compares what is flagged in the sample channels with testdata/sample_flags.txt: one line a flag, channel,
// post, revision, category, severity and action. With SARING_UPDATE in the environment it writes the file anew. A line
// that comes or goes is a decision of a rule's author; look at the post before you keep it.
func TestSample(t *testing.T) {
	const golden = "testdata/sample_flags.txt"
	f := bundledFilter(t)
	var got strings.Builder
	for _, p := range sample(t) {
		v := f.Verdict(p)
		checkVerdict(t, v, p.Text())
		if v.Flagged() {
			fmt.Fprintf(&got, "%s/%s/%d %s %s %s\n", p.Channel().Handle, p.ID(), p.Revision(), v.Category, v.Severity, v.Action)
		}
	}
	if os.Getenv("SARING_UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	compareLines(t, got.String(), string(want))
}

// compareLines names the lines that are only in one of two texts.
func compareLines(t *testing.T, got, want string) {
	t.Helper()
	for _, c := range []struct{ what, in, out string }{{"new", got, want}, {"gone", want, got}} {
		there := map[string]bool{}
		for line := range strings.Lines(c.out) {
			there[line] = true
		}
		for line := range strings.Lines(c.in) {
			if !there[line] {
				t.Errorf("%s: %s", c.what, strings.TrimSpace(line))
			}
		}
	}
	if !t.Failed() && got != want {
		t.Error("the same lines in another order, or more than once")
	}
}
