package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"time"

	"saring/rules"
)

// candidate is a ruleset that may come into use.
type candidate struct {
	rs   *rules.Ruleset
	from *Announcement
}

// refusal is an error that is the ruleset's fault: it will not go away by itself.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

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

// counted makes the metrics count a refusal that is not of live itself.
func (r *Rollout) counted(err error) error {
	_ = r.live.Swap(nil, err)
	return err
}

func (c candidate) id() string {
	if c.from == nil {
		return ""
	}
	return c.from.ID()
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
