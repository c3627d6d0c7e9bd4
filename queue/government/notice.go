// Package government tells the government of each flag, and tells it nothing of any person: a flag becomes one
// notice on the GOVERNMENT stream, as a CloudEvent of type saring.notice.issued with a closed schema.
//
// A notice holds ids, the public address, category, severity, the rules' ids, and times. It has no text, no title,
// no author, no counts and no moderator, and no field that could hold one (Notice; the test tries).
package government

import (
	"fmt"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/prometheus/client_golang/prometheus"

	"saring/filter"
	"saring/queue"
	"saring/rules"
)

// NoticeType is the type of the event.
const NoticeType = "saring.notice.issued"

// Notice is all that the government learns of a flag. The schema is closed.
type Notice struct {
	Flag      string         `json:"flag"`
	Platform  string         `json:"platform"`
	Channel   string         `json:"channel"` // the platform's id of the public channel
	Post      string         `json:"post"`
	Revision  int64          `json:"revision"`
	URL       string         `json:"url"` // public address without query and fragment, may be empty
	Category  rules.Category `json:"category"`
	Severity  rules.Severity `json:"severity"`
	Rules     []string       `json:"rules"` // ids
	Ruleset   string         `json:"ruleset"`
	PostedAt  time.Time      `json:"posted_at"`
	FlaggedAt time.Time      `json:"flagged_at"`
}

// Event is a notice as it travels.
type Event = queue.Event[Notice]

// NewNotice makes the notice of a flag. The same flag gives the same notice.
func NewNotice(f filter.Flag) Event {
	n := Notice{
		Flag: f.ID, Platform: f.Post.Platform(), Channel: f.Post.Channel().ID, Post: f.Post.ID(),
		Revision: f.Post.Revision(), URL: bareURL(f.Post.URL()), Category: f.Category, Severity: f.Severity,
		Rules: []string{}, Ruleset: f.Ruleset, PostedAt: f.Post.PostedAt(), FlaggedAt: f.FlaggedAt,
	}
	for _, r := range f.Rules {
		n.Rules = append(n.Rules, r.ID)
	}
	return queue.NewEvent(NoticeType, "notice-"+f.ID, f.Post.Key(), f.FlaggedAt, n)
}

// bareURL leaves out the query and the fragment: they can name whoever shared the address.
func bareURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// DecodeEvent reads a notice and refuses every key that the schema does not have.
func DecodeEvent(data []byte) (Event, error) {
	// Not encoding/json: it takes FLAG for flag, and the last of two.
	var e Event
	if err := json.Unmarshal(data, &e, json.RejectUnknownMembers(true)); err != nil {
		return e, fmt.Errorf("notice: %w", err)
	}
	if e.SpecVersion != "1.0" || e.Type != NoticeType {
		return e, fmt.Errorf("notice: an event of type %q", e.Type)
	}
	return e, nil
}

// Notices is their topic: saring.government.notice.PLATFORM.CHANNEL.FLAG.
var Notices = queue.Topic[Event]{
	Stream: queue.Government,
	Filter: "saring.government.notice.>",
	Subject: func(e Event) string {
		return queue.Subject("government", "notice", e.Data.Platform, e.Data.Channel, e.Data.Flag)
	},
	ID:     func(e Event) string { return e.ID },
	Encode: queue.EncodeEvent[Notice],
	Decode: DecodeEvent,
}

// Output makes a notice of every flag.
func Output(m *Metrics) queue.Output {
	return queue.NewOutput(queue.GovernmentStage, Notices, NewNotice, m.issued)
}

// Metrics counts notices. A nil *Metrics counts nothing.
type Metrics struct {
	notices prometheus.Counter
}

// NewMetrics registers the metrics of the notices.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{notices: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "saring_notices_total", Help: "Notices that were made durable. One that is made again is counted again.",
	})}
	r.MustRegister(m.notices)
	return m
}

func (m *Metrics) issued(time.Time) {
	if m != nil {
		m.notices.Inc()
	}
}
