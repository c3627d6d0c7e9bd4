package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPage writes the page again from the newest records: it has to be the one that is there.
func TestPage(t *testing.T) {
	docs := t.TempDir()
	page, err := os.ReadFile("../../docs/cost.md")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(docs, "cost.md"), page, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := writePage("../record", docs); err != nil {
		t.Fatal(err)
	}
	written, err := filepath.Glob(filepath.Join(docs, "*"))
	if err != nil || len(written) != 6 {
		t.Fatalf("%d files are written, want the page and five plots: %v", len(written), err)
	}
	for _, name := range written {
		got, _ := os.ReadFile(name)
		want, err := os.ReadFile(filepath.Join("../../docs", filepath.Base(name)))
		if err != nil || string(got) != string(want) {
			t.Errorf("docs/%s is not what the newest records say; run bash bench/record.sh page", filepath.Base(name))
		}
	}
}

func TestFill(t *testing.T) {
	const page = "a\n<!-- record: x -->\nold\n<!-- end -->\nb\n"
	got, err := fill(page, map[string]string{"x": "new\n"})
	if want := strings.Replace(page, "old", "new", 1); err != nil || got != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for _, wrong := range []map[string]string{{}, {"x": "", "y": ""}} {
		if _, err := fill(page, wrong); err == nil {
			t.Errorf("sections %v pass", wrong)
		}
	}
}
