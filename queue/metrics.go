package queue

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts what the wire does. A nil *Metrics counts nothing.
type Metrics struct {
	stage           *prometheus.HistogramVec
	redeliver, dead *prometheus.CounterVec
	retries         prometheus.Counter
	lag, bytes      *prometheus.GaugeVec
	limit           *prometheus.GaugeVec
	free            prometheus.Gauge
}

// NewMetrics registers the metrics of the wire.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		stage: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "saring_stage_seconds", Help: "Time that a stage took for the messages it handled at once, by stage.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 2.5, 14),
		}, []string{"stage"}),
		redeliver: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "saring_stage_failures_total", Help: "Times a stage failed and its messages were put off, by stage.",
		}, []string{"stage"}),
		dead: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "saring_dead_letters_total", Help: "Inputs that no stage can use, by where they came from and reason.",
		}, []string{"origin", "reason"}),
		retries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "saring_publish_retries_total", Help: "Times a message had to be published again.",
		}),
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "saring_consumer_lag", Help: "Messages that a consumer has not finished, by consumer.",
		}, []string{"consumer"}),
		bytes: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "saring_stream_bytes", Help: "Bytes that a stream holds, by stream.",
		}, []string{"stream"}),
		limit: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "saring_stream_limit_bytes", Help: "Bytes that a stream may hold, by stream.",
		}, []string{"stream"}),
		free: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "saring_disk_room", Help: "1 while the data folder's disk has room, 0 when nothing new is taken in.",
		}),
	}
	r.MustRegister(m.stage, m.redeliver, m.dead, m.retries, m.lag, m.bytes, m.limit, m.free)
	return m
}

func (m *Metrics) handled(stage string, took time.Duration, err error) {
	if m == nil {
		return
	}
	m.stage.WithLabelValues(stage).Observe(took.Seconds())
	if err != nil {
		m.redeliver.WithLabelValues(stage).Inc()
	}
}

func (m *Metrics) died(origin, reason string) {
	if m != nil {
		m.dead.WithLabelValues(origin, reason).Inc()
	}
}

func (m *Metrics) retried() {
	if m != nil {
		m.retries.Inc()
	}
}

// Lag says how many messages of a stream the follower of that name has not finished.
func (m *Metrics) Lag(consumer string, n uint64) {
	if m != nil {
		m.lag.WithLabelValues(consumer).Set(float64(n))
	}
}

// LastSeq is the number of the newest message of a stream.
func (b *Broker) LastSeq(ctx context.Context, stream string) (uint64, error) {
	s, err := b.js.Stream(ctx, stream)
	if err != nil {
		return 0, err
	}
	return s.CachedInfo().State.LastSeq, nil
}

// Watch measures streams and consumers and trims POSTS, until ctx ends.
func (b *Broker) Watch(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		if err := b.look(ctx); err != nil && ctx.Err() == nil {
			b.log.Warn("watching the streams", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (b *Broker) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	m := b.opts.Metrics
	if m == nil {
		return b.Trim(ctx)
	}
	m.free.Set(1)
	if b.Room() != nil {
		m.free.Set(0)
	}
	for _, def := range streams {
		s, err := b.js.Stream(ctx, def.name)
		if err != nil {
			return err
		}
		info := s.CachedInfo()
		m.bytes.WithLabelValues(def.name).Set(float64(info.State.Bytes))
		m.limit.WithLabelValues(def.name).Set(float64(info.Config.MaxBytes))
		list := s.ListConsumers(ctx)
		for c := range list.Info() {
			if c.Config.Durable != "" {
				m.lag.WithLabelValues(c.Name).Set(float64(c.NumPending) + float64(c.NumAckPending))
			}
		}
	}
	return b.Trim(ctx)
}

// Idle reports whether the filter has finished all that is there.
func (b *Broker) Idle(ctx context.Context) (bool, error) {
	c, err := b.js.Consumer(ctx, Posts, FilterStage)
	if err != nil {
		return false, err
	}
	info := c.CachedInfo()
	return info.NumPending+uint64(info.NumAckPending) == 0, nil
}

// Counts says how many messages each stream holds.
func (b *Broker) Counts(ctx context.Context) (map[string]uint64, error) {
	out := map[string]uint64{}
	for _, def := range streams {
		s, err := b.js.Stream(ctx, def.name)
		if err != nil {
			return nil, err
		}
		out[def.name] = s.CachedInfo().State.Msgs
	}
	return out, nil
}
