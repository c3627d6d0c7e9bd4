package index

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"saring/filter"
)

// textExcerpt is how much of a post a terminal gets to see, in bytes.
const textExcerpt = 300

// Escape sequences of a terminal.
const (
	bold     = "\x1b[1m"
	dim      = "\x1b[2m"
	hitColor = "\x1b[1;33m"
	queryMk  = "\x1b[4;36m"
	reset    = "\x1b[0m"
)

// WriteText writes a result for a terminal: a line and an excerpt for each flag, then how many there are. In color
// a rule's hits and the query's matches are highlighted; without, they stand in [ ] and { }. Characters of a post
// that would control the terminal are replaced.
func WriteText(w io.Writer, r Result, color bool) error {
	b := bufio.NewWriter(w)
	for _, h := range r.Hits {
		writeHit(b, h, color)
	}
	switch {
	case r.Total == 0:
		fmt.Fprintln(b, "no flag matches")
	case r.Pages > 1:
		fmt.Fprintf(b, "%d flags, page %d of %d\n", r.Total, r.Page, r.Pages)
	case r.Total == 1:
		fmt.Fprintln(b, "1 flag")
	default:
		fmt.Fprintf(b, "%d flags\n", r.Total)
	}
	return b.Flush()
}

func writeHit(b *bufio.Writer, h Hit, color bool) {
	head := fmt.Sprintf("%s  %s  %s  %s  %s", h.Flag.FlaggedAt.In(WIB).Format("2006-01-02 15:04 WIB"),
		h.Flag.Severity, h.Flag.Category, h.Status, place(&h.Flag))
	fmt.Fprintln(b, styled(bold, harmless(head), color))
	b.WriteString("  ")
	for _, s := range Excerpt(h.Spans, textExcerpt) {
		b.WriteString(marker(s, color))
	}
	b.WriteByte('\n')
	tail := fmt.Sprintf("  score %.1f  rules %s  flag %s", h.Flag.Score, strings.Join(ruleIDs(&h.Flag), ", "), h.Flag.ID)
	if h.Decision != nil {
		tail += fmt.Sprintf("  %s for %s at %s", h.Decision.Outcome, h.Decision.Reason, h.Decision.DecidedAt.UTC().Format(time.RFC3339))
	}
	fmt.Fprintln(b, styled(dim, harmless(tail), color))
	b.WriteByte('\n')
}

// place is the public address of the post, or its key.
func place(f *filter.Flag) string {
	if u := f.Post.URL(); u != "" {
		return u
	}
	return f.Post.Key()
}

func marker(s Span, color bool) string {
	text := harmless(s.Text)
	switch {
	case s.Kind == RuleHit && color:
		return styled(hitColor, text, true)
	case s.Kind == QueryMatch && color:
		return styled(queryMk, text, true)
	case s.Kind == RuleHit:
		return "[" + text + "]"
	case s.Kind == QueryMatch:
		return "{" + text + "}"
	}
	return text
}

func styled(style, text string, color bool) string {
	if !color {
		return text
	}
	return style + text + reset
}

// harmless replaces line breaks by spaces, and everything else that controls a terminal or turns its direction.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			return '\ufffd'
		}
		return r
	}, s)
}
