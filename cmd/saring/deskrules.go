package main

import (
	"context"
	"sync"

	"saring/filter"
	"saring/review/console"
	"saring/rules"
)

// deskRules tells the desk which rules are in use, as `saring rules list` does.
type deskRules struct {
	k     keeper
	live  *filter.Live // nil without the role filter
	mu    sync.Mutex
	asked string         // the version that last is, "" for the binary's own
	last  *rules.Ruleset // loaded once, as loading takes long; nil before
}

// ruleset is the one in use, without its brakes, and how many filters use it.
func (d *deskRules) ruleset(ctx context.Context) (*rules.Ruleset, int, error) {
	version, filters, err := nowInUse(ctx, d.k)
	if err != nil {
		return nil, 0, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.live != nil {
		if rs := d.live.Loaded(); rs.Version == version {
			d.last = nil // it is in memory once
			return rs, filters, nil
		}
	}
	if d.last == nil || d.asked != version {
		rs, err := loadVersion(ctx, d.k, version)
		if err != nil {
			return nil, 0, err
		}
		d.asked, d.last = version, rs
	}
	return d.last, filters, nil
}

// inUse is every rule and what is on record of it.
func (d *deskRules) inUse(ctx context.Context) (console.RulesInUse, error) {
	rs, filters, err := d.ruleset(ctx)
	if err != nil {
		return console.RulesInUse{}, err
	}
	list, err := onRecord(ctx, d.k, rs)
	out := console.RulesInUse{Version: rs.Version, Filters: filters}
	for _, r := range list {
		row := console.Rule{Rule: *r.Rule}
		if b := r.brake; b != nil {
			row.Brake = &console.Brake{Rule: b.Rule, Reason: b.Reason, At: b.At}
		}
		if t := r.backtest; t != nil {
			row.Tested, row.Posts = t.At, t.Posts
		}
		out.Rules = append(out.Rules, row)
	}
	return out, err
}

// brakes are those that hold a rule in use in shadow. As long as there is none at all, that is one look at the broker.
func (d *deskRules) brakes(ctx context.Context) ([]console.Brake, error) {
	all, err := d.k.Brakes(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	rs, _, err := d.ruleset(ctx)
	if err != nil {
		return nil, err
	}
	var out []console.Brake
	for _, b := range all {
		for i := range rs.Rules {
			if holds(b, &rs.Rules[i]) {
				out = append(out, console.Brake{Rule: b.Rule, Reason: b.Reason, At: b.At})
			}
		}
	}
	return out, nil
}
