package accuracy

import (
	"fmt"
	"slices"

	"saring/filter"
	"saring/rules"
)

// Lists are what the words of some rules do without conditions. Folding is the same, so what they lack is the conditions.
type Lists struct {
	Full   Judge // flags a text that holds any term of the `when` of any rule that can flag
	Narrow Judge // the same without common words, as anybody would keep such a list
}

// common is the share of the everyday texts in which a term must stand to be a common word. The narrow list is made with
// texts that it is then measured on, which flatters it.
const common = 0.01

// NewLists makes the word lists of a ruleset; everyday are the texts that tell which words are common.
func NewLists(rs *rules.Ruleset, everyday []string) (Lists, error) {
	terms := termsOf(rs)
	f, err := listFilter(rs, terms)
	if err != nil {
		return Lists{}, err
	}
	in := map[string]int{} // in how many texts a term stands
	for _, text := range everyday {
		seen := map[string]bool{}
		for _, h := range f.Text(text).Hits {
			if !seen[h.Term] {
				seen[h.Term] = true
				in[h.Term]++
			}
		}
	}
	terms = slices.DeleteFunc(terms, func(c rules.Cond) bool { return float64(in[c.Term]) > common*float64(len(everyday)) })
	narrow, err := listFilter(rs, terms)
	return Lists{Full: JudgeOf(f), Narrow: JudgeOf(narrow)}, err
}

// EverydayOf are the everyday texts of cases.
func EverydayOf(groups []Group) (texts []string) {
	for _, g := range groups {
		texts = append(texts, g.Texts[Everyday]...)
	}
	return texts
}

// termsOf are the different terms that can make a rule flag.
func termsOf(rs *rules.Ruleset) (terms []rules.Cond) {
	seen := map[string]bool{}
	for i := range rs.Rules {
		r := &rs.Rules[i]
		if r.Status == rules.Draft || r.Status == rules.Shadow {
			continue
		}
		r.When.Terms(func(leaf *rules.Cond) {
			if key := fmt.Sprint(leaf.Words); !seen[key] {
				seen[key] = true
				terms = append(terms, *leaf)
			}
		})
	}
	return terms
}

// listFilter flags what holds any of the terms.
func listFilter(rs *rules.Ruleset, terms []rules.Cond) (*filter.Filter, error) {
	list := rules.Rule{ID: "word-list", Title: "Word list", Status: rules.Warn, Category: rules.Categories[0],
		Severity: rules.Low, Weight: 10, Threshold: rules.Threshold, When: rules.Cond{Op: rules.Any, Of: terms}}
	f, err := filter.New(&rules.Ruleset{Version: rs.Version, Rules: []rules.Rule{list}})
	if err != nil {
		return nil, fmt.Errorf("word list: %w", err)
	}
	return f, nil
}
