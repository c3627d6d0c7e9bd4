package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
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

// candidate is a ruleset that may come into use.
type candidate struct {
	rs   *rules.Ruleset
	from *Announcement
}

// refusal is an error that is the ruleset's fault: it will not go away by itself.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

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

// final reports whether trying again is of no use.
func final(err error) bool {
	var u *Untested
	var r refusal
	return errors.As(err, &r) || errors.As(err, &u)
}

// fetch verifies an announcement and loads its ruleset.
func (r *Rollout) fetch(ctx context.Context, a Announcement) (*rules.Ruleset, error) {
	if err := a.Verify(r.opts.Trust); err != nil {
		return nil, refusal{err}
	}
	archive, err := r.b.Ruleset(ctx, a.Version)
	if err != nil {
		return nil, fmt.Errorf("the archive of the ruleset that was announced: %w", err)
	}
	rs, err := a.Open(archive)
	if err != nil {
		return nil, refusal{err}
	}
	return rs, nil
}

// Announced is when the ruleset in use was announced, zero when it was not. It is not to be called while Run does.
func (r *Rollout) Announced() (at time.Time) {
	if r.from != nil {
		at = r.from.PushedAt
	}
	return at
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

// keepBraked keeps a ruleset that live has made with a brake, before its first verdict.
func (r *Rollout) keepBraked(rs *rules.Ruleset) error {
	ctx, cancel := context.WithTimeout(context.Background(), publishWait)
	defer cancel()
	err := r.b.KeepRuleset(ctx, rs)
	if err != nil {
		r.log.Error("a ruleset with a brake cannot be kept, so the one in use stays; it will be tried again", "error", err)
	}
	return err
}

// fired takes a brake of live's own. The goroutine that judges waits for it.
func (r *Rollout) fired(k filter.Braked) {
	r.hear(func(in *inbox) {
		in.fired = append(in.fired, fired{Brake: Brake{Rule: k.Rule, Fingerprint: k.Fingerprint, Reason: k.String(), At: k.At.UTC().Truncate(time.Millisecond)}})
	})
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

// counted makes the metrics count a refusal that is not of live itself.
func (r *Rollout) counted(err error) error {
	_ = r.live.Swap(nil, err)
	return err
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

func (c candidate) id() string {
	if c.from == nil {
		return ""
	}
	return c.from.ID()
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

// brakesOn are the brakes on the rules of a ruleset: rule → fingerprint.
func (r *Rollout) brakesOn(rs *rules.Ruleset) map[string]string {
	named := map[string]bool{}
	reasons := r.reasons()
	for key := range reasons {
		rule, _, _ := strings.Cut(key, ".")
		named[rule] = true
	}
	on := map[string]string{}
	for i := range rs.Rules {
		rule := &rs.Rules[i]
		if !named[rule.ID] || !rule.Status.Flags() {
			continue
		}
		f := rule.Fingerprint()
		if _, is := reasons[recordKey(rule.ID, f)]; is {
			on[rule.ID] = f
		}
	}
	return on
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

// use puts a ruleset into use, without its braked rules. Both versions are kept before the first verdict, so that
// each verdict's can be fetched.
func (r *Rollout) use(ctx context.Context, c candidate) error {
	on := r.brakesOn(c.rs)
	braked := c.rs.Brake(on)
	for _, rs := range []*rules.Ruleset{c.rs, braked} {
		if err := r.b.KeepRuleset(ctx, rs); err != nil {
			return err
		}
	}
	if braked.Version != r.live.Ruleset().Version {
		if err := r.live.Swap(braked, nil); err != nil {
			return refusal{err}
		}
	}
	if r.base != c.rs {
		r.refused = nil
	}
	r.base, r.from, r.braked = c.rs, c.from, on
	r.say()
	return nil
}

// rebrake follows the brakes that came and went. One that live has put on by itself, and that has not been heard of
// yet, stays.
func (r *Rollout) rebrake(ctx context.Context) error {
	on := r.brakesOn(r.base)
	if maps.Equal(on, r.braked) {
		return nil
	}
	released := false
	for rule := range r.braked {
		if on[rule] == "" {
			released = true
			if err := r.live.Release(rule); err != nil {
				return err
			}
		}
	}
	if released { // live may have got it with the ruleset
		return r.use(ctx, candidate{r.base, r.from})
	}
	if err := r.live.Brake(on); err != nil {
		return err
	}
	r.braked = on
	r.say()
	return nil
}

// say tells of the ruleset in use, and of its braked rules, when it is another one.
func (r *Rollout) say() {
	rs := r.live.Ruleset()
	if rs.Version == r.said {
		return
	}
	r.said = rs.Version
	args := []any{"version", rs.Version}
	if r.from != nil {
		args = append(args, "announced", r.from.PushedAt.Format(time.RFC3339), "key", r.from.Key)
	}
	r.log.Info("ruleset in use", args...)
	reasons := r.reasons()
	for rule, fingerprint := range rs.Braked() {
		r.log.Warn("a rule is braked: it is in shadow until it is mended or released", "rule", rule,
			"reason", reasons[recordKey(rule, fingerprint)], "release", "saring rules release "+rule)
	}
}

// refuse says that a ruleset is not used, and why.
func (r *Rollout) refuse(announcement, version string, err error) {
	r.refused = &Refusal{Announcement: announcement, Version: version, Reason: err.Error()}
	what, level := "the ruleset that was announced is refused; the one in use stays", slog.LevelError
	if announcement == "" {
		what = "the lexicons changed and are refused; the ruleset in use stays"
	} else if r.opts.Folder != "" { // so it was started
		level = slog.LevelWarn
	}
	r.log.Log(context.Background(), level, what, "in_use", r.live.Ruleset().Version, "error", err)
}

// report says in the bucket of the workers what is in use here.
func (r *Rollout) report(ctx context.Context) error {
	now := WorkerState{Worker: r.opts.Worker, Version: r.live.Ruleset().Version, Base: r.base.Version, Folder: r.opts.Folder, Refused: r.refused, At: r.reported.At}
	if r.from != nil {
		now.Announcement = r.from.ID()
	}
	if now == r.reported && time.Since(now.At) < reportEvery-time.Second {
		return nil
	}
	now.At = time.Now().UTC().Truncate(time.Millisecond)
	if err := r.b.put(ctx, workers, r.opts.Worker, now); err != nil {
		return err
	}
	r.reported = now
	return nil
}

// leave takes this process off the list of workers.
func (r *Rollout) leave() {
	if !r.b.nc.IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if kv, err := r.b.bucket(ctx, workers); err == nil {
		_ = kv.Delete(ctx, r.opts.Worker)
	}
}
