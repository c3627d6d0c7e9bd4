package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"saring/queue"
)

// A keeper has what the commands beside `up` work with. With an embedded broker the process that runs on the data
// folder has it, and answers over HTTP with the key of that folder; when none runs, the command opens the folder.
type keeper interface {
	Letters(ctx context.Context, each func(queue.Letter) bool) error
	Letter(ctx context.Context, seq uint64) (queue.Letter, error)
	Replay(ctx context.Context, l queue.Letter) error
	Ruleset(ctx context.Context, version string) ([]byte, error)
	rolloutKeeper
	Close()
}

// keeper finds whoever has the broker.
func (c *connection) keeper(ctx context.Context) (keeper, error) {
	if c.nats == "" {
		if queue.Running(c.data) {
			return c.remote()
		}
		if _, err := os.Stat(filepath.Join(c.data, "broker")); err != nil {
			return nil, fmt.Errorf("%s holds no data of saring; name the data folder with --data, or start `saring up`", c.data)
		}
	}
	opts := c.options()
	if c.nats != "" {
		opts.Dir = "" // nothing of the folder is needed, and a process may have it
	}
	b, err := queue.Open(ctx, opts)
	var taken *queue.InUse
	if errors.As(err, &taken) {
		return c.remote()
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// remote is the process that runs on the data folder, over HTTP.
func (c *connection) remote() (*remote, error) {
	address, keys, err := c.desk()
	if errors.Is(err, errNotRunning) {
		return nil, fmt.Errorf("a saring runs on %s, but has not opened its address yet; try again", c.data)
	}
	if err != nil {
		return nil, err
	}
	return &remote{base: address, token: keys.APIToken(time.Minute)}, nil
}

// remote is a keeper in another process.
type remote struct{ base, token string }

func (r *remote) Close() {}

// call sends a request and returns the answer's body, which the caller closes.
func (r *remote) call(ctx context.Context, method, path string) (io.ReadCloser, error) {
	return r.send(ctx, method, path, nil)
}

// send is call with a value, as JSON.
func (r *remote) send(ctx context.Context, method, path string, value any) (io.ReadCloser, error) {
	var body io.Reader
	if value != nil {
		data, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(ctx, method, r.base+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking the saring at %s: %w", r.base, err)
	}
	if resp.StatusCode < 300 {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	why, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if resp.StatusCode == http.StatusNotFound {
		return nil, &notThere{strings.TrimSpace(string(why))}
	}
	return nil, errors.New(strings.TrimSpace(string(why)))
}

// notThere says that the other process has no such thing.
type notThere struct{ what string }

func (e *notThere) Error() string { return e.what }

func (r *remote) Letters(ctx context.Context, each func(queue.Letter) bool) error {
	body, err := r.call(ctx, http.MethodGet, "/api/dead")
	if err != nil {
		return err
	}
	defer body.Close()
	for dec := json.NewDecoder(body); ; {
		var l queue.Letter
		if err := dec.Decode(&l); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if !each(l) {
			return nil
		}
	}
}

func (r *remote) Letter(ctx context.Context, seq uint64) (l queue.Letter, err error) {
	body, err := r.call(ctx, http.MethodGet, fmt.Sprintf("/api/dead/%d", seq))
	if err != nil {
		return l, err
	}
	defer body.Close()
	return l, json.NewDecoder(body).Decode(&l)
}

func (r *remote) Replay(ctx context.Context, l queue.Letter) error {
	body, err := r.call(ctx, http.MethodPost, fmt.Sprintf("/api/dead/%d/replay", l.Seq))
	if err != nil {
		return err
	}
	return body.Close()
}

func (r *remote) Ruleset(ctx context.Context, version string) ([]byte, error) {
	body, err := r.call(ctx, http.MethodGet, "/api/rulesets/"+version)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// keeperAPI answers the calls of remote. Only who can read the data folder's key gets in.
func (u *up) keeperAPI(mux *http.ServeMux) {
	handle := func(pattern string, f func(w http.ResponseWriter, r *http.Request) error) {
		mux.Handle(pattern, u.keys.RequireAPI(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var none *notThere
			var noRuleset *queue.NoRuleset
			err := f(w, r)
			switch {
			case errors.As(err, &none), errors.As(err, &noRuleset):
				http.Error(w, err.Error(), http.StatusNotFound)
			case err != nil:
				http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			}
		})))
	}
	u.rolloutAPI(handle)
	handle("GET /api/dead", func(w http.ResponseWriter, r *http.Request) error {
		enc := json.NewEncoder(w)
		return u.broker.Letters(r.Context(), func(l queue.Letter) bool { return enc.Encode(l) == nil })
	})
	handle("GET /api/dead/{seq}", func(w http.ResponseWriter, r *http.Request) error {
		l, err := u.letter(r)
		if err != nil {
			return err
		}
		return json.NewEncoder(w).Encode(l)
	})
	handle("POST /api/dead/{seq}/replay", func(w http.ResponseWriter, r *http.Request) error {
		l, err := u.letter(r)
		if err != nil {
			return err
		}
		return u.broker.Replay(r.Context(), l)
	})
	handle("GET /api/rulesets/{version}", func(w http.ResponseWriter, r *http.Request) error {
		data, err := u.broker.Ruleset(r.Context(), r.PathValue("version"))
		if err != nil {
			return err
		}
		_, err = io.Copy(w, bytes.NewReader(data))
		return err
	})
}

func (u *up) letter(r *http.Request) (queue.Letter, error) {
	seq, err := strconv.ParseUint(r.PathValue("seq"), 10, 64)
	if err != nil {
		return queue.Letter{}, fmt.Errorf("%q is no number of a dead letter", r.PathValue("seq"))
	}
	return u.broker.Letter(r.Context(), seq)
}
