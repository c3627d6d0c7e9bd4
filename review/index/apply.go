package index

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/go-json-experiment/json"
	bolt "go.etcd.io/bbolt"

	"saring/filter"
	"saring/review"
)

// An Entry is one message of a stream: a flag, a decision, or neither, which only moves the position.
type Entry struct {
	Stream   string
	Seq      uint64
	Flag     *filter.Flag
	Decision *review.Decision
}

// Validate says what keeps the entry out of the index. Apply refuses all of its entries for one such: who reads a
// stream sets it aside first.
func (e Entry) Validate() error {
	switch {
	case e.Flag != nil:
		return admissible(e.Flag)
	case e.Decision != nil:
		return e.Decision.Validate()
	}
	return nil
}

// Apply brings the entries into the index, in their order, and returns when they are durable and can be found. It
// may be given the same entries again, and the entries of several streams in any mixture. An error means that
// nothing is promised: the positions stand where they were, and the same entries may be applied again. Batches of
// up to some hundred entries are best; batches of one are slow.
func (x *Index) Apply(ctx context.Context, entries []Entry) error {
	x.applying.Lock()
	defer x.applying.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if x.closed {
		return ErrClosed
	}
	if x.broken != nil {
		return x.broken
	}
	start := time.Now()
	err := x.apply(ctx, entries)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	x.metrics.applied(start)
	x.count()
	return nil
}

func (x *Index) apply(ctx context.Context, entries []Entry) error {
	p := newPlan()
	if err := x.state.db.View(func(tx *bolt.Tx) error { return p.read(tx, entries) }); err != nil {
		return err
	}
	if err := x.write(ctx, p); err != nil {
		return err
	}
	return x.state.db.Update(p.commit)
}

// A plan is what a list of entries comes to.
type plan struct {
	posts     map[string]*change         // post key → what becomes of it
	byFlag    map[string]string          // flag id → post key, for the flags of this plan
	decisions map[string]review.Decision // flag id → the one that counts from now on
	positions map[string]uint64
}

// A change is what becomes of one post.
type change struct {
	was, is record
	had     bool         // whether the post had a flag before
	flag    *filter.Flag // the new flag; nil when only the status changes
	status  review.Status
}

func newPlan() *plan {
	return &plan{map[string]*change{}, map[string]string{}, map[string]review.Decision{}, map[string]uint64{}}
}

// read goes through the entries in order and ends with the status of everything that changes.
func (p *plan) read(tx *bolt.Tx, entries []Entry) error {
	for _, e := range entries {
		err := e.Validate()
		switch {
		case err != nil:
		case e.Flag != nil:
			p.readFlag(tx, e.Flag)
		case e.Decision != nil:
			err = p.readDecision(tx, e.Decision)
		}
		if err != nil {
			return fmt.Errorf("%s, message %d: %w", e.Stream, e.Seq, err)
		}
		p.positions[e.Stream] = max(p.positions[e.Stream], e.Seq)
	}
	for _, c := range p.posts {
		d, decided, err := p.decision(tx, c.is.flag)
		if err != nil {
			return err
		}
		c.status = review.Open
		if decided {
			c.status = d.Status()
		}
	}
	return nil
}

func (p *plan) readFlag(tx *bolt.Tx, f *filter.Flag) {
	key := f.Post.Key()
	r := record{flag: f.ID, at: f.FlaggedAt.UnixMilli(), revision: f.Post.Revision(), key: key}
	c := p.posts[key]
	if c == nil {
		was, had := recordOfPost(tx, key)
		c = &change{was: was, is: was, had: had}
	}
	if c.is.flag != "" && !r.replaces(c.is) {
		return
	}
	c.is, c.flag = r, f
	p.posts[key] = c
	p.byFlag[f.ID] = key
}

// replaces reports whether r counts rather than old: the higher revision does, and of one revision the one that was
// flagged later.
func (r record) replaces(old record) bool {
	if r.revision != old.revision {
		return r.revision > old.revision
	}
	return r.at >= old.at
}

// readDecision keeps every decision that counts, also one on a flag that is not here yet.
func (p *plan) readDecision(tx *bolt.Tx, d *review.Decision) error {
	old, decided, err := p.decision(tx, d.Flag)
	if err != nil {
		return err
	}
	if decided && !d.Supersedes(old) {
		return nil
	}
	p.decisions[d.Flag] = *d
	if _, planned := p.byFlag[d.Flag]; planned {
		return nil // its status is settled at the end
	}
	if r, known := recordOf(tx, d.Flag); known && p.posts[r.key] == nil {
		p.posts[r.key] = &change{was: r, is: r, had: true}
	}
	return nil
}

func (p *plan) decision(tx *bolt.Tx, flag string) (review.Decision, bool, error) {
	if d, ok := p.decisions[flag]; ok {
		return d, true, nil
	}
	return decisionOf(tx, flag)
}

// write brings the plan into the shards: first what is new, then the removal of what it replaces in other weeks.
func (x *Index) write(ctx context.Context, p *plan) error {
	batches := map[week]*bleve.Batch{}
	stale := map[week][]string{}
	for key, c := range p.posts {
		if err := x.add(ctx, batches, c); err != nil {
			return err
		}
		if old := c.was.week(); c.had && old != c.is.week() {
			stale[old] = append(stale[old], key)
		}
	}
	for _, w := range slices.Sorted(maps.Keys(batches)) {
		if err := x.batch(w, batches[w]); err != nil {
			return err
		}
	}
	for w, keys := range stale {
		if x.shards[w] == nil {
			continue
		}
		b := x.shards[w].bleve.NewBatch()
		for _, key := range keys {
			b.Delete(key)
		}
		if err := x.batch(w, b); err != nil {
			return err
		}
	}
	return nil
}

// add puts the document of a change into the batch of its week.
func (x *Index) add(ctx context.Context, batches map[week]*bleve.Batch, c *change) error {
	w := c.is.week()
	f := c.flag
	if f == nil {
		s := x.shards[w]
		if s == nil {
			return nil // being rebuilt: the decision waits for the flag
		}
		var err error
		if f, err = s.flag(ctx, c.is.key); err != nil || f == nil {
			return err
		}
	}
	if batches[w] == nil {
		s, err := x.shard(w)
		if err != nil {
			return err
		}
		batches[w] = s.bleve.NewBatch()
	}
	d, err := newDocument(f, c.status)
	if err != nil {
		return err
	}
	return batches[w].IndexAdvanced(d)
}

func (x *Index) batch(w week, b *bleve.Batch) error {
	err := x.shards[w].write(b)
	if errors.Is(err, errBroken) {
		x.broken = err
	}
	return err
}

// shard is the shard of a week, created when there is none.
func (x *Index) shard(w week) (*shard, error) {
	if s := x.shards[w]; s != nil {
		return s, nil
	}
	s, err := createShard(x.dir, w)
	if err != nil {
		return nil, err
	}
	if err := x.state.addWeek(w); err != nil {
		return nil, err
	}
	x.mu.Lock()
	x.shards[w] = s
	x.mu.Unlock()
	return s, nil
}

// commit writes the records, the decisions and the positions in one transaction.
func (p *plan) commit(tx *bolt.Tx) error {
	for key, c := range p.posts {
		if c.had && c.was.flag != c.is.flag {
			if err := tx.Bucket(flagBucket).Delete([]byte(c.was.flag)); err != nil {
				return err
			}
		}
		if err := tx.Bucket(postBucket).Put(postHash(key), []byte(c.is.flag)); err != nil {
			return err
		}
		if err := tx.Bucket(flagBucket).Put([]byte(c.is.flag), c.is.encode()); err != nil {
			return err
		}
	}
	for flag, d := range p.decisions {
		data, err := json.Marshal(d)
		if err != nil {
			return err
		}
		if err := tx.Bucket(decisionBucket).Put([]byte(flag), data); err != nil {
			return err
		}
	}
	return p.commitPositions(tx)
}

func (p *plan) commitPositions(tx *bolt.Tx) error {
	b := tx.Bucket(positionBucket)
	for stream, seq := range p.positions {
		if v := b.Get([]byte(stream)); len(v) == 8 {
			seq = max(seq, binary.BigEndian.Uint64(v))
		}
		if err := b.Put([]byte(stream), binary.BigEndian.AppendUint64(nil, seq)); err != nil {
			return err
		}
	}
	return nil
}
