package telegram

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

// newClient makes a client over a transport (one of its own when nil) that follows no redirect: both sources ask for one
// address, a redirect is an answer of its own, and a token is for one host.
func newClient(transport http.RoundTripper) *http.Client {
	if transport == nil {
		transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// errTooBig says that an answer was over its limit.
var errTooBig = errors.New("too big")

// readAll reads an answer of at most limit bytes; errTooBig beyond.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, errTooBig
	}
	return data, err
}

// problem says what went wrong on the way, in words of a short list. The error itself is never printed: net/http's
// name the address, in which the Bot API has the token, and may quote what the other side sent.
func problem(err error) string {
	var (
		dns  *net.DNSError
		op   *net.OpError
		cert *tls.CertificateVerificationError
		sys  *os.SyscallError
		nerr net.Error
	)
	switch {
	case errors.As(err, &cert):
		return "its certificate cannot be verified"
	case errors.As(err, &dns):
		return "its name cannot be resolved"
	case errors.As(err, &nerr) && nerr.Timeout():
		return "no answer in time"
	case errors.As(err, &sys):
		return sys.Err.Error() // a text of the operating system: "connection refused"
	case errors.As(err, &op):
		return "the network failed to " + op.Op
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed early"
	}
	return "the answer was not HTTP as it should be"
}

// maxWait bounds what another side can make a source wait.
const maxWait = time.Hour

// retryAfter reads the header of that name, seconds or a date (RFC 9110, 10.2.3); 0 when it says nothing.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if n, err := strconv.Atoi(value); err == nil {
		return seconds(n)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(time.Until(at), 0), maxWait)
	}
	return 0
}

// seconds is a wait of n seconds, within what is sensible.
func seconds(n int) time.Duration {
	return time.Duration(min(max(n, 0), int(maxWait/time.Second))) * time.Second
}

// sleep waits, or returns ctx.Err() when ctx ends before.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
