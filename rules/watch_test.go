package rules_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saring/rules"
)

// reload is what Watch hands over.
type reload struct {
	rs  *rules.Ruleset
	err error
}

// watch watches a folder until the test ends.
func watch(t *testing.T, dir string) <-chan reload {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reloads, ended := make(chan reload, 100), make(chan error, 1)
	go func() {
		ended <- rules.Watch(ctx, dir, func(rs *rules.Ruleset, err error) { reloads <- reload{rs, err} })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	})
	// The watch stands once a change is seen.
	probe := filepath.Join(dir, "probe")
	for range 20 {
		if err := os.WriteFile(probe, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		select {
		case <-reloads:
			return reloads
		case <-time.After(time.Second):
		}
	}
	t.Fatal("no change is seen")
	return nil
}

// next is the next reload that a save leads to.
func next(t *testing.T, reloads <-chan reload) reload {
	t.Helper()
	select {
	case r := <-reloads:
		return r
	case <-time.After(20 * time.Second):
		t.Fatal("the change was not seen")
		return reload{}
	}
}

// save writes a file as editors do: another beside it, then a rename.
func save(t *testing.T, dir, name, data string) {
	t.Helper()
	temp := filepath.Join(dir, name+".tmp")
	if err := errors.Join(os.WriteFile(temp, []byte(data), 0o644), os.Rename(temp, filepath.Join(dir, name))); err != nil {
		t.Fatal(err)
	}
}

// TestWatch saves a lexicon as editors do, in place, with a mistake, and takes one away.
func TestWatch(t *testing.T) {
	dir := folder(t, map[string]string{"a.yml": good("first")})
	reloads := watch(t, dir)

	save(t, dir, "a.yml", good("second"))
	r := next(t, reloads)
	if r.err != nil || len(r.rs.Rules) != 1 || r.rs.Rules[0].ID != "second" {
		t.Fatalf("a save: %+v", r)
	}
	second := r.rs.Version

	save(t, dir, "a.yml", "title: [\n")
	if r = next(t, reloads); r.rs != nil || r.err == nil || !strings.Contains(r.err.Error(), filepath.Join(dir, "a.yml")+":") {
		t.Fatalf("a mistake: %+v", r)
	}

	if err := os.WriteFile(filepath.Join(dir, "a.yml"), []byte(good("second")), 0o644); err != nil {
		t.Fatal(err)
	}
	if r = next(t, reloads); r.err != nil || r.rs.Version != second {
		t.Fatalf("put right, in place: %+v", r)
	}

	save(t, dir, "b.yml", good("third"))
	if r = next(t, reloads); r.err != nil || len(r.rs.Rules) != 2 {
		t.Fatalf("a new file: %+v", r)
	}
	if err := os.Remove(filepath.Join(dir, "a.yml")); err != nil {
		t.Fatal(err)
	}
	if r = next(t, reloads); r.err != nil || len(r.rs.Rules) != 1 || r.rs.Rules[0].ID != "third" {
		t.Fatalf("a file less: %+v", r)
	}
	if err := os.Remove(filepath.Join(dir, "b.yml")); err != nil {
		t.Fatal(err)
	}
	if r = next(t, reloads); r.err == nil || !strings.Contains(r.err.Error(), "no *.yml in ") {
		t.Fatalf("no file left: %+v", r)
	}
}

// TestWatchMountedFolder changes a folder as Kubernetes changes a mounted ConfigMap: the files are links into a
// folder that is replaced.
func TestWatchMountedFolder(t *testing.T) {
	dir := t.TempDir()
	link := func(to, name string) {
		t.Helper()
		temp := filepath.Join(dir, name+"_tmp")
		if err := errors.Join(os.Symlink(to, temp), os.Rename(temp, filepath.Join(dir, name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, version := range []string{"..1", "..2"} {
		if err := os.Mkdir(filepath.Join(dir, version), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	save(t, filepath.Join(dir, "..1"), "a.yml", good("first"))
	save(t, filepath.Join(dir, "..2"), "a.yml", good("second"))
	link("..1", "..data")
	link("..data/a.yml", "a.yml")
	reloads := watch(t, dir)
	link("..2", "..data")
	if r := next(t, reloads); r.err != nil || r.rs.Rules[0].ID != "second" {
		t.Errorf("%+v", r)
	}
}

// TestWatchSettles: many steps in a row are one change.
func TestWatchSettles(t *testing.T) {
	dir := folder(t, map[string]string{"a.yml": good("first")})
	reloads := watch(t, dir)
	for range 50 {
		save(t, dir, "a.yml", "title: [\n")
		save(t, dir, "a.yml", good("second"))
	}
	last := next(t, reloads)
	for more := true; more; {
		select {
		case last = <-reloads:
		case <-time.After(time.Second):
			more = false
		}
	}
	if last.err != nil || last.rs.Rules[0].ID != "second" {
		t.Errorf("%+v", last)
	}
}

func TestWatchNothing(t *testing.T) {
	err := rules.Watch(t.Context(), filepath.Join(t.TempDir(), "no"), func(*rules.Ruleset, error) { t.Error("called") })
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
