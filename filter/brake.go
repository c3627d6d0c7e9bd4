package filter

import (
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"saring/ingest"
	"saring/rules"
)

// BrakeLimits say when a rule that has just changed is put back into shadow by itself. A rule that flags is watched
// from its change on (at the start all are new) for the time For, and longer until Posts posts have been judged: it is
// tried on a quiet platform as well. The zero value is no brake.
//
// A rule is braked when it fires
//   - on more than Share of the posts since its change (0.01 is one in a hundred), or
//   - in more than Channels different channels, and on more than a fifth of Share of the posts.
//
// Fewer posts than Posts count as Posts: a handful says nothing, and what is over the limit then would be over it at
// Posts as well. No single channel makes up more than a tenth of the limit, however much is posted there, so nobody
// can flood one channel to get a rule out of the way. A limit of 0 is none.
type BrakeLimits struct {
	For      time.Duration
	Posts    int
	Share    float64
	Channels int
}

// DefaultBrake lets every rule be that does what it should. Terrorist content is far below 0.01 % of public posts, and
// the aim for all rules together is to flag less than 0.05 % of ordinary ones: a rule that fires on 1 % of all posts, or
// on 0.2 % spread over more than 200 channels, has met ordinary words. A raid is many posts in few channels. The least
// that brakes a rule is 201 posts that it fires on, which a desk can still look through.
var DefaultBrake = BrakeLimits{For: time.Hour, Posts: 20_000, Share: 0.01, Channels: 200}

const (
	spread    = 10          // a single channel counts for one part in so many of the limit
	wideShare = 5           // with many channels, one part in so many of the share is enough
	retryKeep = time.Second // between two attempts to keep a braked ruleset
	restEvery = 1 << 10     // posts after which is asked whether there is still a rule to watch
)

func (b BrakeLimits) on() bool { return b.For > 0 && (b.Share > 0 || b.Channels > 0) }

// Braked is a rule that the brake has put into shadow, and why.
type Braked struct {
	Rule, Fingerprint string
	Was               rules.Status
	Ruleset           string    // the version in which it is in shadow
	Since, At         time.Time // when it changed, and when it was braked
	Posts             int64     // judged in between
	Fired             int       // on so many of them
	Channels          int       // in at least so many different channels
}

// String says why, for a log.
func (b Braked) String() string {
	return fmt.Sprintf("rule %q was in %s and fired on %d of %d posts (%.2f %%) in %d channels or more within %s after its change; it is in shadow now",
		b.Rule, b.Was, b.Fired, b.Posts, 100*float64(b.Fired)/float64(max(1, b.Posts)), b.Channels, b.At.Sub(b.Since).Round(time.Second))
}

// UseBrake sets the limits from now on, for which all rules are new, and what keeps a ruleset. Without a call there is
// no brake.
//
// keep is called with every ruleset that a brake makes of the one that was loaded, before its first verdict; when it
// fails, that ruleset does not come into use. It logs its own errors: a brake that fails is tried again at the next
// post that the rule fires on, at most once a second. It may be nil, and must not call a method that changes l.
func (l *Live) UseBrake(limits BrakeLimits, keep func(*rules.Ruleset) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limits, l.keep = limits, keep
	next := *l.now.Load()
	l.watch(&next, nil)
	l.now.Store(&next)
}

// OnBrake has f called for every rule that this filter brakes by itself, once each time, when the new ruleset is in
// use. The goroutine that judges calls it and waits for it; it may call any method.
func (l *Live) OnBrake(f func(Braked)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.onBrake = append(l.onBrake, f)
}

// Brake puts rules into shadow that were braked elsewhere or before: rule → fingerprint. It tells nobody. A brake
// stays over reloads until Release, and holds whenever the rule in use has that fingerprint. After an error nothing
// has changed.
func (l *Live) Brake(braked map[string]string) error {
	return l.rebrake(func(all map[string]string) { maps.Copy(all, braked) })
}

// Release takes the brake off a rule, wherever it came from; the rule is new then and is watched again. A brake that
// the ruleset was loaded with, as an archive has it, stays. After an error nothing has changed.
func (l *Live) Release(rule string) error {
	return l.rebrake(func(all map[string]string) { delete(all, rule) })
}

func (l *Live) rebrake(change func(map[string]string)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.now.Load()
	all := maps.Clone(u.brakes)
	change(all)
	next, err := l.compile(u.loaded, all)
	if err != nil {
		return err
	}
	return l.put(next)
}

// watch is the rules of the ruleset in use that have just changed.
type watch struct {
	limits BrakeLimits
	live   map[string]state // the rules that flag
	rules  map[string]*watched
	on     atomic.Bool
}

// state is what makes a rule another one when it changes.
type state struct {
	fingerprint string
	status      rules.Status
}

// watched is what a rule has done since its change.
type watched struct {
	rule  string
	state state
	since time.Time
	from  int64 // posts judged before

	mu       sync.Mutex
	posts    int64
	fired    int
	counted  int            // of those fired on, without what a single channel has too many of
	channels map[uint64]int // counted, by channel; not all when there are more than the limit
	over     bool
}

// watch watches the rules that the ruleset in use before did not have, or not in this state. A rule that is still
// watched goes on being so: many small changes in a row must not tire out the brake. The caller holds l.mu.
func (l *Live) watch(next *inUse, old *watch) {
	next.watch = nil
	if !l.limits.on() {
		return
	}
	if next.prints == nil {
		next.prints = fingerprints(next.loaded)
	}
	if old == nil {
		old = &watch{}
	}
	w := &watch{limits: l.limits, live: map[string]state{}, rules: map[string]*watched{}}
	now, posts := time.Now(), l.posts.Load()
	for i := range next.ruleset.Rules {
		r := &next.ruleset.Rules[i]
		if !r.Status.Flags() {
			continue
		}
		s := state{next.prints[r.ID], r.Status}
		w.live[r.ID] = s
		if still := old.rules[r.ID]; old.live[r.ID] != s {
			w.rules[r.ID] = &watched{rule: r.ID, state: s, since: now, from: posts, channels: map[uint64]int{}}
		} else if still != nil && !still.done(l.limits, now, posts) {
			w.rules[r.ID] = still
		}
	}
	w.on.Store(len(w.rules) > 0)
	next.watch = w
}

// fingerprints are those of the rules that flag. To work them out takes longer than to compile a ruleset.
func fingerprints(rs *rules.Ruleset) map[string]string {
	all := map[string]string{}
	for i := range rs.Rules {
		if r := &rs.Rules[i]; r.Status.Flags() {
			all[r.ID] = r.Fingerprint()
		}
	}
	return all
}

// seen counts posts that have been judged.
func (l *Live) seen(w *watch, n int64) {
	if w == nil || !w.on.Load() {
		return
	}
	if posts := l.posts.Add(n); posts/restEvery != (posts-n)/restEvery {
		w.rest(posts)
	}
}

// rest ends the watch when no rule is new any more.
func (w *watch) rest(posts int64) {
	now := time.Now()
	for _, r := range w.rules {
		if !r.done(w.limits, now, posts) {
			return
		}
	}
	w.on.Store(false)
}

// fired counts a post for the rules that fired on it, and brakes those that do so too often.
func (l *Live) fired(w *watch, p ingest.Post, v Verdict) {
	if w == nil || !w.on.Load() {
		return
	}
	over, now, posts := false, time.Now(), l.posts.Load()
	for _, r := range v.Rules {
		if watched := w.rules[r.ID]; watched != nil && watched.fire(w.limits, now, posts, l.channel(p)) {
			over = true
		}
	}
	if over {
		l.brake()
	}
}

// channel is a number in place of a channel's name, so that the brake holds no names.
func (l *Live) channel(p ingest.Post) uint64 {
	return maphash.Comparable(l.seed, [2]string{p.Platform(), p.Channel().ID})
}

// done reports whether the rule is no longer new.
func (w *watched) done(limits BrakeLimits, now time.Time, posts int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.past(limits, now, posts)
}

func (w *watched) past(limits BrakeLimits, now time.Time, posts int64) bool {
	return !w.over && now.Sub(w.since) >= limits.For && posts-w.from >= int64(limits.Posts)
}

// fire counts a post of a channel and reports whether the rule is over the limits.
func (w *watched) fire(limits BrakeLimits, now time.Time, posts int64, channel uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.past(limits, now, posts) {
		return false
	}
	w.posts = posts - w.from
	w.fired++
	limit := limits.Share * float64(max(w.posts, int64(limits.Posts)))
	n, known := w.channels[channel]
	if w.over || known && float64(n) >= limit/spread {
		return w.over
	}
	if known || len(w.channels) <= max(limits.Channels, spread) {
		w.channels[channel] = n + 1
	}
	w.counted++
	much := limits.Share > 0 && float64(w.counted) > limit
	wide := limits.Channels > 0 && len(w.channels) > limits.Channels && float64(w.counted) > limit/wideShare
	w.over = much || wide
	return w.over
}

// brake puts the rules that are over the limits into shadow, and tells it.
func (l *Live) brake() {
	if !l.mu.TryLock() { // a ruleset is on its way; whether the rule is in it shows at the next post it fires on
		return
	}
	braked, tell := l.brakeOver(), slices.Clone(l.onBrake)
	l.mu.Unlock()
	for _, b := range braked {
		for _, f := range tell {
			f(b)
		}
	}
}

// brakeOver returns what it braked. The caller holds l.mu.
func (l *Live) brakeOver() []Braked {
	u, now := l.now.Load(), time.Now()
	if u.watch == nil || now.Before(l.retry) {
		return nil
	}
	brakes := maps.Clone(u.brakes)
	var braked []Braked
	for _, id := range slices.Sorted(maps.Keys(u.watch.rules)) {
		if b, over := u.watch.rules[id].braked(now); over {
			braked = append(braked, b)
			brakes[id] = b.Fingerprint
		}
	}
	if len(braked) == 0 {
		return nil
	}
	next, err := l.compile(u.loaded, brakes)
	if err == nil {
		err = l.put(next)
	}
	if err != nil {
		l.retry = time.Now().Add(retryKeep)
		return nil
	}
	for i := range braked {
		braked[i].Ruleset = l.now.Load().version
		l.metrics.braked(braked[i].Rule)
	}
	return braked
}

func (w *watched) braked(now time.Time) (Braked, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Braked{Rule: w.rule, Fingerprint: w.state.fingerprint, Was: w.state.status, Since: w.since, At: now,
		Posts: w.posts, Fired: w.fired, Channels: len(w.channels)}, w.over
}
