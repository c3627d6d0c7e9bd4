package filter

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"saring/ingest"
	"saring/rules"
)

// spoken is a lexicon of rules that each look for a word, as "id status weight": "satu warn 6".
func spoken(t testing.TB, list ...string) *rules.Ruleset {
	t.Helper()
	b := "title: A lexicon of a test\nrules:\n"
	for _, r := range list {
		f := strings.Fields(r)
		b += "  - {id: " + f[0] + ", title: t, category: threat, severity: low, status: " + f[1] + ", weight: " + f[2] +
			", when: " + f[0] + ", match: [" + f[0] + "], pass: [p]}\n"
	}
	return ruleset(t, map[string]string{"a.yml": b})
}

// said is a post of one of some channels.
func said(t testing.TB, channel int, text string) ingest.Post {
	t.Helper()
	p, err := ingest.Admit(ingest.Raw{Platform: "telegram", ID: "1", PostedAt: time.Date(2026, 11, 20, 8, 15, 0, 0, time.UTC), Text: text,
		Channel: ingest.RawChannel{ID: strconv.Itoa(-1000 - channel), Handle: "kabar_contoh", Kind: ingest.KindPublicChannel}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// say judges posts, of which some, at even distances and in turn of some channels, are the text.
func say(t testing.TB, live *Live, posts, fires, channels int, text string) {
	t.Helper()
	other := said(t, 0, "selamat pagi")
	for i, n := 0, 0; i < posts; i++ {
		p := other
		if (i+1)*fires/posts > n {
			p = said(t, n%channels, text)
			n++
		}
		live.Verdict(p)
	}
}

// newBraked is a live filter with a brake, and the rules that it has braked.
func newBraked(t testing.TB, rs *rules.Ruleset, limits BrakeLimits, reg *prometheus.Registry) (*Live, *[]Braked) {
	t.Helper()
	var m *Metrics
	if reg != nil {
		m = NewMetrics(reg)
	}
	live, err := NewLive(rs, Words, m)
	if err != nil {
		t.Fatal(err)
	}
	live.UseBrake(limits, nil)
	told := &[]Braked{}
	live.OnBrake(func(b Braked) { *told = append(*told, b) })
	return live, told
}

// limits of the tests: over 100 posts in few channels, over 20 in more than 50.
var testBrake = BrakeLimits{For: time.Hour, Posts: 10_000, Share: 0.01, Channels: 50}

func TestBrakeLimits(t *testing.T) {
	rs := spoken(t, "satu warn 6", "dua warn 6", "tiga shadow 6")
	byShare, byChannels := testBrake, testBrake
	byShare.Channels, byChannels.Share = 0, 0
	for _, c := range []struct {
		name                   string
		limits                 BrakeLimits
		posts, fires, channels int
		text                   string
		want                   string // rules
	}{
		{"a handful", testBrake, 5, 5, 5, "satu", ""},
		{"as much as one may", testBrake, 100, 100, 20, "satu", ""},
		{"more, early", testBrake, 101, 101, 20, "satu", "satu"},
		{"one in a hundred", testBrake, 20_000, 200, 20, "satu", ""},
		{"more than one in a hundred", testBrake, 20_000, 201, 20, "satu", "satu"},
		{"one channel is raided", testBrake, 5_000, 5_000, 1, "satu", ""},
		{"ten channels", testBrake, 5_000, 5_000, 10, "satu", ""},
		{"eleven channels", testBrake, 5_000, 5_000, 11, "satu", "satu"},
		{"fifty channels", testBrake, 5_000, 50, 50, "satu", ""},
		{"more channels than that", testBrake, 5_000, 51, 51, "satu", "satu"},
		{"many channels, and many more posts", testBrake, 30_000, 60, 60, "satu", ""},
		{"two rules", testBrake, 5_000, 400, 20, "satu dua", "dua satu"},
		{"a rule in shadow", testBrake, 5_000, 5_000, 100, "tiga", ""},
		{"no limit of channels", byShare, 5_000, 51, 51, "satu", ""},
		{"only the share", byShare, 5_000, 101, 101, "satu", "satu"},
		{"no limit of the share", byChannels, 5_000, 5_000, 50, "satu", ""},
		{"only the channels", byChannels, 5_000, 51, 51, "satu", "satu"},
		{"no brake", BrakeLimits{}, 5_000, 5_000, 100, "satu", ""},
		{"as delivered", DefaultBrake, 10_000, 199, 199, "satu", ""},
		{"as delivered, many channels", DefaultBrake, 10_000, 201, 201, "satu", "satu"},
		{"as delivered, share", DefaultBrake, 10_000, 201, 30, "satu", "satu"},
	} {
		t.Run(c.name, func(t *testing.T) {
			live, told := newBraked(t, rs, c.limits, nil)
			say(t, live, c.posts, c.fires, c.channels, c.text)
			got := slices.Sorted(maps.Keys(live.Ruleset().Braked()))
			if strings.Join(got, " ") != c.want || len(*told) != len(got) {
				t.Errorf("braked %v, told %v, want %q", got, *told, c.want)
			}
		})
	}
}

// TestBrake follows a rule from its change into shadow, through reloads, and back.
func TestBrake(t *testing.T) {
	rs := spoken(t, "satu hold 6", "dua warn 6")
	reg := prometheus.NewRegistry()
	live, told := newBraked(t, rs, testBrake, reg)
	var kept []string
	live.UseBrake(testBrake, func(rs *rules.Ruleset) error { kept = append(kept, rs.Version); return nil })
	say(t, live, 5_000, 300, 30, "satu")

	if len(*told) != 1 {
		t.Fatalf("told %v", *told)
	}
	b := (*told)[0]
	now := live.Filter().Version()
	if b.Rule != "satu" || b.Fingerprint != rs.Rules[0].Fingerprint() || b.Was != rules.Hold || b.Ruleset != now ||
		b.Fired != 101 || b.Posts != 1_684 || b.Channels != 30 {
		t.Errorf("told %+v", b)
	}
	if want := `rule "satu" was in hold and fired on 101 of 1684 posts (6.00 %) in 30 channels or more within 0s after its change; it is in shadow now`; b.String() != want {
		t.Errorf("%s\nwant %s", b, want)
	}
	if now == rs.Version || live.Loaded() != rs || !slices.Equal(kept, []string{now}) {
		t.Errorf("version %s, kept %v", now, kept)
	}
	v := live.Verdict(said(t, 1, "satu"))
	if v.Flagged() || v.Ruleset != now || !live.Verdict(said(t, 1, "dua")).Flagged() {
		t.Errorf("%+v", v)
	}
	wantSeries(t, reg, map[string]float64{
		"saring_rule_brakes_total{rule=satu}": 1, "saring_rules_braked{}": 1, "saring_ruleset_reloads_total{result=accepted}": 1,
		"saring_ruleset_info{version=" + now + "}": 1, "saring_ruleset_info{version=" + rs.Version + "}": 0,
		"saring_rule_verdicts_total{rule=satu,shadow=no}": 101, "saring_rule_verdicts_total{rule=satu,shadow=yes}": 200,
	})

	for _, step := range []struct {
		name  string
		do    func() error
		flags bool
	}{
		{"the same lexicons", func() error { return live.Swap(rs, nil) }, false},
		{"another rule is new", func() error { return live.Swap(spoken(t, "satu hold 6", "dua warn 6", "tiga warn 6"), nil) }, false},
		{"only the status", func() error { return live.Swap(spoken(t, "satu warn 6", "dua warn 6"), nil) }, false},
		{"the rule is another", func() error { return live.Swap(spoken(t, "satu warn 7", "dua warn 6"), nil) }, true},
		{"as it was", func() error { return live.Swap(rs, nil) }, false},
		{"a brake on a rule that is not there", func() error { return live.Brake(map[string]string{"empat": "0"}) }, false},
		{"released", func() error { return live.Release("satu") }, true},
		{"released again", func() error { return live.Release("satu") }, true},
		{"braked for another state", func() error { return live.Brake(map[string]string{"satu": "0"}) }, true},
		{"braked elsewhere", func() error { return live.Brake(map[string]string{"satu": b.Fingerprint}) }, false},
		{"braked elsewhere again", func() error { return live.Brake(map[string]string{"satu": b.Fingerprint}) }, false},
		{"a bad ruleset", func() error {
			if live.Swap(nil, errors.New("no such folder")) == nil {
				return errors.New("it is not refused")
			}
			return nil
		}, false},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		v := live.Verdict(said(t, 1, "satu"))
		if v.Flagged() != step.flags || v.Ruleset != live.Ruleset().Version {
			t.Errorf("%s: %+v", step.name, v)
		}
		if v.Ruleset != live.Loaded().Version && !slices.Contains(kept, v.Ruleset) {
			t.Errorf("%s: a verdict by %s, which was not kept", step.name, v.Ruleset)
		}
	}
	if len(*told) != 1 {
		t.Errorf("told of brakes from elsewhere: %v", *told)
	}
	wantSeries(t, reg, map[string]float64{"saring_rule_brakes_total{rule=satu}": 1, "saring_rules_braked{}": 1})

	if err := live.Release("satu"); err != nil {
		t.Fatal(err)
	}
	wantSeries(t, reg, map[string]float64{"saring_rules_braked{}": 0})
	say(t, live, 5_000, 300, 30, "satu")
	if len(*told) != 2 || live.Filter().Version() != now {
		t.Errorf("a rule that was released is not watched: %v", *told)
	}
}

// TestNewRules asks which rules are watched after a step.
func TestNewRules(t *testing.T) {
	grouped := func(term string) *rules.Ruleset {
		return ruleset(t, map[string]string{"a.yml": `
title: A group
groups: {kata: [` + term + `]}
rules:
  - {id: satu, title: t, category: threat, severity: low, weight: 6, when: satu, match: [satu], pass: [p]}
  - {id: kata, title: t, category: threat, severity: low, weight: 6, when: $kata, match: [` + term + `], pass: [p]}
`})
	}
	first := spoken(t, "satu warn 6", "dua shadow 6")
	renamed := ruleset(t, map[string]string{"b.yml": `
title: Renamed
rules:
  - {id: satu, title: Renamed, category: threat, severity: low, weight: 6, when: satu, match: [satu, satu dua], pass: [p]}
`})
	elsewhere := map[string]string{"satu": first.Rules[0].Fingerprint()}
	synctest.Test(t, func(t *testing.T) {
		live, _ := newBraked(t, first, testBrake, nil)
		swap := func(rs *rules.Ruleset) func() error { return func() error { return live.Swap(rs, nil) } }
		hour := func() error {
			time.Sleep(time.Hour)
			say(t, live, 12_000, 0, 1, "")
			return nil
		}
		for _, step := range []struct {
			name string
			do   func() error
			want string
		}{
			{"the start", func() error { return nil }, "satu"},
			{"the same again", swap(first), "satu"},
			{"an hour with few posts", func() error { time.Sleep(time.Hour); say(t, live, 9_000, 0, 1, ""); return nil }, "satu"},
			{"a hundred days with few posts", func() error { time.Sleep(2400 * time.Hour); return nil }, "satu"},
			{"enough posts", func() error { say(t, live, 2_000, 0, 1, ""); return nil }, ""},
			{"the same as ever", swap(first), ""},
			{"only the dossier", swap(renamed), ""},
			{"a promotion", swap(spoken(t, "satu warn 6", "dua warn 6")), "dua"},
			{"another, at once", swap(spoken(t, "satu hold 6", "dua warn 6")), "dua satu"},
			{"posts without the hour", func() error { say(t, live, 20_000, 0, 1, ""); return nil }, "dua satu"},
			{"the hour", hour, ""},
			{"a weight", swap(spoken(t, "satu hold 7", "dua warn 6")), "satu"},
			{"and another file", swap(grouped("ini")), "kata satu"},
			{"the hour again", hour, ""},
			{"a term of a group", swap(grouped("itu")), "kata"},
			{"the hour again", hour, ""},
			{"a brake from elsewhere", func() error { return live.Brake(elsewhere) }, ""},
			{"its release", func() error { return live.Release("satu") }, "satu"},
			{"new limits", func() error { live.UseBrake(DefaultBrake, nil); return nil }, "kata satu"},
			{"no brake", func() error { live.UseBrake(BrakeLimits{}, nil); return nil }, ""},
			{"no brake, a change", swap(first), ""},
		} {
			if err := step.do(); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if got := watchedNow(live); got != step.want {
				t.Errorf("%s: %q is watched, want %q", step.name, got, step.want)
			}
		}
	})
}

// watchedNow lists the rules that are watched; "" says that posts are not even counted.
func watchedNow(live *Live) string {
	w := live.now.Load().watch
	if w == nil || !w.on.Load() {
		return ""
	}
	var ids []string
	for id, r := range w.rules {
		if !r.done(w.limits, time.Now(), live.posts.Load()) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return "nothing, but posts are counted"
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// TestBrakeInTime fires on as many posts before and after the end of the watch, and over several reloads.
func TestBrakeInTime(t *testing.T) {
	one := spoken(t, "satu warn 6", "dua warn 6")
	synctest.Test(t, func(t *testing.T) {
		live, told := newBraked(t, one, testBrake, nil)
		say(t, live, 10_000, 60, 20, "satu")
		time.Sleep(time.Hour)
		say(t, live, 1_000, 1_000, 30, "satu")
		if len(*told) > 0 {
			t.Errorf("braked long after the change: %v", *told)
		}

		if err := live.Swap(spoken(t, "satu warn 7", "dua warn 6"), nil); err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			time.Sleep(10 * time.Minute)
			say(t, live, 1_000, 45, 30, "satu")
			if err := live.Swap(spoken(t, "satu warn 7", "dua warn "+strconv.Itoa(i+7)), nil); err != nil {
				t.Fatal(err)
			}
		}
		if len(*told) != 1 || (*told)[0].At.Sub((*told)[0].Since) != 30*time.Minute || (*told)[0].Fired != 101 {
			t.Errorf("three reloads of other rules: %+v", *told)
		}
	})
}

// TestBrakeIsKept lets the store of rulesets fail: nothing changes then, and the brake is tried again.
func TestBrakeIsKept(t *testing.T) {
	rs, other := spoken(t, "satu warn 6"), spoken(t, "satu warn 6", "dua warn 6")
	reg := prometheus.NewRegistry()
	away := errors.New("the store is away")
	synctest.Test(t, func(t *testing.T) {
		live, told := newBraked(t, rs, testBrake, reg)
		tries, failing := 0, true
		live.UseBrake(testBrake, func(*rules.Ruleset) error {
			if tries++; failing {
				return away
			}
			return nil
		})
		unchanged := func(what string) {
			t.Helper()
			if live.Ruleset() != rs || live.Filter().Version() != rs.Version || len(*told) > 0 {
				t.Fatalf("%s: %s is in use, told %v", what, live.Filter().Version(), *told)
			}
		}
		say(t, live, 2_000, 1_000, 20, "satu")
		if unchanged("the brake"); tries != 1 {
			t.Errorf("%d tries in no time", tries)
		}
		time.Sleep(time.Second)
		say(t, live, 2_000, 1_000, 20, "satu")
		if unchanged("a second later"); tries != 2 {
			t.Errorf("%d tries in a second", tries)
		}
		brake := map[string]string{"satu": rs.Rules[0].Fingerprint()}
		err := live.Brake(brake)
		if unchanged("Brake"); !errors.Is(err, away) {
			t.Errorf("Brake: %v", err)
		}
		wantSeries(t, reg, map[string]float64{"saring_rule_brakes_total{rule=satu}": 0, "saring_rules_braked{}": 0})

		failing = false
		time.Sleep(2 * time.Hour)
		say(t, live, 20_000, 1, 1, "satu")
		if len(*told) != 1 || live.Verdict(said(t, 1, "satu")).Flagged() {
			t.Errorf("when the store was back: %+v", *told)
		}
		braked := live.Filter().Version()
		failing = true
		if err := live.Swap(other, nil); !errors.Is(err, away) || live.Filter().Version() != braked || live.Loaded() != rs {
			t.Errorf("Swap, with a brake: %v", err)
		}
		wantSeries(t, reg, map[string]float64{"saring_rule_brakes_total{rule=satu}": 1, "saring_rules_braked{}": 1})
	})
}

// TestBrakeWaitsForNobody lets the store take its time: posts are judged meanwhile, and the brake comes after it.
func TestBrakeWaitsForNobody(t *testing.T) {
	rs := spoken(t, "satu warn 6", "dua warn 6")
	synctest.Test(t, func(t *testing.T) {
		live, told := newBraked(t, rs, testBrake, nil)
		live.UseBrake(testBrake, func(*rules.Ruleset) error { time.Sleep(time.Minute); return nil })
		from := time.Now()
		go func() {
			if err := live.Brake(map[string]string{"dua": rs.Rules[1].Fingerprint()}); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		say(t, live, 1_000, 1_000, 30, "satu")
		if time.Since(from) > 0 || len(*told) > 0 {
			t.Errorf("%s, told %v", time.Since(from), *told)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		say(t, live, 1, 1, 1, "satu")
		if got := slices.Sorted(maps.Keys(live.Ruleset().Braked())); !slices.Equal(got, []string{"dua", "satu"}) || len(*told) != 1 {
			t.Errorf("%v are braked, told %v", got, *told)
		}
	})
}

// TestBrakeUnderLoad judges in several goroutines while rulesets are swapped and brakes come from elsewhere: each
// rule is braked and told of once, no reload is lost, and no verdict is by a ruleset that was not kept before.
func TestBrakeUnderLoad(t *testing.T) {
	a := spoken(t, "satu warn 6", "dua warn 6", "tiga warn 6", "empat warn 6")
	b := spoken(t, "satu warn 6", "dua warn 6", "tiga warn 6", "lima warn 6")
	live, err := NewLive(a, Words, nil)
	if err != nil {
		t.Fatal(err)
	}
	var kept sync.Map
	kept.Store(a.Version, true) // as whoever loads them does
	kept.Store(b.Version, true)
	live.UseBrake(testBrake, func(rs *rules.Ruleset) error { kept.Store(rs.Version, true); return nil })
	var mu sync.Mutex
	told := map[string]int{}
	live.OnBrake(func(b Braked) {
		mu.Lock()
		told[b.Rule]++
		mu.Unlock()
		if err := live.Brake(map[string]string{b.Rule: b.Fingerprint}); err != nil { // as another worker would
			t.Error(err)
		}
	})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				j := live.Judge()
				for range 8 {
					v := j.Verdict(said(t, 4*i+w, []string{"satu", "dua", "satu dua", "selamat pagi"}[i%4]))
					if _, is := kept.Load(v.Ruleset); !is {
						t.Errorf("a verdict by %s, which was not kept", v.Ruleset)
					}
				}
				j.Done()
			}
		})
	}
	elsewhere := map[string]string{"tiga": a.Rules[2].Fingerprint()}
	for i := 0; i < 40 || len(live.Ruleset().Braked()) < 3; i++ {
		if err := errors.Join(live.Swap(b, nil), live.Swap(a, nil), live.Brake(elsewhere)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
		if i > 10_000 {
			t.Fatalf("only %v braked", live.Ruleset().Braked())
		}
	}
	close(stop)
	wg.Wait()
	if live.Loaded() != a || !maps.Equal(told, map[string]int{"satu": 1, "dua": 1}) {
		t.Errorf("%s is in use, told %v", live.Loaded().Version, told)
	}
	if got := slices.Sorted(maps.Keys(live.Ruleset().Braked())); !slices.Equal(got, []string{"dua", "satu", "tiga"}) {
		t.Errorf("%v are braked", got)
	}
}

// TestBrakeNoAllocation judges a post without a rule while all rules are watched.
func TestBrakeNoAllocation(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector empties the pools at random; run without -race")
	}
	live, err := NewLive(bundledFilter(t).ruleset, Words, NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	live.UseBrake(DefaultBrake, nil)
	p := admit(t, "Harga cabai rawit merah di toko tani turun menjadi Rp48.000 per kilogram, kata pedagang.")
	if n := testing.AllocsPerRun(3*restEvery, func() { live.Verdict(p) }); n != 0 {
		t.Errorf("%v allocations a verdict", n)
	}
}

// BenchmarkLive judges a post without a rule, on all processors: each alone and in packs, while rules are watched
// and while none is.
func BenchmarkLive(b *testing.B) {
	p := admit(b, "Harga cabai rawit merah di toko tani turun menjadi Rp48.000 per kilogram, kata pedagang. #HargaPangan https://example.org/?q=1")
	for _, c := range []struct {
		name   string
		limits BrakeLimits
		pack   int
	}{
		{"unwatched/alone", BrakeLimits{}, 1}, {"unwatched/pack", BrakeLimits{}, 64},
		{"watched/alone", DefaultBrake, 1}, {"watched/pack", DefaultBrake, 64},
	} {
		b.Run(c.name, func(b *testing.B) {
			reg := prometheus.NewRegistry()
			live, err := NewLive(bundledFilter(b).ruleset, Words, NewMetrics(reg))
			if err != nil {
				b.Fatal(err)
			}
			live.UseBrake(c.limits, nil)
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for more := true; more; {
					j := live.Judge()
					for n := 0; n < c.pack && more; n++ {
						if more = pb.Next(); more {
							j.Verdict(p)
						}
					}
					j.Done()
				}
			})
			b.StopTimer()
			if got := series(b, reg)["saring_verdicts_total{result=passed}"]; got != float64(b.N) {
				b.Errorf("%v posts passed, want %d", got, b.N)
			}
		})
	}
}
