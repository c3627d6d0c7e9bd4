package accuracy

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"saring/filter"
	"saring/rules"
)

// enforce makes a goal that is not reached a failure.
const enforce = false

// shared is where labelled posts are that cannot be shipped; see its README. Nothing of it may be copied here.
const shared = "../../../shared/data/labelled"

// TestGoals measures the lexicons in the binary on the bundled cases, and on the labelled posts where they are there.
func TestGoals(t *testing.T) {
	if raceEnabled {
		t.Skip("one goroutine and tens of thousands of texts: the gate runs it without the race detector")
	}
	rs, err := rules.Bundled()
	if err != nil {
		t.Fatal(err)
	}
	f, err := filter.New(rs)
	if err != nil {
		t.Fatal(err)
	}
	groups, err := Bundled()
	if err != nil {
		t.Fatal(err)
	}
	lists, err := NewLists(rs, EverydayOf(groups))
	if err != nil {
		t.Fatal(err)
	}
	m := NewMeasurement(JudgeOf(f), lists)
	for _, g := range groups {
		m.Group(g)
	}
	t.Run("cases", func(t *testing.T) { report(t, m) })
	t.Run("labelled", func(t *testing.T) {
		m := NewMeasurement(JudgeOf(f), lists)
		eachLabelled(t, m.Row)
		report(t, m)
	})
}

// report logs the rates, and fails below the goals.
func report(t *testing.T, m *Measurement) {
	var b strings.Builder
	r := m.Report()
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", &b)
	if r.Reached < r.Goals && enforce {
		t.Errorf("%d of %d goals reached", r.Reached, r.Goals)
	}
}

// eachLabelled reads the labelled posts.
func eachLabelled(t *testing.T, each func(Row)) {
	t.Helper()
	files, _ := filepath.Glob(shared + "/*.ndjson")
	if len(files) == 0 {
		if slices.Contains(strings.Split(os.Getenv("SARING_REQUIRE"), ","), "shared") {
			t.Fatalf("%s is not there, and SARING_REQUIRE names it", shared)
		}
		t.Skipf("%s is not there: the rates of false alarms are not measured (SARING_REQUIRE=shared makes this a failure)", shared)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(strings.NewReader(string(data)))
		lines.Buffer(nil, 4<<20)
		for lines.Scan() {
			row, err := DecodeRow(lines.Bytes())
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			each(row)
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
}
