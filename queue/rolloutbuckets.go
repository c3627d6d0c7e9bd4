package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The key-value buckets. docs/wire.md has their keys and values.
const (
	cursors   = "saring_cursors"
	rollouts  = "saring_rollout"
	backtests = "saring_backtests"
	brakes    = "saring_brakes"
	workers   = "saring_workers"
)

// workerLife is how long a worker counts as running after it was last heard of.
const workerLife = time.Minute

var buckets = map[string]jetstream.KeyValueConfig{
	cursors:   {Description: "where each source goes on", MaxBytes: 16 << 20},
	rollouts:  {Description: "the rulesets that were announced", MaxBytes: 4 << 20, History: 64},
	backtests: {Description: "what a rule would have done, by rule and fingerprint", MaxBytes: 64 << 20},
	brakes:    {Description: "rules that were put back into shadow, by rule and fingerprint", MaxBytes: 16 << 20},
	workers:   {Description: "the filters that run, and their rulesets", MaxBytes: 16 << 20, TTL: workerLife},
}

// bucket opens a bucket, or creates it. What is there may have been given more copies or more room; it stays as it is.
func (b *Broker) bucket(ctx context.Context, name string) (jetstream.KeyValue, error) {
	kv, err := b.js.KeyValue(ctx, name)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		cfg := buckets[name]
		cfg.Bucket, cfg.Replicas = name, b.replicas()
		kv, err = b.js.CreateKeyValue(ctx, cfg)
	}
	if errors.Is(err, jetstream.ErrBucketExists) { // another process was faster
		kv, err = b.js.KeyValue(ctx, name)
	}
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", name, err)
	}
	return kv, nil
}

// put stores a value under a key.
func (b *Broker) put(ctx context.Context, bucket, key string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	kv, err := b.bucket(ctx, bucket)
	if err != nil {
		return err
	}
	if _, err := kv.Put(ctx, key, data); err != nil {
		return fmt.Errorf("bucket %s: %w", bucket, err)
	}
	return nil
}

// listed is what a bucket holds.
func listed[T any](ctx context.Context, b *Broker, bucket string) ([]T, error) {
	var out []T
	err := b.each(ctx, bucket, func(e jetstream.KeyValueEntry) error {
		var v T
		if err := json.Unmarshal(e.Value(), &v); err != nil {
			return fmt.Errorf("bucket %s: %s: %w", bucket, e.Key(), err)
		}
		out = append(out, v)
		return nil
	})
	return out, err
}

// each calls f for every entry of a bucket, also those before the last when options ask for them.
func (b *Broker) each(ctx context.Context, bucket string, f func(jetstream.KeyValueEntry) error, opts ...jetstream.WatchOpt) error {
	kv, err := b.bucket(ctx, bucket)
	if err != nil {
		return err
	}
	w, err := kv.WatchAll(ctx, append(opts, jetstream.IgnoreDeletes())...)
	if err != nil {
		return fmt.Errorf("bucket %s: %w", bucket, err)
	}
	defer func() { _ = w.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, ok := <-w.Updates():
			switch {
			case !ok:
				return fmt.Errorf("bucket %s: the reading has ended", bucket)
			case e == nil:
				return nil
			}
			if err := f(e); err != nil {
				return err
			}
		}
	}
}

// watchAnew is how often a watch is begun anew: one that has died without a word is missed no longer than that.
const watchAnew = time.Minute

// view is what a bucket holds: the latest entry of each key, deletions too.
type view map[string]jetstream.KeyValueEntry

// watch calls changed with all that a bucket holds, once at first and after every change, until ctx ends.
func (b *Broker) watch(ctx context.Context, bucket string, changed func(view), opts ...jetstream.WatchOpt) error {
	v := view{}
	return b.lasting(ctx, "watcher of "+bucket, func() error {
		for {
			if err := b.watchOnce(ctx, bucket, v, changed, opts); err != nil || ctx.Err() != nil {
				return err
			}
		}
	})
}

// watchOnce watches for watchAnew. A copy of the bucket may lag behind: what is older than what is known is left out.
func (b *Broker) watchOnce(ctx context.Context, bucket string, v view, changed func(view), opts []jetstream.WatchOpt) error {
	kv, err := b.bucket(ctx, bucket)
	if err != nil {
		return err
	}
	w, err := kv.WatchAll(ctx, opts...)
	if err != nil {
		return err
	}
	defer func() { _ = w.Stop() }()
	began, whole := time.After(watchAnew), false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-began:
			return nil
		case e, ok := <-w.Updates():
			if !ok {
				return errors.New("the watch has ended")
			}
			if e == nil {
				whole = true
			} else if old := v[e.Key()]; old == nil || old.Revision() < e.Revision() {
				v[e.Key()] = e
			} else {
				continue
			}
			if whole {
				changed(v)
			}
		}
	}
}
