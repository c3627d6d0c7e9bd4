package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A Backtest is what a rule would have done with posts that have been.
type Backtest struct {
	Rule          string    `json:"rule"`
	Fingerprint   string    `json:"fingerprint"` // of the rule as it was tested
	At            time.Time `json:"at"`
	From          time.Time `json:"from"` // the posts were received from here
	To            time.Time `json:"to"`   // to here
	Posts         int       `json:"posts"`
	FlaggedBefore int       `json:"flagged_before"` // by the ruleset in use
	FlaggedAfter  int       `json:"flagged_after"`  // by the ruleset with this rule
	Newly         int       `json:"newly"`          // flagged after, not before, for this rule
	Gone          int       `json:"gone"`           // flagged before for this rule, not after
	Corpus        string    `json:"corpus"`         // what was read, in a word: "POSTS", "FLAGS" or the name of a file
}

// recordKey is the key of what concerns one fingerprint of a rule.
func recordKey(rule, fingerprint string) string { return rule + "." + fingerprint }

// PutBacktest puts a backtest on record. A later one of the same fingerprint takes its place.
func (b *Broker) PutBacktest(ctx context.Context, t Backtest) error {
	if t.Rule == "" || t.Fingerprint == "" || t.At.IsZero() {
		return errors.New("backtest: rule, fingerprint and time are needed")
	}
	if err := b.audit(ctx, stepBacktested, Step{Rule: t.Rule, Fingerprint: t.Fingerprint, Posts: t.Posts}); err != nil {
		return err
	}
	return b.put(ctx, backtests, recordKey(t.Rule, t.Fingerprint), t)
}

// Backtest returns the backtest on record for a fingerprint of a rule; false when there is none.
func (b *Broker) Backtest(ctx context.Context, rule, fingerprint string) (t Backtest, found bool, err error) {
	kv, err := b.bucket(ctx, backtests)
	if err != nil {
		return t, false, err
	}
	e, err := kv.Get(ctx, recordKey(rule, fingerprint))
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		return t, false, nil
	case err != nil:
		return t, false, fmt.Errorf("bucket %s: %w", backtests, err)
	}
	err = json.Unmarshal(e.Value(), &t)
	return t, err == nil, err
}

// A Brake is a rule that fired too much and was put back into shadow. It concerns one fingerprint: the rule as it was
// before, or as it will be when it is mended, is not braked.
type Brake struct {
	Rule        string    `json:"rule"`
	Fingerprint string    `json:"fingerprint"`
	Version     string    `json:"version"` // the ruleset in which it fired
	Reason      string    `json:"reason"`
	At          time.Time `json:"at"`
}

// Brakes lists the brakes that are on, by rule.
func (b *Broker) Brakes(ctx context.Context) ([]Brake, error) {
	list, err := listed[Brake](ctx, b, brakes)
	slices.SortFunc(list, func(x, y Brake) int { return cmp.Or(cmp.Compare(x.Rule, y.Rule), x.At.Compare(y.At)) })
	return list, err
}

// brake puts a brake on for all workers, unless it is on, and returns its revision in the bucket.
func (b *Broker) brake(ctx context.Context, k Brake) (uint64, error) {
	kv, err := b.bucket(ctx, brakes)
	if err != nil {
		return 0, err
	}
	key := recordKey(k.Rule, k.Fingerprint)
	if e, err := kv.Get(ctx, key); err == nil {
		return e.Revision(), nil
	}
	if err := b.audit(ctx, stepBraked, Step{Rule: k.Rule, Fingerprint: k.Fingerprint, Version: k.Version, Reason: k.Reason}); err != nil {
		return 0, err
	}
	data, err := json.Marshal(k)
	if err != nil {
		return 0, err
	}
	revision, err := kv.Create(ctx, key, data)
	if errors.Is(err, jetstream.ErrKeyExists) { // another worker was faster
		e, err := kv.Get(ctx, key)
		if err != nil {
			return 0, err
		}
		return e.Revision(), nil
	}
	return revision, err
}

// Release takes the brakes of a rule off and returns them.
func (b *Broker) Release(ctx context.Context, rule string) ([]Brake, error) {
	all, err := b.Brakes(ctx)
	if err != nil {
		return nil, err
	}
	kv, err := b.bucket(ctx, brakes)
	if err != nil {
		return nil, err
	}
	var off []Brake
	for _, k := range all {
		if k.Rule != rule {
			continue
		}
		if err := b.audit(ctx, stepReleased, Step{Rule: k.Rule, Fingerprint: k.Fingerprint, Version: k.Version}); err != nil {
			return off, err
		}
		if err := kv.Delete(ctx, recordKey(k.Rule, k.Fingerprint)); err != nil {
			return off, fmt.Errorf("bucket %s: %w", brakes, err)
		}
		off = append(off, k)
	}
	if len(off) == 0 {
		return nil, fmt.Errorf("no brake is on the rule %q; `saring rules list` marks those that are braked", rule)
	}
	return off, nil
}

// A WorkerState is what a filter process uses, and what it has refused last.
type WorkerState struct {
	Worker       string    `json:"worker"`
	Version      string    `json:"version"`                // of the ruleset in use, with its brakes
	Base         string    `json:"base"`                   // of the same without them
	Announcement string    `json:"announcement,omitempty"` // the id of the one that it is from; "" for a folder or the binary's own
	Folder       string    `json:"folder,omitempty"`       // of --rules
	Refused      *Refusal  `json:"refused,omitempty"`      // what it has refused since it began to use this one
	At           time.Time `json:"at"`
}

// A Refusal is a ruleset that a worker does not use, and why.
type Refusal struct {
	Announcement string `json:"announcement,omitempty"` // "" for one of a folder
	Version      string `json:"version,omitempty"`      // "" when it could not be read
	Reason       string `json:"reason"`
}

// Workers lists the filter processes that have been heard of within a minute.
func (b *Broker) Workers(ctx context.Context) ([]WorkerState, error) {
	list, err := listed[WorkerState](ctx, b, workers)
	slices.SortFunc(list, func(x, y WorkerState) int { return cmp.Compare(x.Worker, y.Worker) })
	return list, err
}
