package accuracy

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"saring/rules"
)

// A Report is what a Measurement has counted so far. It holds no text of any post.
type Report struct {
	Ruleset  string    `json:"ruleset"`
	At       time.Time `json:"measured_at"`
	Groups   int       `json:"groups"`            // of cases
	Skipped  []string  `json:"skipped,omitempty"` // what was not measured, and why
	Goals    int       `json:"goals"`
	Reached  int       `json:"reached"`
	Sections []Section `json:"sections"`
}

// A Section holds the rates of one question.
type Section struct {
	ID    string  `json:"id"`
	Title string  `json:"title"`
	Note  string  `json:"note,omitempty"` // how to read it
	Scale float64 `json:"-"`              // the share at the right end of a bar
	Lines []*Line `json:"lines"`

	lines map[string]*Line
}

// A Line is the rate of a class. Its parts follow it: those whose path goes on from its own.
type Line struct {
	Path   []string // what it is about: "leet", "id", "some"
	Filter Rate
	List   Rate  // of the word list
	Narrow Rate  // of the one without common words
	Goal   *Goal // nil for a line that is only reported
}

// A Goal is a limit of a share.
type Goal struct {
	Limit   float64
	AtLeast bool // for recall; otherwise the share must not be over it
}

func (g Goal) String() string {
	if g.AtLeast {
		return fmt.Sprintf("at least %g %%", 100*g.Limit)
	}
	return fmt.Sprintf("at most %g %%", 100*g.Limit)
}

// Reached reports whether the share is within the goal. A line without one always is.
func (l *Line) Reached() bool {
	switch {
	case l.Goal == nil:
		return true
	case l.Goal.AtLeast:
		return float64(l.Filter.Flagged) >= l.Goal.Limit*float64(l.Filter.Texts)
	}
	return float64(l.Filter.Flagged) <= l.Goal.Limit*float64(l.Filter.Texts)
}

// Name says in words what the line is about, without the line it is part of.
func (l *Line) Name() string { return nameOf(l.Path[len(l.Path)-1]) }

// Whole is Name with the lines it is part of.
func (l *Line) Whole() string {
	names := make([]string, len(l.Path))
	for i, p := range l.Path {
		names[i] = nameOf(p)
	}
	return strings.Join(names, ", ")
}

// Depth is how many lines it is part of.
func (l *Line) Depth() int { return len(l.Path) - 1 }

// limits are the highest shares that may be flagged of a class of labelled posts, in each set.
var limits = map[string]float64{
	"neg":               0.0005,
	"hardneg_religious": 0.0005,
	"hardneg_news":      0.003,
	"hardneg_topic":     0.003,
	"hardneg_counter":   0.003,
}

func goalOf(section string, path []string) *Goal {
	switch {
	case section == recall && len(path) == 1:
		return &Goal{Limit: 0.95, AtLeast: true}
	case section == evasions && len(path) == 2:
		return &Goal{Limit: 0.90, AtLeast: true}
	case section == lookAlikes && len(path) == 1:
		return &Goal{Limit: 0.01}
	case section == labelled && len(path) == 2:
		if limit, ok := limits[path[0]]; ok {
			return &Goal{Limit: limit}
		}
	}
	return nil
}

// Sections of a report, by id.
const (
	recall      = "recall"
	evasions    = "evasions"
	lookAlikes  = "look-alikes"
	categories  = "categories"
	evaded      = "evaded-parts"
	alikeParts  = "look-alikes-parts"
	alikeEvaded = "look-alikes-evaded"
	labelled    = "labelled"
	functions   = "functions-" // and the set
)

// kinds of sections, in the order of a report.
var headings = []Section{
	{ID: recall, Title: "Propaganda found, as written", Scale: 1,
		Note: "The project's own cases. Rule authors read the open ones. Those kept apart they have not seen: " +
			"where the open ones do much better, rules were written for rows."},
	{ID: categories, Title: "Propaganda found, by category", Scale: 1},
	{ID: evasions, Title: "Propaganda found under evasion", Scale: 1,
		Note: "Some: a third of the longer words are written so; all: every word that can be. Texts without such a word are not counted."},
	{ID: evaded, Title: "Propaganda found under evasion, by part", Scale: 1, Note: "All evasions together."},
	{ID: lookAlikes, Title: "Look-alikes flagged", Scale: 0.05, Note: "News, counter-speech and everyday speech with the same words. Each is a false alarm."},
	{ID: alikeParts, Title: "Look-alikes flagged, by part", Scale: 0.05},
	{ID: alikeEvaded, Title: "Look-alikes flagged under evasion", Scale: 0.05, Note: "Reported without a goal."},
	{ID: labelled, Title: "Posts of other people", Scale: 0.01,
		Note: "neg and hardneg: each flag is a false alarm. other_hate, ambiguous and weakpos are reported apart: a flag there is neither an " +
			"error nor a success."},
	{ID: functions, Title: "Hate speech tests", Scale: 0.05,
		Note: "Names that end in _nh are not hateful. None of them is about terrorism, so every flag deserves a look."},
}

// names in words, in the order in which lines stand.
var names = func() (out []struct{ id, words string }) {
	add := func(id, words string) { out = append(out, struct{ id, words string }{id, words}) }
	add("id", "Indonesian")
	add("en", "English")
	add("open", "open")
	add("kept apart", "kept apart")
	for _, c := range rules.Categories {
		add(string(c), string(c))
	}
	for _, e := range Evasions {
		add(e.Name, e.Name)
	}
	for _, s := range Strengths {
		add(string(s), string(s)+" words")
	}
	for _, k := range Kinds {
		add(string(k), string(k))
	}
	for _, class := range []string{"neg", "hardneg_religious", "hardneg_news", "hardneg_topic", "hardneg_counter", "neg_extremist_forum",
		"other_hate", "ambiguous", "weakpos", "unlabelled"} {
		add(class, class)
	}
	return out
}()

func rank(id string) int {
	for i, n := range names {
		if n.id == id {
			return i
		}
	}
	return len(names)
}

func nameOf(id string) string {
	if i := rank(id); i < len(names) {
		return names[i].words
	}
	return id
}

// Report is what has been counted so far.
func (m *Measurement) Report() Report {
	r := Report{Groups: m.groups}
	for _, h := range headings {
		for _, id := range slices.Sorted(maps.Keys(m.sections)) {
			set, isFunctions := strings.CutPrefix(id, functions)
			if id != h.ID && !(isFunctions && h.ID == functions) {
				continue
			}
			s := h
			s.ID = id
			if isFunctions {
				s.Title += ": " + set
			}
			for _, l := range m.sections[id].lines {
				copied := *l
				s.Lines = append(s.Lines, &copied)
			}
			slices.SortFunc(s.Lines, func(a, b *Line) int { return slices.CompareFunc(a.Path, b.Path, compareNames) })
			r.add(s)
		}
	}
	return r
}

func compareNames(a, b string) int { return cmp.Or(rank(a)-rank(b), strings.Compare(a, b)) }

func (r *Report) add(s Section) {
	r.Sections = append(r.Sections, s)
	for _, l := range s.Lines {
		if l.Goal != nil {
			r.Goals++
			if l.Reached() {
				r.Reached++
			}
		}
	}
}

// Missed are the lines whose goal is not reached, by section.
func (r Report) Missed(each func(Section, *Line)) {
	for _, s := range r.Sections {
		for _, l := range s.Lines {
			if !l.Reached() {
				each(s, l)
			}
		}
	}
}

// WriteText writes the report for a terminal.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, s := range r.Sections {
		fmt.Fprintf(&b, "%-41s%9s%18s%18s%11s%8s\n", s.Title, "flagged", "95 % interval", "texts", "word list", "narrow")
		for _, l := range s.Lines {
			low, high := l.Filter.Interval()
			name := strings.Repeat("  ", l.Depth()+1) + l.Name()
			interval := fmt.Sprintf("%.2f to %.2f", 100*low, 100*high)
			texts := fmt.Sprintf("%d of %d", l.Filter.Flagged, l.Filter.Texts)
			fmt.Fprintf(&b, "%-41s%7.2f %%%18s%18s%9.2f %%%6.1f %%%s\n", name, 100*l.Filter.Share(), interval, texts, 100*l.List.Share(), 100*l.Narrow.Share(), l.verdict())
		}
		b.WriteString("\n")
	}
	for _, s := range r.Skipped {
		fmt.Fprintf(&b, "not measured: %s\n", s)
	}
	fmt.Fprintf(&b, "word list: any term of the rules; narrow: without common words\n%d of %d goals reached; ruleset %s\n", r.Reached, r.Goals, r.Ruleset)
	r.Missed(func(s Section, l *Line) {
		fmt.Fprintf(&b, "not reached: %s: %s: %.2f %%, %v\n", s.Title, l.Whole(), 100*l.Filter.Share(), *l.Goal)
	})
	_, err := io.WriteString(w, b.String())
	return err
}

func (l *Line) verdict() string {
	switch {
	case l.Goal == nil:
		return ""
	case l.Reached():
		return fmt.Sprintf("   reached: %v", *l.Goal)
	}
	return fmt.Sprintf("   NOT REACHED: %v", *l.Goal)
}

// rateJSON is a Rate as a program reads it.
type rateJSON struct {
	Flagged int     `json:"flagged"`
	Texts   int     `json:"texts"`
	Share   float64 `json:"share"`
	Low     float64 `json:"low"` // of the 95 % interval
	High    float64 `json:"high"`
}

// MarshalJSON adds the share and its interval.
func (r Rate) MarshalJSON() ([]byte, error) {
	low, high := r.Interval()
	return json.Marshal(rateJSON{r.Flagged, r.Texts, r.Share(), low, high})
}

// MarshalJSON adds whether the goal is reached.
func (l *Line) MarshalJSON() ([]byte, error) {
	out := struct {
		Path    []string `json:"path"`
		Filter  Rate     `json:"filter"`
		List    Rate     `json:"word_list"`
		Narrow  Rate     `json:"word_list_without_common_words"`
		AtLeast *float64 `json:"at_least,omitempty"`
		AtMost  *float64 `json:"at_most,omitempty"`
		Reached *bool    `json:"reached,omitempty"`
	}{Path: l.Path, Filter: l.Filter, List: l.List, Narrow: l.Narrow}
	if g := l.Goal; g != nil {
		reached := l.Reached()
		out.Reached = &reached
		if g.AtLeast {
			out.AtLeast = &g.Limit
		} else {
			out.AtMost = &g.Limit
		}
	}
	return json.Marshal(out)
}
