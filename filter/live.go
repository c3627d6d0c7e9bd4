package filter

import (
	"fmt"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"saring/ingest"
	"saring/rules"
)

// A Live filter is the one in use; a new ruleset takes its place whole, between two posts.
type Live struct {
	now     atomic.Pointer[Filter]
	engine  Engine
	metrics *Metrics
}

// NewLive compiles, tests and uses a ruleset, with an engine.
func NewLive(rs *rules.Ruleset, e Engine, m *Metrics) (*Live, error) {
	l := &Live{engine: e, metrics: m}
	return l, l.Swap(rs, nil)
}

// Swap compiles and tests a ruleset and puts it in place of the one in use. After an error, also that of loading
// it (err), the one in use stays.
func (l *Live) Swap(rs *rules.Ruleset, err error) error {
	var f *Filter
	if err == nil {
		f, err = NewWith(rs, l.engine)
	}
	if err == nil {
		err = Test(rs)
	}
	l.metrics.reloaded(err)
	if err != nil {
		return fmt.Errorf("ruleset refused:\n%w", err)
	}
	if old := l.now.Swap(f); old != nil {
		l.metrics.retire(old.version)
	}
	l.metrics.use(f)
	return nil
}

// Filter is the one in use.
func (l *Live) Filter() *Filter { return l.now.Load() }

// Ruleset is what the filter in use was made of.
func (l *Live) Ruleset() *rules.Ruleset { return l.now.Load().ruleset }

// Verdict judges a post by the ruleset in use, and counts.
func (l *Live) Verdict(p ingest.Post) Verdict {
	v, shadow := l.now.Load().judge(p.Text())
	l.metrics.judged(v, shadow)
	return v
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
	}
	r.MustRegister(verdicts, m.flags, m.reloads, m.rules, m.info, m.size)
	for _, c := range rules.Categories {
		for _, s := range rules.Severities {
			m.flags.WithLabelValues(string(c), string(s))
		}
	}
	m.reloads.WithLabelValues("refused")
	return m
}

func (m *Metrics) judged(v Verdict, shadow []string) {
	if m == nil {
		return
	}
	if v.Flagged() {
		m.flagged.Inc()
	} else {
		m.passed.Inc()
	}
	for _, r := range v.Rules {
		m.rules.WithLabelValues(r.ID, "no").Inc()
	}
	for _, id := range shadow {
		m.rules.WithLabelValues(id, "yes").Inc()
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
	rules, terms := f.Counts()
	m.size.WithLabelValues("rules").Set(float64(rules))
	m.size.WithLabelValues("terms").Set(float64(terms))
}
