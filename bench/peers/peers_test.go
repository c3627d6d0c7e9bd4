package main

import (
	"strings"
	"testing"

	"saring/filter"
)

func small(t *testing.T) *corpus {
	t.Helper()
	c, err := newCorpus(3000, 5000, 0.05)
	if err != nil {
		t.Fatal(err)
	}
	if c.Source != "shared" {
		t.Log("skipped: real posts; ../shared is not there")
	}
	return c
}

// TestAgree has all engines look for the same terms in the same posts.
func TestAgree(t *testing.T) {
	if hyperscan == nil {
		t.Log("skipped: Hyperscan; install libhyperscan-dev and test with -tags hyperscan")
	}
	for _, c := range []*corpus{small(t), generated(3000, 5000, 0.05)} {
		for _, n := range []int{500, 5000} {
			for _, e := range engines() {
				agree(t, e, c, c.terms[:n])
			}
		}
	}
}

func agree(t *testing.T, e engine, c *corpus, terms []string) {
	posts := c.posts
	if strings.HasPrefix(e.name, "regexp") {
		posts = posts[:300]
	}
	find, err := e.build(terms)
	if err != nil {
		t.Fatal(err)
	}
	hit, err := check(e, find, terms, posts)
	if err != nil {
		t.Errorf("%s posts: %v", c.Source, err)
	} else if hit < len(posts)/50 {
		t.Errorf("%s: %d of %d %s posts have one of %d terms, want about one in twenty", e.name, hit, len(posts), c.Source, len(terms))
	}
}

// TestDisagree has the check look at engines that miss a term, or find one too many.
func TestDisagree(t *testing.T) {
	c := small(t)
	terms := c.terms[:500]
	for _, e := range engines() {
		find, err := e.build(terms)
		if err != nil {
			t.Fatal(err)
		}
		blind := func(*post, []int32) []int32 { return nil }
		if _, err := check(e, blind, terms, c.posts); err == nil {
			t.Errorf("%s: finding nothing passes", e.name)
		}
		if e.name == "saring" {
			continue // it may find more: TestSpellings
		}
		sees := func(p *post, ids []int32) []int32 { return append(find(p, ids), 7) }
		if _, err := check(e, sees, terms, c.posts[:100]); err == nil {
			t.Errorf("%s: finding a term that is not there passes", e.name)
		}
	}
}

// TestSpellings looks at what Saring finds beyond the words of fold: nothing but other spellings.
func TestSpellings(t *testing.T) {
	c := small(t)
	c.posts = append(c.posts, post{raw: "odd: " + strings.ToUpper(c.terms[1]) + "! " + stretched(c.terms[2])})
	last := &c.posts[len(c.posts)-1]
	last.folded = fold(last.raw)
	rs, err := newRuleset(c.terms)
	if err != nil {
		t.Fatal(err)
	}
	f, err := filter.New(rs)
	if err != nil {
		t.Fatal(err)
	}
	o := newOracle(c.terms)
	all := 0
	for i := range c.posts {
		p := &c.posts[i]
		others, err := spelledOut(f.Text(p.raw), found{post: p, terms: c.terms, want: o.find(p)})
		if err != nil {
			t.Errorf("post %d: %v", i, err)
		}
		all += others
	}
	t.Logf("%d hits in other spellings in %d posts", all, len(c.posts))
	if all == 0 {
		t.Error("the stretched term was not found")
	}
}

func stretched(term string) string { return term[:1] + strings.Repeat(term[1:2], 6) + term[2:] }
