package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"
)

// Bounds of a page. Nothing behind MaxDepth can be paged to: narrow the query instead.
const (
	DefaultSize = 25
	MaxSize     = 100
	MaxDepth    = 10_000
	deadline    = 4 * time.Second
)

// A Sort is an order of results. Flags that are equal in it stand newest first.
type Sort string

const (
	Newest     Sort = "newest"
	Oldest     Sort = "oldest"
	BySeverity Sort = "severity" // the gravest first
	ByScore    Sort = "score"    // the highest first
)

// Sorts is the whole list; the first is the default.
var Sorts = []Sort{Newest, Oldest, BySeverity, ByScore}

// ParseSort reads a Sort; the empty string is the default.
func ParseSort(s string) (Sort, error) {
	if s == "" {
		return Newest, nil
	}
	if slices.Contains(Sorts, Sort(s)) {
		return Sort(s), nil
	}
	return "", fmt.Errorf("there is no order %q; it must be one of %v", s, Sorts)
}

// keys are the fields to sort by, for bleve.
func (s Sort) keys() []string {
	switch s {
	case Oldest:
		return []string{dateField, "_id"}
	case BySeverity:
		return []string{"-" + rankField, "_id"}
	case ByScore:
		return []string{"-" + scoreField, "_id"}
	}
	return []string{"-" + dateField, "_id"}
}

// ErrDeadline says that a search took too long. A narrower query (a date, a longer prefix) is the remedy.
var ErrDeadline = errors.New("the search took too long; narrow it, for example with after:YYYY-MM-DD")

// A Result is one page of what a query found.
type Result struct {
	Query  string  `json:"query"`
	Sort   Sort    `json:"sort"`
	Total  int     `json:"total"` // on all pages
	Page   int     `json:"page"`  // from 1
	Pages  int     `json:"pages"` // that can be reached; 1 at least
	Size   int     `json:"size"`
	Hits   []Hit   `json:"hits"`
	Facets []Facet `json:"facets"`
}

// A Hit is one flag of a Result.
type Hit struct {
	Item
	Spans []Span `json:"spans"` // the whole text
}

// A Facet counts, over everything that was found, the values of one field: exactly, the most frequent first.
type Facet struct {
	Field  string       `json:"field"` // as in a query
	Values []FacetValue `json:"values"`
}

// A FacetValue is one value of a Facet.
type FacetValue struct {
	Value string `json:"value"`
	Count int    `json:"count"`
}

// facets are the fields that are counted, in the order in which a desk shows them, and their names in the index.
var facets = []struct{ name, field string }{
	{"status", statusField}, {"severity", severityField}, {"category", categoryField},
	{"language", languageField}, {"channel", sourceField}, {"rule", ruleField},
}

// Search answers a query within a few seconds or fails with ErrDeadline. A page that does not exist becomes the
// nearest that does.
func (x *Index) Search(ctx context.Context, q Query) (Result, error) {
	defer x.metrics.searched(time.Now())
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.closed {
		return Result{}, ErrClosed
	}
	q.bound()
	from, to := q.days()
	found, err := gather(ctx, x.shardsBetween(from, to), q)
	if err != nil {
		return Result{}, late(ctx, err)
	}
	r := Result{Query: q.String(), Sort: q.Sort, Total: found.total, Size: q.Size, Facets: found.facets()}
	r.Pages = max(1, (min(r.Total, MaxDepth)+q.Size-1)/q.Size)
	r.Page = min(q.Page, r.Pages)
	if r.Page < q.Page { // the page is behind the end: what was gathered reaches the last one
		q.Page = r.Page
	}
	r.Hits, err = x.load(ctx, found.page(q), q)
	return r, late(ctx, err)
}

func late(ctx context.Context, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ErrDeadline
	}
	return err
}

// bound fills in what is missing and limits what is too much.
func (q *Query) bound() {
	if q.Sort == "" {
		q.Sort = Newest
	}
	if q.Size <= 0 {
		q.Size = DefaultSize
	}
	q.Size = min(q.Size, MaxSize)
	q.Page = min(max(q.Page, 1), MaxDepth/q.Size)
}

// A found document, with what it is sorted by.
type found struct {
	shard *shard
	key   string // of the post
	sort  []string
}

// A gathering is what the shards answered, joined.
type gathering struct {
	mu     sync.Mutex
	total  int
	docs   []found
	counts map[string]map[string]int // field of the index → value → count
}

// gather asks the shards, as many at a time as there are processors.
func gather(ctx context.Context, shards []*shard, q Query) (*gathering, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	g := &gathering{counts: map[string]map[string]int{}}
	tree := q.bleve()
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, s := range shards {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := g.ask(ctx, s, tree, q); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return g, nil
}

// ask searches one shard. Score "none" halves the cost, and needs the order to be said.
func (g *gathering) ask(ctx context.Context, s *shard, tree query.Query, q Query) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	req := bleve.NewSearchRequestOptions(tree, q.Page*q.Size, 0, false)
	req.Score = "none"
	req.SortBy(q.Sort.keys())
	for _, f := range facets {
		req.AddFacet(f.field, bleve.NewFacetRequest(f.field, 1<<30)) // all of them: a shard must not trim
	}
	var res *bleve.SearchResult
	err := guard(func() (err error) {
		res, err = s.bleve.SearchInContext(ctx, req)
		return err
	})
	if err != nil {
		return fmt.Errorf("searching %s: %w", s.week, err)
	}
	g.add(s, res)
	return nil
}

func (g *gathering) add(s *shard, res *bleve.SearchResult) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.total += int(res.Total)
	for _, h := range res.Hits {
		g.docs = append(g.docs, found{s, h.ID, h.Sort})
	}
	for field, f := range res.Facets {
		g.count(field, f)
	}
}

func (g *gathering) count(field string, f *search.FacetResult) {
	m := g.counts[field]
	if m == nil {
		m = map[string]int{}
		g.counts[field] = m
	}
	for _, t := range f.Terms.Terms() {
		m[t.Term] += t.Count
	}
}

// page orders what all shards gave and cuts the page out.
func (g *gathering) page(q Query) []found {
	slices.SortFunc(g.docs, func(a, b found) int {
		first := cmp.Compare(a.sort[0], b.sort[0])
		if q.Sort != Oldest {
			first = -first
		}
		return cmp.Or(first, cmp.Compare(a.key, b.key))
	})
	from := min((q.Page-1)*q.Size, len(g.docs))
	return g.docs[from:min(from+q.Size, len(g.docs))]
}

func (g *gathering) facets() []Facet {
	out := make([]Facet, 0, len(facets))
	for _, f := range facets {
		facet := Facet{Field: f.name, Values: []FacetValue{}}
		for v, n := range g.counts[f.field] {
			facet.Values = append(facet.Values, FacetValue{v, n})
		}
		slices.SortFunc(facet.Values, func(a, b FacetValue) int {
			return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
		})
		out = append(out, facet)
	}
	return out
}

// load reads the flags of a page. One that was replaced since it was found is left out.
func (x *Index) load(ctx context.Context, docs []found, q Query) ([]Hit, error) {
	hits := make([]Hit, 0, len(docs))
	for _, d := range docs {
		f, err := d.shard.flag(ctx, d.key)
		if err != nil {
			return nil, err
		}
		if f == nil {
			continue
		}
		it, err := x.item(f)
		if err != nil {
			return nil, err
		}
		hits = append(hits, Hit{Item: it, Spans: Spans(f, q)})
	}
	return hits, nil
}
