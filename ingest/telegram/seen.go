package telegram

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"saring/ingest"
)

// seen is a preview's cursor: what of a channel has become durable. Pages say that a message was edited but not when,
// so an edit is known by its text.
type seen struct {
	Channel string              `json:"channel"` // its id, once a page gave it; "@name" if the first page did not
	Newest  int64               `json:"newest"`  // the highest message id
	Posts   map[int64]seenPost  `json:"posts"`   // the newest ones, at most keepPosts
	Gaps    []gap               `json:"gaps,omitempty"`
	stored  string              // as it was loaded or saved
	odd     map[string]struct{} // messages without a readable id that have been counted since the start
}

type seenPost struct {
	Hash     string `json:"h"`           // of the text; the text itself is not kept
	Revision int64  `json:"r,omitempty"` // that it was offered with
}

// A gap is a stretch of ids that was never seen: between them, both exclusive.
type gap struct {
	After  int64 `json:"after"`
	Before int64 `json:"before"`
}

const (
	keepPosts = 200 // ten pages
	keepGaps  = 16
)

func loadSeen(ctx context.Context, in *ingest.Intake, name string) (*seen, error) {
	s := &seen{}
	data, err := in.Load(ctx, name)
	if err != nil {
		return nil, err
	}
	if data != nil {
		if err := json.Unmarshal(data, s); err != nil {
			return nil, fmt.Errorf("the cursor of %s cannot be read: %w", name, err)
		}
	}
	if s.Posts == nil {
		s.Posts = map[int64]seenPost{}
	}
	s.odd = map[string]struct{}{}
	s.stored = string(data)
	return s, nil
}

// save stores the cursor if it has changed.
func (s *seen) save(ctx context.Context, in *ingest.Intake, name string) error {
	s.trim()
	data, err := json.Marshal(s)
	if err != nil || string(data) == s.stored {
		return err
	}
	if err := in.Save(ctx, name, data); err != nil {
		return err
	}
	s.stored = string(data)
	return nil
}

func (s *seen) trim() {
	ids := slices.Sorted(maps.Keys(s.Posts))
	for _, id := range ids[:max(0, len(ids)-keepPosts)] {
		delete(s.Posts, id)
	}
	for len(s.Gaps) > keepGaps { // join the oldest two: what lies between them is read again, not lost
		s.Gaps[1].After = s.Gaps[0].After
		s.Gaps = s.Gaps[1:]
	}
}

// settle decides the channel's id, and keeps to it. A page without the number ("data-view") in the first round makes
// it "@name", in lower case. A page with another number is of another channel that took over the name: everything
// begins anew.
func (s *seen) settle(id, handle string) {
	switch {
	case s.Channel == "":
		s.Channel = cmp.Or(id, "@"+strings.ToLower(handle))
	case id != "" && id != s.Channel && !strings.HasPrefix(s.Channel, "@"):
		*s = seen{Channel: id, Posts: map[int64]seenPost{}, stored: s.stored, odd: map[string]struct{}{}}
	}
}

// note records a post, and reports whether it is new or has changed, and as which revision: 0 for the first text that
// was seen, the time (Unix seconds) when a change was noticed for the others, always higher than the one before.
func (s *seen) note(p pagePost, now time.Time) (revision int64, changed bool) {
	hash := textHash(p.text)
	before, known := s.Posts[p.id]
	switch {
	case known && before.Hash == hash:
		return before.Revision, false
	case known:
		revision = max(now.Unix(), before.Revision+1)
	}
	s.Posts[p.id] = seenPost{Hash: hash, Revision: revision}
	return revision, true
}

// noteOdd reports whether a message that has no readable id is seen for the first time since the start.
func (s *seen) noteOdd(p pagePost) bool {
	key := textHash(p.key + "\n" + p.text)
	if _, known := s.odd[key]; known {
		return false
	}
	if len(s.odd) >= keepPosts {
		clear(s.odd)
	}
	s.odd[key] = struct{}{}
	return true
}

// advance records how far the newest page reaches. What lies between it and the newest post so far is a gap.
func (s *seen) advance(oldest, newest int64) {
	if s.Newest > 0 && oldest > s.Newest+1 {
		s.Gaps = append(s.Gaps, gap{After: s.Newest, Before: oldest})
	}
	s.Newest = max(s.Newest, newest)
}

// narrow records that the newest gap was read down to the oldest post of a page; 0 when there was none.
func (s *seen) narrow(oldest int64) {
	g := &s.Gaps[len(s.Gaps)-1]
	if oldest > g.After+1 {
		g.Before = oldest
		return
	}
	s.Gaps = s.Gaps[:len(s.Gaps)-1]
}

func textHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawStdEncoding.EncodeToString(sum[:12])
}
