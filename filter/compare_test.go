package filter

import (
	"fmt"
	"strings"
	"testing"
)

// TestCompare compares two rulesets on posts whose texts say what became of them.
func TestCompare(t *testing.T) {
	before := ruleset(t, map[string]string{"a.yml": `
title: Before
rules:
  - {id: kept, title: t, category: threat, severity: low, when: satu, match: [satu], pass: [x]}
  - {id: dropped, title: t, category: threat, severity: low, when: dua, match: [dua], pass: [x]}
  - {id: promoted, title: t, status: shadow, category: threat, severity: low, when: tiga, match: [tiga], pass: [x]}
`})
	after := ruleset(t, map[string]string{"a.yml": `
title: After
rules:
  - {id: kept, title: t, category: threat, severity: low, when: satu, match: [satu], pass: [x]}
  - {id: promoted, title: t, category: threat, severity: low, when: tiga, match: [tiga], pass: [x]}
  - {id: drafted, title: t, status: draft, category: threat, severity: low, when: empat, match: [empat], pass: [x]}
`})
	c, err := Compare(before, after, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"satu", "satu dua", "dua", "tiga", "tiga lagi", "empat", "lima"} {
		c.Add(admit(t, text))
	}
	got := c.Result()
	if sum := fmt.Sprint(got.Posts, got.Before, got.After, got.Newly, got.Gone); sum != "7 3 4 2 1" {
		t.Errorf("posts, before, after, newly, gone: %s", sum)
	}
	var lines []string
	for _, r := range got.Rules {
		line := fmt.Sprintf("%s %q %d to %d, +%d -%d", r.ID, r.Status, r.Before, r.After, r.Newly, r.Gone)
		for _, s := range r.Samples {
			line += fmt.Sprintf(" %s %v", s.Text, s.Flagged)
		}
		lines = append(lines, line)
	}
	want := `promoted "warn" 2 to 2, +2 -0 tiga true
dropped "" 2 to 0, +0 -1 dua false
kept "warn" 2 to 2, +0 -0
drafted "draft" 0 to 1, +0 -0`
	if s := strings.Join(lines, "\n"); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
}
