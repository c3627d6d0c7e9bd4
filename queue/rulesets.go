package queue

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"saring/rules"
)

// rulesets is where every ruleset that has given a verdict is kept, by its version: a verdict can be reproduced.
const rulesets = "saring_rulesets"

// KeepRuleset stores a ruleset under its version, once. What stands there and is not the ruleset is replaced.
func (b *Broker) KeepRuleset(ctx context.Context, rs *rules.Ruleset) error {
	data, err := rs.Archive()
	if err != nil {
		return err
	}
	return b.keep(ctx, rs.Version, data)
}

// keep stores an archive under the version that it has.
func (b *Broker) keep(ctx context.Context, version string, archive []byte) error {
	store, err := b.js.ObjectStore(ctx, rulesets)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		store, err = b.js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{
			Bucket: rulesets, Description: "every ruleset that has been in use, by version", Replicas: b.replicas(), MaxBytes: 256 << 20,
		})
	}
	if errors.Is(err, jetstream.ErrBucketExists) { // another process was faster
		store, err = b.js.ObjectStore(ctx, rulesets)
	}
	if err != nil {
		return fmt.Errorf("keep ruleset: %w", err)
	}
	h := sha256.New()
	h.Write(archive)
	if info, err := store.GetInfo(ctx, version); err == nil && info.Digest == jetstream.GetObjectDigestValue(h) {
		return nil
	}
	if _, err := store.PutBytes(ctx, version, archive); err != nil {
		return fmt.Errorf("keep ruleset %s: %w", version, err)
	}
	return nil
}

// Ruleset fetches a ruleset by its version, as rules.FromArchive reads it.
func (b *Broker) Ruleset(ctx context.Context, version string) ([]byte, error) {
	store, err := b.js.ObjectStore(ctx, rulesets)
	var data []byte
	if err == nil {
		data, err = store.GetBytes(ctx, version)
	}
	switch {
	case errors.Is(err, jetstream.ErrObjectNotFound), errors.Is(err, jetstream.ErrBucketNotFound):
		return nil, &NoRuleset{version}
	case err != nil:
		return nil, fmt.Errorf("rulesets: %w", err)
	}
	return data, nil
}

// NoRuleset says that a version is not kept.
type NoRuleset struct{ Version string }

func (e *NoRuleset) Error() string {
	return fmt.Sprintf("no ruleset %s has been in use here; a flag names its own in \"ruleset\"", e.Version)
}
