package filter

import (
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// series is every series of a registry with its value: name{label=value,…}.
func series(t testing.TB, r *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			all[family.GetName()+"{"+strings.Join(labels, ",")+"}"] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return all
}

func wantSeries(t testing.TB, r *prometheus.Registry, want map[string]float64) {
	t.Helper()
	got := series(t, r)
	for name, v := range want {
		if got[name] != v {
			t.Errorf("%s is %v, want %v", name, got[name], v)
		}
	}
}

// TestSwap replaces the ruleset in use with a good one, and with bad ones, which change nothing but a counter.
func TestSwap(t *testing.T) {
	one := ruleset(t, map[string]string{"a.yml": `
title: One
rules:
  - {id: one, title: t, category: threat, severity: low, when: satu, match: [satu], pass: [dua]}
  - {id: quiet, title: t, status: shadow, category: threat, severity: low, when: sunyi, match: [sunyi], pass: [dua]}
`})
	two := ruleset(t, map[string]string{"a.yml": `
title: Two
rules:
  - {id: two, title: t, category: financing, severity: high, when: dua, match: [dua], pass: [satu]}
`})
	untrue := ruleset(t, map[string]string{"a.yml": `
title: A rule that does not hold
rules:
  - {id: three, title: t, category: threat, severity: low, when: tiga, match: [empat], pass: [satu]}
`})
	wordless := ruleset(t, map[string]string{"a.yml": `
title: A term that cannot be looked for
rules:
  - {id: four, title: t, category: threat, severity: low, when: "...", match: [satu], pass: [dua]}
`})
	reg := prometheus.NewRegistry()
	live, err := NewLive(one, Words, NewMetrics(reg))
	if err != nil {
		t.Fatal(err)
	}
	wantSeries(t, reg, map[string]float64{
		"saring_ruleset_info{version=" + one.Version + "}": 1, "saring_ruleset_size{kind=rules}": 2, "saring_ruleset_size{kind=terms}": 2,
		"saring_ruleset_reloads_total{result=accepted}": 1,
	})

	for _, bad := range []struct {
		name string
		err  error
		want string
	}{
		{"does not hold", live.Swap(untrue, nil), `a.yml:4:5: rule "three" does not match its own text "empat"`},
		{"does not compile", live.Swap(wordless, nil), `a.yml:4:66: the term "..." has no letter or digit, so it can never match`},
		{"does not load", live.Swap(nil, os.ErrPermission), "permission denied"},
	} {
		if bad.err == nil || !strings.HasPrefix(bad.err.Error(), "ruleset refused:\n") || !strings.Contains(bad.err.Error(), bad.want) {
			t.Errorf("a ruleset that %s: %v", bad.name, bad.err)
		}
		if live.Ruleset() != one || live.Filter().Version() != one.Version {
			t.Fatalf("a ruleset that %s is in use", bad.name)
		}
	}
	if err := live.Swap(nil, os.ErrPermission); !errors.Is(err, os.ErrPermission) {
		t.Errorf("the cause is lost: %v", err)
	}
	wantSeries(t, reg, map[string]float64{
		"saring_ruleset_info{version=" + one.Version + "}": 1, "saring_ruleset_info{version=" + untrue.Version + "}": 0,
		"saring_ruleset_reloads_total{result=accepted}": 1, "saring_ruleset_reloads_total{result=refused}": 4,
	})

	for _, text := range []string{"satu", "dua", "sunyi"} {
		live.Verdict(admit(t, text))
	}
	if v := live.Verdict(admit(t, "satu")); v.Ruleset != one.Version || !v.Flagged() {
		t.Errorf("%+v", v)
	}
	if err := live.Swap(two, nil); err != nil {
		t.Fatal(err)
	}
	v := live.Verdict(admit(t, "dua"))
	if v.Ruleset != two.Version || !v.Flagged() || live.Verdict(admit(t, "satu")).Flagged() {
		t.Errorf("after the swap: %+v", v)
	}
	live.Count([]Flag{{Verdict: v}})
	got := series(t, reg)
	if _, there := got["saring_ruleset_info{version="+one.Version+"}"]; there {
		t.Error("the ruleset that is out of use is still named")
	}
	wantSeries(t, reg, map[string]float64{
		"saring_ruleset_info{version=" + two.Version + "}": 1, "saring_ruleset_size{kind=rules}": 1,
		"saring_ruleset_reloads_total{result=accepted}": 2,
		"saring_verdicts_total{result=passed}":          3, "saring_verdicts_total{result=flagged}": 3,
		"saring_rule_verdicts_total{rule=one,shadow=no}": 2, "saring_rule_verdicts_total{rule=quiet,shadow=yes}": 1,
		"saring_flags_total{category=financing,severity=high}": 1, "saring_flags_total{category=threat,severity=low}": 0,
	})
}

// TestSwapUnderLoad swaps two rulesets to and fro while goroutines judge: every verdict is of one of them, whole.
func TestSwapUnderLoad(t *testing.T) {
	a := ruleset(t, map[string]string{"a.yml": lexicon(map[string]string{"a": "m and any of (satu, m)"})})
	b := ruleset(t, map[string]string{"a.yml": lexicon(map[string]string{"b": "m and any of (dua, m)"})})
	live, err := NewLive(a, Words, nil)
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			p := admit(t, "m satu dua")
			for {
				select {
				case <-stop:
					return
				default:
				}
				v := live.Verdict(p)
				wantHit := map[string]string{a.Version: "satu", b.Version: "dua"}[v.Ruleset]
				if len(v.Rules) != 1 || len(v.Hits) != 2 || v.Hits[1].Text != wantHit {
					t.Errorf("%+v", v)
					return
				}
			}
		})
	}
	for range 50 {
		if err := errors.Join(live.Swap(b, nil), live.Swap(a, nil)); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	wg.Wait()
}
