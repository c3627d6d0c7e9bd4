package accuracy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"saring/filter"
)

// A Judge says whether it flags a text, and which rules applied.
type Judge func(text string) (flagged bool, rules []string)

// JudgeOf is a filter as a Judge.
func JudgeOf(f *filter.Filter) Judge {
	return func(text string) (bool, []string) {
		v := f.Text(text)
		ids := make([]string, len(v.Rules))
		for i, r := range v.Rules {
			ids[i] = r.ID
		}
		return v.Flagged(), ids
	}
}

// A Row is a labelled post of somebody else, one JSON object a line: id, set, lang, expect, labels, text. Only labels.function
// is read of the labels.
type Row struct {
	ID       string // names it in messages; its text never stands in one
	Set      string // the collection it is from
	Language string
	Expect   string // its class, see docs/accuracy.md
	Function string // of a functional test such as HateCheck; mostly empty
	Text     string
}

// DecodeRow reads one line.
func DecodeRow(line []byte) (Row, error) {
	var in struct {
		ID, Set, Lang, Expect string
		Labels                map[string]any
		Text                  *string
	}
	if err := json.Unmarshal(line, &in); err != nil {
		return Row{}, err
	}
	if in.Text == nil || in.Expect == "" {
		return Row{}, fmt.Errorf("a labelled post needs expect and text; docs/accuracy.md says how it is written")
	}
	function, _ := in.Labels["function"].(string)
	return Row{ID: in.ID, Set: cmp.Or(in.Set, "no set"), Language: in.Lang, Expect: in.Expect, Function: function, Text: *in.Text}, nil
}

// A Rate is how many texts of a class were flagged.
type Rate struct{ Flagged, Texts int }

// Share is from 0 to 1; NaN of no texts.
func (r Rate) Share() float64 { return float64(r.Flagged) / float64(r.Texts) }

// Interval is the 95 % score interval of the share. (E. B. Wilson, 1927.)
func (r Rate) Interval() (low, high float64) {
	if r.Texts == 0 {
		return 0, 1
	}
	const z = 1.959964
	p, n := r.Share(), float64(r.Texts)
	mid := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	low, high = mid-half, mid+half
	if r.Flagged == 0 {
		low = 0 // and not what rounding leaves of it
	}
	if r.Flagged == r.Texts {
		high = 1
	}
	return low, high
}

// A Measurement judges texts and counts. Its Report can be taken at any time.
type Measurement struct {
	judge    Judge
	lists    Lists
	groups   int
	sections map[string]*Section
	misses   []Miss
}

// NewMeasurement counts what a judge flags and, beside it, what the word lists do.
func NewMeasurement(judge Judge, lists Lists) *Measurement {
	return &Measurement{judge: judge, lists: lists, sections: map[string]*Section{}}
}

// count notes a judgement in a row and those that it is part of.
func (m *Measurement) count(section string, j judgement, path ...string) {
	s := m.sections[section]
	if s == nil {
		s = &Section{ID: section, lines: map[string]*Line{}}
		m.sections[section] = s
	}
	for n := 1; n <= len(path); n++ {
		key := strings.Join(path[:n], "\x00")
		l := s.lines[key]
		if l == nil {
			l = &Line{Path: slices.Clone(path[:n]), Goal: goalOf(section, path[:n])}
			s.lines[key] = l
		}
		l.Filter.add(j.flagged)
		l.List.add(j.list)
		l.Narrow.add(j.narrow)
	}
}

func (r *Rate) add(flagged bool) {
	r.Texts++
	if flagged {
		r.Flagged++
	}
}

type judgement struct {
	flagged, list, narrow bool
	rules                 []string
}

func (m *Measurement) ask(text string) (j judgement) {
	j.flagged, j.rules = m.judge(text)
	j.list, _ = m.lists.Full(text)
	j.narrow, _ = m.lists.Narrow(text)
	return j
}

// Group judges the texts of a group, as written and under every evasion.
func (m *Measurement) Group(g Group) {
	m.groups++
	part := "open"
	if g.KeptApart {
		part = "kept apart"
	}
	for _, kind := range Kinds {
		for _, text := range g.Texts[kind] {
			j := m.ask(text)
			if kind == Propaganda {
				m.count(recall, j, g.Language, part)
				m.count(categories, j, string(g.Category), g.Language)
			} else {
				m.count(lookAlikes, j, g.Language, string(kind))
				m.count(alikeParts, j, g.Language, part)
			}
			m.note(g, kind, "", text, j)
			m.evade(g, part, kind, text, j)
		}
	}
}

func (m *Measurement) evade(g Group, part string, kind Kind, text string, plain judgement) {
	for _, e := range Evasions {
		for _, s := range Strengths {
			other := e.Apply(text, g.Language, s)
			if other == text {
				continue
			}
			j := m.ask(other)
			if kind != Propaganda {
				m.count(alikeEvaded, j, e.Name, g.Language)
				continue
			}
			m.count(evasions, j, e.Name, g.Language, string(s))
			m.count(evaded, j, g.Language, part)
			if plain.flagged {
				m.note(g, kind, e.Name+", "+string(s), other, j)
			}
		}
	}
}

// Row judges a labelled post.
func (m *Measurement) Row(r Row) {
	j := m.ask(r.Text)
	m.count(labelled, j, r.Expect, r.Set)
	if r.Function != "" {
		m.count(functions+r.Set, j, r.Function)
	}
	if _, wrong := limits[r.Expect]; wrong && j.flagged {
		m.misses = append(m.misses, Miss{ID: r.ID, Kind: r.Expect, Flagged: true, Rules: j.rules})
	}
}

// A Miss is a judgement that was wrong.
type Miss struct {
	ID      string   `json:"id"`                // of the group or the row
	At      string   `json:"at,omitempty"`      // file and line of the group
	Kind    string   `json:"kind"`              // of the text, or class of the row
	Evasion string   `json:"evasion,omitempty"` // how it was written, empty for as it stands
	Flagged bool     `json:"flagged"`           // a false alarm; otherwise propaganda that passed
	Rules   []string `json:"rules"`             // those that applied
	Near    string   `json:"near,omitempty"`    // see Near
	Text    string   `json:"text,omitempty"`    // of the project's own cases only
}

func (m *Measurement) note(g Group, kind Kind, evasion, text string, j judgement) {
	if j.flagged != (kind == Propaganda) && !g.KeptApart {
		m.misses = append(m.misses, Miss{ID: g.ID, At: fmt.Sprintf("%s:%d", g.File, g.Line), Kind: string(kind), Evasion: evasion,
			Flagged: j.flagged, Rules: j.rules, Text: text})
	}
}

// Misses are the wrong judgements on the open cases, with their texts, and on the labelled posts of classes
// with a goal, by id only. Near, see there, is asked about the propaganda that passed.
func (m *Measurement) Misses(near func(Miss) string) []Miss {
	out := slices.Clone(m.misses)
	for i := range out {
		if !out[i].Flagged {
			out[i].Near = near(out[i])
		}
	}
	return out
}
