package rules_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"saring/rules"
)

// TestFormat formats the lexicons in the binary: they stay what they are, and formatting them again changes nothing.
func TestFormat(t *testing.T) {
	files, _ := filepath.Glob("lexicons/*.yml")
	if len(files) < 13 {
		t.Fatal(files)
	}
	dir := t.TempDir()
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		once, err := rules.Format(file, data)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := rules.Format(file, once)
		if err != nil || !bytes.Equal(once, twice) {
			t.Errorf("%s: formatted twice it is not the same: %v", file, err)
		}
		if n, m := bytes.Count(data, []byte("#")), bytes.Count(once, []byte("#")); n != m {
			t.Errorf("%s: %d comments and hashtags before, %d after", file, n, m)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), once, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before, err := rules.Bundled()
	if err != nil {
		t.Fatal(err)
	}
	after, err := rules.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range before.Rules {
		if a, b := before.Rules[i].Fingerprint(), after.Rules[i].Fingerprint(); a != b {
			t.Errorf("rule %s does something else when it is formatted:\n%s\n%s", before.Rules[i].ID, before.Rules[i].When, after.Rules[i].When)
		}
	}
}
