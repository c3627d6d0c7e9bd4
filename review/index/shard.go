package index

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search/searcher"

	"saring/filter"
)

// maxClauses bounds what one disjunction of bleve may open. Prefixes of more words are worked off in parts.
const maxClauses = 1024

func init() {
	searcher.DisjunctionMaxClauseCount = maxClauses
	scorch.RegistryAsyncErrorCallbacks["saring"] = asyncFailed
}

// A shard is the Bleve index of one week.
type shard struct {
	week   week
	bleve  bleve.Index
	store  string
	failed chan error // what happened in a background task of bleve
}

// failures finds the shard that a background task of bleve belongs to.
var failures sync.Map // store folder → chan error

// asyncFailed hears of a task that is dead. What a living task could not do, write to a full disk for example, it
// tries again, and the batch that waits for it is told.
func asyncFailed(err error, store string) {
	if !errors.Is(err, scorch.ErrAsyncPanic) {
		return
	}
	ch, ok := failures.Load(store)
	if !ok {
		return
	}
	select {
	case ch.(chan error) <- err:
	default: // the first failure is what counts
	}
}

// shardConfig is for scorch. Without unsafe_batch a batch is durable when it returns. A floor near the size of a
// batch halves the work of merging.
func shardConfig() map[string]any {
	return map[string]any{
		"bolt_timeout":           lockTimeout.String(),
		"asyncErrorCallbackName": "saring",
		"scorchMergePlanOptions": map[string]any{"FloorSegmentSize": 100},
	}
}

// createShard makes the folder of a week beside its final place and renames it, so that a killed process leaves a
// whole folder or none.
func createShard(dir string, w week) (*shard, error) {
	temp := filepath.Join(dir, "new-"+string(w))
	if err := os.RemoveAll(temp); err != nil {
		return nil, err
	}
	m := mapping.NewIndexMapping() // documents come ready-made; nothing is mapped
	b, err := bleve.NewUsing(temp, m, scorch.Name, scorch.Name, shardConfig())
	if err != nil {
		return nil, fmt.Errorf("creating the index of %s: %w", w, err)
	}
	if err := b.Close(); err != nil {
		return nil, err
	}
	if err := os.Rename(temp, filepath.Join(dir, string(w))); err != nil {
		return nil, err
	}
	if err := syncDir(dir); err != nil {
		return nil, err
	}
	return openShard(dir, w)
}

// openShard opens what checkShard has found whole.
func openShard(dir string, w week) (*shard, error) {
	path := filepath.Join(dir, string(w))
	s := &shard{week: w, store: path + string(os.PathSeparator) + "store", failed: make(chan error, 1)}
	failures.Store(s.store, s.failed)
	err := guard(func() (err error) {
		s.bleve, err = bleve.OpenUsing(path, shardConfig())
		return err
	})
	if err != nil {
		failures.Delete(s.store)
		return nil, inUse(path, err)
	}
	return s, nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func (s *shard) close() error {
	defer failures.Delete(s.store)
	return s.bleve.Close()
}

// write makes a batch durable. When a background task of bleve has died, it does not wait for it.
func (s *shard) write(b *bleve.Batch) error {
	done := make(chan error, 1)
	go func() { done <- s.bleve.Batch(b) }()
	select {
	case err := <-done:
		return err
	case err := <-s.failed:
		return fmt.Errorf("%w: %s: %w", errBroken, s.week, err)
	}
}

// errBroken says that an open index has stopped working. A restart checks it and rebuilds what is broken.
var errBroken = errors.New("the search index failed; restart, so that it is checked and rebuilt")

// flag loads the flag of a post; nil when this week has none.
func (s *shard) flag(ctx context.Context, key string) (*filter.Flag, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d, err := s.bleve.Document(key)
	if err != nil || d == nil {
		return nil, err
	}
	return storedFlag(d)
}
