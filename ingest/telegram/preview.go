package telegram

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"saring/ingest"
)

// A Preview reads one public channel from its preview pages, as anybody can who opens t.me/s/NAME. Each channel has
// its own Preview, with a cursor and failures of its own; they share a Site, which sets the pace. Set the fields
// before Run; one Preview runs once at a time.
//
// The first run reads the latest page (some 20 posts); later ones all that has come since, also over a pause, going
// back page by page. An edit is noticed while the post is on the latest page, and becomes a revision whose number is
// the time it was noticed. (So an edit that was stored but not yet in the cursor when the process was killed is
// offered again under a second revision; everything else keeps its number.)
type Preview struct {
	Site     *Site         // shared among all Previews of a host; one of its own when nil
	Channel  string        // the public name, with or without "@"
	Interval time.Duration // between two looks at the latest page; 1 min when 0
	Pages    int           // how many pages back one look goes at most; 50 when 0. What is left is read next time
}

const (
	defaultInterval = time.Minute
	defaultPages    = 50
)

// Kind is the label of the metrics.
func (p *Preview) Kind() string { return "telegram_preview" }

// Name is "telegram_preview:" and the channel's name in lower case.
func (p *Preview) Name() string { return p.Kind() + ":" + strings.ToLower(p.channel()) }

func (p *Preview) channel() string { return strings.TrimPrefix(p.Channel, "@") }

// nameForm is that of public names; there are some of 4 characters.
var nameForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{3,31}$`)

// Run looks at the channel until ctx ends. It returns an error when the page is not one of a public channel, or when
// the host puts it off repeatedly.
func (p *Preview) Run(ctx context.Context, in *ingest.Intake) error {
	if !nameForm.MatchString(p.channel()) {
		return fmt.Errorf("telegram preview: the name of a channel is missing or has a wrong form; " +
			"write it as it stands in its address, t.me/NAME")
	}
	if p.Site == nil {
		p.Site = &Site{}
	}
	p.Site.init()
	defer p.Site.client.CloseIdleConnections()
	s, err := loadSeen(ctx, in, p.Name())
	if err != nil {
		return err
	}
	r := &reading{Preview: p, in: in, seen: s}
	for {
		if err := r.look(ctx); err != nil {
			return cmp.Or(ctx.Err(), err)
		}
		if err := sleep(ctx, cmp.Or(p.Interval, defaultInterval)); err != nil {
			return err
		}
	}
}

// A reading is a run of a Preview.
type reading struct {
	*Preview
	in         *ingest.Intake
	seen       *seen
	validators validators // of the latest page that was read and stored
}

// look reads the latest page and closes gaps.
func (r *reading) look(ctx context.Context) error {
	doc, err := r.Site.get(ctx, r.path(0), r.validators)
	if err != nil {
		return r.wrap(err)
	}
	if !doc.same {
		pg, err := r.parse(ctx, doc)
		if err != nil {
			return err
		}
		if len(pg.posts) > 0 {
			r.seen.settle(pg.id, pg.handle)
		}
		if err := r.store(ctx, pg, func() {
			if oldest, newest := pg.span(); newest > 0 {
				r.seen.advance(oldest, newest)
			}
		}); err != nil {
			return err
		}
		r.validators = doc.validators
	}
	for range cmp.Or(r.Pages, defaultPages) {
		if len(r.seen.Gaps) == 0 {
			break
		}
		if err := r.back(ctx); err != nil {
			return err
		}
	}
	return nil
}

// back reads one page of the newest gap.
func (r *reading) back(ctx context.Context) error {
	g := r.seen.Gaps[len(r.seen.Gaps)-1]
	doc, err := r.Site.get(ctx, r.path(g.Before), validators{})
	if err != nil {
		return r.wrap(err)
	}
	pg, err := r.parse(ctx, doc)
	if err != nil {
		return err
	}
	if pg.id != "" && !strings.HasPrefix(r.seen.Channel, "@") && pg.id != r.seen.Channel {
		return nil // the name changed hands meanwhile; the latest page will say so
	}
	oldest, newest := pg.span()
	if newest >= g.Before {
		return fmt.Errorf("%s: %s does not go back with ?before=; the posts in between are not read", r.Name(), r.Site.host())
	}
	pg.posts = within(pg.posts, g)
	return r.store(ctx, pg, func() { r.seen.narrow(oldest) })
}

// path is the latest page's, or that of the posts before an id.
func (r *reading) path(before int64) string {
	path := "/s/" + r.channel()
	if before > 0 {
		path += "?before=" + itoa(before)
	}
	return path
}

// parse reads a page, and makes sure that it is one of this public channel. Whatever else it shows is refused and
// counted, without its content.
func (r *reading) parse(ctx context.Context, doc document) (page, error) {
	pg, err := parsePage(doc.body, r.channel())
	if err != nil {
		return page{}, r.wrap(fmt.Errorf("%s%s %w of that name: it is private, or does not exist any more; "+
			"check the spelling, or take it off the list", r.Site.host(), r.path(0), err))
	}
	if pg.kind == ingest.KindPublicChannel {
		return pg, nil
	}
	batch := r.in.Batch(r.Kind())
	if err := batch.Raw(ctx, ingest.Raw{Channel: ingest.RawChannel{Kind: pg.kind}}, r.Name()); err != nil {
		return page{}, err
	}
	if err := batch.Commit(ctx); err != nil {
		return page{}, err
	}
	return page{}, r.wrap(fmt.Errorf("%s%s does not show a channel (it counts no subscribers, or counts members): "+
		"groups are not read; take it off the list", r.Site.host(), r.path(0)))
}

// store offers what is new on a page and makes it durable; then it records what was read, and saves the cursor.
func (r *reading) store(ctx context.Context, pg page, record func()) error {
	batch := r.in.Batch(r.Kind())
	for _, post := range pg.posts {
		if err := r.offer(ctx, batch, pg, post); err != nil {
			return err
		}
	}
	if err := batch.Commit(ctx); err != nil {
		return err
	}
	record()
	return r.seen.save(ctx, r.in, r.Name())
}

func (r *reading) offer(ctx context.Context, batch *ingest.Batch, pg page, post pagePost) error {
	origin := r.Name() + "/" + itoa(post.id)
	if post.id == 0 { // of another channel, or unreadable
		if !r.seen.noteOdd(post) {
			return nil
		}
		return batch.Unreadable(ctx, origin, "not a post of this channel")
	}
	revision, changed := r.seen.note(post, time.Now())
	if !changed || post.text == "" {
		return nil
	}
	return batch.Raw(ctx, ingest.Raw{
		Platform: Platform,
		Channel:  ingest.RawChannel{ID: r.seen.Channel, Handle: pg.handle, Title: pg.title, Kind: pg.kind},
		ID:       itoa(post.id),
		Revision: revision,
		PostedAt: post.postedAt,
		Text:     post.text,
		URL:      postURL(pg.handle, post.id),
	}, origin)
}

func (r *reading) wrap(err error) error { return fmt.Errorf("%s: %w", r.Name(), err) }

// span is the lowest and the highest id of a page's posts; 0 and 0 when there is none.
func (p *page) span() (oldest, newest int64) {
	for _, post := range p.posts {
		if post.id > 0 && (oldest == 0 || post.id < oldest) {
			oldest = post.id
		}
		newest = max(newest, post.id)
	}
	return oldest, newest
}

// within leaves the posts that lie in a gap; the others were read before.
func within(posts []pagePost, g gap) []pagePost {
	var in []pagePost
	for _, post := range posts {
		if post.id > g.After && post.id < g.Before {
			in = append(in, post)
		}
	}
	return in
}
