package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestEvalExitCodes(t *testing.T) {
	rows := func(expect string) string {
		name := filepath.Join(t.TempDir(), "rows.ndjson")
		row := `{"id":"1","set":"s","lang":"id","expect":"` + expect + `","labels":{},"text":"` + flaggedText + `"}`
		if err := os.WriteFile(name, []byte(row), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for name, c := range map[string]struct {
		args []string
		want int
	}{
		"no goal":            {[]string{rows("weakpos")}, fine},
		"a goal not reached": {[]string{rows("neg")}, found},
		"no such file":       {[]string{"nowhere.ndjson"}, found},
		"no such flag":       {[]string{"--nowhere"}, misuse},
		"no page":            {[]string{"--report", "report.txt"}, misuse},
	} {
		if out, code := saring(t, append([]string{"eval"}, c.args...)...); code != c.want {
			t.Errorf("%s: exit code %d, want %d: %s", name, code, c.want, out)
		}
	}
}
