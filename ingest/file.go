package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// chunk is how many lines a file source commits at once.
const chunk = 4096

// A File reads posts from NDJSON, to its end.
type File struct {
	Path string
	// Data, if set, is read instead of the file: the sample that comes with the binary.
	Data []byte
	// Progress, if set, is told how many bytes of how many have been committed.
	Progress func(done, total int64)
	// Done, if set, is told what was read in this run, and whether an earlier run had read some of it.
	Done func(total Tally, resumed bool)
}

func (f *File) Kind() string {
	if f.Data != nil {
		return "sample"
	}
	return "file"
}

// Name holds the absolute path, so that the cursor survives another working directory.
func (f *File) Name() string {
	if abs, err := filepath.Abs(f.Path); err == nil && f.Data == nil {
		return "file:" + abs
	}
	return f.Kind() + ":" + f.Path
}

// fileCursor is where a file was left.
type fileCursor struct {
	Offset int64  `json:"offset"` // bytes
	Line   int    `json:"line"`
	Head   []byte `json:"head"` // SHA-256 of the first bytes, at most headSize: another file begins anew
}

const headSize = 4 << 10

// contents is what a File reads.
type contents interface {
	io.ReadSeeker
	io.ReaderAt
}

// Run reads on from the cursor. A file that begins otherwise than the one the cursor was made for, or that has
// become shorter, is read from its start.
func (f *File) Run(ctx context.Context, in *Intake) error {
	if f.Data != nil {
		return f.read(ctx, in, bytes.NewReader(f.Data), int64(len(f.Data)))
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fmt.Errorf("%s is a folder; name a file of posts, one JSON object a line", f.Path)
	}
	return f.read(ctx, in, file, info.Size())
}

func (f *File) read(ctx context.Context, in *Intake, file contents, size int64) error {
	cur, err := f.resume(ctx, in, file, size)
	if err != nil {
		return err
	}
	if _, err := file.Seek(cur.Offset, io.SeekStart); err != nil {
		return err
	}
	lines := NewLines(file, cur.Line, cur.Offset)
	total, resumed := Tally{}, cur.Offset > 0
	for more := true; more; {
		b := in.Batch(f.Kind())
		if more, err = b.Lines(ctx, lines, f.Name(), chunk); err != nil {
			return err
		}
		if err := b.Commit(ctx); err != nil {
			return err
		}
		total.add(b.Tally)
		if err := f.save(ctx, in, file, lines); err != nil {
			return err
		}
		if f.Progress != nil {
			f.Progress(lines.Offset(), size)
		}
	}
	if f.Done != nil {
		f.Done(total, resumed)
	}
	return nil
}

func (f *File) resume(ctx context.Context, in *Intake, file contents, size int64) (fileCursor, error) {
	var cur fileCursor
	data, err := in.Load(ctx, f.Name())
	if err != nil || data == nil {
		return cur, err
	}
	if err := json.Unmarshal(data, &cur); err != nil {
		return fileCursor{}, fmt.Errorf("the cursor of %s cannot be read: %w", f.Name(), err)
	}
	head, err := fileHead(file, cur.Offset)
	if err != nil {
		return fileCursor{}, err
	}
	if cur.Offset > size || !bytes.Equal(head, cur.Head) {
		return fileCursor{}, nil
	}
	return cur, nil
}

func (f *File) save(ctx context.Context, in *Intake, file contents, lines *Lines) error {
	head, err := fileHead(file, lines.Offset())
	if err != nil {
		return err
	}
	data, err := json.Marshal(fileCursor{Offset: lines.Offset(), Line: lines.Line(), Head: head})
	if err != nil {
		return err
	}
	return in.Save(ctx, f.Name(), data)
}

// fileHead hashes the first bytes of a file, of those before the offset.
func fileHead(file io.ReaderAt, offset int64) ([]byte, error) {
	h := sha256.New()
	_, err := io.Copy(h, io.NewSectionReader(file, 0, min(offset, headSize)))
	return h.Sum(nil), err
}

// A Stream reads posts from a stream that cannot be read again, such as standard input, as they come.
type Stream struct {
	From io.Reader
	Done func(total Tally, resumed bool)
}

func (s *Stream) Kind() string { return "stdin" }
func (s *Stream) Name() string { return "stdin" }

// Run reads to the end of the stream. A read that waits for its writer outlives ctx; the process ends it.
func (s *Stream) Run(ctx context.Context, in *Intake) error {
	ended := make(chan error, 1)
	total := Tally{}
	go func() {
		lines := NewLines(s.From, 0, 0)
		for more := true; more; {
			b := in.Batch(s.Kind())
			var err error
			if more, err = b.Lines(ctx, lines, "-", chunk); err == nil {
				err = b.Commit(ctx)
			}
			if err != nil {
				ended <- err
				return
			}
			total.add(b.Tally)
		}
		ended <- nil
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-ended:
		if err == nil && s.Done != nil {
			s.Done(total, false)
		}
		return err
	}
}
