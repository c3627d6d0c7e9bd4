package index

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"saring/review"
)

// story is a little of everything, in two weeks.
func story(t testing.TB) []Entry {
	var s script
	a := sample{id: "a", text: "pesan alfa"}.flag(t)
	b := sample{id: "b", text: "pesan beta", at: monday.AddDate(0, 0, 7)}.flag(t)
	edit := sample{id: "a", revision: 1, text: "pesan gamma", at: monday.AddDate(0, 0, 8)}.flag(t)
	c := sample{id: "c", text: "pesan delta"}.flag(t)
	return []Entry{
		s.flag(a), s.flag(b), s.decide(a, review.Uphold, monday), s.flag(edit), s.flag(c),
		s.decide(b, review.Dismiss, monday.Add(time.Hour)), s.decide(c, review.Uphold, monday.Add(time.Hour)),
	}
}

func wantStory(t testing.TB, x *Index) {
	t.Helper()
	wantIDs(t, x, "pesan", "a:1 b:0 c:0")
	wantIDs(t, x, "status:open", "a:1")
	wantIDs(t, x, "status:dismissed", "b:0")
	wantIDs(t, x, "status:upheld", "c:0")
	wantIDs(t, x, "alfa", "")
}

// replay gives what each stream has after the position of the index, as the caller does after Open.
func replay(t testing.TB, x *Index, entries []Entry) (n int) {
	t.Helper()
	var rest []Entry
	for _, e := range entries {
		if e.Seq > x.Position(e.Stream) {
			rest = append(rest, e)
		}
	}
	apply(t, x, rest...)
	return len(rest)
}

func TestKilledProcessLosesNothing(t *testing.T) {
	dir := t.TempDir()
	x := open(t, dir)
	entries := story(t)
	for i, e := range entries {
		apply(t, x, e)
		y := open(t, copyDir(t, dir)) // x was never closed
		if n := replay(t, y, entries); n != len(entries)-i-1 {
			t.Errorf("after %d entries, %d were read again", i+1, n)
		}
		wantStory(t, y)
		y.Close()
	}
}

// The batches are durable before the positions: a process killed in between applies the entries again.
func TestKilledBetweenBatchAndPosition(t *testing.T) {
	dir := t.TempDir()
	x := open(t, dir)
	entries := story(t)
	apply(t, x, entries[:3]...)
	before, err := os.ReadFile(filepath.Join(dir, "state.bolt"))
	if err != nil {
		t.Fatal(err)
	}
	apply(t, x, entries[3:]...)
	killed := copyDir(t, dir)
	if err := os.WriteFile(filepath.Join(killed, "state.bolt"), before, 0o600); err != nil {
		t.Fatal(err)
	}
	y := open(t, killed)
	if n := replay(t, y, entries); n == 0 {
		t.Error("nothing was read again")
	}
	wantStory(t, y)
}

func TestDeletedFolderIsRebuilt(t *testing.T) {
	x := open(t, t.TempDir())
	apply(t, x, story(t)...)
	wantStory(t, x)
	y := open(t, filepath.Join(t.TempDir(), "new", "folder"))
	replay(t, y, story(t))
	wantStory(t, y)
}

// Every kind of broken file: said once, never a crash, and after reading the streams again all is as before.
func TestBrokenFilesAreRebuilt(t *testing.T) {
	dir := t.TempDir()
	x := open(t, dir)
	apply(t, x, story(t)...)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	damage := map[string]func(path string, data []byte) error{
		"empty":   func(p string, _ []byte) error { return os.WriteFile(p, nil, 0o600) },
		"half":    func(p string, d []byte) error { return os.WriteFile(p, d[:len(d)/2], 0o600) },
		"a page":  func(p string, d []byte) error { return os.WriteFile(p, d[:min(4096, len(d)-1)], 0o600) },
		"3 pages": func(p string, d []byte) error { return os.WriteFile(p, d[:min(3*4096, len(d)-1)], 0o600) },
		"garbage": func(p string, d []byte) error {
			return os.WriteFile(p, bytes.Repeat([]byte("garbage!"), len(d)/8+1), 0o600)
		},
		"garbage within": func(p string, d []byte) error {
			copy(d[len(d)/4:], bytes.Repeat([]byte{0xa5}, len(d)/2))
			return os.WriteFile(p, d, 0o600)
		},
		"gone":     func(p string, _ []byte) error { return os.Remove(p) },
		"a folder": func(p string, _ []byte) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o700)) },
	}
	for _, pattern := range []string{"state.bolt", "2026-W47/store/root.bolt", "2026-W48/store/*.zap", "2026-W47/index_meta.json", "2026-W48"} {
		for name, hurt := range damage {
			t.Run(pattern+" "+name, func(t *testing.T) {
				broken := copyDir(t, dir)
				files, _ := filepath.Glob(filepath.Join(broken, pattern))
				if len(files) == 0 {
					t.Fatal("no such file")
				}
				path := files[0]
				data, err := os.ReadFile(path)
				if err != nil && (name != "gone" || os.RemoveAll(filepath.Join(path, "store")) != nil || os.Remove(filepath.Join(path, "index_meta.json")) != nil) {
					t.Skip("is a folder")
				}
				if err := hurt(path, data); err != nil {
					t.Fatal(err)
				}
				wantRebuilt(t, broken, pattern == "2026-W47/index_meta.json" || (pattern == "state.bolt" && name == "gone"))
			})
		}
	}
}

// wantRebuilt opens a broken folder, reads the streams again, and wants all to be as before, twice.
func wantRebuilt(t *testing.T, dir string, quiet bool) {
	t.Helper()
	var log bytes.Buffer
	x, err := Open(dir, "", slog.New(slog.NewTextHandler(&log, nil)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !quiet && !strings.Contains(log.String(), "rebuilt from the streams") {
		t.Errorf("nothing was said: %q", log.String())
	}
	if !quiet && x.Position("FLAGS") != 0 {
		t.Error("the streams would not be read from the beginning")
	}
	replay(t, x, story(t))
	wantStory(t, x)
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	y := open(t, dir)
	wantStory(t, y)
	if y.Position("FLAGS") != 4 {
		t.Errorf("position %d after the rebuild", y.Position("FLAGS"))
	}
	y.Close()
}

func TestSecondProcessGetsAClearError(t *testing.T) {
	dir := t.TempDir()
	x := open(t, dir)
	apply(t, x, story(t)...)
	start := time.Now()
	_, err := Open(dir, "", nil, nil)
	if !errors.Is(err, ErrInUse) || time.Since(start) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
	wantStory(t, x)
}

func TestUnfinishedShardIsSweptAway(t *testing.T) {
	dir := t.TempDir()
	x := open(t, dir)
	apply(t, x, story(t)...)
	x.Close()
	for _, name := range []string{"new-2026-W49", "2026-W50", "notes"} {
		if err := os.MkdirAll(filepath.Join(dir, name, "store"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	x = open(t, dir)
	wantStory(t, x)
	for name, want := range map[string]bool{"new-2026-W49": false, "2026-W50": false, "notes": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOtherSchemaIsRebuilt(t *testing.T) {
	dir := t.TempDir()
	x := open(t, dir)
	apply(t, x, story(t)...)
	x.Close()
	data, err := os.ReadFile(filepath.Join(dir, "state.bolt"))
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.ReplaceAll(data, []byte(schema), []byte(strings.Replace(schema, "1", "0", 1)))
	if err := os.WriteFile(filepath.Join(dir, "state.bolt"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	wantRebuilt(t, dir, false)
}

func TestFolderThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(file, "index"), "", nil, nil); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v", err)
	}
}
