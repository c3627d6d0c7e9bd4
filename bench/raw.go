package bench

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"saring/ingest"
	"saring/queue"
)

// A rawFlag is bytes of the size of a flag, with a number, in place of one.
type rawFlag struct {
	id   string
	data []byte
}

// rawTopic is a topic of raw flags, where the real ones go.
func rawTopic(stream, name string) queue.Topic[rawFlag] {
	return queue.Topic[rawFlag]{
		Stream: stream, Filter: "saring." + name + ".>",
		Subject: func(f rawFlag) string { return queue.Subject(name, "bench", "-1001", f.id) },
		ID:      func(f rawFlag) string { return name + "-" + f.id },
		Encode:  func(f rawFlag) ([]byte, error) { return f.data, nil },
		Decode: func(data []byte) (rawFlag, error) {
			id, _, ok := bytes.Cut(data, []byte(" "))
			if !ok {
				return rawFlag{}, errors.New("no number")
			}
			return rawFlag{string(id), data}, nil
		},
	}
}

// RawLoop measures the way through the broker alone: packs of the same posts through the same streams and stages,
// with as many flags, warnings and notices, but nothing is decoded, folded or matched. It returns posts a second and
// microseconds of processor a post.
func (l Load) RawLoop(ctx context.Context) (Raw, error) {
	b, err := queue.Open(ctx, l.Broker)
	if err != nil {
		return Raw{}, err
	}
	defer b.Close()
	topics := []queue.Topic[rawFlag]{rawTopic(queue.FlagStream, "flags"), rawTopic(queue.Platform, "platform"), rawTopic(queue.Government, "government")}
	roles, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer func() { stop(); wg.Wait() }()
	var number, published atomic.Int64
	flag := make([]byte, 900) // a flag on a post of the load is about so long
	perPack := l.Hits * ingest.PackPosts
	filter := func(ctx context.Context, msgs []*queue.Message) error {
		var out []rawFlag
		for range msgs {
			for n := number.Add(1); float64(len(out)) < perPack*float64(len(msgs)); n = number.Add(1) {
				id := strconv.FormatInt(n, 10)
				out = append(out, rawFlag{id, append([]byte(id+" "), flag...)})
			}
		}
		var results []queue.Result
		for _, t := range topics {
			more, err := queue.Results(t, time.Time{}, out...)
			if err != nil {
				return err
			}
			results = append(results, more...)
		}
		published.Add(int64(len(out)))
		return b.PublishAll(ctx, results)
	}
	wg.Go(func() {
		_ = b.Consume(roles, queue.Stage{Name: queue.FilterStage, Stream: queue.Posts, Workers: l.Workers, Most: 64, Handle: filter})
	})
	wg.Go(func() { _ = b.Watch(roles) })
	for idle := false; !idle; time.Sleep(10 * time.Millisecond) {
		if ctx.Err() != nil {
			return Raw{}, ctx.Err()
		}
		idle, _ = b.Idle(ctx)
	}
	cpu := cpuTime()
	r, err := l.rawSend(ctx, b)
	if err != nil {
		return r, err
	}
	r.CPUMicros = float64((cpuTime() - cpu).Microseconds()) / r.posts
	return r, check(ctx, b, published.Load())
}

// Raw is what the broker does alone.
type Raw struct{ PerSecond, CPUMicros, posts float64 }

// rawSend publishes the same packs again and again, as many at once as the intake does.
func (l Load) rawSend(ctx context.Context, b *queue.Broker) (r Raw, err error) {
	var packs [][]byte
	for from := 0; from+ingest.PackPosts <= len(l.Texts) && len(packs) < 256; from += ingest.PackPosts {
		pack := ingest.PackHeader(nil, ingest.PackPosts)
		for i, text := range l.Texts[from : from+ingest.PackPosts] {
			p, err := ingest.Admit(ingest.Raw{Platform: "bench", PostedAt: time.Now(), ID: strconv.Itoa(from + i), Text: text,
				Channel: ingest.RawChannel{ID: "-1001", Handle: "bench_contoh", Kind: ingest.KindPublicChannel}})
			if err != nil {
				return r, err
			}
			pack = ingest.AppendPack(pack, p)
		}
		packs = append(packs, pack)
	}
	if len(packs) == 0 {
		return r, errors.New("too few posts for a pack")
	}
	began := time.Now()
	var sent atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, 64)
	for k := range errs {
		wg.Go(func() {
			for i := k; time.Since(began) < l.For && ctx.Err() == nil && errs[k] == nil; i++ {
				errs[k] = b.PublishPack(ctx, queue.NewID(), packs[i%len(packs)])
				sent.Add(ingest.PackPosts)
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return r, err
	}
	for idle := false; !idle && ctx.Err() == nil; time.Sleep(2 * time.Millisecond) {
		var err error
		if idle, err = b.Idle(ctx); err != nil {
			return r, err
		}
	}
	r.posts = float64(sent.Load())
	r.PerSecond = r.posts / time.Since(began).Seconds()
	return r, ctx.Err()
}
