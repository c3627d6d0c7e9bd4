package index

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics measures the index. A nil *Metrics measures nothing.
type Metrics struct {
	flags         prometheus.Gauge
	apply, search prometheus.Histogram
	rebuilds      prometheus.Counter
}

// NewMetrics registers the metrics of the index.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		flags: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "saring_index_flags", Help: "Flags that can be found in the search index.",
		}),
		apply: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "saring_index_apply_seconds", Help: "Time to make one batch of flags and decisions searchable and durable.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
		}),
		search: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "saring_index_search_seconds", Help: "Time to answer one search.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
		rebuilds: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "saring_index_rebuilds_total", Help: "Times the index could not be read and was begun again from the streams.",
		}),
	}
	r.MustRegister(m.flags, m.apply, m.search, m.rebuilds)
	return m
}

func (m *Metrics) counted(n uint64) {
	if m != nil {
		m.flags.Set(float64(n))
	}
}

func (m *Metrics) applied(since time.Time) {
	if m != nil {
		m.apply.Observe(time.Since(since).Seconds())
	}
}

func (m *Metrics) searched(since time.Time) {
	if m != nil {
		m.search.Observe(time.Since(since).Seconds())
	}
}

func (m *Metrics) rebuilt() {
	if m != nil {
		m.rebuilds.Inc()
	}
}
