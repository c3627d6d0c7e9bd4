package telegram

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/go-json-experiment/json/jsontext"
)

// maxExported bounds what is held of a file at once: one message, or one other value of it. In bytes.
const maxExported = 4 << 20

// A scan reads a file's one object, with bounded memory. Duplicate names and bad UTF-8 are no errors here: they are
// the matter of the message in which they stand.
type scan struct {
	dec   *jsontext.Decoder
	bound *bound
}

func newScan(file *os.File) (*scan, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	b := &bound{r: file, left: maxExported}
	return &scan{dec: jsontext.NewDecoder(b, lenient), bound: b}, nil
}

// members calls each with the name of every member of the object; each reads the value.
func (s *scan) members(each func(name string) error) error {
	if kind := s.dec.PeekKind(); kind != '{' && kind != 0 {
		return errors.New("not an object; name the result.json that Telegram Desktop wrote")
	}
	if _, err := s.dec.ReadToken(); err != nil {
		return err
	}
	for s.dec.PeekKind() != '}' {
		s.bound.left = maxExported
		name, err := s.dec.ReadToken()
		if err != nil {
			return err
		}
		if err := each(name.String()); err != nil {
			return err
		}
	}
	_, err := s.dec.ReadToken()
	return err
}

// elements calls each for every element of an array; each reads it.
func (s *scan) elements(ctx context.Context, each func(i int) error) error {
	if s.dec.PeekKind() != '[' {
		return errors.New("its messages are no list; this is no export of Telegram Desktop")
	}
	if _, err := s.dec.ReadToken(); err != nil {
		return err
	}
	for i := 0; s.dec.PeekKind() != ']'; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.bound.left = maxExported
		if err := each(i); err != nil {
			return err
		}
	}
	_, err := s.dec.ReadToken()
	return err
}

func (s *scan) value() (jsontext.Value, error) {
	v, err := s.dec.ReadValue()
	return v.Clone(), err
}

// text reads a string; "" when the value is none.
func (s *scan) text() (string, error) {
	v, err := s.dec.ReadValue()
	if err != nil || v.Kind() != '"' {
		return "", err
	}
	return unquoted(v), nil
}

// bound fails with errTooBig when more than left bytes are read; the scan sets that anew for each value.
type bound struct {
	r    io.Reader
	left int
}

func (b *bound) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooBig
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
