package accuracy

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed report.html
var pageSource string

var page = template.Must(template.New("report").Funcs(template.FuncMap{
	"bar":     func(s Section, l *Line) bar { return newBar(s.Scale, l) },
	"percent": percent,
	"ticks":   func(s Section) []tick { return ticks(s.Scale) },
	"missed":  missedBySection,
	"short": func(g *Goal) string {
		if g.AtLeast {
			return fmt.Sprintf("≥ %g %%", 100*g.Limit)
		}
		return fmt.Sprintf("≤ %g %%", 100*g.Limit)
	},
	"interval": func(r Rate) string {
		low, high := r.Interval()
		return fmt.Sprintf("%.2f – %.2f\u00a0%%", 100*low, 100*high)
	},
}).Parse(pageSource))

// WriteHTML writes the report as one page that needs nothing else: no script, no other file.
func (r Report) WriteHTML(w io.Writer) error { return page.Execute(w, r) }

func percent(share float64) string { return fmt.Sprintf("%.2f\u00a0%%", 100*share) }

// The drawing of a line, in units of its SVG.
const (
	plotLeft  = 8.0
	plotWidth = 244.0
)

// bar is where a line's marks stand.
type bar struct {
	Width, Low, High, List, Narrow, Goal float64
	Over, HasGoal                        bool // Over: over the right end of the scale
	Says                                 string
}

func newBar(scale float64, l *Line) bar {
	x := func(share float64) float64 { return plotLeft + plotWidth*min(share/scale, 1) }
	low, high := l.Filter.Interval()
	share, list, narrow := l.Filter.Share(), l.List.Share(), l.Narrow.Share()
	b := bar{
		Width: x(share) - plotLeft, Low: x(low), High: x(high), List: x(list), Narrow: x(narrow), Over: share > scale,
		Says: fmt.Sprintf("%s, interval %s to %s; word list %s, narrow %s", percent(share), percent(low), percent(high), percent(list), percent(narrow)),
	}
	if l.Goal != nil {
		b.HasGoal, b.Goal = true, x(l.Goal.Limit)
	}
	return b
}

// missed is what a section has not reached.
type missed struct{ ID, Title, Lines string }

func missedBySection(r Report) (out []missed) {
	r.Missed(func(s Section, l *Line) {
		line := l.Whole() + " " + percent(l.Filter.Share())
		if n := len(out); n > 0 && out[n-1].ID == s.ID {
			out[n-1].Lines += "; " + line
			return
		}
		out = append(out, missed{s.ID, s.Title, line})
	})
	return out
}

// tick is a mark of the scale.
type tick struct {
	X      float64
	Label  string
	Anchor string
}

func ticks(scale float64) []tick {
	at := func(part float64, anchor string) tick {
		return tick{plotLeft + plotWidth*part, fmt.Sprintf("%g %%", 100*scale*part), anchor}
	}
	return []tick{at(0, "start"), at(0.5, "middle"), at(1, "end")}
}
