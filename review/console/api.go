package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"

	"saring/review/index"
)

// apiFailure is how the API says no. Problem and Column are set when the query is to blame.
type apiFailure struct {
	Error   string        `json:"error"`
	Problem index.Problem `json:"problem,omitempty"`
	Column  int           `json:"column,omitempty"`
}

// apiSearch answers GET /api/search?q=&sort=&page=&size= with an index.Result.
func (d *desk) apiSearch(w http.ResponseWriter, r *http.Request) {
	q, err := apiQuery(r)
	if err != nil {
		d.apiError(w, http.StatusBadRequest, failureOf(err))
		return
	}
	res, err := d.Index.Search(r.Context(), q)
	switch {
	case errors.Is(err, index.ErrTooBroad):
		d.apiError(w, http.StatusBadRequest, failureOf(err))
	case errors.Is(err, index.ErrDeadline):
		d.apiError(w, http.StatusServiceUnavailable, failureOf(err))
	case err != nil:
		if !errors.Is(err, context.Canceled) {
			d.Log.Error("desk: a search failed", "error", err)
		}
		d.apiError(w, http.StatusInternalServerError, apiFailure{Error: "the search failed; the log has the details"})
	default:
		d.writeJSON(w, http.StatusOK, res)
	}
}

func apiQuery(r *http.Request) (index.Query, error) {
	v := r.URL.Query()
	q, err := index.ParseQuery(v.Get("q"))
	if err != nil {
		return q, err
	}
	if q.Sort, err = index.ParseSort(v.Get("sort")); err != nil {
		return q, err
	}
	if q.Page, err = number(v.Get("page")); err != nil {
		return q, errors.New("page must be a number from 1 on")
	}
	if q.Size, err = number(v.Get("size")); err != nil {
		return q, errors.New("size must be a number from 1 to " + strconv.Itoa(index.MaxSize))
	}
	return q, nil
}

// number reads a number; the empty string is 0, the default.
func number(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err == nil && n < 1 {
		err = strconv.ErrRange
	}
	return n, err
}

func failureOf(err error) apiFailure {
	f := apiFailure{Error: err.Error()}
	var q *index.QueryError
	if errors.As(err, &q) {
		f.Problem, f.Column = q.Problem, q.Column
	}
	return f
}

func (d *desk) apiError(w http.ResponseWriter, status int, f apiFailure) { d.writeJSON(w, status, f) }

func (d *desk) writeJSON(w http.ResponseWriter, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		d.Log.Error("desk: an answer could not be written", "error", err)
		http.Error(w, `{"error":"internal"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(data, '\n'))
}
