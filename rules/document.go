package rules

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// document reads the one YAML document of a file.
func (p *parser) document(file string, data []byte) (doc *yaml.Node, ok bool) {
	start := Position{File: file, Line: 1, Column: 1}
	if valid := validPrefix(data); len(valid) < len(data) {
		line := valid[bytes.LastIndexByte(valid, '\n')+1:]
		p.mistake(Position{File: file, Line: 1 + bytes.Count(valid, []byte("\n")), Column: 1 + utf8.RuneCount(line)},
			"not UTF-8 from here on; save the file as UTF-8")
		return nil, false
	}
	docs, err := yaml.NewLoader(bytes.NewReader(data))
	var first, second yaml.Node
	if err == nil {
		err = docs.Load(&first)
	}
	switch {
	case err == io.EOF || err == nil && len(first.Content) == 0:
		p.mistake(start, "the file is empty; a lexicon needs title and rules or groups")
		return nil, false
	case err == nil:
		err = docs.Load(&second)
	}
	if err == nil {
		p.mistake(Position{File: file, Line: second.Line, Column: second.Column}, "a second document begins here; a file holds one lexicon")
		return nil, false
	}
	if err != io.EOF {
		p.syntax(start, err)
		return nil, false
	}
	return first.Content[0], true
}

// validPrefix is data up to its first byte that is not UTF-8.
func validPrefix(data []byte) []byte {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return data[:i]
		}
		i += n
	}
	return data
}

// syntax reports what the YAML reader says, where it says it, or else at the start.
func (p *parser) syntax(pos Position, err error) {
	what := err.Error()
	var at *yaml.LoadError
	if errors.As(err, &at) {
		what = at.Message
		mark := at.Mark
		if strings.Contains(what, "end of stream") && at.ContextMark.Line > 0 {
			mark = at.ContextMark // where it began, not where the file ends
		}
		if mark.Line > 0 {
			pos.Line, pos.Column = mark.Line, max(mark.Column, 1)
		}
	}
	p.mistake(pos, "not YAML: "+what+"; check the indentation and the quotes around texts with a colon or a #")
}
