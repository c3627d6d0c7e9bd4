package ingest

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// fields are the members of the schema, as they stand in the input. Nothing else of an object is looked at:
// a member that the schema does not know, an author's name for example, is skipped, not kept.
type fields struct {
	platform, id, revision, postedAt, text, url jsontext.Value
	channel                                     struct{ id, handle, title, kind jsontext.Value }
}

// Decode reads one post from a JSON object (README, "A post as it comes in") through the gate. Members that
// the schema does not name are ignored; a member that appears twice makes the object malformed.
// The error is a *Refusal or an *Invalid.
func Decode(data []byte) (Post, error) {
	if len(data) > MaxLine {
		return Post{}, invalid(ReasonTooLong, "%d bytes; the limit is %d", len(data), MaxLine)
	}
	var f fields
	if err := f.read(data); err != nil {
		return Post{}, invalid(ReasonMalformed, "%s", syntaxDetail(data, err))
	}
	// The kind is settled before any other field is looked at.
	kind, _ := unquote(f.channel.kind)
	if err := admitKind(kind); err != nil {
		return Post{}, err
	}
	raw, err := f.raw(kind, data)
	if err == nil {
		var p Post
		if p, err = Admit(raw); err == nil {
			return p, nil
		}
	}
	var inv *Invalid
	if errors.As(err, &inv) {
		inv.Keep = f.keep()
	}
	return Post{}, err
}

// decoders are used again: a new one for each line would cost more than the line.
var decoders = sync.Pool{New: func() any { return jsontext.NewDecoder(bytes.NewReader(nil)) }}

// read walks the object once. It takes invalid UTF-8, so that the kind of such an object can still be known.
func (f *fields) read(data []byte) error {
	dec := decoders.Get().(*jsontext.Decoder)
	defer decoders.Put(dec)
	dec.Reset(bytes.NewBuffer(data), jsontext.AllowInvalidUTF8(true))
	err := members(dec, data, func(name []byte) *jsontext.Value {
		switch string(name) {
		case "platform":
			return &f.platform
		case "id":
			return &f.id
		case "revision":
			return &f.revision
		case "posted_at":
			return &f.postedAt
		case "text":
			return &f.text
		case "url":
			return &f.url
		}
		return nil
	}, func(name []byte) error {
		if string(name) != "channel" || dec.PeekKind() != '{' {
			return dec.SkipValue()
		}
		return members(dec, data, func(name []byte) *jsontext.Value {
			switch string(name) {
			case "id":
				return &f.channel.id
			case "handle":
				return &f.channel.handle
			case "title":
				return &f.channel.title
			case "kind":
				return &f.channel.kind
			}
			return nil
		}, func([]byte) error { return dec.SkipValue() })
	})
	if err != nil {
		return err
	}
	if _, err := dec.ReadToken(); err != io.EOF {
		return errors.New("something follows the object; one object a line")
	}
	return nil
}

// members reads one object of data: a value where slot names a place for it, else what other does with it. Values
// are parts of data.
func members(dec *jsontext.Decoder, data []byte, slot func([]byte) *jsontext.Value, other func([]byte) error) error {
	tok, err := dec.ReadToken()
	if err != nil {
		return err
	}
	if tok.Kind() != '{' {
		return errors.New("not an object")
	}
	for dec.PeekKind() != '}' {
		quoted, err := dec.ReadValue()
		if err != nil {
			return err
		}
		name := quoted[1 : len(quoted)-1]
		if bytes.IndexByte(name, '\\') >= 0 {
			name, _ = jsontext.AppendUnquote(nil, quoted)
		}
		if to := slot(name); to != nil {
			v, err := dec.ReadValue()
			if err != nil {
				return err
			}
			end := dec.InputOffset()
			*to = data[end-int64(len(v)) : end]
			continue
		}
		if err := other(name); err != nil {
			return err
		}
	}
	_, err = dec.ReadToken()
	return err
}

// raw turns the fields into what Admit takes.
func (f *fields) raw(kind string, data []byte) (Raw, error) {
	raw := Raw{Channel: RawChannel{Kind: kind}}
	if !utf8.Valid(data) {
		return raw, invalid(ReasonUTF8, "not valid UTF-8 at byte %d", firstInvalid(data))
	}
	for _, s := range []struct {
		name string
		from jsontext.Value
		to   *string
	}{
		{"platform", f.platform, &raw.Platform},
		{"channel.id", f.channel.id, &raw.Channel.ID},
		{"channel.handle", f.channel.handle, &raw.Channel.Handle},
		{"channel.title", f.channel.title, &raw.Channel.Title},
		{"id", f.id, &raw.ID},
		{"text", f.text, &raw.Text},
		{"url", f.url, &raw.URL},
	} {
		if s.from == nil || s.from.Kind() == 'n' {
			if s.name == "text" {
				return raw, invalid(ReasonMissingField, "text is missing")
			}
			continue
		}
		v, ok := unquote(s.from)
		if !ok {
			return raw, invalid(ReasonBadField, `%s must be a string, such as "…"`, s.name)
		}
		*s.to = v
	}
	if f.revision != nil {
		n, err := strconv.ParseInt(string(f.revision), 10, 64)
		if err != nil {
			return raw, invalid(ReasonBadField, "revision must be a whole number")
		}
		raw.Revision = n
	}
	at, _ := unquote(f.postedAt)
	if at == "" {
		return raw, invalid(ReasonMissingField, "posted_at is missing")
	}
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return raw, invalid(ReasonBadField, `posted_at is not a time of RFC 3339, such as "2026-11-20T08:15:00Z"`)
	}
	raw.PostedAt = t
	return raw, nil
}

// keep writes the schema's own fields again, byte for byte, for a dead letter. An address with user information
// is left out.
func (f *fields) keep() []byte {
	if bytes.ContainsRune(f.url, '@') {
		f.url = jsontext.Value("null")
	}
	channel := object("id", f.channel.id, "handle", f.channel.handle, "title", f.channel.title, "kind", f.channel.kind)
	return object("platform", f.platform, "channel", channel, "id", f.id, "revision", f.revision,
		"posted_at", f.postedAt, "text", f.text, "url", f.url)
}

// object joins names and values to a JSON object. A composite value that is not one of ours could hold
// anything, so null stands in its place.
func object(namesAndValues ...any) jsontext.Value {
	b := []byte{'{'}
	for i := 0; i < len(namesAndValues); i += 2 {
		name, v := namesAndValues[i].(string), namesAndValues[i+1].(jsontext.Value)
		if v == nil {
			continue
		}
		if k := v.Kind(); name != "channel" && (k == '{' || k == '[') {
			v = jsontext.Value("null")
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, name...)
		b = append(b, '"', ':')
		b = append(b, v...)
	}
	return append(b, '}')
}

// unquote reads a JSON string, and reports whether v is one.
func unquote(v jsontext.Value) (string, bool) {
	if len(v) == 0 || v.Kind() != '"' {
		return "", false
	}
	if s := v[1 : len(v)-1]; bytes.IndexByte(s, '\\') < 0 && utf8.Valid(s) {
		return string(s), true
	}
	s, _ := jsontext.AppendUnquote(nil, v) // what is not UTF-8 has been, or will be, refused
	return string(s), true
}

// syntaxDetail says where the syntax breaks, without a word of what stands there.
func syntaxDetail(data []byte, err error) string {
	var syn *jsontext.SyntacticError
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return "a member appears twice"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the object ends early, at byte " + strconv.Itoa(len(data))
	case errors.As(err, &syn):
		return "not JSON at byte " + strconv.FormatInt(syn.ByteOffset, 10)
	}
	return err.Error()
}

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(data)
}
