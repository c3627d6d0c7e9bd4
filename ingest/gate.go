package ingest

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Raw is what a source read, before the gate has looked at it. It is never stored, logged or published.
type Raw struct {
	Platform string
	Channel  RawChannel
	ID       string
	Revision int64
	PostedAt time.Time
	Text     string
	URL      string
}

// RawChannel is a channel as a source read it. Kind is what the source can prove, "" when it cannot.
type RawChannel struct {
	ID, Handle, Title, Kind string
}

// Refusal says that something is not of a public channel. It holds nothing of what was refused.
type Refusal struct {
	// Reason is one of RefusalReasons.
	Reason string
}

func (r *Refusal) Error() string { return "refused: not a public channel (" + r.Reason + ")" }

// RefusalReasons is the closed list of reasons, so that a metric of them stays small.
var RefusalReasons = []string{"missing_kind", "unknown_kind", "private", "group", "not_public"}

// refusals sorts the kinds that platforms name into reasons. Anything else is an unknown kind.
var refusals = map[string]string{
	"":                   "missing_kind",
	"private":            "private",
	"private_channel":    "private",
	"private_group":      "private",
	"private_supergroup": "private",
	"personal_chat":      "private",
	"bot_chat":           "private",
	"saved_messages":     "private",
	"replies":            "private",
	"verification_codes": "private",
	"secret":             "private",
	"group":              "group",
	"supergroup":         "group",
	"public_group":       "group",
	"public_supergroup":  "group",
	"channel":            "not_public", // a channel, but nobody has shown that it is public
}

// Reasons of an Invalid.
const (
	ReasonMalformed    = "malformed_json"
	ReasonUTF8         = "invalid_utf8"
	ReasonTooLong      = "too_long"
	ReasonMissingField = "missing_field"
	ReasonBadField     = "bad_field"
)

// Invalid says that something cannot be a Post although the gate did not have to refuse it.
type Invalid struct {
	// Reason is one of the Reason constants.
	Reason string
	// Detail says what is wrong, where, and what would be right. It never quotes the text.
	Detail string
	// Keep holds the schema's own fields of the input, or nothing when it was not shown to be of a public
	// channel: a line that cannot be read could be anybody's.
	Keep []byte
}

func (e *Invalid) Error() string { return e.Reason + ": " + e.Detail }

func invalid(reason, format string, args ...any) *Invalid {
	return &Invalid{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

var (
	earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Admit is the gate. It returns a Post only for a public channel; otherwise a *Refusal, and for a public
// channel with a broken field an *Invalid.
func Admit(raw Raw) (Post, error) {
	if err := admitKind(raw.Channel.Kind); err != nil {
		return Post{}, err
	}
	if err := raw.check(); err != nil {
		return Post{}, err
	}
	return Post{
		platform: raw.Platform,
		channel:  Channel{ID: raw.Channel.ID, Handle: raw.Channel.Handle, Title: raw.Channel.Title},
		id:       raw.ID,
		revision: raw.Revision,
		postedAt: raw.PostedAt.UnixMilli(),
		text:     raw.Text,
		url:      raw.URL,
	}, nil
}

// admitKind is the heart of the gate: one kind passes.
func admitKind(kind string) error {
	if kind == KindPublicChannel {
		return nil
	}
	reason, known := refusals[kind]
	if !known {
		reason = "unknown_kind"
	}
	return &Refusal{Reason: reason}
}

// keep writes a public channel's broken post for a dead letter, as Decode reads it.
func (raw Raw) keep() []byte {
	if strings.Contains(raw.URL, "@") {
		raw.URL = ""
	}
	data, err := encode(raw, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil
	}
	return data
}

// check returns an error for the first field that is missing or wrong.
func (raw *Raw) check() error {
	if err := checkField("platform", raw.Platform, 32, true, badName); err != nil {
		return err
	}
	if err := checkField("channel.id", raw.Channel.ID, MaxID, true, badID); err != nil {
		return err
	}
	if err := checkField("channel.handle", raw.Channel.Handle, MaxID, false, badID); err != nil {
		return err
	}
	if err := checkField("channel.title", raw.Channel.Title, MaxTitle, false, nil); err != nil {
		return err
	}
	if err := checkField("id", raw.ID, MaxID, true, badID); err != nil {
		return err
	}
	if err := checkField("text", raw.Text, MaxText, false, nil); err != nil {
		return err
	}
	if err := checkField("url", raw.URL, MaxURL, false, badURL); err != nil {
		return err
	}
	if raw.Revision < 0 {
		return invalid(ReasonBadField, "revision is negative; it counts edits from 0")
	}
	if raw.PostedAt.Before(earliest) || !raw.PostedAt.Before(latest) {
		return invalid(ReasonBadField, "posted_at is in the year %d; it must be between %d and %d",
			raw.PostedAt.Year(), earliest.Year(), latest.Year()-1)
	}
	return nil
}

// checkField returns an error for a string that is missing, too long, not UTF-8, or not what bad looks for. It
// returns a plain error type so that a nil *Invalid never hides in a non-nil error.
func checkField(name, value string, most int, required bool, bad func(string) string) error {
	switch {
	case value == "" && required:
		return invalid(ReasonMissingField, "%s is missing or empty", name)
	case value == "":
		return nil
	case len(value) > most:
		return invalid(ReasonTooLong, "%s has %d bytes; the limit is %d", name, len(value), most)
	case !utf8.ValidString(value):
		return invalid(ReasonUTF8, "%s is not valid UTF-8", name)
	case bad == nil:
		return nil
	}
	if why := bad(value); why != "" {
		return invalid(ReasonBadField, "%s %s", name, why)
	}
	return nil
}

// badName says why s is no platform name, or "".
func badName(s string) string {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return `has characters other than a-z, 0-9, "_" and "-"`
		}
	}
	return ""
}

// badID says why s is no id, or "".
func badID(s string) string {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return "has characters other than visible ASCII"
		}
	}
	return ""
}

// plainURL reports whether s is surely a public address: letters, digits and a few signs after http:// or https://.
// Nearly all are; parsing each would cost more than everything else that the gate does.
func plainURL(s string) bool {
	rest, secure := strings.CutPrefix(s, "https://")
	if !secure {
		var http bool
		if rest, http = strings.CutPrefix(s, "http://"); !http {
			return false
		}
	}
	for i := range len(rest) {
		c := rest[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || c != '.' && c != '/' && c != '-' && c != '_') {
			return false
		}
	}
	return rest != ""
}

// badURL says why s is no public address, or "". User information could name a person.
func badURL(s string) string {
	if plainURL(s) {
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return "is not an http or https address"
	case u.User != nil || strings.Contains(u.Host, "@"):
		return "has user information; leave that out"
	}
	return ""
}
