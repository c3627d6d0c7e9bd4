package queue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"saring/ingest"
)

// A Broker is the Wire of the sources.
var _ ingest.Wire = (*Broker)(nil)

// PublishPack stores a pack of posts.
func (b *Broker) PublishPack(ctx context.Context, id string, pack []byte) error {
	if err := b.Room(); err != nil {
		return err
	}
	return b.publish(ctx, &nats.Msg{Subject: prefix + "posts", Data: pack}, jetstream.WithMsgID(id))
}

// PublishDead stores a dead letter of a source.
func (b *Broker) PublishDead(ctx context.Context, d ingest.Dead) error {
	return b.bury(ctx, Letter{Origin: d.Origin, Reason: d.Reason, Detail: d.Detail, Body: d.Body})
}

// LoadCursor returns where a source goes on, nil if it has never been read.
func (b *Broker) LoadCursor(ctx context.Context, source string) ([]byte, error) {
	e, err := b.cursor.Get(ctx, cursorKey(source))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return e.Value(), nil
}

// SaveCursor stores where a source goes on.
func (b *Broker) SaveCursor(ctx context.Context, source string, cursor []byte) error {
	_, err := b.cursor.Put(ctx, cursorKey(source), cursor)
	return err
}

// cursorKey makes a key of a source's name, which may hold any character.
func cursorKey(source string) string {
	sum := sha256.Sum256([]byte(source))
	return hex.EncodeToString(sum[:16])
}
