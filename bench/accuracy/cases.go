package accuracy

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"saring/ingest"
	"saring/rules"
)

//go:embed cases/*.txt cases/apart/*.txt
var bundled embed.FS

// A Kind says what a text of a group is.
type Kind string

const (
	Propaganda Kind = "propaganda" // must be flagged
	News       Kind = "news"       // reports the same in the same words
	Counter    Kind = "counter"    // speaks against it
	Everyday   Kind = "everyday"   // ordinary or religious speech with the same words
)

// Kinds lists them; all but the first must pass.
var Kinds = []Kind{Propaganda, News, Counter, Everyday}

// A Group is propaganda with what is easily taken for it.
type Group struct {
	ID        string
	Category  rules.Category
	Language  string // "id" or "en"
	File      string
	Line      int  // of its head
	KeptApart bool // only counted, never shown: its file is in a folder named apart
	Texts     map[Kind][]string
}

// Bundled reads the cases that the binary carries.
func Bundled() ([]Group, error) {
	var names []string
	for _, dir := range []string{"cases", "cases/apart"} {
		more, err := fs.Glob(bundled, dir+"/*.txt")
		if err != nil {
			return nil, err
		}
		names = append(names, more...)
	}
	return Read(names, bundled.ReadFile)
}

// Read reads files of cases. The error holds every mistake, each with its file and line.
func Read(files []string, read func(string) ([]byte, error)) ([]Group, error) {
	var groups []Group
	var mistakes []error
	at := map[string]Group{}
	for _, name := range files {
		data, err := read(name)
		if err != nil {
			return nil, err
		}
		of, err := Parse(name, string(data))
		mistakes = append(mistakes, err)
		for _, g := range of {
			if old, taken := at[g.ID]; taken && old.File != g.File { // Parse has said so of one file
				mistakes = append(mistakes, fmt.Errorf("%s:%d: group %q is already at %s:%d; give this one another id", g.File, g.Line, g.ID, old.File, old.Line))
			}
			at[g.ID] = g
		}
		groups = append(groups, of...)
	}
	return groups, errors.Join(mistakes...)
}

var fileForm = regexp.MustCompile(`^(?:.*/)?([a-z]+)\.(id|en)\.txt$`)

// Parse reads one file of cases, named category.language.txt:
//
//	# a comment
//	== id-of-the-group
//	propaganda: a text, which may
//	  go on in lines that begin with two spaces
//	news: …
//	counter: …
//	everyday: …
//
// Each kind stands at least once. The error holds every mistake, each with its file and line.
func Parse(file, data string) ([]Group, error) {
	p := caseParser{file: file, ids: map[string]int{}}
	if m := fileForm.FindStringSubmatch(file); m == nil || !slices.Contains(rules.Categories, rules.Category(m[1])) {
		return nil, fmt.Errorf("%s:1: the name says no category and language; it has to be like incitement.id.txt, with one of %v", file, rules.Categories)
	} else {
		p.category, p.language = rules.Category(m[1]), m[2]
	}
	for line := range strings.Lines(strings.TrimPrefix(data, "\ufeff")) {
		p.line++
		p.read(strings.TrimRight(line, " \t\r\n"))
	}
	p.endGroup()
	return p.groups, errors.Join(p.mistakes...)
}

// caseParser goes on after a mistake, so that an author sees all of them.
type caseParser struct {
	file     string
	category rules.Category
	language string
	line     int
	groups   []Group
	ids      map[string]int // to the line
	mistakes []error

	kind  Kind // of the text that is being read, "" for none
	text  string
	begun int // its line
}

func (p *caseParser) mistake(line int, format string, args ...any) {
	p.mistakes = append(p.mistakes, fmt.Errorf("%s:%d: "+format, append([]any{p.file, line}, args...)...))
}

var idForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (p *caseParser) read(line string) {
	if rest, ok := strings.CutPrefix(line, "  "); ok {
		if p.kind == "" {
			p.mistake(p.line, "a text goes on here, but none has begun; begin it with one of %v and a colon", Kinds)
			return
		}
		p.text += " " + strings.TrimSpace(rest)
		return
	}
	if line == "" || line[0] == '#' {
		p.endText()
		return
	}
	if id, ok := strings.CutPrefix(line, "=="); ok {
		p.endGroup()
		p.beginGroup(strings.TrimSpace(id))
		return
	}
	p.endText()
	kind, text, ok := strings.Cut(line, ":")
	switch {
	case !ok || !slices.Contains(Kinds, Kind(kind)):
		p.mistake(p.line, "%.40q is none of %v with a colon; a text goes on in lines that begin with two spaces", line, Kinds)
	case len(p.groups) == 0:
		p.mistake(p.line, "a text before the first group; begin one with == and its id")
	default:
		p.kind, p.text, p.begun = Kind(kind), text, p.line
	}
}

func (p *caseParser) beginGroup(id string) {
	if !idForm.MatchString(id) {
		p.mistake(p.line, "group id %q: use a-z, 0-9 and single hyphens", id)
	} else if old, taken := p.ids[id]; taken {
		p.mistake(p.line, "group %q is already at line %d; give this one another id", id, old)
	}
	p.ids[id] = p.line
	p.groups = append(p.groups, Group{
		ID: id, Category: p.category, Language: p.language, File: p.file, Line: p.line,
		KeptApart: path.Base(path.Dir(filepath.ToSlash(p.file))) == "apart", Texts: map[Kind][]string{},
	})
}

func (p *caseParser) endText() {
	if p.kind == "" {
		return
	}
	kind, text, g := p.kind, strings.TrimSpace(p.text), &p.groups[len(p.groups)-1]
	p.kind = ""
	g.Texts[kind] = append(g.Texts[kind], text)
	switch {
	case text == "":
		p.mistake(p.begun, "%s has no text", kind)
	case !utf8.ValidString(text):
		p.mistake(p.begun, "not UTF-8; save the file as UTF-8")
	case len(text) > ingest.MaxText:
		p.mistake(p.begun, "the text has %d bytes; a post has at most %d", len(text), ingest.MaxText)
	}
}

func (p *caseParser) endGroup() {
	p.endText()
	if len(p.groups) == 0 {
		return
	}
	g := p.groups[len(p.groups)-1]
	for _, kind := range Kinds {
		if len(g.Texts[kind]) == 0 {
			p.mistake(g.Line, "group %q has no %s", g.ID, kind)
		}
	}
}

// Size is the bytes of its texts.
func (g Group) Size() (n int64) {
	for _, texts := range g.Texts {
		for _, t := range texts {
			n += int64(len(t))
		}
	}
	return n
}
