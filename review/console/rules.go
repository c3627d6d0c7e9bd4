package console

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"slices"
	"time"

	"saring/review/index"
	"saring/rules"
)

// RulesInUse are the rules by which posts are judged now.
type RulesInUse struct {
	Version string
	Filters int // processes that judge by them; 0: the next one to start would
	Rules   []Rule
}

// A Rule is a rule in use and what is on record of it.
type Rule struct {
	rules.Rule           // as its author has it
	Brake      *Brake    // what holds it in shadow; nil for nothing
	Tested     time.Time // of the backtest on record; zero for none
	Posts      int       // in that backtest
}

// A Brake holds a rule in shadow that fired too much.
type Brake struct {
	Rule   string
	Reason string // in English
	At     time.Time
}

// How long the desk goes by what it was last told, and how long it waits to be told.
const (
	brakesGood, brakesWait       = 5 * time.Second, time.Second
	rulesGood, rulesWait         = 5 * time.Second, 10 * time.Second
	precisionGood, precisionWait = 15 * time.Second, 10 * time.Second
)

// soon is how long before its expiry a rule is marked.
const soon = 30 * 24 * time.Hour

// learn sets up what the desk asks for and keeps for some seconds.
func (d *desk) learn() {
	d.brakes = &kept[[]Brake]{ask: noted(d, "the brakes", d.Config.Brakes), good: brakesGood, wait: brakesWait}
	d.rules = &kept[RulesInUse]{ask: noted(d, "the rules in use", d.Config.Rules), good: rulesGood, wait: rulesWait}
	d.precision = &kept[map[string]index.Precision]{ask: noted(d, "the rules' precision", d.Index.Precision), good: precisionGood, wait: precisionWait}
}

// noted writes into the log what went wrong.
func noted[T any](d *desk, what string, ask func(context.Context) (T, error)) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) {
		v, err := ask(ctx)
		if err != nil {
			d.Log.Warn("desk: "+what+" cannot be told", "error", err)
		}
		return v, err
	}
}

// measured is a rule's precision in whole per cent, as it is written and drawn.
type measured struct {
	index.Precision
	Share, Low, High int
}

func measure(p index.Precision) measured {
	percent := func(f float64) int { return int(math.Round(100 * f)) }
	share, low, high := p.Interval()
	return measured{p, percent(share), percent(low), percent(high)}
}

// Width is that of the interval.
func (m measured) Width() int { return max(m.High-m.Low, 1) }

// Mark is where the share is drawn, two per cent wide.
func (m measured) Mark() int { return min(max(m.Share-1, 0), 98) }

// precisionOf is the measured precision of every rule that has a flag; false when it cannot be told.
func (d *desk) precisionOf(ctx context.Context) (map[string]measured, bool) {
	a := d.precision.get(ctx)
	out := make(map[string]measured, len(a.value))
	for id, p := range a.value {
		out[id] = measure(p)
	}
	return out, a.known()
}

// The orders of the page.
const (
	byCategory  = "category"
	byFlags     = "flags"     // the most first
	byPrecision = "precision" // the lowest first, those without a decision last
	byExpiry    = "expires"   // the next first
)

var ruleOrders = []string{byCategory, byFlags, byPrecision, byExpiry}

// rulesData is for the page of the rules in use.
type rulesData struct {
	Off      bool      // this process has nobody to ask
	Unknown  bool      // nothing was told, now or before
	Old      time.Time // when it was told, if it cannot be told now
	Measured bool      // whether the precision is known
	Orders   []string
	By       string
	InUse    RulesInUse
	Braked   int
	Groups   []ruleGroup
}

// A ruleGroup is the rules of a category, or all of them.
type ruleGroup struct {
	Category rules.Category // "" for all
	Rules    []ruleRow
}

type ruleRow struct {
	Rule
	Measured measured
	Expired  bool
	Days     int // until it expires, when that is soon; else 0
}

// rulesPage shows the rules in use.
func (d *desk) rulesPage(w http.ResponseWriter, r *http.Request) {
	data := rulesData{Off: d.Config.Rules == nil, Orders: ruleOrders, By: r.URL.Query().Get("by")}
	if !slices.Contains(ruleOrders, data.By) {
		data.By = byCategory
	}
	if !data.Off {
		a := d.rules.get(r.Context())
		data.Unknown = !a.known()
		if a.err != nil {
			data.Old = a.at
		}
		var precision map[string]measured
		precision, data.Measured = d.precisionOf(r.Context())
		data.fill(a.value, precision, time.Now().UTC())
	}
	d.render(w, r, http.StatusOK, "rules.html", "rules.title", data)
}

func (data *rulesData) fill(now RulesInUse, precision map[string]measured, at time.Time) {
	data.InUse = now
	all := make([]ruleRow, 0, len(now.Rules))
	for _, r := range now.Rules {
		row := ruleRow{Rule: r, Measured: precision[r.ID]}
		row.Expired, row.Days = expiry(r.Expires, at)
		all = append(all, row)
		if r.Brake != nil {
			data.Braked++
		}
	}
	slices.SortStableFunc(all, ruleOrder(data.By))
	if data.By != byCategory {
		data.Groups = []ruleGroup{{Rules: all}}
		return
	}
	for _, c := range rules.Categories {
		g := ruleGroup{Category: c}
		for _, row := range all {
			if row.Category == c {
				g.Rules = append(g.Rules, row)
			}
		}
		if len(g.Rules) > 0 {
			data.Groups = append(data.Groups, g)
		}
	}
}

// expiry reports whether a rule has expired, and else in how many days it will, if that is soon. From its day on it has
// expired, as lint has it.
func expiry(day string, now time.Time) (expired bool, days int) {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return false, 0
	}
	left := t.Sub(now)
	if left <= 0 || left > soon {
		return left <= 0, 0
	}
	return false, int(math.Ceil(left.Hours() / 24))
}

// ruleOrder compares rows. In a category those that are braked come first.
func ruleOrder(by string) func(x, y ruleRow) int {
	return func(x, y ruleRow) int {
		switch by {
		case byFlags:
			return cmp.Compare(y.Measured.Flags, x.Measured.Flags)
		case byPrecision:
			return cmp.Or(compareBool(x.Measured.Decided() == 0, y.Measured.Decided() == 0), cmp.Compare(x.Measured.Share, y.Measured.Share),
				cmp.Compare(x.Measured.Low, y.Measured.Low))
		case byExpiry:
			return cmp.Or(compareBool(x.Expires == "", y.Expires == ""), cmp.Compare(x.Expires, y.Expires))
		}
		return compareBool(x.Brake == nil, y.Brake == nil)
	}
}

// compareBool puts false first.
func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case y:
		return -1
	}
	return 1
}

// banner is the brakes that every page tells of.
func (d *desk) banner(ctx context.Context) banner {
	if d.Config.Brakes == nil {
		return banner{}
	}
	all := d.brakes.get(ctx).value
	return banner{All: all, First: all[:min(len(all), bannerRules)]}
}

// bannerRules is how many rules the banner names.
const bannerRules = 4

type banner struct{ All, First []Brake }

// More is how many rules it does not name.
func (b banner) More() int { return len(b.All) - len(b.First) }
