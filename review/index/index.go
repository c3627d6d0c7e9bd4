package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"saring/filter"
	"saring/review"
)

// An Index is open in one process at a time. Any number of goroutines may use it.
type Index struct {
	dir     string
	log     *slog.Logger
	metrics *Metrics
	state   *state

	applying sync.Mutex // one Apply at a time
	broken   error      // why nothing can be applied any more; under applying

	mu     sync.RWMutex // guards what follows: searches hold it for reading
	shards map[week]*shard
	closed bool
}

// errOther says that an index is a view of other streams.
var errOther = errors.New("it is an index of other streams")

// ErrClosed says that the index has been closed.
var ErrClosed = errors.New("the index is closed")

// Open opens the index in dir, or creates it. What cannot be read is deleted and said in the log: Position is then
// 0 for every stream, and the caller, who reads each stream from Position+1, rebuilds it. When another process has
// the index open, the error is ErrInUse within seconds. A nil log is silent; nil metrics measure nothing.
//
// of names the streams that the index is a view of (queue.Broker.Identity), "" for whatever it was made for. An
// index of other streams is deleted: its positions mean nothing.
func Open(dir, of string, log *slog.Logger, m *Metrics) (*Index, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	x := &Index{dir: dir, log: log, metrics: m, shards: map[week]*shard{}}
	if err := x.open(of); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the index in %s: %w", dir, err), x.Close())
	}
	x.count()
	return x, nil
}

func (x *Index) open(of string) error {
	path, origin := filepath.Join(x.dir, "state.bolt"), filepath.Join(x.dir, "streams")
	err := checkState(path)
	was, _ := os.ReadFile(origin)
	if err == nil && of != "" && string(was) != of {
		err = errOther
	}
	switch {
	case errors.Is(err, ErrInUse):
		return err
	case errors.Is(err, os.ErrNotExist):
		err = x.wipe()
	case err != nil:
		x.rebuilding("state.bolt", err)
		err = x.wipe()
	}
	if err == nil && of != "" && string(was) != of {
		err = os.WriteFile(origin, []byte(of), 0o600)
	}
	if err != nil {
		return err
	}
	if x.state, err = openState(path); err != nil {
		return err
	}
	weeks, err := x.state.weeks()
	if err != nil {
		return err
	}
	if err := x.sweep(weeks); err != nil {
		return err
	}
	return x.openShards(weeks)
}

// wipe deletes everything that is ours in the folder: without its state, a shard means nothing.
func (x *Index) wipe() error {
	if err := x.sweep(nil); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(x.dir, "state.bolt")); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// sweep deletes the folders of weeks that are not to be kept, and those that were never finished.
func (x *Index) sweep(keep []week) error {
	entries, err := os.ReadDir(x.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := strings.TrimPrefix(e.Name(), "new-")
		_, ours := week(name).start()
		if !ours || slices.Contains(keep, week(e.Name())) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(x.dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// openShards opens every week that there must be. One that cannot be read is deleted, and every stream is read
// again; the others answer searches meanwhile.
func (x *Index) openShards(weeks []week) error {
	for _, w := range weeks {
		dir := filepath.Join(x.dir, string(w))
		err := checkShard(dir)
		if err == nil {
			if x.shards[w], err = openShard(x.dir, w); err == nil {
				continue
			}
			delete(x.shards, w)
		}
		if errors.Is(err, ErrInUse) {
			return err
		}
		x.rebuilding(string(w), err)
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		if err := errors.Join(x.state.forgetPositions(), x.state.removeWeek(w)); err != nil {
			return err
		}
	}
	return nil
}

func (x *Index) rebuilding(what string, err error) {
	x.metrics.rebuilt()
	x.log.Warn("the search index cannot be read: it is deleted and rebuilt from the streams",
		"dir", x.dir, "part", what, "error", err)
}

// Close closes the index. Searches under way end first.
func (x *Index) Close() error {
	x.applying.Lock()
	defer x.applying.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil
	}
	x.closed = true
	var errs []error
	for _, s := range x.shards {
		errs = append(errs, s.close())
	}
	if x.state != nil {
		errs = append(errs, x.state.close())
	}
	return errors.Join(errs...)
}

// Position is the sequence number of the last entry of the stream that is durable in the index, 0 for none.
func (x *Index) Position(stream string) uint64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.closed {
		return 0
	}
	return x.state.position(stream)
}

// Count is how many flags can be found.
func (x *Index) Count() uint64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var n uint64
	for _, s := range x.shards {
		if c, err := s.bleve.DocCount(); err == nil {
			n += c
		}
	}
	return n
}

func (x *Index) count() { x.metrics.counted(x.Count()) }

// An Item is a flag with what the desk knows of it.
type Item struct {
	Flag     filter.Flag      `json:"flag"`
	Status   review.Status    `json:"status"`
	Decision *review.Decision `json:"decision,omitempty"` // the one that counts; nil while the flag is open
}

// Get finds a flag by its id; false when it is not in the index, or an edit of the post has replaced it.
func (x *Index) Get(ctx context.Context, id string) (Item, bool, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.closed {
		return Item{}, false, ErrClosed
	}
	var r record
	var known bool
	err := x.state.db.View(func(tx *bolt.Tx) error {
		r, known = recordOf(tx, id)
		return nil
	})
	if err != nil || !known {
		return Item{}, false, err
	}
	s := x.shards[r.week()]
	if s == nil {
		return Item{}, false, nil
	}
	f, err := s.flag(ctx, r.key)
	if err != nil || f == nil || f.ID != id {
		return Item{}, false, err
	}
	it, err := x.item(f)
	return it, err == nil, err
}

// item adds the status, which follows from the decisions.
func (x *Index) item(f *filter.Flag) (Item, error) {
	it := Item{Flag: *f, Status: review.Open}
	err := x.state.db.View(func(tx *bolt.Tx) error {
		d, decided, err := decisionOf(tx, f.ID)
		if decided {
			it.Status, it.Decision = d.Status(), &d
		}
		return err
	})
	return it, err
}

func (r record) week() week { return weekOf(time.UnixMilli(r.at)) }

// shardsBetween lists the weeks with a moment in [from, to), the newest first. The caller holds mu.
func (x *Index) shardsBetween(from, to time.Time) []*shard {
	var out []*shard
	for w, s := range x.shards {
		if w.overlaps(from, to) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b *shard) int { return cmp.Compare(b.week, a.week) })
	return out
}
