package index

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search/query"
	"golang.org/x/sync/errgroup"

	"saring/review"
)

// A Precision is how often a rule was right, as moderators decided. A flag counts for each of its rules.
type Precision struct {
	Flags     int `json:"flags"` // decided or not
	Upheld    int `json:"upheld"`
	Dismissed int `json:"dismissed"`
}

// Decided is how many flags of the rule have a decision that counts.
func (p Precision) Decided() int { return p.Upheld + p.Dismissed }

// Interval is the share of the decided flags that were upheld, and the 95 % score interval around it: 0 to 1 when
// nothing is decided. (E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927.)
func (p Precision) Interval() (share, low, high float64) {
	n := float64(p.Decided())
	if n == 0 {
		return 0, 0, 1
	}
	const z = 1.959964
	share = float64(p.Upheld) / n
	mid := (share + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(share*(1-share)/n+z*z/(4*n*n))
	return share, max(0, mid-half), min(1, mid+half)
}

// Precision counts, for every rule that has a flag in the index, its flags and what became of them.
func (x *Index) Precision(ctx context.Context) (map[string]Precision, error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.closed {
		return nil, ErrClosed
	}
	out := map[string]Precision{}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, s := range x.shards {
		for _, c := range []struct {
			of  query.Query
			add func(*Precision, int)
		}{
			{bleve.NewMatchAllQuery(), func(p *Precision, n int) { p.Flags += n }},
			{hasStatus(review.Upheld), func(p *Precision, n int) { p.Upheld += n }},
			{hasStatus(review.Dismissed), func(p *Precision, n int) { p.Dismissed += n }},
		} {
			g.Go(func() error {
				counts, err := s.countRules(ctx, c.of)
				mu.Lock()
				defer mu.Unlock()
				for rule, n := range counts {
					p := out[rule]
					c.add(&p, n)
					out[rule] = p
				}
				return err
			})
		}
	}
	err := g.Wait()
	return out, late(ctx, err)
}

func hasStatus(s review.Status) query.Query {
	q := bleve.NewTermQuery(string(s))
	q.SetField(statusField)
	return q
}

// countRules counts the flags of each rule among those that a query finds.
func (s *shard) countRules(ctx context.Context, of query.Query) (map[string]int, error) {
	req := bleve.NewSearchRequestOptions(of, 0, 0, false)
	req.Score = "none"
	req.AddFacet(ruleField, bleve.NewFacetRequest(ruleField, 1<<30)) // all of them
	var res *bleve.SearchResult
	err := guard(func() (err error) {
		res, err = s.bleve.SearchInContext(ctx, req)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("searching %s: %w", s.week, err)
	}
	out := map[string]int{}
	for _, t := range res.Facets[ruleField].Terms.Terms() {
		out[t.Term] = t.Count
	}
	return out, nil
}
