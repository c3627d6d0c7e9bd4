package telegram

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"saring/ingest"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
)

// A page is a preview page (t.me/s/NAME) as far as it is read. The names of its classes are not documented; they are
// those of real pages of 2023 to 2026.
type page struct {
	kind   string // what the page proves of itself, see pageKind
	handle string // the channel's name as it spells it
	title  string
	id     string // the channel's id as in the Bot API, or "" when the page does not give it
	posts  []pagePost
}

// pagePost is one message of a page.
type pagePost struct {
	key      string // what stands in data-post: "name/4711"
	id       int64  // 0 when the key has none
	postedAt time.Time
	text     string
}

var errNoHeader = errors.New("has no header of a channel")

// parsePage reads a page that was asked for under that name. It returns errNoHeader when the page is not of a channel
// or a group of that name.
func parsePage(body []byte, name string) (page, error) {
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(body))
	if err != nil {
		return page{}, errNoHeader // the parser gives up on nesting that no page has; its words may quote the page
	}
	header := doc.Find(".tgme_channel_info_header").First()
	handle := strings.TrimPrefix(strings.TrimSpace(header.Find(".tgme_channel_info_header_username").First().Text()), "@")
	if !strings.EqualFold(handle, name) {
		return page{}, errNoHeader
	}
	p := page{
		kind:   pageKind(doc),
		handle: handle,
		title:  visible(header.Find(".tgme_channel_info_header_title").First()),
	}
	if p.kind != ingest.KindPublicChannel {
		return p, nil
	}
	doc.Find(".tgme_widget_message[data-post]").Each(func(_ int, m *goquery.Selection) {
		p.id = cmp.Or(p.id, channelID(m))
		p.posts = append(p.posts, parsePost(m, handle))
	})
	return p, nil
}

// pageKind tells a channel from a group by what the page counts: a channel has subscribers, a group has members.
// A page that counts neither proves nothing.
func pageKind(doc *goquery.Document) string {
	counted := map[string]bool{}
	doc.Find(".tgme_channel_info_counter .counter_type, .tgme_header_counter").Each(func(_ int, s *goquery.Selection) {
		for word := range strings.FieldsSeq(s.Text()) {
			counted[strings.TrimRight(strings.ToLower(word), ",s")] = true
		}
	})
	switch {
	case counted["member"]:
		return "public_supergroup"
	case counted["subscriber"]:
		return ingest.KindPublicChannel
	}
	return "channel"
}

// parsePost reads a message: its text or caption, its poll and the title of its file. The rest is not read: not the
// author's signature and the origin of a forward, which name people; not the text it replies to and the preview of a
// link, which others wrote and which change without an edit; not views, votes, reactions and buttons, which count.
func parsePost(m *goquery.Selection, handle string) pagePost {
	p := pagePost{key: m.AttrOr("data-post", "")}
	if name, id, ok := strings.Cut(p.key, "/"); ok && strings.EqualFold(name, handle) {
		if n, err := strconv.ParseInt(id, 10, 64); err == nil && n > 0 {
			p.id = n
		}
	}
	if m.HasClass("service_message") {
		return p // "NAME pinned a photo": its id counts, its text names somebody
	}
	stamp := m.Find(".tgme_widget_message_date time[datetime]").First().AttrOr("datetime", "")
	p.postedAt, _ = time.Parse(time.RFC3339, stamp)
	var parts []string
	m.Find(".tgme_widget_message_text, .tgme_widget_message_poll_question, .tgme_widget_message_poll_option_text, " +
		".tgme_widget_message_document_title").Each(func(_ int, s *goquery.Selection) {
		// A quoted text has the class of a text; a caption of an album stands in another text.
		outer := s.ParentsUntilSelection(m)
		if !outer.Is(".tgme_widget_message_reply, .tgme_widget_message_link_preview, .tgme_widget_message_text") {
			parts = append(parts, visible(s))
		}
	})
	p.text = joined(parts...)
	return p
}

// channelID reads the channel's number from data-peer ("c1234567890_…") or data-view (base64 of {"c":-1234567890,…}),
// and writes it as the Bot API does: "-1001234567890". "" when neither stands there.
func channelID(m *goquery.Selection) string {
	if peer, _, ok := strings.Cut(m.AttrOr("data-peer", ""), "_"); ok && strings.HasPrefix(peer, "c") {
		if n, err := strconv.ParseInt(peer[1:], 10, 64); err == nil {
			return botChannelID(n)
		}
	}
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(m.AttrOr("data-view", ""), "="))
	if err != nil {
		return ""
	}
	var view struct {
		C int64 `json:"c"`
	}
	if json.Unmarshal(data, &view) != nil {
		return ""
	}
	return botChannelID(-view.C)
}

// botChannelID is how the Bot API writes a channel's bare id (https://core.telegram.org/api/bots/ids).
func botChannelID(bare int64) string {
	if bare <= 0 {
		return ""
	}
	return itoa(-1_000_000_000_000 - bare)
}

// visible is the text of an element as a browser shows it: white space runs together except in <pre>, <br> and
// blocks break lines.
func visible(s *goquery.Selection) string {
	var w textWriter
	for _, n := range s.Nodes {
		w.walk(n, false)
	}
	return strings.TrimSpace(w.b.String())
}

type textWriter struct {
	b     strings.Builder
	last  byte // what was written last; 0 at the start
	space bool // white space is due before the next word
}

func (w *textWriter) walk(n *html.Node, pre bool) {
	switch n.Type {
	case html.TextNode:
		w.text(n.Data, pre)
		return
	case html.ElementNode:
		switch n.Data {
		case "br":
			w.newline(true)
			return
		case "script", "style", "template":
			return
		}
	}
	block := isBlock[n.Data]
	if block {
		w.newline(false)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.walk(c, pre || n.Data == "pre")
	}
	if block {
		w.newline(false)
	}
}

var isBlock = map[string]bool{"div": true, "p": true, "blockquote": true, "pre": true, "ul": true, "ol": true, "li": true, "tr": true}

func (w *textWriter) text(s string, pre bool) {
	if pre {
		w.space = false
		w.write(s)
		return
	}
	for i, word := range strings.FieldsFunc(s, asciiSpace) {
		if i > 0 || asciiSpace(rune(s[0])) {
			w.space = true
		}
		if w.space && w.last != 0 && w.last != '\n' {
			w.write(" ")
		}
		w.space = false
		w.write(word)
	}
	if s != "" && asciiSpace(rune(s[len(s)-1])) {
		w.space = true
	}
}

// newline breaks the line; unless forced, only one that has begun.
func (w *textWriter) newline(force bool) {
	w.space = false
	if force || (w.last != 0 && w.last != '\n') {
		w.write("\n")
	}
}

func (w *textWriter) write(s string) {
	if s != "" {
		w.b.WriteString(s)
		w.last = s[len(s)-1]
	}
}

// asciiSpace is the white space that HTML runs together; a no-break space stays.
func asciiSpace(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f' }
