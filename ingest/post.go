package ingest

import (
	"time"

	"github.com/go-json-experiment/json"
)

// KindPublicChannel is the only kind of channel that the gate admits.
const KindPublicChannel = "public_channel"

// Limits of a Post, in bytes. A platform's longest message is far below them (Telegram: 4,096 characters).
const (
	MaxText  = 64 << 10
	MaxID    = 128
	MaxTitle = 1 << 10
	MaxURL   = 2 << 10
	MaxLine  = 512 << 10 // one post as a line of JSON, with every character escaped
)

// A Post is one revision of one message of a public channel. Only the gate makes one; it never changes.
// The zero Post is no post: it cannot be encoded.
type Post struct {
	platform string
	channel  Channel
	id       string
	revision int64
	postedAt int64 // milliseconds since the Unix epoch
	text     string
	url      string
}

// A Channel is where a Post stood. It is public, or there would be no Post.
type Channel struct {
	ID     string // the platform's own id, e.g. "-1001234567890"
	Handle string // the public name without "@", may be empty
	Title  string // what readers see, may be empty
}

// Platform is the lower-case name of the platform, e.g. "telegram".
func (p Post) Platform() string { return p.platform }

// Channel is the public channel that the post stood in.
func (p Post) Channel() Channel { return p.channel }

// ID is the platform's id of the message, unique within the channel.
func (p Post) ID() string { return p.id }

// Revision is 0 for the first version of a message and grows with every edit; gaps are allowed.
func (p Post) Revision() int64 { return p.revision }

// PostedAt is when the message was first posted, in UTC, to the millisecond.
func (p Post) PostedAt() time.Time { return time.UnixMilli(p.postedAt).UTC() }

// Text is the whole text of the post: valid UTF-8, at most MaxText bytes, possibly empty.
func (p Post) Text() string { return p.text }

// URL is the public address of the post: http or https, without user information; may be empty.
func (p Post) URL() string { return p.url }

// IsZero reports whether p is no post at all.
func (p Post) IsZero() bool { return p.id == "" }

// Key names the message across its revisions: platform, channel and id, joined with "/".
func (p Post) Key() string { return p.platform + "/" + p.channel.ID + "/" + p.id }

// wirePost is a Post as JSON. The order of the fields is the order of the document.
type wirePost struct {
	Platform string      `json:"platform"`
	Channel  wireChannel `json:"channel"`
	ID       string      `json:"id"`
	Revision int64       `json:"revision"`
	PostedAt string      `json:"posted_at"`
	Text     string      `json:"text"`
	URL      string      `json:"url,omitempty"`
}

type wireChannel struct {
	ID     string `json:"id"`
	Handle string `json:"handle,omitempty"`
	Title  string `json:"title,omitempty"`
	Kind   string `json:"kind"`
}

// MarshalJSON writes the post in the form that Decode reads. The zero Post is an error.
func (p Post) MarshalJSON() ([]byte, error) {
	if p.IsZero() {
		return nil, &Invalid{Reason: ReasonMissingField, Detail: "no post: it did not come from the gate"}
	}
	return encode(Raw{
		Platform: p.platform,
		Channel:  RawChannel{ID: p.channel.ID, Handle: p.channel.Handle, Title: p.channel.Title, Kind: KindPublicChannel},
		ID:       p.id,
		Revision: p.revision,
		PostedAt: p.PostedAt(),
		Text:     p.text,
		URL:      p.url,
	})
}

// encode writes what Decode reads.
func encode(r Raw, opts ...json.Options) ([]byte, error) {
	return json.Marshal(wirePost{
		Platform: r.Platform,
		Channel:  wireChannel(r.Channel),
		ID:       r.ID,
		Revision: r.Revision,
		PostedAt: r.PostedAt.Format(time.RFC3339Nano),
		Text:     r.Text,
		URL:      r.URL,
	}, opts...)
}

// UnmarshalJSON reads a post through the gate: see Decode for the errors.
func (p *Post) UnmarshalJSON(data []byte) error {
	q, err := Decode(data)
	if err != nil {
		return err
	}
	*p = q
	return nil
}
