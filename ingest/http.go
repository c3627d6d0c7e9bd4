package ingest

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// Limits of HTTP intake.
const (
	MaxBody     = 32 << 20 // bytes of a request
	maxRequests = 64       // at once; more are told to come back
)

// HTTP takes posts at POST /v1/posts: NDJSON, a batch a request. It answers
//
//	202 {"accepted":2,"refused":1,"invalid":1,"errors":[{"line":3,"reason":"…","error":"…"}]}
//
// when every accepted post is durable; 401 without the token; 413 over MaxBody; 415 for another content; 429 when
// too many requests are under way and 503 when the broker does not keep up, both with Retry-After. After anything
// but 202 the same request can be sent again: no later stage takes a post twice.
type HTTP struct {
	in    *Intake
	token string
	slots chan struct{}
}

// NewHTTP makes the handler. An empty token lets everyone in who reaches the address.
func NewHTTP(in *Intake, token string) *HTTP {
	return &HTTP{in: in, token: token, slots: make(chan struct{}, maxRequests)}
}

func (h *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		answer(w, http.StatusMethodNotAllowed, "send posts with POST, one JSON object a line")
		return
	}
	if h.token != "" && subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+h.token)) != 1 {
		w.Header().Set("WWW-Authenticate", "Bearer")
		answer(w, http.StatusUnauthorized, "the ingest token is missing or wrong; send it as Authorization: Bearer TOKEN")
		return
	}
	if err := checkContent(r.Header); err != nil {
		answer(w, http.StatusUnsupportedMediaType, err.Error())
		return
	}
	select {
	case h.slots <- struct{}{}:
		defer leave(h.slots)
	default:
		w.Header().Set("Retry-After", "1")
		answer(w, http.StatusTooManyRequests, "too many requests are under way")
		return
	}
	h.take(w, r)
}

// checkContent refuses what is surely no NDJSON.
func checkContent(h http.Header) error {
	if e := h.Get("Content-Encoding"); e != "" && e != "identity" {
		return fmt.Errorf("content encoding %q is not supported; send the lines as they are", e)
	}
	switch t, _, _ := mime.ParseMediaType(h.Get("Content-Type")); t {
	case "", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/json", "text/plain",
		"application/x-www-form-urlencoded": // what curl --data-binary says unless told
		return nil
	}
	return fmt.Errorf("content type %q is not supported; send application/x-ndjson", h.Get("Content-Type"))
}

// take reads the lines, commits them and answers.
func (h *HTTP) take(w http.ResponseWriter, r *http.Request) {
	tally, err := h.in.Lines(r.Context(), "http", http.MaxBytesReader(w, r.Body, MaxBody))
	var tooBig *http.MaxBytesError
	switch {
	case err == nil:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(tally)
	case errors.As(err, &tooBig):
		answer(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the request is over %d bytes; send smaller batches", MaxBody))
	case errors.Is(err, errRead):
		answer(w, http.StatusBadRequest, "the request could not be read to its end")
	default:
		w.Header().Set("Retry-After", "5")
		answer(w, http.StatusServiceUnavailable, "the broker does not keep up; send the same request again later")
	}
}

// Lines takes all the lines of r as one batch and returns when they are durable, within in.Patience. What was read
// before an error may have been taken.
func (in *Intake) Lines(ctx context.Context, source string, r io.Reader) (Tally, error) {
	ctx, cancel := context.WithTimeout(ctx, in.Patience)
	defer cancel()
	b, lines := in.Batch(source), NewLines(r, 0, 0)
	for more := true; more; {
		var err error
		if more, err = b.Lines(ctx, lines, source, chunk); err != nil {
			return b.Tally, err
		}
	}
	return b.Tally, b.Commit(ctx)
}

// answer writes a problem as JSON.
func answer(w http.ResponseWriter, status int, problem string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": problem})
}
