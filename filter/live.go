package filter

import (
	"fmt"
	"hash/maphash"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"saring/ingest"
	"saring/rules"
)

// A Live filter is the one in use; a new ruleset takes its place whole, between two posts.
type Live struct {
	now     atomic.Pointer[inUse]
	engine  Engine
	metrics *Metrics
	seed    maphash.Seed

	mu      sync.Mutex // held to change what follows, and now
	limits  BrakeLimits
	keep    func(*rules.Ruleset) error
	onBrake []func(Braked)
	retry   time.Time // no brake is tried before

	posts atomic.Int64 // judged while a rule was watched; last, so that who counts is not in the way of who reads now
}

// inUse is a filter, what it was made of, and the rules in it that have just changed.
type inUse struct {
	*Filter
	loaded *rules.Ruleset
	prints map[string]string // fingerprints of the rules of loaded that flag; nil while there are no limits
	brakes map[string]string // rule → fingerprint; those that concern loaded are in the filter
	watch  *watch            // nil without limits
}

// NewLive compiles, tests and uses a ruleset, with an engine.
func NewLive(rs *rules.Ruleset, e Engine, m *Metrics) (*Live, error) {
	l := &Live{engine: e, metrics: m, seed: maphash.MakeSeed()}
	return l, l.Swap(rs, nil)
}

// Swap compiles and tests a ruleset and puts it in place of the one in use, with the brakes that there are. After an
// error, also that of loading it (err), the one in use stays.
func (l *Live) Swap(rs *rules.Ruleset, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		err = l.swap(rs)
	}
	l.metrics.reloaded(err)
	if err != nil {
		return fmt.Errorf("ruleset refused:\n%w", err)
	}
	return nil
}

// swap compiles and tests a ruleset and puts it to use. The caller holds l.mu.
func (l *Live) swap(rs *rules.Ruleset) error {
	brakes := map[string]string{}
	if u := l.now.Load(); u != nil {
		brakes = u.brakes
	}
	tested := make(chan error, 1)
	go func() { tested <- Test(rs) }() // beside compiling: everybody waits for the new rules
	next, err := l.compile(rs, brakes)
	if untrue := <-tested; err == nil {
		err = untrue
	}
	if err != nil {
		return err
	}
	go debug.FreeOSMemory() // compiling and testing take several times what stays
	return l.put(next)
}

// compile makes a filter of a ruleset with brakes. The caller holds l.mu.
func (l *Live) compile(rs *rules.Ruleset, brakes map[string]string) (*inUse, error) {
	next := &inUse{loaded: rs, brakes: brakes}
	braked, u := rs.Brake(brakes), l.now.Load()
	if u != nil && u.loaded == rs {
		next.prints = u.prints
	}
	if u != nil && u.version == braked.Version {
		next.Filter = u.Filter
		return next, nil
	}
	var err error
	next.Filter, err = NewWith(braked, l.engine)
	return next, err
}

// put puts a filter to use, once its ruleset is kept if it is of our own making. The caller holds l.mu.
func (l *Live) put(next *inUse) error {
	old := l.now.Load()
	if l.keep != nil && next.Filter != old.Filter && next.ruleset != next.loaded {
		if err := l.keep(next.ruleset); err != nil {
			return fmt.Errorf("keep the ruleset with its brakes: %w", err)
		}
	}
	var before *watch
	if old != nil {
		before = old.watch
	}
	l.watch(next, before)
	l.now.Store(next)
	if old != nil {
		l.metrics.retire(old.version)
	}
	l.metrics.use(next.Filter)
	return nil
}

// Filter is the one in use.
func (l *Live) Filter() *Filter { return l.now.Load().Filter }

// Ruleset is what the filter in use was made of: the ruleset that was loaded, with its brakes.
func (l *Live) Ruleset() *rules.Ruleset { return l.now.Load().ruleset }

// Loaded is the ruleset in use without the brakes, as NewLive or Swap got it.
func (l *Live) Loaded() *rules.Ruleset { return l.now.Load().loaded }

// Verdict judges a post by the ruleset in use, and counts.
func (l *Live) Verdict(p ingest.Post) Verdict {
	j := l.Judge()
	v := j.Verdict(p)
	j.Done()
	return v
}

// A Judge judges posts that came together, for one goroutine, and counts them together: processors that count each
// post in the same place wait for each other.
type Judge struct {
	live            *Live
	passed, flagged int // since they were last counted
}

// Judge begins some posts. What it counts is complete after Done.
func (l *Live) Judge() Judge { return Judge{live: l} }

// Verdict judges a post by the ruleset in use.
func (j *Judge) Verdict(p ingest.Post) Verdict {
	u := j.live.now.Load()
	v, shadow := u.judge(p.Text())
	if v.Flagged() {
		j.flagged++
	} else {
		j.passed++
	}
	j.live.metrics.applied(v, shadow)
	if len(v.Rules) > 0 {
		j.Done()
		j.live.fired(u.watch, p, v)
	}
	return v
}

// Done counts the posts.
func (j *Judge) Done() {
	if j.passed+j.flagged == 0 {
		return
	}
	j.live.metrics.judged(j.passed, j.flagged)
	j.live.seen(j.live.now.Load().watch, int64(j.passed+j.flagged))
	j.passed, j.flagged = 0, 0
}

// Count counts flags that have become durable.
func (l *Live) Count(flags []Flag) {
	if l.metrics == nil {
		return
	}
	for _, f := range flags {
		l.metrics.flags.WithLabelValues(string(f.Category), string(f.Severity)).Inc()
	}
}

// Metrics counts verdicts. A nil *Metrics counts nothing.
type Metrics struct {
	passed, flagged       prometheus.Counter
	flags, reloads, rules *prometheus.CounterVec
	info, size            *prometheus.GaugeVec
	brakes                *prometheus.CounterVec
	inShadow              prometheus.Gauge
}

// NewMetrics registers the metrics of the filter.
func NewMetrics(r prometheus.Registerer) *Metrics {
	verdicts := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "saring_verdicts_total", Help: "Posts that were judged, by result. A post that is delivered again is counted again.",
	}, []string{"result"})
	m := &Metrics{
		passed:  verdicts.WithLabelValues("passed"),
		flagged: verdicts.WithLabelValues("flagged"),
		flags: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "saring_flags_total", Help: "Flags that were made durable, by category and severity.",
		}, []string{"category", "severity"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "saring_ruleset_reloads_total", Help: "Rulesets that were loaded, by result.",
		}, []string{"result"}),
		rules: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "saring_rule_verdicts_total", Help: "Verdicts that a rule took part in, by rule and by whether it is in shadow.",
		}, []string{"rule", "shadow"}),
		info: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "saring_ruleset_info", Help: "1 for the ruleset in use.",
		}, []string{"version"}),
		size: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "saring_ruleset_size", Help: "What the ruleset in use holds, by kind.",
		}, []string{"kind"}),
		brakes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "saring_rule_brakes_total", Help: "Times that this process put a rule into shadow because it fired too often after a change.",
		}, []string{"rule"}),
		inShadow: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "saring_rules_braked", Help: "Rules of the ruleset in use that a brake holds in shadow, from wherever it came.",
		}),
	}
	r.MustRegister(verdicts, m.flags, m.reloads, m.rules, m.info, m.size, m.brakes, m.inShadow)
	for _, c := range rules.Categories {
		for _, s := range rules.Severities {
			m.flags.WithLabelValues(string(c), string(s))
		}
	}
	m.reloads.WithLabelValues("refused")
	return m
}

func (m *Metrics) judged(passed, flagged int) {
	if m == nil {
		return
	}
	if passed > 0 {
		m.passed.Add(float64(passed))
	}
	if flagged > 0 {
		m.flagged.Add(float64(flagged))
	}
}

func (m *Metrics) applied(v Verdict, shadow []string) {
	if m == nil {
		return
	}
	for _, r := range v.Rules {
		m.rules.WithLabelValues(r.ID, "no").Inc()
	}
	for _, id := range shadow {
		m.rules.WithLabelValues(id, "yes").Inc()
	}
}

func (m *Metrics) braked(rule string) {
	if m != nil {
		m.brakes.WithLabelValues(rule).Inc()
	}
}

func (m *Metrics) reloaded(err error) {
	if m == nil {
		return
	}
	result := "accepted"
	if err != nil {
		result = "refused"
	}
	m.reloads.WithLabelValues(result).Inc()
}

func (m *Metrics) retire(version string) {
	if m != nil {
		m.info.DeleteLabelValues(version)
	}
}

func (m *Metrics) use(f *Filter) {
	if m == nil {
		return
	}
	m.info.WithLabelValues(f.version).Set(1)
	rules, words := f.Counts()
	m.size.WithLabelValues("rules").Set(float64(rules))
	m.size.WithLabelValues("terms").Set(float64(f.ruleset.Terms()))
	m.size.WithLabelValues("words").Set(float64(words))
	m.inShadow.Set(float64(len(f.ruleset.Braked())))
}
