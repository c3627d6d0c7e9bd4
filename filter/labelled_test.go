package filter

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"saring/rules"
)

// shared is where labelled posts are that cannot be shipped; see its README. Nothing of it may be copied here.
const shared = "../../shared/data"

// TestHitsOfRealPosts finds every term of the lexicons in posts that people wrote, and looks whether each hit is where it says.
// How often the filter is right about them is measured in bench/accuracy.
func TestHitsOfRealPosts(t *testing.T) {
	files, _ := filepath.Glob(shared + "/labelled/*.ndjson")
	if len(files) == 0 {
		if slices.Contains(strings.Split(os.Getenv("SARING_REQUIRE"), ","), "shared") {
			t.Fatalf("%s/labelled is not there, and SARING_REQUIRE names it", shared)
		}
		t.Skipf("%s/labelled is not there: hits are not looked for in real posts (SARING_REQUIRE=shared makes this a failure)", shared)
	}
	f := wordList(t)
	posts, hits := 0, 0
	for _, file := range files {
		rows := 0
		eachText(t, file, func(text string) {
			if rows++; rows%thin > 0 {
				return
			}
			v := f.Text(text)
			checkHits(t, v, text)
			posts++
			hits += len(v.Hits)
		})
	}
	t.Logf("%d hits in %d posts", hits, posts)
	if hits < posts/10 {
		t.Errorf("%d hits in %d posts: too few to say anything", hits, posts)
	}
}

// wordList flags whatever has a term of the lexicons.
func wordList(t *testing.T) *Filter {
	list := rules.Rule{ID: "word-list", Status: rules.Warn, Category: rules.Threat, Severity: rules.Low,
		Weight: rules.Threshold, Threshold: rules.Threshold, When: rules.Cond{Op: rules.Any}}
	for _, r := range bundledFilter(t).ruleset.Rules {
		r.When.Terms(func(leaf *rules.Cond) { list.When.Of = append(list.When.Of, *leaf) })
	}
	f, err := New(&rules.Ruleset{Rules: []rules.Rule{list}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// eachText reads a file of labelled posts.
func eachText(t *testing.T, file string, each func(text string)) {
	t.Helper()
	r, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var row struct{ Text string }
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		each(row.Text)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}
