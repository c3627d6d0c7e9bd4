package console

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"saring/review/index"
)

// maxAnswer bounds what a client reads: a page of the longest posts, written twice, fits.
const maxAnswer = 64 << 20

// A Client asks a running desk.
type Client struct {
	Base  string // address of the desk, e.g. "http://127.0.0.1:8750"
	Token string // of Keys.APIToken
	HTTP  *http.Client
}

// NewClient makes a client for the desk at an address.
func NewClient(base, token string) *Client {
	return &Client{Base: strings.TrimSuffix(base, "/"), Token: token, HTTP: &http.Client{Timeout: 15 * time.Second}}
}

// Search asks the desk for one page of results.
func (c *Client) Search(ctx context.Context, q index.Query) (index.Result, error) {
	v := url.Values{"q": {q.String()}, "sort": {string(q.Sort)}}
	if q.Page > 0 {
		v.Set("page", strconv.Itoa(q.Page))
	}
	if q.Size > 0 {
		v.Set("size", strconv.Itoa(q.Size))
	}
	var res index.Result
	err := c.get(ctx, "/api/search?"+v.Encode(), &res)
	return res, err
}

func (c *Client) get(ctx context.Context, path string, to any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Base+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return fmt.Errorf("asking the desk at %s: %w", c.Base, withoutURL(err))
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("asking the desk at %s: %w", c.Base, err)
	}
	if resp.StatusCode != http.StatusOK {
		return c.refused(resp.Status, data)
	}
	if err := json.Unmarshal(data, to); err != nil {
		return fmt.Errorf("the desk at %s gave an answer that cannot be read: %w", c.Base, err)
	}
	return nil
}

// withoutURL keeps the query, which is in the address, out of an error that may be logged.
func withoutURL(err error) error {
	if u, ok := err.(*url.Error); ok {
		return u.Err
	}
	return err
}

func (c *Client) refused(status string, data []byte) error {
	var f apiFailure
	if json.Unmarshal(data, &f) != nil || f.Error == "" {
		return fmt.Errorf("the desk at %s answered %s", c.Base, status)
	}
	return fmt.Errorf("the desk at %s: %s", c.Base, f.Error)
}
