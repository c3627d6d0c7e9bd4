package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// A pack is some posts in one message on the wire, because the number of messages is what costs there. Version 1:
//
//	pack   = %x53 %x01 count *( size post )          ; "S", version
//	post   = kind revision posted_at 7( size bytes ) ; kind %x01 is public_channel, the only one
//
// count, size and revision are unsigned, posted_at (milliseconds) is a signed varint, as in encoding/binary.
// The seven strings are platform, channel id, handle, title, post id, text, URL. Every post carries its size,
// so that one that cannot be read does not hide its neighbours.
const (
	packMagic   = 0x53
	packVersion = 1
	packKind    = 1 // public_channel
)

// Limits of a pack, also for the decoder.
const (
	MaxPackPosts = 1024
	MaxPackBytes = 960 << 10 // below the broker's default limit of 1 MiB for a message
)

// AppendPack appends p to a pack that NewPack began.
func AppendPack(pack []byte, p Post) []byte {
	strs := [7]string{p.platform, p.channel.ID, p.channel.Handle, p.channel.Title, p.id, p.text, p.url}
	size := 1 + uvarintLen(uint64(p.revision)) + varintLen(p.postedAt)
	for _, s := range strs {
		size += uvarintLen(uint64(len(s))) + len(s)
	}
	pack = binary.AppendUvarint(pack, uint64(size))
	pack = append(pack, packKind)
	pack = binary.AppendUvarint(pack, uint64(p.revision))
	pack = binary.AppendVarint(pack, p.postedAt)
	for _, s := range strs {
		pack = binary.AppendUvarint(pack, uint64(len(s)))
		pack = append(pack, s...)
	}
	return pack
}

// PackHeader begins a pack of n posts.
func PackHeader(b []byte, n int) []byte {
	return binary.AppendUvarint(append(b, packMagic, packVersion), uint64(n))
}

// ErrPack says that a message is no pack that this version can read.
var ErrPack = errors.New("not a pack of posts")

// DecodePack reads a pack and passes every post in it through the gate. It calls each with the post or with the
// error for it (a *Refusal or an *Invalid) and the bytes it was read from, which are data's own. The strings of
// all the posts share one copy of data. It returns ErrPack, with what is wrong, when the frame itself is broken.
func DecodePack(data []byte, each func(p Post, raw []byte, err error)) error {
	if len(data) < 3 || data[0] != packMagic || data[1] != packVersion {
		return fmt.Errorf("%w: no header of version %d", ErrPack, packVersion)
	}
	if len(data) > MaxPackBytes {
		return fmt.Errorf("%w: %d bytes; the limit is %d", ErrPack, len(data), MaxPackBytes)
	}
	r := reader{rest: string(data[2:])}
	n := r.uvarint()
	if n > MaxPackPosts {
		return fmt.Errorf("%w: %d posts; the limit is %d", ErrPack, n, MaxPackPosts)
	}
	for i := range n {
		body := r.str()
		if r.bad {
			return fmt.Errorf("%w: post %d of %d ends early", ErrPack, i+1, n)
		}
		at := len(data) - len(r.rest)
		p, err := DecodePacked(body)
		each(p, data[at-len(body):at], err)
	}
	if r.rest != "" {
		return fmt.Errorf("%w: %d bytes follow the last post", ErrPack, len(r.rest))
	}
	return nil
}

// DecodePacked reads one post of a pack, through the gate.
func DecodePacked(body string) (Post, error) {
	r := reader{rest: body}
	raw := Raw{}
	if r.byte() == packKind {
		raw.Channel.Kind = KindPublicChannel
	}
	raw.Revision = int64(r.uvarint())
	raw.PostedAt = time.UnixMilli(r.varint()).UTC()
	for _, to := range [7]*string{&raw.Platform, &raw.Channel.ID, &raw.Channel.Handle, &raw.Channel.Title,
		&raw.ID, &raw.Text, &raw.URL} {
		*to = r.str()
	}
	if err := admitKind(raw.Channel.Kind); err != nil {
		return Post{}, err
	}
	if r.bad || r.rest != "" {
		return Post{}, invalid(ReasonMalformed, "a post of %d bytes in a pack cannot be read", len(body))
	}
	return Admit(raw)
}

// reader reads varints and strings from a string; bad is set once something does not fit.
type reader struct {
	rest string
	bad  bool
}

func (r *reader) byte() byte {
	if r.rest == "" {
		r.bad = true
		return 0
	}
	c := r.rest[0]
	r.rest = r.rest[1:]
	return c
}

func (r *reader) uvarint() (v uint64) {
	for shift := 0; shift < 64; shift += 7 {
		c := r.byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	r.bad = true
	return 0
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *reader) str() string {
	n := r.uvarint()
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return ""
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

func uvarintLen(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

func varintLen(v int64) int { return uvarintLen(uint64(v)<<1 ^ uint64(v>>63)) }
