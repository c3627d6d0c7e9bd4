package telegram

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"saring/ingest"

	"golang.org/x/time/rate"
)

// DefaultAPI is Telegram's own Bot API server.
const DefaultAPI = "https://api.telegram.org"

// A Bot reads the posts of the channels that made a bot an administrator, with getUpdates
// (https://core.telegram.org/bots/api#getupdates). It asks for posts of channels only, so a private message never
// leaves Telegram. Set the fields before Run; one Bot runs once at a time.
//
// An update is confirmed (by the offset of the next call) only after everything it brought is durable and the
// offset is saved. Telegram keeps what is not confirmed for 24 hours.
type Bot struct {
	Token string        // from @BotFather; it appears in no error, name or log
	Base  string        // DefaultAPI when empty; a Bot API server of one's own otherwise
	Poll  time.Duration // how long a call waits for updates; 50 s when 0, whole seconds count
	// Transport makes the requests, for a proxy or another set of certificates; a usual one when nil.
	Transport http.RoundTripper
}

const (
	defaultPoll = 50 * time.Second
	pollGrace   = 20 * time.Second       // on top of Poll, before a call has failed
	pollPause   = 200 * time.Millisecond // between calls in the long run: a server that does not wait is not hammered
	pollBurst   = 5
)

// Kind is the label of the metrics.
func (b *Bot) Kind() string { return "telegram_bot" }

// Name is "telegram_bot:" and the bot's id, which is the public half of the token.
func (b *Bot) Name() string { return b.Kind() + ":" + b.id() }

// tokens have this form; everything else is kept out of addresses, and so out of harm.
var tokenForm = regexp.MustCompile(`^([0-9]{1,20}):[A-Za-z0-9_-]{10,128}$`)

func (b *Bot) id() string {
	if m := tokenForm.FindStringSubmatch(b.Token); m != nil {
		return m[1]
	}
	return "invalid"
}

// botCursor is where a bot was left. Update ids belong to a server: another one counts anew.
type botCursor struct {
	Server string `json:"server"`
	Offset int64  `json:"offset"` // the first update that is not confirmed; 0: whatever Telegram holds
}

// Run polls until ctx ends. It waits out a 429 as long as Telegram says; any other refusal is returned.
func (b *Bot) Run(ctx context.Context, in *ingest.Intake) error {
	if b.id() == "invalid" {
		return fmt.Errorf("telegram bot: the token is not of the form 123456789:AAE…; copy it again from @BotFather")
	}
	base := strings.TrimRight(cmp.Or(b.Base, DefaultAPI), "/")
	client := newClient(b.Transport)
	defer client.CloseIdleConnections()
	api := &api{base: base, token: b.Token, name: b.Name(), poll: cmp.Or(b.Poll, defaultPoll), client: client}
	cur, err := b.load(ctx, in, api.server())
	if err != nil {
		return err
	}
	pace := rate.NewLimiter(rate.Every(pollPause), pollBurst)
	for {
		if err := pace.Wait(ctx); err != nil {
			return cmp.Or(ctx.Err(), err)
		}
		if err := b.turn(ctx, in, api, &cur); err != nil {
			return cmp.Or(ctx.Err(), err)
		}
	}
}

// turn makes one call, stores what it brought, and moves the cursor.
func (b *Bot) turn(ctx context.Context, in *ingest.Intake, api *api, cur *botCursor) error {
	updates, err := api.updates(ctx, cur.Offset)
	var busy *busyError
	if errors.As(err, &busy) {
		return sleep(ctx, busy.wait)
	}
	if err != nil || len(updates) == 0 {
		return err
	}
	batch := in.Batch(b.Kind())
	for _, u := range updates {
		if err := offerUpdate(ctx, batch, b.Name(), u); err != nil {
			return err
		}
	}
	if err := batch.Commit(ctx); err != nil {
		return err
	}
	next := nextOffset(cur.Offset, updates)
	if next == cur.Offset {
		return fmt.Errorf("%s: %s answers with updates that have no update_id; it is no Bot API server: check the address",
			b.Name(), api.host())
	}
	cur.Offset = next
	return b.save(ctx, in, *cur)
}

// nextOffset confirms the updates. Ids grow within an answer, but start elsewhere after a week of silence
// (Bot API, Update), so the last answer counts and not the highest id ever seen. If none can be read, the offset
// goes on by one: the unreadable update has been counted, and must not stand in the way of the others.
func nextOffset(offset int64, updates []update) int64 {
	next := int64(0)
	for _, u := range updates {
		if u.id >= next {
			next = u.id + 1
		}
	}
	if next == 0 && offset > 0 {
		return offset + 1
	}
	return next
}

func (b *Bot) load(ctx context.Context, in *ingest.Intake, server string) (botCursor, error) {
	fresh := botCursor{Server: server}
	data, err := in.Load(ctx, b.Name())
	if err != nil || data == nil {
		return fresh, err
	}
	var cur botCursor
	if err := json.Unmarshal(data, &cur); err != nil {
		return fresh, fmt.Errorf("the cursor of %s cannot be read: %w", b.Name(), err)
	}
	if cur.Server != server {
		return fresh, nil
	}
	return cur, nil
}

func (b *Bot) save(ctx context.Context, in *ingest.Intake, cur botCursor) error {
	data, err := json.Marshal(cur)
	if err != nil {
		return err
	}
	return in.Save(ctx, b.Name(), data)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
