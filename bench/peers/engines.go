package main

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strings"

	bobusumisu "github.com/BobuSumisu/aho-corasick"
	cloudflare "github.com/cloudflare/ahocorasick"
	coregx "github.com/coregx/ahocorasick"
	petar "github.com/petar-dambovaliev/aho-corasick"

	"saring/filter"
	"saring/rules"
)

// An engine is a way to find terms.
type engine struct {
	name    string
	does    string // "whole step": from the raw post; "matching": on text that has been folded before
	holds   relation
	most    int   // terms; more would take a second for a few posts
	perByte int64 // bytes of heap for one of terms, where that is many (measured)
	build   func(terms []string) (finder, error)
}

const (
	wholeStep = "whole step"
	matching  = "matching"
)

// A finder appends the numbers of the terms that it finds in a post, in any order.
type finder func(p *post, found []int32) []int32

// engines are all that can be compared here. The versions are in go.mod.
func engines() []engine {
	all := []engine{
		{"saring", wholeStep, asSaring, anyLength, 0, newSaring},
		{"naive: NFKC, no marks, lower case, cloudflare Contains", wholeStep, anyTerm, anyLength, 4168, newNaive},
		{"cloudflare/ahocorasick MatchThreadSafe", matching, same, anyLength, 4168, newCloudflare},
		{"coregx/ahocorasick overlapping", matching, same, anyLength, 0, newCoregx},
		{"petar-dambovaliev/aho-corasick overlapping DFA", matching, same, anyLength, 0, newPetar},
		{"BobuSumisu/aho-corasick", matching, same, anyLength, 1400, newBobuSumisu},
		{"regexp, one alternation", matching, firstOf, 5_000, 0, newRegexp},
	}
	if hyperscan != nil {
		all = append(all, engine{"Hyperscan (C)", matching, same, anyLength, 0, hyperscan})
	}
	return all
}

// anyLength of a list will do.
const anyLength = math.MaxInt

// hyperscan is set where its library was there to be built with: -tags hyperscan.
var hyperscan func(terms []string) (finder, error)

// spaced puts a space around each term, so that only whole words match.
func spaced(terms []string) []string {
	out := make([]string, len(terms))
	for i, t := range terms {
		out[i] = " " + t + " "
	}
	return out
}

// rulesPer is how many terms a made rule has.
const rulesPer = 100

// newRuleset loads the terms as rules of the language "any" without further conditions, any term of which applies.
func newRuleset(terms []string) (*rules.Ruleset, error) {
	var groups, list strings.Builder
	for i := 0; i < len(terms); i += rulesPer {
		group := terms[i:min(i+rulesPer, len(terms))]
		fmt.Fprintf(&groups, "  terms-%d: [%s]\n", i, strings.Join(group, ", "))
		fmt.Fprintf(&list, "  - {id: made-%d, title: Made up, status: warn, category: threat, severity: low, weight: 5, when: $terms-%d, match: [%s], pass: ['-']}\n",
			i, i, group[0])
	}
	text := "title: Made up\nlanguage: any\ngroups:\n" + groups.String() + "rules:\n" + list.String()
	archive, err := json.Marshal(map[string][]byte{"made.yml": []byte(text)})
	if err != nil {
		return nil, err
	}
	return rules.FromArchive(archive)
}

func newSaring(terms []string) (finder, error) {
	rs, err := newRuleset(terms)
	if err != nil {
		return nil, err
	}
	f, err := filter.New(rs)
	if err != nil {
		return nil, err
	}
	number := numbers(terms)
	return func(p *post, found []int32) []int32 {
		for _, h := range f.Text(p.raw).Hits {
			found = append(found, number[h.Term])
		}
		return found
	}, nil
}

func numbers(terms []string) map[string]int32 {
	m := make(map[string]int32, len(terms))
	for i, t := range terms {
		m[t] = int32(i)
	}
	return m
}

// newNaive says only whether there is a term, also one within words: 0 for yes.
func newNaive(terms []string) (finder, error) {
	m := cloudflare.NewStringMatcher(terms)
	return func(p *post, found []int32) []int32 {
		if m.Contains([]byte(naive(p.raw))) {
			found = append(found, 0)
		}
		return found
	}, nil
}

func newCloudflare(terms []string) (finder, error) {
	m := cloudflare.NewStringMatcher(spaced(terms))
	return func(p *post, found []int32) []int32 {
		for _, i := range m.MatchThreadSafe(p.bytes) {
			found = append(found, int32(i))
		}
		return found
	}, nil
}

func newCoregx(terms []string) (finder, error) {
	m, err := coregx.NewBuilder().AddStrings(spaced(terms)).Build()
	if err != nil {
		return nil, err
	}
	return func(p *post, found []int32) []int32 {
		for _, h := range m.FindAllOverlapping(p.bytes) {
			found = append(found, int32(h.PatternID))
		}
		return found
	}, nil
}

func newPetar(terms []string) (finder, error) {
	b := petar.NewAhoCorasickBuilder(petar.Opts{MatchKind: petar.StandardMatch, DFA: true})
	m := b.Build(spaced(terms))
	return func(p *post, found []int32) []int32 {
		all := m.IterOverlappingByte(p.bytes)
		for h := all.Next(); h != nil; h = all.Next() {
			found = append(found, int32(h.Pattern()))
		}
		return found
	}, nil
}

func newBobuSumisu(terms []string) (finder, error) {
	m := bobusumisu.NewTrieBuilder().AddStrings(spaced(terms)).Build()
	return func(p *post, found []int32) []int32 {
		m.Walk(p.bytes, func(_, _, pattern int64) bool {
			found = append(found, int32(pattern))
			return true
		})
		return found
	}, nil
}

func newRegexp(terms []string) (finder, error) {
	re, err := regexp.Compile(" (?:" + strings.Join(terms, "|") + ") ") // letters and spaces alone
	if err != nil {
		return nil, err
	}
	number := numbers(terms)
	return func(p *post, found []int32) []int32 {
		for _, at := range re.FindAllIndex(p.bytes, -1) {
			found = append(found, number[p.folded[at[0]+1:at[1]-1]])
		}
		return found
	}, nil
}
