// Package platform warns the platform: each flag becomes one warning on the PLATFORM stream, as a CloudEvent of
// type saring.warning.issued that holds the flag whole. What the platform does with it is the platform's decision.
package platform

import (
	"time"

	"saring/filter"
	"saring/queue"

	"github.com/prometheus/client_golang/prometheus"
)

// WarningType is the type of the event.
const WarningType = "saring.warning.issued"

// A Warning is a flag as the platform gets it.
type Warning = queue.Event[filter.Flag]

// NewWarning makes the warning of a flag. The same flag gives the same warning.
func NewWarning(f filter.Flag) Warning {
	return queue.NewEvent(WarningType, "warning-"+f.ID, f.Post.Key(), f.FlaggedAt, f)
}

// Warnings is their topic: saring.platform.warning.PLATFORM.CHANNEL.FLAG.
var Warnings = queue.Topic[Warning]{
	Stream: queue.Platform,
	Filter: "saring.platform.warning.>",
	Subject: func(w Warning) string {
		f := w.Data
		return queue.Subject("platform", "warning", f.Post.Platform(), f.Post.Channel().ID, f.ID)
	},
	ID:     func(w Warning) string { return w.ID },
	Encode: queue.EncodeEvent[filter.Flag],
	Decode: queue.DecodeEvent[filter.Flag](WarningType),
}

// Output makes a warning of every flag.
func Output(m *Metrics) queue.Output {
	return queue.NewOutput(queue.PlatformStage, Warnings, NewWarning, m.issued)
}

// Metrics counts warnings. A nil *Metrics counts nothing.
type Metrics struct {
	warnings prometheus.Counter
	latency  prometheus.Histogram
}

// NewMetrics registers the metrics of the warnings.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		warnings: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "saring_warnings_total", Help: "Warnings that were made durable. One that is made again is counted again.",
		}),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "saring_post_to_warning_seconds", Help: "Time from a post's receipt to its durable warning.",
			Buckets: []float64{.001, .002, .004, .008, .015, .03, .06, .125, .25, .5, 1, 2, 4, 8, 15, 60, 600},
		}),
	}
	r.MustRegister(m.warnings, m.latency)
	return m
}

func (m *Metrics) issued(received time.Time) {
	if m != nil {
		m.warnings.Inc()
		m.latency.Observe(time.Since(received).Seconds())
	}
}
