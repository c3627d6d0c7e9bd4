package telegram

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"saring/ingest"

	"github.com/go-json-experiment/json/jsontext"
)

// ErrRefused says that a file is not the export of a public channel. Trying again will not help.
var ErrRefused = fmt.Errorf("refused: %w", ingest.ErrFinal)

// An Export reads the result.json that Telegram Desktop writes for one chat ("Export chat history", machine-readable
// JSON), to its end. The file is read twice: once to see what it is of, and that it is whole, before anything of it
// is offered; then message by message, so that its size does not matter. Anything but the export of one public channel
// is refused as a whole, above all the export of an account.
//
// The export does not name the channel's username, so its posts have neither handle nor URL; the id of the channel is
// that of the Bot API.
type Export struct {
	Path string
	// Progress, if set, is told how many bytes of how many have been committed.
	Progress func(done, total int64)
	// Done, if set, is told what was read in this run, and whether an earlier run had read some of it.
	Done func(total ingest.Tally, resumed bool)
}

// exportChunk is how many messages are committed at once.
const exportChunk = 1024

// Kind is the label of the metrics.
func (e *Export) Kind() string { return "telegram_export" }

// Name holds the absolute path, so that the cursor survives another working directory.
func (e *Export) Name() string {
	if abs, err := filepath.Abs(e.Path); err == nil {
		return e.Kind() + ":" + abs
	}
	return e.Kind() + ":" + e.Path
}

// exportCursor is where a file was left. Like ingest.File's it holds a hash of the file's head, and here also of its
// tail and size, because an export that is made again has the same head: another file begins anew. The place is a
// number of messages; they are skipped over unread, since a JSON file cannot be entered in the middle.
type exportCursor struct {
	File    []byte `json:"file"`
	Index   int    `json:"index"`             // messages that are done
	End     bool   `json:"end,omitempty"`     // all of them
	Refused string `json:"refused,omitempty"` // why, so that the refusal is counted once
}

// Run reads on from the cursor. The error of a file that is not the export of a public channel is ErrRefused.
func (e *Export) Run(ctx context.Context, in *ingest.Intake) error {
	file, err := os.Open(e.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		return fmt.Errorf("%s is a folder; name the result.json in it", e.Path)
	}
	cur, err := e.resume(ctx, in, file, info.Size())
	switch {
	case err != nil:
		return err
	case cur.Refused != "":
		return e.refused(cur.Refused)
	}
	total, resumed := ingest.Tally{}, cur.Index > 0 || cur.End
	if !cur.End {
		if total, err = e.read(ctx, in, file, info.Size(), &cur); err != nil {
			return cmp.Or(ctx.Err(), err)
		}
	}
	if e.Done != nil {
		e.Done(total, resumed)
	}
	return nil
}

func (e *Export) refused(why string) error {
	return fmt.Errorf("%s: %w: %s; export the public channel alone, as JSON", e.Path, ErrRefused, why)
}

// read goes over the file twice.
func (e *Export) read(ctx context.Context, in *ingest.Intake, file *os.File, size int64, cur *exportCursor) (ingest.Tally, error) {
	head, err := inspect(ctx, file)
	if err != nil {
		return ingest.Tally{}, e.broken(err)
	}
	if why := head.refusal(); why != "" {
		batch := in.Batch(e.Kind())
		if err := batch.Raw(ctx, ingest.Raw{Channel: ingest.RawChannel{Kind: head.gateKind()}}, e.Name()); err != nil {
			return batch.Tally, err
		}
		cur.Refused = why
		if err := e.save(ctx, in, *cur); err != nil {
			return batch.Tally, err
		}
		return batch.Tally, e.refused(why)
	}
	if head.channelID() == "" {
		return ingest.Tally{}, fmt.Errorf("%s: the export has no id of the channel, so its posts cannot be told from others'; export again", e.Path)
	}
	w := &exportRun{Export: e, in: in, head: head, size: size, cur: cur}
	w.batch = in.Batch(e.Kind())
	err = eachMessage(ctx, file, cur.Index, w.offer)
	if err != nil && !errors.As(err, new(*offerError)) {
		err = e.broken(err)
	}
	if err == nil {
		cur.End = true
		err = w.commit(ctx, size)
	}
	return w.total, err
}

// broken explains an error of the JSON, without a word of what stands there.
func (e *Export) broken(err error) error {
	var syn *jsontext.SyntacticError
	switch {
	case errors.Is(err, errTooBig):
		return fmt.Errorf("%s: a value in it is over %d bytes; no message is that long, so this is no export of Telegram Desktop", e.Path, maxExported)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%s: the file ends early, nothing more of it is read; export again, or copy it again", e.Path)
	case errors.As(err, &syn):
		return fmt.Errorf("%s: not JSON at byte %d; name the result.json that Telegram Desktop wrote", e.Path, syn.ByteOffset)
	}
	return fmt.Errorf("%s: %w", e.Path, err)
}

func (e *Export) resume(ctx context.Context, in *ingest.Intake, file *os.File, size int64) (exportCursor, error) {
	mark, err := fingerprint(file, size)
	fresh := exportCursor{File: mark}
	if err != nil {
		return fresh, err
	}
	data, err := in.Load(ctx, e.Name())
	if err != nil || data == nil {
		return fresh, err
	}
	var cur exportCursor
	if err := json.Unmarshal(data, &cur); err != nil {
		return fresh, fmt.Errorf("the cursor of %s cannot be read: %w", e.Name(), err)
	}
	if string(cur.File) != string(mark) {
		return fresh, nil
	}
	return cur, nil
}

func (e *Export) save(ctx context.Context, in *ingest.Intake, cur exportCursor) error {
	data, err := json.Marshal(cur)
	if err != nil {
		return err
	}
	return in.Save(ctx, e.Name(), data)
}

// fingerprint tells files apart by their size, their first and their last 4 KiB.
func fingerprint(file io.ReaderAt, size int64) ([]byte, error) {
	const part = 4 << 10
	h := sha256.New()
	fmt.Fprintln(h, size)
	for _, at := range []int64{0, max(0, size-part)} {
		if _, err := io.Copy(h, io.NewSectionReader(file, at, part)); err != nil {
			return nil, err
		}
	}
	return h.Sum(nil), nil
}

// An exportRun is the second time over a file.
type exportRun struct {
	*Export
	in    *ingest.Intake
	head  exportHead
	size  int64
	cur   *exportCursor
	batch *ingest.Batch
	n     int // messages in the batch
	total ingest.Tally
}

// offerError tells an error of the wire from one of the file.
type offerError struct{ error }

func (e *offerError) Unwrap() error { return e.error }

// offer takes one message; at is where it ends in the file.
func (w *exportRun) offer(ctx context.Context, index int, data jsontext.Value, at int64) error {
	if err := offerExported(ctx, w.batch, w.head, data, w.Name()+":"+itoa(int64(index))); err != nil {
		return &offerError{err}
	}
	if w.n++; w.n < exportChunk {
		return nil
	}
	if err := w.commit(ctx, at); err != nil {
		return &offerError{err}
	}
	return nil
}

// commit makes the batch durable, moves the cursor behind it and begins the next.
func (w *exportRun) commit(ctx context.Context, at int64) error {
	if err := w.batch.Commit(ctx); err != nil {
		return err
	}
	w.count(w.batch.Tally)
	w.cur.Index += w.n
	if err := w.save(ctx, w.in, *w.cur); err != nil {
		return err
	}
	w.batch, w.n = w.in.Batch(w.Kind()), 0
	if w.Progress != nil {
		w.Progress(at, w.size)
	}
	return nil
}

func (w *exportRun) count(t ingest.Tally) {
	w.total.Accepted += t.Accepted
	w.total.Refused += t.Refused
	w.total.Invalid += t.Invalid
	w.total.Errors = append(w.total.Errors, t.Errors[:min(len(t.Errors), ingest.MaxErrors-len(w.total.Errors))]...)
}
