package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"saring/ingest"
)

// A Letter is a dead letter: an input that no stage can use, with why, and as much of it as may be kept.
type Letter struct {
	Seq     uint64    `json:"seq"` // its number in DEAD
	At      time.Time `json:"at"`
	Origin  string    `json:"origin"`            // "http:3", "file:/posts.ndjson:17", "POSTS:4711"
	Subject string    `json:"subject,omitempty"` // of the message it was, if it was one
	Reason  string    `json:"reason"`
	Detail  string    `json:"detail"`
	Body    []byte    `json:"body,omitempty"` // the original bytes, in base64; none if they could be private
}

// bury stores a dead letter.
func (b *Broker) bury(ctx context.Context, l Letter) error {
	b.opts.Metrics.died(strings.SplitN(l.Origin, ":", 2)[0], l.Reason)
	l.At = time.Now().UTC()
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	origin, _, _ := strings.Cut(l.Origin, ":")
	msg := &nats.Msg{Subject: Subject("dead", strings.ToLower(origin), l.Reason), Data: data}
	return b.publish(ctx, msg, jetstream.WithMsgID(NewID()))
}

// Letters calls each for the dead letters, oldest first, until it returns false.
func (b *Broker) Letters(ctx context.Context, each func(Letter) bool) error {
	s, err := b.js.Stream(ctx, DeadStream)
	if err != nil {
		return err
	}
	state := s.CachedInfo().State
	if state.Msgs == 0 {
		return nil
	}
	c, err := s.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	msgs, err := c.Messages()
	if err != nil {
		return err
	}
	defer msgs.Stop()
	stop := context.AfterFunc(ctx, msgs.Stop)
	defer stop()
	for {
		m, err := msgs.Next()
		if err != nil {
			return errors.Join(ctx.Err(), err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		l, err := letter(m.Data(), meta.Sequence.Stream)
		if err != nil {
			return err
		}
		if !each(l) || meta.Sequence.Stream >= state.LastSeq {
			return nil
		}
	}
}

// Letter returns the dead letter of that number.
func (b *Broker) Letter(ctx context.Context, seq uint64) (Letter, error) {
	s, err := b.js.Stream(ctx, DeadStream)
	if err != nil {
		return Letter{}, err
	}
	m, err := s.GetMsg(ctx, seq)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Letter{}, fmt.Errorf("there is no dead letter %d; `saring dead ls` shows those that are there", seq)
	}
	if err != nil {
		return Letter{}, err
	}
	return letter(m.Data, seq)
}

func letter(data []byte, seq uint64) (Letter, error) {
	var l Letter
	if err := json.Unmarshal(data, &l); err != nil {
		return l, fmt.Errorf("dead letter %d cannot be read: %w", seq, err)
	}
	l.Seq = seq
	return l, nil
}

// ErrNoBody says that a dead letter has no bytes to replay.
var ErrNoBody = errors.New("its bytes were not kept, because it was not shown to be of a public channel; send it again from its origin")

// Replay sends a dead letter the way it was going and removes it: a message to its subject, a line through the
// gate. A line that is still invalid is an error, and the letter stays.
func (b *Broker) Replay(ctx context.Context, l Letter) error {
	if len(l.Body) == 0 {
		return fmt.Errorf("dead letter %d: %w", l.Seq, ErrNoBody)
	}
	if err := b.resend(ctx, l); err != nil {
		return fmt.Errorf("dead letter %d: %w", l.Seq, err)
	}
	s, err := b.js.Stream(ctx, DeadStream)
	if err != nil {
		return err
	}
	return s.DeleteMsg(ctx, l.Seq)
}

func (b *Broker) resend(ctx context.Context, l Letter) error {
	id := fmt.Sprintf("replay-%d-%d", l.Seq, l.At.UnixNano())
	if l.Subject == "" || l.Reason == reasonPackedPost {
		p, err := decodeDead(l)
		if err != nil {
			return err
		}
		return b.PublishPack(ctx, id, ingest.AppendPack(ingest.PackHeader(nil, 1), p))
	}
	return b.publish(ctx, &nats.Msg{Subject: l.Subject, Data: l.Body}, jetstream.WithMsgID(id))
}

// reasonPackedPost marks a post that could not be read out of a pack.
const reasonPackedPost = "packed_post"

func decodeDead(l Letter) (p ingest.Post, err error) {
	if l.Reason == reasonPackedPost {
		return ingest.DecodePacked(string(l.Body))
	}
	return ingest.Decode(l.Body)
}
