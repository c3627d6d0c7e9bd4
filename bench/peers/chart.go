package main

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// A chart is lines over one axis, drawn as SVG.
type chart struct {
	title, x, y string
	logX, logY  bool
	series      []series
}

// A series is one line, of points in the order of x.
type series struct {
	name   string
	points []point
}

type point struct{ x, y float64 }

// The drawing, in pixels.
const (
	width, height              = 760, 340
	left, right, top, bottom   = 78, 210, 54, 45
	plotW, plotH               = width - left - right, height - top - bottom
	labelStep                  = 15
	maxTicks, smallest, within = 6, 1e-9, 1.0001
)

// colours that people who see few colours can tell apart (Okabe and Ito, 2008).
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#888888", "#a0522d", "#6a3d9a"}

const style = `<style>text{font:12px sans-serif;fill:#333}.t{font-size:14px;font-weight:600}.e{text-anchor:end}.m{text-anchor:middle}` +
	`.g{stroke:#8884;stroke-width:1}rect{fill:#fff}@media(prefers-color-scheme:dark){text{fill:#ccc}rect{fill:#0d1117}}</style>`

// svg draws the chart. The same chart gives the same bytes.
func (c chart) svg() string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s">`+"\n%s\n<rect width=\"100%%\" height=\"100%%\"/>\n",
		width, height, html.EscapeString(c.title), style)
	text(&b, "t", left, 20, c.title)
	text(&b, "m", left+plotW/2, height-8, c.x)
	text(&b, "", left, top-14, c.y)
	px, py := c.axes()
	for _, x := range c.values(func(p point) float64 { return p.x }) {
		text(&b, "m", px(x), height-bottom+18, number(x))
	}
	for _, y := range c.ticks() {
		fmt.Fprintf(&b, `<path class="g" d="M%d %.1fH%d"/>`+"\n", left, py(y), left+plotW)
		text(&b, "e", left-6, py(y)+4, number(y))
	}
	for i, s := range c.series {
		c.line(&b, s, colours[i%len(colours)], px, py)
	}
	c.labels(&b, py)
	return b.String() + "</svg>\n"
}

func text(b *strings.Builder, class string, x, y float64, s string) {
	fmt.Fprintf(b, `<text class="%s" x="%.1f" y="%.1f">%s</text>`+"\n", class, x, y, html.EscapeString(s))
}

func (c chart) line(b *strings.Builder, s series, colour string, px, py func(float64) float64) {
	var path []string
	for _, p := range s.points {
		path = append(path, fmt.Sprintf("%.1f %.1f", px(p.x), py(p.y)))
		fmt.Fprintf(b, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", px(p.x), py(p.y), colour)
	}
	fmt.Fprintf(b, `<path d="M%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(path, "L"), colour)
}

// labels names each line at its end, moved down where two would meet.
func (c chart) labels(b *strings.Builder, py func(float64) float64) {
	type label struct {
		y      float64
		name   string
		colour string
	}
	var all []label
	for i, s := range c.series {
		all = append(all, label{py(s.points[len(s.points)-1].y), s.name, colours[i%len(colours)]})
	}
	slices.SortFunc(all, func(a, b label) int { return cmp.Compare(a.y, b.y) })
	at := math.Inf(-1)
	for _, l := range all {
		at = max(l.y, at+labelStep)
		fmt.Fprintf(b, `<circle cx="%d" cy="%.1f" r="4" fill="%s"/>`+"\n", left+plotW+14, at, l.colour)
		text(b, "", left+plotW+22, at+4, l.name)
	}
}

// values are the different ones of all points, in order.
func (c chart) values(of func(point) float64) (all []float64) {
	for _, s := range c.series {
		for _, p := range s.points {
			all = append(all, of(p))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// axes returns where a value is drawn. A linear axis begins at 0. What is 0 on a logarithmic one is drawn at its left
// end, a decade below the least.
func (c chart) axes() (px, py func(float64) float64) {
	xs, ticks := c.values(func(p point) float64 { return p.x }), c.ticks()
	fx := scale(c.logX, xs[0], xs[len(xs)-1], xs)
	fy := scale(c.logY, ticks[0], ticks[len(ticks)-1], nil)
	return func(x float64) float64 { return left + 12 + fx(x)*(plotW-24) }, func(y float64) float64 { return top + (1-fy(y))*plotH }
}

// scale maps from least to most to 0 to 1.
func scale(logarithmic bool, least, most float64, xs []float64) func(float64) float64 {
	if !logarithmic {
		return func(v float64) float64 { return v / most }
	}
	if least == 0 && len(xs) > 1 {
		least = xs[1] / 10
	}
	return func(v float64) float64 { return math.Log(max(v, least)/least) / math.Log(most/least) }
}

// ticks are round values from below the least (0 on a linear axis) to above the most.
func (c chart) ticks() (ticks []float64) {
	ys := c.values(func(p point) float64 { return p.y })
	least, most := max(ys[0], smallest), max(ys[len(ys)-1], smallest)
	if c.logY {
		from, to := math.Floor(math.Log10(least)*within), math.Ceil(math.Log10(most))
		for e := from; e <= to; e++ {
			ticks = append(ticks, math.Pow(10, e))
		}
		return ticks
	}
	step := math.Pow(10, math.Floor(math.Log10(most)))
	for _, part := range []float64{0.1, 0.2, 0.5, 1, 2} {
		if most/(step*part) <= maxTicks {
			step *= part
			break
		}
	}
	for y := 0.0; y < most+step; y += step {
		ticks = append(ticks, y)
	}
	return ticks
}

// number writes a value with as many digits as one reads.
func number(v float64) string {
	switch {
	case v >= 1000:
		s := fmt.Sprintf("%.0f", v)
		for i := len(s) - 3; i > 0; i -= 3 {
			s = s[:i] + "," + s[i:]
		}
		return s
	case v >= 10:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}
