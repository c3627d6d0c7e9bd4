package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"saring/queue"
	"saring/review/index"
)

// rolloutKeeper is the part of a keeper that rolls rules out.
type rolloutKeeper interface {
	Announce(ctx context.Context, a queue.Announcement, archive []byte) error
	Announcements(ctx context.Context) ([]queue.Announcement, error)
	Workers(ctx context.Context) ([]queue.WorkerState, error)
	Backtest(ctx context.Context, rule, fingerprint string) (queue.Backtest, bool, error)
	Brakes(ctx context.Context) ([]queue.Brake, error)
	Release(ctx context.Context, rule string) ([]queue.Brake, error)
}

// announced is an announcement on its way to the process that has the broker.
type announced struct {
	Announcement queue.Announcement `json:"announcement"`
	Archive      []byte             `json:"archive"`
}

// maxAnnounced bounds such a request, in bytes.
const maxAnnounced = 256 << 20

// ask sends a request and reads the answer, unless answer is nil.
func (r *remote) ask(ctx context.Context, method, path string, value, answer any) error {
	body, err := r.send(ctx, method, path, value)
	if err != nil {
		return err
	}
	defer body.Close()
	if answer == nil {
		return nil
	}
	return json.NewDecoder(body).Decode(answer)
}

func (r *remote) Announce(ctx context.Context, a queue.Announcement, archive []byte) error {
	return r.ask(ctx, http.MethodPost, "/api/rollout", announced{a, archive}, nil)
}

func (r *remote) Announcements(ctx context.Context) (list []queue.Announcement, err error) {
	err = r.ask(ctx, http.MethodGet, "/api/rollout", nil, &list)
	return list, err
}

func (r *remote) Workers(ctx context.Context) (list []queue.WorkerState, err error) {
	err = r.ask(ctx, http.MethodGet, "/api/rollout/workers", nil, &list)
	return list, err
}

func (r *remote) Backtest(ctx context.Context, rule, fingerprint string) (t queue.Backtest, found bool, err error) {
	err = r.ask(ctx, http.MethodGet, "/api/backtests/"+url.PathEscape(rule)+"/"+url.PathEscape(fingerprint), nil, &t)
	var none *notThere
	if errors.As(err, &none) {
		return t, false, nil
	}
	return t, err == nil, err
}

func (r *remote) Brakes(ctx context.Context) (list []queue.Brake, err error) {
	err = r.ask(ctx, http.MethodGet, "/api/brakes", nil, &list)
	return list, err
}

func (r *remote) Release(ctx context.Context, rule string) (list []queue.Brake, err error) {
	err = r.ask(ctx, http.MethodDelete, "/api/brakes/"+url.PathEscape(rule), nil, &list)
	return list, err
}

// Precision is what the index of the other process says of each rule.
func (r *remote) Precision(ctx context.Context) (all map[string]index.Precision, err error) {
	err = r.ask(ctx, http.MethodGet, "/api/precision", nil, &all)
	return all, err
}

// rolloutAPI answers those calls.
func (u *up) rolloutAPI(handle func(pattern string, f func(http.ResponseWriter, *http.Request) error)) {
	answer := func(pattern string, f func(*http.Request) (any, error)) {
		handle(pattern, func(w http.ResponseWriter, r *http.Request) error {
			v, err := f(r)
			if err != nil {
				return err
			}
			return json.NewEncoder(w).Encode(v)
		})
	}
	handle("POST /api/backtest", u.backtest)
	answer("GET /api/rollout", func(r *http.Request) (any, error) { return u.broker.Announcements(r.Context()) })
	answer("POST /api/rollout", func(r *http.Request) (any, error) {
		var a announced
		if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxAnnounced)).Decode(&a); err != nil {
			return nil, err
		}
		return struct{}{}, u.broker.Announce(r.Context(), a.Announcement, a.Archive)
	})
	answer("GET /api/rollout/workers", func(r *http.Request) (any, error) { return u.broker.Workers(r.Context()) })
	answer("GET /api/backtests/{rule}/{fingerprint}", func(r *http.Request) (any, error) {
		t, found, err := u.broker.Backtest(r.Context(), r.PathValue("rule"), r.PathValue("fingerprint"))
		if err == nil && !found {
			err = &notThere{fmt.Sprintf("the rule %q has no backtest on record with that fingerprint", r.PathValue("rule"))}
		}
		return t, err
	})
	answer("GET /api/brakes", func(r *http.Request) (any, error) { return u.broker.Brakes(r.Context()) })
	answer("DELETE /api/brakes/{rule}", func(r *http.Request) (any, error) { return u.broker.Release(r.Context(), r.PathValue("rule")) })
	answer("GET /api/precision", func(r *http.Request) (any, error) {
		if u.index == nil {
			return nil, &notThere{"this process has no index: it runs without the role review"}
		}
		return u.index.Precision(r.Context())
	})
}
