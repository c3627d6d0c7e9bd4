package telegram

import (
	"context"
	"strconv"
	"strings"
	"time"

	"saring/ingest"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// exported is as much of an exported message as makes up its text. What has no field here is never read: from,
// from_id, author, actor, forwarded_from, via_bot, contact_information, ….
// The shape of a text differs between versions of Telegram Desktop, so each is read as it comes.
type exported struct {
	ID         jsontext.Value `json:"id"`
	Type       jsontext.Value `json:"type"`
	Date       jsontext.Value `json:"date"`
	DateUnix   jsontext.Value `json:"date_unixtime"`
	Edited     jsontext.Value `json:"edited"`
	EditedUnix jsontext.Value `json:"edited_unixtime"`
	Text       jsontext.Value `json:"text"`
	Entities   jsontext.Value `json:"text_entities"`
	Poll       struct {
		Question jsontext.Value `json:"question"`
		Answers  jsontext.Value `json:"answers"`
	} `json:"poll"`
	Checklist struct {
		Title   jsontext.Value `json:"title"`
		Answers jsontext.Value `json:"answers"`
	} `json:"todo_list"`
	Place           jsontext.Value `json:"place_name"`
	Address         jsontext.Value `json:"address"`
	GameTitle       jsontext.Value `json:"game_title"`
	GameDescription jsontext.Value `json:"game_description"`
	MediaType       jsontext.Value `json:"media_type"`
	Title           jsontext.Value `json:"title"`     // of an audio file
	FileName        jsontext.Value `json:"file_name"` // seen by readers only when there is no media_type
}

func (m *exported) content() string {
	text := plain(m.Text)
	if text == "" {
		text = plain(m.Entities)
	}
	parts := []string{text, plain(m.Poll.Question), plainLines(m.Poll.Answers), plain(m.Checklist.Title), plainLines(m.Checklist.Answers),
		plain(m.Place), plain(m.Address), plain(m.GameTitle), plain(m.GameDescription)}
	switch unquoted(m.MediaType) {
	case "audio_file":
		parts = append(parts, plain(m.Title))
	case "":
		parts = append(parts, plain(m.FileName))
	}
	return joined(parts...)
}

// offerExported offers a message of a public channel's export. Service messages, and those without a text, are
// skipped. The error is the wire's, never the message's.
func offerExported(ctx context.Context, batch *ingest.Batch, head exportHead, data jsontext.Value, origin string) error {
	var m exported
	if json.Unmarshal(data, &m) != nil {
		return batch.Unreadable(ctx, origin, "not a message of an export")
	}
	if unquoted(m.Type) != "message" {
		return nil
	}
	text := m.content()
	if text == "" {
		return nil
	}
	posted, edited := exportTime(m.DateUnix, m.Date), exportTime(m.EditedUnix, m.Edited)
	revision := edited.Unix()
	if edited.Before(posted) { // no edit, or the year 1970 that old exports say instead
		revision = 0
	}
	return batch.Raw(ctx, ingest.Raw{
		Platform: Platform,
		Channel:  ingest.RawChannel{ID: head.channelID(), Title: strings.TrimSpace(head.name), Kind: head.kind},
		ID:       messageID(m.ID),
		Revision: max(revision, 0),
		PostedAt: posted,
		Text:     text,
	}, origin)
}

// messageID is a message's number as digits; "" when it is none.
func messageID(v jsontext.Value) string {
	if n, err := strconv.ParseInt(unquoted(v), 10, 64); err == nil && n > 0 {
		return itoa(n)
	}
	return ""
}

// exportTime reads the Unix time, or for older exports the other form, which is the exporter's local time and taken
// for UTC. The zero time when neither can be read.
func exportTime(unix, local jsontext.Value) time.Time {
	if n, err := strconv.ParseInt(unquoted(unix), 10, 64); err == nil {
		return time.Unix(n, 0).UTC()
	}
	t, _ := time.Parse("2006-01-02T15:04:05", unquoted(local))
	return t
}

// unquoted is a JSON string's content, or a number's digits; "" of anything else.
func unquoted(v jsontext.Value) string {
	switch v.Kind() {
	case '0':
		return string(v)
	case '"':
		var s string
		if json.Unmarshal(v, &s, lenient) == nil {
			return s
		}
	}
	return ""
}
