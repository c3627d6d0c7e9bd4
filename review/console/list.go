package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"saring/review/index"
)

const (
	excerptSize = 420 // bytes of text in a list
	facetSize   = 12  // values of a facet on a page
)

// place is where a moderator is in the results: it goes along in every link.
type place struct {
	Q    string
	Sort index.Sort
	Page int
}

// path is the address of a page of the desk at this place.
func (p place) path(base string) string {
	v := url.Values{}
	if p.Q != "" {
		v.Set("q", p.Q)
	}
	if p.Sort != "" && p.Sort != index.Newest {
		v.Set("sort", string(p.Sort))
	}
	if p.Page > 1 {
		v.Set("page", strconv.Itoa(p.Page))
	}
	if len(v) == 0 {
		return base
	}
	return base + "?" + v.Encode()
}

// placeOf reads the place from an address. A page that is no number is the first.
func placeOf(r *http.Request) place {
	v := r.URL.Query()
	page, _ := strconv.Atoi(v.Get("page"))
	return place{Q: v.Get("q"), Sort: index.Sort(v.Get("sort")), Page: page}
}

// listData is for the list of results.
type listData struct {
	Place    place
	Sorts    []index.Sort
	Problem  string // what is wrong with the search, in the language of the page
	Found    bool   // whether there is a Result
	Result   index.Result
	Items    []listItem
	Facets   []facetData
	Deep     int // how many can be paged through, 0 for all
	Previous string
	Next     string
}

type listItem struct {
	index.Hit
	Excerpt []index.Span
	Path    string
}

type facetData struct {
	Field  string
	Values []facetValue
	More   int // how many values are not shown
}

type facetValue struct {
	Value  string
	Count  int
	Active bool
	Path   string // the list with this filter added, or removed when it is active
}

func (d *desk) list(w http.ResponseWriter, r *http.Request) {
	data := listData{Place: placeOf(r), Sorts: index.Sorts}
	status := http.StatusOK
	sort, err := index.ParseSort(string(data.Place.Sort))
	if err != nil {
		data.Problem, sort = d.say(r, "error.sort"), index.Newest
	}
	data.Place.Sort = sort
	q, err := index.ParseQuery(data.Place.Q)
	if err == nil {
		q.Sort, q.Page = sort, data.Place.Page
		data.Result, err = d.Index.Search(r.Context(), q)
	}
	if err != nil {
		status, data.Problem = d.problem(r, err)
	} else {
		data.fill(q)
	}
	d.render(w, r, status, "list.html", "search.label", data)
}

// problem says what kept a search from being answered, and with what status.
func (d *desk) problem(r *http.Request, err error) (int, string) {
	var q *index.QueryError
	switch {
	case errors.As(err, &q):
		return http.StatusBadRequest, d.say(r, "error.query", q.Column, d.queryProblem(r, q))
	case errors.Is(err, index.ErrTooBroad):
		return http.StatusBadRequest, d.say(r, "error.too_broad")
	case errors.Is(err, index.ErrDeadline):
		return http.StatusServiceUnavailable, d.say(r, "error.deadline")
	case !errors.Is(err, context.Canceled):
		d.Log.Error("desk: a search failed", "error", err)
	}
	return http.StatusInternalServerError, d.say(r, "error.internal")
}

func (d *desk) queryProblem(r *http.Request, q *index.QueryError) string {
	key := "error." + string(q.Problem)
	switch q.Problem {
	case index.UnknownField, index.UnknownValue:
		return d.say(r, key, q.Got, joined(q.Allowed))
	case index.BadDate, index.NoWord, index.ShortPrefix, index.StarInside:
		return d.say(r, key, q.Got)
	}
	return d.say(r, key)
}

// fill makes the items, facets and links of a page of results.
func (data *listData) fill(q index.Query) {
	data.Found = true
	res := &data.Result
	data.Place.Page = res.Page
	for _, h := range res.Hits {
		data.Items = append(data.Items, listItem{h, index.Excerpt(h.Spans, excerptSize), data.Place.path("/flags/" + url.PathEscape(h.Flag.ID))})
	}
	for _, f := range res.Facets {
		data.Facets = append(data.Facets, data.facet(q, f))
	}
	if res.Page > 1 {
		data.Previous = place{data.Place.Q, data.Place.Sort, res.Page - 1}.path("/")
	}
	if res.Page < res.Pages {
		data.Next = place{data.Place.Q, data.Place.Sort, res.Page + 1}.path("/")
	}
	if res.Total > index.MaxDepth {
		data.Deep = index.MaxDepth
	}
}

// facet shows the most frequent values, and every value that is asked for.
func (data *listData) facet(q index.Query, f index.Facet) facetData {
	out := facetData{Field: f.Field}
	for i, v := range f.Values {
		active := q.Has(f.Field, v.Value)
		if i >= facetSize && !active {
			out.More++
			continue
		}
		to := place{Q: q.Toggle(f.Field, v.Value).String(), Sort: data.Place.Sort}
		out.Values = append(out.Values, facetValue{v.Value, v.Count, active, to.path("/")})
	}
	return out
}
