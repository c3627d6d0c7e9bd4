package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"saring/filter"
	"saring/rules"
)

// RolloutOptions say what a filter process follows.
type RolloutOptions struct {
	Worker  string // its name, which no other process has at a time
	Trust   Keys   // whose announcements it takes
	Folder  string // of --rules: then that counts, and no announcement; "" for none
	Command string // that puts the backtests of its rulesets on record
	Brake   filter.BrakeLimits
}

// A Rollout keeps the ruleset of one filter process the one that was announced, or that stands in its folder, without
// the rules that are braked. What it refuses it says in the log and in its WorkerState, and the ruleset in use stays.
type Rollout struct {
	b    *Broker
	live *filter.Live
	opts RolloutOptions
	log  *slog.Logger

	inbox inbox
	poke  chan struct{}

	// Of the one goroutine that decides.
	base     *rules.Ruleset    // in use, without brakes
	braked   map[string]string // rule → fingerprint: the brakes on rules of base
	said     string            // the version in use, as the log has it
	from     *Announcement     // of base; nil when it is the folder's or the binary's own
	judged   string            // the id of the announcement that was judged last
	waiting  *candidate        // refused for want of backtests
	refused  *Refusal          // last, since base is in use
	reported WorkerState
}

// StartRollout puts the ruleset into use that counts at the start: the folder's (which live has), or else the last
// announced one that is good, or else that of live. It asks for no backtest of a folder: an operator starts with what
// it holds. Call Run then.
func (b *Broker) StartRollout(ctx context.Context, live *filter.Live, opts RolloutOptions) (*Rollout, error) {
	r := &Rollout{b: b, live: live, opts: opts, log: b.log, poke: make(chan struct{}, 1), base: live.Ruleset(), said: live.Ruleset().Version}
	live.UseBrake(opts.Brake, r.keepBraked)
	live.OnBrake(r.fired)
	brakes, err := b.Brakes(ctx)
	if err != nil {
		return nil, err
	}
	r.inbox.brakes = map[string]string{}
	for _, k := range brakes {
		r.inbox.brakes[recordKey(k.Rule, k.Fingerprint)] = k.Reason
	}
	list, err := b.Announcements(ctx)
	if err != nil {
		return nil, err
	}
	if opts.Folder == "" {
		err = r.choose(ctx, list)
	} else if err = r.use(ctx, candidate{rs: r.base}); err == nil && len(list) > 0 {
		err = r.judge(ctx, list[0])
	}
	return r, err
}

// choose uses the newest announcement that is good, or else what live has.
func (r *Rollout) choose(ctx context.Context, list []Announcement) error {
	var newest *Refusal
	for i, a := range list {
		err := r.start(ctx, a, list[i+1:])
		var gone *NoRuleset
		if err != nil && !final(err) && !errors.As(err, &gone) {
			return err
		}
		if i == 0 {
			r.judged = a.ID()
		}
		if err == nil {
			r.refused = newest
			return nil
		}
		r.refuse(a.ID(), a.Version, err)
		if i == 0 {
			newest = r.refused
			r.await(ctx, a, err)
		}
	}
	err := r.use(ctx, candidate{rs: r.base})
	r.refused = newest
	return err
}

// start uses an announcement. What it promotes is told by the ones before it.
func (r *Rollout) start(ctx context.Context, a Announcement, older []Announcement) error {
	rs, err := r.fetch(ctx, a)
	if err == nil && !a.Rollback {
		err = Tested(r.before(ctx, older), rs, r.tested(ctx), r.opts.Command)
	}
	if err != nil {
		return r.counted(err)
	}
	return r.use(ctx, candidate{rs, &a})
}

// await keeps an announcement in mind that lacks nothing but backtests.
func (r *Rollout) await(ctx context.Context, a Announcement, err error) {
	var lacking *Untested
	if !errors.As(err, &lacking) {
		return
	}
	if rs, err := r.fetch(ctx, a); err == nil {
		r.waiting = &candidate{rs, &a}
	}
}

// before is the newest ruleset of a list that can be read, or else the one of the binary.
func (r *Rollout) before(ctx context.Context, list []Announcement) *rules.Ruleset {
	for _, a := range list {
		if rs, err := r.fetch(ctx, a); err == nil {
			return rs
		}
	}
	return r.base
}

// Announced is when the ruleset in use was announced, zero when it was not. It is not to be called while Run does.
func (r *Rollout) Announced() (at time.Time) {
	if r.from != nil {
		at = r.from.PushedAt
	}
	return at
}

// Run follows announcements, brakes and backtests until ctx ends.
func (r *Rollout) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.b.watch(ctx, rollouts, r.heardActive) })
	g.Go(func() error { return r.b.watch(ctx, brakes, r.heardBrakes) })
	g.Go(func() error { return r.b.watch(ctx, backtests, r.heardTests, jetstream.MetaOnly()) })
	g.Go(func() error { return r.decide(ctx) })
	return g.Wait()
}

// Waiting between two tries, and how often the state is said anew.
const (
	settleFirst = 250 * time.Millisecond
	reportEvery = workerLife / 4
)

// decide settles what was heard, again and again.
func (r *Rollout) decide(ctx context.Context) error {
	report := time.NewTicker(reportEvery)
	defer report.Stop()
	for wait := settleFirst; ; {
		var again <-chan time.Time
		if err := r.settle(ctx); err == nil {
			wait = settleFirst
		} else if ctx.Err() == nil {
			r.log.Warn("the roll-out of rules will be tried again", "error", err, "in", wait)
			again = time.After(wait)
			wait = min(2*wait, reportEvery)
		}
		select {
		case <-ctx.Done():
			r.leave()
			return ctx.Err()
		case <-r.poke:
		case <-again:
		case <-report.C:
		}
	}
}

// settle decides on everything that was heard. An error is the broker's: the same will be tried again.
func (r *Rollout) settle(ctx context.Context) error {
	if err := r.record(ctx); err != nil {
		return err
	}
	r.inbox.Lock()
	active, folder := r.inbox.active, r.inbox.folder
	r.inbox.Unlock()
	if folder != nil {
		if err := r.folder(ctx, *folder); err != nil {
			return err
		}
		r.inbox.Lock()
		if r.inbox.folder == folder {
			r.inbox.folder = nil
		}
		r.inbox.Unlock()
	}
	if active != nil && active.ID() != r.judged {
		if err := r.judge(ctx, *active); err != nil {
			return err
		}
	}
	if c := r.waiting; c != nil {
		if err := r.try(ctx, *c, true); err != nil {
			return err
		}
	}
	if err := r.rebrake(ctx); err != nil {
		return err
	}
	return r.report(ctx)
}

// folder decides on what the folder holds now.
func (r *Rollout) folder(ctx context.Context, l loaded) error {
	r.waiting = nil
	if l.err != nil {
		r.refuse("", "", r.counted(l.err))
		return nil
	}
	if l.rs.Version == r.base.Version {
		r.refused = nil
		return nil
	}
	return r.try(ctx, candidate{rs: l.rs}, false)
}

// judge decides on an announcement.
func (r *Rollout) judge(ctx context.Context, a Announcement) error {
	switch {
	case r.opts.Folder != "" && a.Version != r.base.Version:
		r.refuse(a.ID(), a.Version, r.counted(fmt.Errorf(
			"this filter takes its rules from the folder %s (--rules), and no others; to let it follow pushes, start it without --rules", r.opts.Folder)))
	case r.opts.Folder != "":
		r.from = &a
	case r.from != nil && !a.PushedAt.After(r.from.PushedAt) && a.ID() != r.from.ID():
		r.refuse(a.ID(), a.Version, r.counted(errors.New("it is older than the one in use: somebody has announced it a second time")))
	default:
		rs, err := r.fetch(ctx, a)
		if err != nil && !final(err) {
			return err
		}
		r.waiting = nil
		if err != nil {
			r.refuse(a.ID(), a.Version, r.counted(err))
		} else if err := r.try(ctx, candidate{rs, &a}, false); err != nil {
			return err
		}
	}
	r.judged = a.ID()
	return nil
}

// try uses a ruleset if its promotions have their backtests. again says that it has been refused for want of them.
func (r *Rollout) try(ctx context.Context, c candidate, again bool) error {
	if c.from == nil || !c.from.Rollback {
		err := Tested(r.base, c.rs, r.tested(ctx), r.opts.Command)
		var lacking *Untested
		switch {
		case errors.As(err, &lacking) && again:
			return nil
		case errors.As(err, &lacking):
			if mistakes := filter.Test(c.rs); mistakes != nil { // first things first
				err = mistakes
			} else {
				r.waiting = &c
			}
			r.refuse(c.id(), c.rs.Version, r.counted(err))
			return nil
		case err != nil:
			return err
		}
	}
	err := r.use(ctx, c)
	if err == nil || final(err) {
		r.waiting = nil
	}
	if final(err) {
		r.refuse(c.id(), c.rs.Version, err)
		return nil
	}
	return err
}
