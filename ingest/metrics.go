package ingest

import "github.com/prometheus/client_golang/prometheus"

// Metrics counts what comes in. A nil *Metrics counts nothing.
type Metrics struct {
	posts, refusals, invalids, failures *prometheus.CounterVec
	up                                  *prometheus.GaugeVec
}

// NewMetrics registers the metrics of ingest.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		posts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "saring_posts_total", Help: "Posts of public channels that passed the gate, by source.",
		}, []string{"source"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "saring_posts_refused_total", Help: "Inputs refused by the gate because they are not of a public channel, by reason.",
		}, []string{"reason"}),
		invalids: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "saring_posts_invalid_total", Help: "Inputs that cannot be a post, by source and reason.",
		}, []string{"source", "reason"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "saring_source_failures_total", Help: "Times a source failed, by its name.",
		}, []string{"source"}),
		up: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "saring_source_up", Help: "1 while a source is being read, 0 while it waits after a failure; none when it has been read to its end.",
		}, []string{"source"}),
	}
	r.MustRegister(m.posts, m.refusals, m.invalids, m.failures, m.up)
	for _, reason := range RefusalReasons {
		m.refusals.WithLabelValues(reason)
	}
	return m
}

func (m *Metrics) accepted(source string) {
	if m != nil {
		m.posts.WithLabelValues(source).Inc()
	}
}

func (m *Metrics) refused(reason string) {
	if m != nil {
		m.refusals.WithLabelValues(reason).Inc()
	}
}

func (m *Metrics) invalid(source, reason string) {
	if m != nil {
		m.invalids.WithLabelValues(source, reason).Inc()
	}
}

// setUp says whether a source is being read.
func (m *Metrics) setUp(source string, up bool) {
	if m == nil {
		return
	}
	v := 0.0
	if up {
		v = 1
	}
	m.up.WithLabelValues(source).Set(v)
}

func (m *Metrics) ended(source string) {
	if m != nil {
		m.up.DeleteLabelValues(source)
	}
}

func (m *Metrics) failed(source string) {
	if m != nil {
		m.failures.WithLabelValues(source).Inc()
	}
}
