package queue

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/nats-io/nats.go/jetstream"

	"saring/rules"
)

// An Announcement says which ruleset all filters are to use. Its archive is in the object store of rulesets.
type Announcement struct {
	Version   string    `json:"version"`
	SHA256    string    `json:"sha256"` // of the archive, in hexadecimal digits
	PushedAt  time.Time `json:"pushed_at"`
	Note      string    `json:"note,omitempty"`
	Rollback  bool      `json:"rollback,omitempty"` // to a version that was announced before: no backtest is asked for
	Key       string    `json:"key"`                // the id of the key that signed
	Signature []byte    `json:"signature"`          // ed25519
}

// maxNote bounds a note, in bytes.
const maxNote = 500

// announceKey is the one key of the bucket; its history is that of the roll-outs.
const announceKey = "active"

// NewAnnouncement signs a ruleset for all filters. It comes after the announcement before it, nil for none.
func NewAnnouncement(rs *rules.Ruleset, note string, rollback bool, k SigningKey, before *Announcement) (Announcement, []byte, error) {
	archive, err := rs.Archive()
	if err != nil {
		return Announcement{}, nil, err
	}
	if len(note) > maxNote || !utf8.ValidString(note) {
		return Announcement{}, nil, fmt.Errorf("the note has %d bytes; the limit is %d, in UTF-8", len(note), maxNote)
	}
	a := Announcement{Version: rs.Version, SHA256: digest(archive), Note: note, Rollback: rollback, Key: k.ID(),
		PushedAt: time.Now().UTC().Truncate(time.Millisecond)}
	if before != nil && !a.PushedAt.After(before.PushedAt) { // another machine's clock is ahead
		a.PushedAt = before.PushedAt.Add(time.Millisecond)
	}
	a.Signature = ed25519.Sign(k.private, a.signed())
	return a, archive, nil
}

func digest(archive []byte) string {
	sum := sha256.Sum256(archive)
	return hex.EncodeToString(sum[:])
}

// signed is what the signature is over: a line that nothing else of Saring signs, then the members, each after its
// length.
func (a Announcement) signed() []byte {
	out := []byte("saring ruleset announcement 1\n")
	for _, s := range []string{a.Version, a.SHA256, a.PushedAt.UTC().Format(time.RFC3339Nano), a.Note, fmt.Sprint(a.Rollback), a.Key} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(s)))
		out = append(out, s...)
	}
	return out
}

// ID tells announcements apart, also two of one version.
func (a Announcement) ID() string { return digest(append(a.signed(), a.Signature...))[:16] }

// Verify says whether one of the keys has signed.
func (a Announcement) Verify(trusted Keys) error {
	public, known := trusted[a.Key]
	if !known {
		return fmt.Errorf("it was signed with the key %s, which is not trusted here; if it should be, put its public line into a file and name that with --trust", a.Key)
	}
	if !ed25519.Verify(public, a.signed(), a.Signature) {
		return fmt.Errorf("its signature is not of the key %s: somebody has changed it", a.Key)
	}
	return nil
}

// Open checks an archive against what was announced and loads it.
func (a Announcement) Open(archive []byte) (*rules.Ruleset, error) {
	if err := a.check(archive); err != nil {
		return nil, err
	}
	return rules.FromArchive(archive)
}

// check says whether an archive is what was announced.
func (a Announcement) check(archive []byte) error {
	if digest(archive) != a.SHA256 {
		return errors.New("its archive is not the one that was announced: somebody has changed it")
	}
	version, err := rules.ArchiveVersion(archive)
	if err == nil && version != a.Version {
		err = fmt.Errorf("here its archive has the version %s: another release of saring has announced it; run the same one everywhere", version)
	}
	return err
}

// Announce keeps the archive and tells all filters to use it.
func (b *Broker) Announce(ctx context.Context, a Announcement, archive []byte) error {
	if err := a.check(archive); err != nil {
		return fmt.Errorf("ruleset %s: %w", a.Version, err)
	}
	if len(a.Note) > maxNote {
		return fmt.Errorf("the note has %d bytes; the limit is %d", len(a.Note), maxNote)
	}
	if err := b.keep(ctx, a.Version, archive); err != nil {
		return err
	}
	step := stepPushed
	if a.Rollback {
		step = stepRolledBack
	}
	if err := b.audit(ctx, step, Step{Version: a.Version, SHA256: a.SHA256, Key: a.Key}); err != nil {
		return err
	}
	return b.put(ctx, rollouts, announceKey, a)
}

// Announcements lists what was announced, the newest first: the first one counts. What cannot be read is left out.
func (b *Broker) Announcements(ctx context.Context) ([]Announcement, error) {
	var out []Announcement
	err := b.each(ctx, rollouts, func(e jetstream.KeyValueEntry) error {
		var a Announcement
		if err := json.Unmarshal(e.Value(), &a); err != nil {
			b.log.Warn("an announcement of a ruleset cannot be read", "revision", e.Revision(), "error", err)
			return nil
		}
		out = append(out, a)
		return nil
	}, jetstream.IncludeHistory())
	slices.SortStableFunc(out, func(x, y Announcement) int { return y.PushedAt.Compare(x.PushedAt) })
	return slices.CompactFunc(out, func(x, y Announcement) bool { return x.ID() == y.ID() }), err
}

// Untested is the refusal of rules that come to flag, or flag and change, without a backtest on record.
type Untested struct {
	Rules   []rules.Promotion
	Command string // that mends it
}

// untestedShown is how many rules an Untested names.
const untestedShown = 12

func (u *Untested) Error() string {
	out := "these rules come to flag, or flag and have changed, and have no backtest on record:"
	for _, p := range u.Rules[:min(len(u.Rules), untestedShown)] {
		how := string(p.From) + " → "
		switch {
		case p.From == "":
			how = "new, "
		case p.From.Flags() && p.To != rules.Hold, p.From == p.To:
			how = "changed, "
		}
		out += fmt.Sprintf("\n  %s (%s%s)", p.Rule, how, p.To)
	}
	if more := len(u.Rules) - untestedShown; more > 0 {
		out += fmt.Sprintf("\n  and %d more", more)
	}
	return out + "\nrun: " + u.Command
}

// Tested returns an *Untested when a step from one ruleset to another lacks a backtest; command puts it on record.
func Tested(old, new *rules.Ruleset, on func(rule, fingerprint string) (bool, error), command string) error {
	var lacking []rules.Promotion
	for _, p := range rules.Promotions(old, new) {
		is, err := on(p.Rule, p.Fingerprint)
		if err != nil {
			return err
		}
		if !is {
			lacking = append(lacking, p)
		}
	}
	if len(lacking) > 0 {
		return &Untested{Rules: lacking, Command: command}
	}
	return nil
}
