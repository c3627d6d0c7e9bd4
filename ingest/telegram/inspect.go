package telegram

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"saring/ingest"

	"github.com/go-json-experiment/json/jsontext"
)

// account are members that only the export of a whole account has (Telegram Desktop, export_output_json.cpp).
// Contacts, sessions and everybody's chats stand beside them, so nothing of such a file is read.
var account = map[string]bool{
	"about": true, "personal_information": true, "profile_pictures": true, "stories": true, "contacts": true,
	"frequent_contacts": true, "sessions": true, "web_sessions": true, "other_data": true, "ips": true,
	"chats": true, "left_chats": true,
}

// exportHead is what a file says of itself, wherever in it that stands.
type exportHead struct {
	kind, name string
	id         jsontext.Value
	account    string // the first of the account's members, if any
	messages   bool   // that there are messages
}

// refusal says why the file is not the export of one public channel, or "".
func (h exportHead) refusal() string {
	switch {
	case h.account != "":
		return fmt.Sprintf("it is the export of an account (it has %q), with private chats and contacts", h.account)
	case h.kind == ingest.KindPublicChannel:
		return ""
	case h.kind == "":
		return "it does not say of what kind of chat it is"
	}
	return "it is of another kind of chat than a public channel"
}

// gateKind is the kind that the gate is told: the file's own word, unless it is an account's.
func (h exportHead) gateKind() string {
	if h.account != "" {
		return "private"
	}
	return h.kind
}

// channelID is the channel's id as in the Bot API; the export has it bare. "" when it cannot be read.
func (h exportHead) channelID() string {
	digits := strings.TrimPrefix(unquoted(h.id), "-100")
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return botChannelID(n)
	}
	return ""
}

// inspect reads the head of an export, and makes sure that the file is whole. Messages are skipped unread. It stops at
// the first member of an account.
func inspect(ctx context.Context, file *os.File) (exportHead, error) {
	var h exportHead
	s, err := newScan(file)
	if err != nil {
		return h, err
	}
	seen := map[string]bool{}
	err = s.members(func(name string) (err error) {
		if account[name] {
			h.account = name
			return errEnough
		}
		if seen[name] {
			return errors.New("a member appears twice; this is no export of Telegram Desktop")
		}
		seen[name] = true
		switch name {
		case "type":
			h.kind, err = s.text()
		case "name":
			h.name, err = s.text()
		case "id":
			h.id, err = s.value()
		case "messages":
			h.messages = true
			err = s.elements(ctx, func(int) error { return s.dec.SkipValue() })
		default:
			err = s.dec.SkipValue()
		}
		return err
	})
	switch {
	case errors.Is(err, errEnough):
		return h, nil
	case err == nil && h.kind == ingest.KindPublicChannel && !h.messages:
		return h, errors.New("the export has no messages; export again, with the messages")
	case err == nil:
		_, err = s.dec.ReadToken()
		if err == io.EOF {
			return h, nil
		}
		if err == nil {
			err = errors.New("something follows the export; name the result.json that Telegram Desktop wrote")
		}
	}
	return h, err
}

// errEnough ends a scan early.
var errEnough = errors.New("enough")

// eachMessage calls offer with every message from that index on, and with the offset at which it ends.
func eachMessage(ctx context.Context, file *os.File, from int, offer func(context.Context, int, jsontext.Value, int64) error) error {
	s, err := newScan(file)
	if err != nil {
		return err
	}
	return s.members(func(name string) error {
		if name != "messages" {
			return s.dec.SkipValue()
		}
		return s.elements(ctx, func(i int) error {
			if i < from {
				return s.dec.SkipValue()
			}
			v, err := s.dec.ReadValue()
			if err != nil {
				return err
			}
			return offer(ctx, i, v, s.dec.InputOffset())
		})
	})
}
