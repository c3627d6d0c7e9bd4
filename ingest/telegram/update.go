package telegram

import (
	"context"
	"strings"
	"time"

	"saring/ingest"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An update is one of getUpdates' results, not yet looked into.
type update struct {
	id   int64 // -1 when it cannot be read
	data jsontext.Value
}

// maxUpdateID bounds what is believed to be an update_id; Telegram's have 31 bits.
const maxUpdateID = 1 << 53

func newUpdate(data jsontext.Value) update {
	var head struct {
		ID *int64 `json:"update_id"`
	}
	if json.Unmarshal(data, &head, lenient) != nil || head.ID == nil || *head.ID < 0 || *head.ID > maxUpdateID {
		return update{id: -1, data: data}
	}
	return update{id: *head.ID, data: data}
}

// kindHidden is what is said of something whose kind is not named in words that we know. It is no kind of Telegram.
const kindHidden = "unknown"

// chat is as much of a Chat (Bot API) as says whether it is public.
type chat struct {
	ID       int64  `json:"id"`
	Type     string `json:"type"`
	Title    string `json:"title"`
	Username string `json:"username"`
}

// kind maps the chat's type to a kind of the gate. "channel" alone does not say public or private: the username does,
// because it is what makes t.me/USERNAME work. A type is never passed on as it came.
func (c chat) kind() string {
	switch c.Type {
	case "channel":
		if c.Username != "" {
			return ingest.KindPublicChannel
		}
		return "private_channel"
	case "private", "group", "supergroup", "":
		return c.Type
	}
	return kindHidden
}

// message is as much of a Message (Bot API 10.1) as makes up the text of a channel's post. What has no field here is
// never read: from, sender_chat, author_signature, via_bot, forward_origin, contact, reply_to_message, quote, ….
// Buttons are left out too: their labels often count clicks.
type message struct {
	ID       int64          `json:"message_id"`
	Date     int64          `json:"date"`
	EditDate int64          `json:"edit_date"`
	Text     string         `json:"text"`
	Caption  string         `json:"caption"`
	Rich     jsontext.Value `json:"rich_message"`
	Poll     struct {
		Question    string   `json:"question"`
		Description string   `json:"description"`
		Options     []option `json:"options"`
		Explanation string   `json:"explanation"`
	} `json:"poll"`
	Checklist struct {
		Title string   `json:"title"`
		Tasks []option `json:"tasks"`
	} `json:"checklist"`
	Venue struct {
		Title   string `json:"title"`
		Address string `json:"address"`
	} `json:"venue"`
	Game struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Text        string `json:"text"`
	} `json:"game"`
	Invoice struct {
		Title       string `json:"title"`
		Description string `json:"description"`
	} `json:"invoice"`
	Giveaway struct {
		Prize string `json:"prize_description"`
	} `json:"giveaway"`
	Audio struct {
		Title string `json:"title"`
	} `json:"audio"`
	Document struct {
		Name string `json:"file_name"`
	} `json:"document"`
	Animation *struct{} `json:"animation"` // then document is the same file, under a name that nobody sees
}

// option is one line of a poll or a checklist, without who chose or did it.
type option struct {
	Text string `json:"text"`
}

func (m *message) content() string {
	parts := []string{m.Text, m.Caption, plain(m.Rich), m.Poll.Question, m.Poll.Description}
	for _, o := range m.Poll.Options {
		parts = append(parts, o.Text)
	}
	parts = append(parts, m.Poll.Explanation, m.Checklist.Title)
	for _, o := range m.Checklist.Tasks {
		parts = append(parts, o.Text)
	}
	parts = append(parts, m.Venue.Title, m.Venue.Address, m.Game.Title, m.Game.Description, m.Game.Text,
		m.Invoice.Title, m.Invoice.Description, m.Giveaway.Prize, m.Audio.Title)
	if m.Animation == nil {
		parts = append(parts, m.Document.Name)
	}
	return joined(parts...)
}

// offerUpdate offers what an update brought. The error is the wire's, never the update's.
func offerUpdate(ctx context.Context, batch *ingest.Batch, source string, u update) error {
	origin := source + "/update/"
	if u.id >= 0 {
		origin += itoa(u.id)
	} else {
		origin += "?"
	}
	raws, ok := readUpdate(u.data)
	if u.id < 0 || !ok {
		return batch.Unreadable(ctx, origin, "not an update of the Bot API")
	}
	for _, raw := range raws {
		if raw.Channel.Kind == ingest.KindPublicChannel && raw.Text == "" {
			continue // a picture without a caption, a service message: nothing that could be read
		}
		if err := batch.Raw(ctx, raw, origin); err != nil {
			return err
		}
	}
	return nil
}

// readUpdate reads an update strictly, and reports whether it could. Its posts come with all their fields if they are
// of a public channel, else with their kind only. Any other update (they are not asked for, but some may be waiting
// from before) comes with the kind of its chat, so that it is refused and counted.
func readUpdate(data jsontext.Value) ([]ingest.Raw, bool) {
	var u struct {
		Post    jsontext.Value `json:"channel_post"`
		Edited  jsontext.Value `json:"edited_channel_post"`
		Message struct {
			Chat chat `json:"chat"`
		} `json:"message"`
	}
	if json.Unmarshal(data, &u) != nil {
		return nil, false
	}
	var raws []ingest.Raw
	for _, post := range []jsontext.Value{u.Post, u.Edited} {
		if post == nil {
			continue
		}
		raw, ok := readPost(post)
		if !ok {
			return nil, false
		}
		raws = append(raws, raw)
	}
	if len(raws) > 0 {
		return raws, true
	}
	kind := u.Message.Chat.kind()
	if kind == ingest.KindPublicChannel { // posts of a channel do not arrive as messages
		kind = kindHidden
	}
	return []ingest.Raw{{Channel: ingest.RawChannel{Kind: kind}}}, true
}

// readPost looks at the chat first, and at the message only if that is public.
func readPost(data jsontext.Value) (ingest.Raw, bool) {
	var where struct {
		Chat chat `json:"chat"`
	}
	if json.Unmarshal(data, &where) != nil {
		return ingest.Raw{}, false
	}
	c := where.Chat
	if c.kind() != ingest.KindPublicChannel {
		return ingest.Raw{Channel: ingest.RawChannel{Kind: c.kind()}}, true
	}
	var m message
	if json.Unmarshal(data, &m) != nil || m.ID <= 0 {
		return ingest.Raw{}, false
	}
	return ingest.Raw{
		Platform: Platform,
		Channel:  ingest.RawChannel{ID: itoa(c.ID), Handle: c.Username, Title: strings.TrimSpace(c.Title), Kind: c.kind()},
		ID:       itoa(m.ID),
		Revision: m.EditDate,
		PostedAt: time.Unix(m.Date, 0).UTC(),
		Text:     m.content(),
		URL:      postURL(c.Username, m.ID),
	}, true
}
