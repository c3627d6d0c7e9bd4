package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress is a bar on a terminal that appears when the work takes longer than a second.
type progress struct {
	what  string
	to    io.Writer // nil when there is no terminal
	began time.Time
	bar   *progressbar.ProgressBar
}

func newProgress(to io.Writer, what string) *progress {
	p := &progress{what: what, began: time.Now()}
	if isTerminal(to) {
		p.to = to
	}
	return p
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// set says that so many bytes of total are done; total is -1 when nobody knows.
func (p *progress) set(done, total int64) {
	if p.to == nil {
		return
	}
	if p.bar == nil {
		if time.Since(p.began) < time.Second {
			return
		}
		p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(p.to), progressbar.OptionSetDescription(p.what),
			progressbar.OptionShowBytes(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	_ = p.bar.Set64(done)
}

func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
