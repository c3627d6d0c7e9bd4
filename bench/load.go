package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/shirou/gopsutil/v4/process"

	"saring/filter"
	"saring/ingest"
	"saring/queue"
	"saring/queue/government"
	"saring/queue/platform"
	"saring/rules"
)

// A Load is what is offered to the roles, and for how long.
type Load struct {
	Texts   []string // of posts that no rule flags, taken in turn
	Flagged []string // of posts that are flagged
	Hits    float64  // share of the posts that are flagged, 0 to 1
	Rate    int      // posts a second, 0 for as many as go through
	For     time.Duration
	Workers int // of the filter
	Engine  filter.Engine
	Ruleset *rules.Ruleset
	Broker  queue.Options // of a broker with nothing in it
}

// A Result is what was measured. Latency is from when a post should have been sent, which does not forgive a sender
// that was held up ("coordinated omission"), to when its durable warning was read.
type Result struct {
	Posts      int64   `json:"posts"`
	Seconds    float64 `json:"seconds"`
	PerSecond  float64 `json:"posts_per_second"`
	MBPerS     float64 `json:"mb_per_second"`   // of text
	CPUMicros  float64 `json:"cpu_us_per_post"` // of this process, with the broker if it is embedded
	PeakRSS    int64   `json:"peak_rss_mb"`
	Flags      int64   `json:"flags"`
	Warnings   Latency `json:"post_to_warning"`
	Notices    Latency `json:"post_to_notice"`
	RawLoop    float64 `json:"raw_loop_posts_per_second,omitempty"` // the same packs, without decoding, folding and matching
	OfRawLoop  float64 `json:"of_raw_loop,omitempty"`
	RawCPU     float64 `json:"raw_loop_cpu_us_per_post,omitempty"`
	Incomplete bool    `json:"incomplete,omitempty"` // some warnings did not come in time
}

// Latency is percentiles in milliseconds.
type Latency struct {
	P50  float64 `json:"p50_ms"`
	P90  float64 `json:"p90_ms"`
	P99  float64 `json:"p99_ms"`
	P999 float64 `json:"p99_9_ms"`
	Max  float64 `json:"max_ms"`
}

func latency(h *hdrhistogram.Histogram) Latency {
	at := func(q float64) float64 { return float64(h.ValueAtQuantile(q)) / 1000 }
	return Latency{P50: at(50), P90: at(90), P99: at(99), P999: at(99.9), Max: float64(h.Max()) / 1000}
}

// Run offers the load to the real roles and measures.
func (l Load) Run(ctx context.Context) (Result, error) {
	b, err := queue.Open(ctx, l.Broker)
	if err != nil {
		return Result{}, err
	}
	defer b.Close()
	if n, err := b.Counts(ctx); err != nil || n[queue.Posts]+n[queue.FlagStream] > 0 {
		return Result{}, errors.Join(errors.New("the broker is not empty; measure on one of its own"), err)
	}
	live, err := filter.NewLive(l.Ruleset, l.Engine, nil)
	if err != nil {
		return Result{}, err
	}
	roles, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer func() { stop(); wg.Wait() }()
	for _, run := range []func(context.Context) error{
		func(ctx context.Context) error {
			return b.RunFilter(ctx, live, l.Workers, platform.Output(nil), government.Output(nil))
		},
		b.Watch,
	} {
		wg.Go(func() { _ = run(roles) })
	}
	for idle := false; !idle; time.Sleep(10 * time.Millisecond) { // until the stages have begun
		if ctx.Err() != nil {
			return Result{}, ctx.Err()
		}
		idle, _ = b.Idle(ctx)
	}
	began := &clock{rate: l.Rate}
	warnings, notices := newWatcher(began), newWatcher(began)
	wg.Go(func() { _ = b.Follow(roles, queue.Platform, "", 1, 0, warnings.see) })
	wg.Go(func() { _ = b.Follow(roles, queue.Government, "", 1, 0, notices.see) })
	return l.measure(ctx, b, began, warnings, notices)
}

// measure sends, waits for the end, and sums up.
func (l Load) measure(ctx context.Context, b *queue.Broker, began *clock, warnings, notices *watcher) (Result, error) {
	cpu, rss := cpuTime(), newPeak()
	began.start = time.Now()
	sent, flagged, size, err := l.send(ctx, b, began)
	if err != nil {
		return Result{}, err
	}
	took := time.Since(began.start)
	late := time.Now().Add(time.Minute)
	for idle := false; !idle || warnings.n.Load() < flagged || notices.n.Load() < flagged; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(late) || ctx.Err() != nil {
			break
		}
		if idle, err = b.Idle(ctx); err != nil {
			return Result{}, err
		}
	}
	if l.Rate == 0 { // at the peak, what was sent counts when it has gone all the way
		took = time.Since(began.start)
	}
	r := Result{
		Posts: sent, Seconds: took.Seconds(), PerSecond: float64(sent) / took.Seconds(), MBPerS: float64(size) / took.Seconds() / 1e6,
		CPUMicros: float64((cpuTime() - cpu).Microseconds()) / float64(sent), PeakRSS: rss.stop(), Flags: flagged,
		Incomplete: warnings.n.Load() < flagged || notices.n.Load() < flagged,
	}
	r.Warnings, r.Notices = latency(warnings.histogram()), latency(notices.histogram())
	if r.Incomplete {
		return r, nil
	}
	return r, check(ctx, b, flagged)
}

// check reports whether the broker holds so many flags, and as many warnings and notices.
func check(ctx context.Context, b *queue.Broker, flagged int64) error {
	n, err := b.Counts(ctx)
	for _, stream := range []string{queue.FlagStream, queue.Platform, queue.Government} {
		if err == nil && n[stream] != uint64(flagged) {
			err = fmt.Errorf("wrong answers: %s holds %d messages after %d posts that are flagged", stream, n[stream], flagged)
		}
	}
	return err
}

// clock says when each post should have been sent.
type clock struct {
	start time.Time
	rate  int
	sent  sync.Map // by id, when there is no rate: when a flagged post was sent
}

func (c *clock) due(i int64) time.Time {
	if c.rate > 0 {
		return c.start.Add(time.Duration(float64(i) / float64(c.rate) * float64(time.Second)))
	}
	if at, ok := c.sent.Load(i); ok {
		return at.(time.Time)
	}
	return time.Now()
}

const (
	sendBatch   = 64      // posts that are offered before the clock is looked at again
	commitEvery = 1 << 15 // posts; a batch remembers its packs
)

// send offers posts until the time is over and returns when all are durable.
func (l Load) send(ctx context.Context, b *queue.Broker, c *clock) (sent, flagged, size int64, err error) {
	in := ingest.NewIntake(b, nil, queue.NewID)
	every := int64(0)
	if l.Hits > 0 {
		every = int64(1 / l.Hits)
	}
	batch, next := in.Batch("bench"), int64(commitEvery)
	durable := make(chan error, 1)
	durable <- nil
	raw := ingest.Raw{Platform: "bench", PostedAt: c.start.UTC(), Channel: ingest.RawChannel{ID: "-1001", Handle: "bench_contoh", Kind: ingest.KindPublicChannel}}
	for time.Since(c.start) < l.For && ctx.Err() == nil {
		if wait := time.Until(c.due(sent)); l.Rate > 0 && wait > 0 {
			time.Sleep(wait)
		}
		for range sendBatch {
			raw.ID, raw.Text = strconv.FormatInt(sent, 10), l.Texts[sent%int64(len(l.Texts))]
			if every > 0 && sent%every == every/2 {
				raw.Text = l.Flagged[flagged%int64(len(l.Flagged))]
				flagged++
				if l.Rate == 0 {
					c.sent.Store(sent, time.Now())
				}
			}
			if err := batch.Raw(ctx, raw, "bench"); err != nil {
				return sent, flagged, size, err
			}
			size += int64(len(raw.Text))
			sent++
			if l.Rate > 0 && time.Until(c.due(sent)) > 0 {
				break
			}
		}
		if sent >= next { // the next batch begins while this one becomes durable, as with two senders
			if err := <-durable; err != nil {
				return sent, flagged, size, err
			}
			go func(b *ingest.Batch) { durable <- b.Commit(ctx) }(batch)
			batch, next = in.Batch("bench"), sent+commitEvery
		}
	}
	return sent, flagged, size, errors.Join(<-durable, batch.Commit(ctx), ctx.Err())
}

// watcher reads warnings or notices and measures how late they are.
type watcher struct {
	began *clock
	n     atomic.Int64
	mu    sync.Mutex
	h     *hdrhistogram.Histogram // microseconds
}

func newWatcher(c *clock) *watcher {
	return &watcher{began: c, h: hdrhistogram.New(1, int64(10*time.Minute/time.Microsecond), 3)}
}

func (w *watcher) see(_ context.Context, msgs []*queue.Message) error {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range msgs {
		i, err := postNumber(m.Data)
		if err != nil {
			return err
		}
		_ = w.h.RecordValue(max(1, now.Sub(w.began.due(i)).Microseconds()))
		w.n.Add(1)
	}
	return nil
}

func (w *watcher) histogram() *hdrhistogram.Histogram {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.h
}

// postNumber reads the number of a post of send out of an event's subject, PLATFORM/CHANNEL/POST.
func postNumber(data []byte) (int64, error) {
	_, rest, found := bytes.Cut(data, []byte(`"subject":"bench/-1001/`))
	number, _, ended := bytes.Cut(rest, []byte(`"`))
	if !found || !ended {
		return 0, errors.New("the event of another post: the broker was not empty")
	}
	return strconv.ParseInt(string(number), 10, 64)
}

// cpuTime is the processor time that this process has used.
func cpuTime() time.Duration {
	self, err := process.NewProcess(int32(os.Getpid()))
	if err != nil {
		return 0
	}
	t, err := self.Times()
	if err != nil {
		return 0
	}
	return time.Duration((t.User + t.System) * float64(time.Second))
}

// peak watches how much memory this process has in use.
type peak struct {
	done chan struct{}
	max  chan int64
}

func newPeak() *peak {
	p := &peak{make(chan struct{}), make(chan int64)}
	go func() {
		self, err := process.NewProcess(int32(os.Getpid()))
		most := int64(0)
		for tick := time.NewTicker(50 * time.Millisecond); ; {
			if err == nil {
				if m, err := self.MemoryInfo(); err == nil {
					most = max(most, int64(m.RSS))
				}
			}
			select {
			case <-tick.C:
			case <-p.done:
				tick.Stop()
				p.max <- most
				return
			}
		}
	}()
	return p
}

// stop returns the most that was seen, in MB.
func (p *peak) stop() int64 {
	close(p.done)
	return <-p.max >> 20
}
