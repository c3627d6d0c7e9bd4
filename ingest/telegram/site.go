package telegram

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/time/rate"
)

// DefaultSite shows previews of public channels.
const DefaultSite = "https://t.me"

// userAgent says honestly who asks.
const userAgent = "Saring/1.0 (+public channel monitor)"

// A Site is the host that previews are read from. All the Previews of a process share one, because politeness is owed
// to the host and not to each channel: one pace, and one pause when it asks for it. Set the fields before the first
// Preview runs.
type Site struct {
	Base      string        // DefaultSite when empty
	Every     time.Duration // between two requests, to whatever channel; 2 s when 0
	UserAgent string        // "Saring/1.0 (+public channel monitor)" when empty; name a contact in it
	// Transport makes the requests, for a proxy or another set of certificates; a usual one when nil.
	Transport http.RoundTripper

	once   sync.Once
	client *http.Client
	pace   *rate.Limiter
	mu     sync.Mutex
	until  time.Time                   // no request before
	wait   *backoff.ExponentialBackOff // the next pause, when the host does not say how long
}

const (
	defaultEvery = 2 * time.Second
	siteTimeout  = 30 * time.Second
	maxPage      = 4 << 20 // bytes; a page of t.me has some 200 KiB
	siteTries    = 3       // of one request that the host puts off; then the source fails, and is tried again later
)

func (s *Site) init() {
	s.once.Do(func() {
		s.Base = strings.TrimRight(cmp.Or(s.Base, DefaultSite), "/")
		s.UserAgent = cmp.Or(s.UserAgent, userAgent)
		s.client = newClient(s.Transport)
		s.pace = rate.NewLimiter(rate.Every(cmp.Or(s.Every, defaultEvery)), 1)
		s.wait = backoff.NewExponentialBackOff()
		s.wait.InitialInterval, s.wait.MaxInterval = 2*time.Second, 5*time.Minute
	})
}

// validators are what a host gave with a page, to ask whether it has changed (RFC 9110, 13.1).
type validators struct{ etag, modified string }

// document is an answer.
type document struct {
	same       bool // not changed since the validators
	body       []byte
	validators validators
}

// get reads a page. A request that the host puts off (429, 5xx) is made again after the pause that it asked for, and
// every other request to the host waits as well.
func (s *Site) get(ctx context.Context, path string, v validators) (document, error) {
	s.init()
	var last error
	for range siteTries {
		if err := s.turn(ctx); err != nil {
			return document{}, err
		}
		doc, again, err := s.fetch(ctx, path, v)
		if ctx.Err() != nil {
			return document{}, ctx.Err()
		}
		if !again {
			return doc, err
		}
		last = err
	}
	return document{}, last
}

// turn waits until the host may be asked: first for the end of a pause, then for a place in the pace, so that those
// who waited together do not ask together.
func (s *Site) turn(ctx context.Context) error {
	for {
		if err := sleep(ctx, s.pause()); err != nil {
			return err
		}
		if err := s.pace.Wait(ctx); err != nil {
			return cmp.Or(ctx.Err(), err)
		}
		if s.pause() <= 0 {
			return nil
		}
	}
}

// pause is how long the host is to be left alone.
func (s *Site) pause() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Until(s.until)
}

// hold makes every request to the host wait; as long as it said, or longer each time.
func (s *Site) hold(asked time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pause := s.wait.NextBackOff()
	if asked > 0 {
		pause = asked
	}
	if until := time.Now().Add(pause); until.After(s.until) {
		s.until = until
	}
}

func (s *Site) calm() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wait.Reset()
}

// fetch makes one request, and reports whether it may be made again.
func (s *Site) fetch(ctx context.Context, path string, v validators) (_ document, again bool, _ error) {
	ctx, cancel := context.WithTimeout(ctx, siteTimeout)
	defer cancel()
	req, err := s.request(ctx, path, v)
	if err != nil {
		return document{}, false, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		s.hold(0)
		return document{}, true, fmt.Errorf("cannot reach %s: %s", s.host(), problem(err))
	}
	defer resp.Body.Close()
	switch code := resp.StatusCode; {
	case code == http.StatusOK:
		return s.read(resp)
	case code == http.StatusNotModified:
		s.calm()
		return document{same: true, validators: v}, false, nil
	case code == http.StatusTooManyRequests, code >= 500:
		s.hold(retryAfter(resp.Header))
		return document{}, true, fmt.Errorf("%s%s is put off by the host (%d); it will be asked again, "+
			"and if this goes on, ask less often", s.host(), path, code)
	case code >= 300 && code < 400:
		return document{}, false, fmt.Errorf("%s%s redirects (%d): there is no public preview under this name, "+
			"because it is private, a group, a person or does not exist; check the spelling, or take it off the list",
			s.host(), path, code)
	default:
		return document{}, false, fmt.Errorf("%s%s is refused (%d); check that a browser shows the page", s.host(), path, code)
	}
}

func (s *Site) request(ctx context.Context, path string, v validators) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Base+path, nil)
	if err != nil || req.URL.Host == "" {
		return nil, fmt.Errorf("the address of the preview pages is no address; write it like %s", DefaultSite)
	}
	req.Header.Set("User-Agent", s.UserAgent)
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Accept-Language", "en") // the header's words "subscribers" and "members" are read
	if v.etag != "" {
		req.Header.Set("If-None-Match", v.etag)
	}
	if v.modified != "" {
		req.Header.Set("If-Modified-Since", v.modified)
	}
	return req, nil
}

func (s *Site) read(resp *http.Response) (_ document, again bool, _ error) {
	body, err := readAll(resp.Body, maxPage)
	switch {
	case err == errTooBig:
		return document{}, false, fmt.Errorf("%s%s has more than %d bytes; that is no preview page, nothing of it is read",
			s.host(), resp.Request.URL.Path, maxPage)
	case err != nil:
		s.hold(0)
		return document{}, true, fmt.Errorf("%s%s broke off: %s", s.host(), resp.Request.URL.Path, problem(err))
	}
	s.calm()
	v := validators{etag: resp.Header.Get("ETag"), modified: resp.Header.Get("Last-Modified")}
	return document{body: body, validators: v}, false, nil
}

// host names the host without anything else of the address.
func (s *Site) host() string {
	if u, err := url.Parse(s.Base); err == nil && u.Host != "" {
		return u.Host
	}
	return "the preview host"
}
