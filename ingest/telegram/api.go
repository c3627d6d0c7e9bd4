package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// api calls getUpdates. The call is our own, and not github.com/go-telegram/bot's, for four reasons: its loop
// confirms an update before anybody has stored it; it decodes an answer whole, so that one odd update loses its
// neighbours; its errors quote the body of an answer; and its models read the senders, signatures and forward origins
// that this package must not have. (The tests write their updates with its models, which are kept with the API.)
type api struct {
	base, token, name string
	poll              time.Duration
	client            *http.Client
}

const (
	maxUpdates = 100      // the most that getUpdates gives at once
	maxAnswer  = 16 << 20 // bytes; 100 updates of the longest messages are some 5 MiB
)

// busyError says that Telegram wants to be left alone for a while.
type busyError struct{ wait time.Duration }

func (e *busyError) Error() string { return "too many requests; again in " + e.wait.String() }

// lenient lets an answer be taken apart although one update in it is odd; each is read strictly on its own.
var lenient = jsonv2.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// updates asks for what comes from the offset on, and waits for it up to the poll time. The error is a *busyError for
// a 429; no error quotes the answer or has the token in it.
func (a *api) updates(ctx context.Context, offset int64) ([]update, error) {
	ctx, cancel := context.WithTimeout(ctx, a.poll+pollGrace)
	defer cancel()
	req, err := a.request(ctx, offset)
	if err != nil {
		return nil, err
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot reach %s: %s", a.name, a.host(), problem(err))
	}
	defer resp.Body.Close()
	body, err := readAll(resp.Body, maxAnswer)
	switch {
	case err == errTooBig:
		return nil, fmt.Errorf("%s: %s answered with more than %d bytes; that is no answer of the Bot API: check the address",
			a.name, a.host(), maxAnswer)
	case err != nil:
		return nil, fmt.Errorf("%s: the answer of %s broke off: %s", a.name, a.host(), problem(err))
	}
	return a.read(resp, body)
}

func (a *api) request(ctx context.Context, offset int64) (*http.Request, error) {
	ask, err := json.Marshal(map[string]any{
		"offset":          offset,
		"limit":           maxUpdates,
		"timeout":         int(a.poll / time.Second),
		"allowed_updates": []string{"channel_post", "edited_channel_post"},
	})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+"/bot"+a.token+"/getUpdates", bytes.NewReader(ask))
	if err != nil {
		return nil, fmt.Errorf("%s: the address of the Bot API is no address; write it like %s", a.name, DefaultAPI)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", userAgent)
	return req, nil
}

// server tells servers apart, without a password that its address may have.
func (a *api) server() string {
	if u, err := url.Parse(a.base); err == nil {
		return u.Host + u.Path
	}
	return ""
}

// host names the server without anything else of the address.
func (a *api) host() string {
	if u, err := url.Parse(a.base); err == nil && u.Host != "" {
		return u.Host
	}
	return "the Bot API"
}

// read takes an answer apart (Bot API, Making requests). The description is left out of errors on purpose: it is the
// other side's text.
func (a *api) read(resp *http.Response, body []byte) ([]update, error) {
	var answer struct {
		OK         bool           `json:"ok"`
		Code       int            `json:"error_code"`
		Result     jsontext.Value `json:"result"`
		Parameters struct {
			RetryAfter int `json:"retry_after"`
		} `json:"parameters"`
	}
	err := jsonv2.Unmarshal(body, &answer, lenient)
	if resp.StatusCode == http.StatusOK && err == nil && answer.OK {
		if updates, ok := splitUpdates(answer.Result); ok {
			return updates, nil
		}
	}
	code := resp.StatusCode
	if code == http.StatusOK && answer.Code != 0 {
		code = answer.Code
	}
	if code == http.StatusTooManyRequests {
		wait := max(seconds(answer.Parameters.RetryAfter), retryAfter(resp.Header), time.Second)
		return nil, &busyError{wait: wait}
	}
	return nil, fmt.Errorf("%s: %s: %s", a.name, a.host(), refusal(code))
}

// refusal explains an error code of the Bot API, and what to do about it.
func refusal(code int) string {
	switch {
	case code == http.StatusOK:
		return "the answer is not one of the Bot API; check the address"
	case code == http.StatusUnauthorized, code == http.StatusNotFound:
		return fmt.Sprintf("the token is refused (%d); it was revoked or mistyped: get the bot's token from @BotFather", code)
	case code == http.StatusConflict:
		return "another process polls with the same token, or a webhook is set (409); stop the other one, or call deleteWebhook"
	case code >= 500:
		return fmt.Sprintf("the Bot API has a failure of its own (%d); nothing is lost, it will be asked again", code)
	case code >= 300 && code < 400:
		return fmt.Sprintf("it redirects (%d); set the address of the Bot API server itself", code)
	}
	return fmt.Sprintf("the call is refused (%d); check that the address is a Bot API server's", code)
}

// splitUpdates takes the array of updates apart without reading them, and reports whether it is one.
func splitUpdates(result jsontext.Value) ([]update, bool) {
	var raw []jsontext.Value
	if result.Kind() != '[' || jsonv2.Unmarshal(result, &raw, lenient) != nil {
		return nil, false
	}
	updates := make([]update, len(raw))
	for i, data := range raw {
		updates[i] = newUpdate(data)
	}
	return updates, true
}

// postURL is the public address of a message.
func postURL(handle string, id int64) string {
	return "https://t.me/" + strings.TrimPrefix(handle, "@") + "/" + itoa(id)
}
