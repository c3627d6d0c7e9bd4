package rules_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
	"golang.org/x/tools/txtar"

	"saring/rules"
)

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(rules.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("lexicon.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("lexicon.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, data []byte) error {
	t.Helper()
	var doc yaml.Node
	var v any
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	plainDates(&doc)
	if err := doc.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

// plainDates makes texts of dates, as editors read them.
func plainDates(n *yaml.Node) {
	if n.Tag == "!!timestamp" {
		n.Tag = "!!str"
	}
	for _, c := range n.Content {
		plainDates(c)
	}
}

// TestSchema holds the schema to the parser: it accepts the lexicons in the binary.
func TestSchema(t *testing.T) {
	s := schema(t)
	files, _ := filepath.Glob("lexicons/*.yml")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, s, data); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	a, err := txtar.ParseFile("testdata/mistakes/conditions.txt")
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, s, a.Files[0].Data); err == nil {
		t.Error("the schema accepts a condition that is a mapping")
	}
}

// TestSchemaKnowsEveryKey changes each key of a whole lexicon in turn: both the parser and the schema refuse it.
func TestSchemaKnowsEveryKey(t *testing.T) {
	s := schema(t)
	whole := `title: Everything
language: id
description: d
author: a
approver: b
date: 2026-11-22
expires: 2027-11-22
source: s
origin: platform
groups: {pets: [kucing]}
rules:
- id: whole
  title: t
  language: en
  status: hold
  category: financing
  severity: critical
  weight: 2.5
  threshold: 7
  author: a
  approver: b
  date: 2026-11-22
  expires: 2027-11-22
  rationale: r
  source: s
  references: [r]
  origin: platform
  falsepositives: [f]
  when: kucing
  unless: [anjing]
  match: [kucing]
  pass:
    news: [n]
    everyday: [e]
    counter: [c]
`
	if err := validate(t, s, []byte(whole)); err != nil {
		t.Fatal(err)
	}
	load(t, map[string]string{"a.yml": whole})
	lines := bytes.SplitAfter([]byte(whole), []byte("\n"))
	for i, line := range lines {
		key := bytes.IndexByte(line, ':')
		if key < 0 {
			continue
		}
		lines[i] = append(append(bytes.Clone(line[:key]), 'x'), line[key:]...)
		changed := bytes.Join(lines, nil)
		lines[i] = line
		if err := validate(t, s, changed); err == nil {
			t.Errorf("the schema accepts %q", line)
		}
		mistakes(t, map[string]string{"a.yml": string(changed)})
	}
}
