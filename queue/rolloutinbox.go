package queue

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"saring/filter"
	"saring/rules"
)

// inbox is what has been heard and waits for a decision.
type inbox struct {
	sync.Mutex
	active *Announcement
	brakes map[string]string // rule and fingerprint → why
	fired  []fired           // in this process, not yet heard of from the bucket
	tests  map[string]bool   // rule and fingerprint; nil while nothing is known
	folder *loaded
}

// fired is a brake of this process, with its revision in the bucket, 0 as long as it is not on record.
type fired struct {
	Brake
	revision uint64
}

type loaded struct {
	rs  *rules.Ruleset
	err error
}

// Folder takes what rules.Watch has to say of the folder.
func (r *Rollout) Folder(rs *rules.Ruleset, err error) {
	r.hear(func(in *inbox) { in.folder = &loaded{rs, err} })
}

func (r *Rollout) hear(f func(*inbox)) {
	r.inbox.Lock()
	f(&r.inbox)
	r.inbox.Unlock()
	select {
	case r.poke <- struct{}{}:
	default:
	}
}

// fired takes a brake of live's own. The goroutine that judges waits for it.
func (r *Rollout) fired(k filter.Braked) {
	r.hear(func(in *inbox) {
		in.fired = append(in.fired, fired{Brake: Brake{Rule: k.Rule, Fingerprint: k.Fingerprint, Reason: k.String(), At: k.At.UTC().Truncate(time.Millisecond)}})
	})
}

func (r *Rollout) heardActive(v view) {
	e := v[announceKey]
	if e == nil {
		return
	}
	var a Announcement
	if err := json.Unmarshal(e.Value(), &a); err != nil {
		r.log.Error("an announcement of a ruleset cannot be read; the ruleset in use stays", "revision", e.Revision(), "error", err)
		return
	}
	r.hear(func(in *inbox) { in.active = &a })
}

func (r *Rollout) heardBrakes(v view) {
	all := map[string]string{}
	for key, e := range v {
		var k Brake
		if e.Operation() == jetstream.KeyValuePut && json.Unmarshal(e.Value(), &k) == nil {
			all[key] = k.Reason
		}
	}
	r.hear(func(in *inbox) {
		in.brakes = all
		in.fired = slices.DeleteFunc(in.fired, func(k fired) bool {
			e := v[recordKey(k.Rule, k.Fingerprint)]
			return k.revision > 0 && e != nil && e.Revision() >= k.revision
		})
	})
}

func (r *Rollout) heardTests(v view) {
	all := make(map[string]bool, len(v))
	for key, e := range v {
		all[key] = e.Operation() == jetstream.KeyValuePut
	}
	r.hear(func(in *inbox) { in.tests = all })
}

// record puts the brakes that fired here on record, for the others and for the next start.
func (r *Rollout) record(ctx context.Context) error {
	for {
		r.inbox.Lock()
		i := slices.IndexFunc(r.inbox.fired, func(k fired) bool { return k.revision == 0 })
		if i < 0 {
			r.inbox.Unlock()
			return nil
		}
		k := r.inbox.fired[i].Brake
		r.inbox.Unlock()
		k.Version = r.base.Version
		revision, err := r.b.brake(ctx, k)
		if err != nil {
			return err
		}
		r.inbox.Lock()
		for i := range r.inbox.fired {
			if f := &r.inbox.fired[i]; f.Rule == k.Rule && f.Fingerprint == k.Fingerprint {
				f.revision = revision
			}
		}
		r.inbox.Unlock()
	}
}

// tested says whether a backtest is on record.
func (r *Rollout) tested(ctx context.Context) func(rule, fingerprint string) (bool, error) {
	return func(rule, fingerprint string) (bool, error) {
		r.inbox.Lock()
		tests := r.inbox.tests
		r.inbox.Unlock()
		if tests != nil {
			return tests[recordKey(rule, fingerprint)], nil
		}
		_, on, err := r.b.Backtest(ctx, rule, fingerprint)
		return on, err
	}
}

// reasons are the brakes that are on, with why: those on record and those that have just fired here.
func (r *Rollout) reasons() map[string]string {
	r.inbox.Lock()
	defer r.inbox.Unlock()
	all := maps.Clone(r.inbox.brakes)
	for _, k := range r.inbox.fired {
		all[recordKey(k.Rule, k.Fingerprint)] = k.Reason
	}
	return all
}
