package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Lines reads lines of at most MaxLine bytes. A longer one is skipped without being held in memory.
type Lines struct {
	r      *bufio.Reader
	line   int
	offset int64
	err    error
}

// NewLines reads from r, whose first byte is at that offset and in the line after that one.
func NewLines(r io.Reader, line int, offset int64) *Lines {
	return &Lines{r: bufio.NewReaderSize(r, MaxLine+2), line: line, offset: offset}
}

// Line is the number of the line that Next returned last, from 1.
func (l *Lines) Line() int { return l.line }

// Offset is the number of bytes up to the end of that line.
func (l *Lines) Offset() int64 { return l.offset }

// Next returns the next line without its end, valid until the next call. Blank lines are skipped. For a line that
// is too long it returns an *Invalid, and the one after it comes next. At the end it returns io.EOF.
func (l *Lines) Next() ([]byte, error) {
	for l.err == nil {
		data, err := l.r.ReadSlice('\n')
		size := int64(len(data))
		tooLong := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			data, err = l.r.ReadSlice('\n')
			size += int64(len(data))
		}
		l.err = err
		if size == 0 {
			break
		}
		l.line++
		l.offset += size
		if tooLong {
			return nil, &Invalid{Reason: ReasonTooLong, Detail: fmt.Sprintf("the line has %d bytes; the limit is %d", size, MaxLine)}
		}
		if l.line == 1 {
			data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
		}
		if data = bytes.TrimSpace(data); len(data) > 0 {
			return data, nil
		}
	}
	return nil, l.err
}

// Buffered reports whether another line may be had without waiting for the reader.
func (l *Lines) Buffered() bool { return l.r.Buffered() > 0 }
