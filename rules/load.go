package rules

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed lexicons/*.yml
var embedded embed.FS

// A Ruleset is lexicons that have been read, checked and resolved. It never changes.
type Ruleset struct {
	Version  string // names the content: 16 hexadecimal digits
	Lexicons []Lexicon
	Rules    []Rule // of all lexicons, in the order of files and lines
	files    map[string][]byte
	braked   map[string]string // see Brake
}

// formatVersion is part of every ruleset's version: it changes when the same file comes to mean something else.
const formatVersion = "3"

// Limits of a lexicon folder.
const (
	maxFile  = 4 << 20
	maxFiles = 500
)

// Bundled loads the lexicons that the binary carries.
func Bundled() (*Ruleset, error) {
	sub, err := fs.Sub(embedded, "lexicons")
	if err != nil {
		return nil, err
	}
	return loadFS(sub, "rules/lexicons")
}

// Load reads every *.yml of a folder, except hidden ones. The error holds all the mistakes found, as Mistakes, or says why the folder
// cannot be read.
func Load(dir string) (*Ruleset, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("lexicons: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("lexicons: %s is a file; name the folder that holds it", dir)
	}
	return loadFS(os.DirFS(dir), dir)
}

func loadFS(fsys fs.FS, dir string) (*Ruleset, error) {
	names, err := fs.Glob(fsys, "*.yml")
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name[0] == '.' }) // an editor's, not an author's
	if len(names) > maxFiles {
		return nil, fmt.Errorf("lexicons: %d files in %s; the limit is %d", len(names), dir, maxFiles)
	}
	if _, err := fs.Stat(fsys, brakedFile); err == nil && len(names) > 0 { // as Write leaves it
		names = append(names, brakedFile)
	}
	files := map[string][]byte{}
	for _, name := range names {
		if files[name], err = readFile(fsys, name); err != nil {
			return nil, fmt.Errorf("lexicons: %s: %w", path.Join(dir, name), err)
		}
	}
	return parse(files, dir)
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%d bytes; the limit is %d", info.Size(), maxFile)
	}
	return fs.ReadFile(fsys, name)
}

// parse makes a ruleset of files by name; dir is what messages call their folder.
func parse(files map[string][]byte, dir string) (*Ruleset, error) {
	if _, braked := files[brakedFile]; len(files) == 0 || braked && len(files) == 1 {
		return nil, fmt.Errorf("lexicons: no *.yml in %s", dir)
	}
	p := newParser()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name != brakedFile {
			p.file(path.Join(dir, name), files[name])
		}
	}
	p.resolve()
	braked := p.readBraked(files, dir)
	if len(p.mistakes) > 0 {
		return nil, p.mistakes.sorted()
	}
	rs := &Ruleset{Version: version(files), Lexicons: p.lexicons, files: files}
	rs.apply(braked)
	return rs, nil
}

// version hashes names and contents, each with its length before it.
func version(files map[string][]byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "saring ruleset %s\n", formatVersion)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%d %s %d\n", len(name), name, len(files[name]))
		h.Write(files[name])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Archive holds the files that the ruleset was made from, so that its version can be fetched and loaded again.
func (rs *Ruleset) Archive() ([]byte, error) { return json.Marshal(rs.files) }

// Write writes the files that the ruleset was made from into a new folder.
func (rs *Ruleset) Write(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for name, data := range rs.files {
		if filepath.Base(name) != name {
			return fmt.Errorf("ruleset: %q is no file name", name)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// FromArchive loads what Archive wrote.
func FromArchive(data []byte) (*Ruleset, error) {
	var files map[string][]byte
	if err := json.Unmarshal(data, &files); err != nil {
		return nil, fmt.Errorf("ruleset archive: %w", err)
	}
	return parse(files, "ruleset")
}

// A Mistake is something wrong in a lexicon.
type Mistake struct {
	Position
	What   string // what is wrong, and what to do
	Advice bool   // it is probably not meant, but may be
}

func (m Mistake) String() string {
	if m.Advice {
		return fmt.Sprintf("%s:%d:%d: advice: %s", m.File, m.Line, m.Column, m.What)
	}
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.What)
}

// Mistakes is everything wrong in some lexicons, as an error of one line each.
type Mistakes []Mistake

func (ms Mistakes) Error() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.String()
	}
	return strings.Join(lines, "\n")
}

func (ms Mistakes) sorted() Mistakes {
	slices.SortStableFunc(ms, func(a, b Mistake) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return ms
}
