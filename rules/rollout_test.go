package rules_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"saring/rules"
)

// rollout is a lexicon of rules that a test rolls out: id → status, condition.
func rollout(t *testing.T, list map[string][2]string) *rules.Ruleset {
	t.Helper()
	var b strings.Builder
	b.WriteString("title: A roll-out\nlanguage: id\nrules:\n")
	for _, id := range slices.Sorted(maps.Keys(list)) {
		b.WriteString("  - {id: " + id + ", title: t, category: threat, severity: low, status: " + list[id][0] + ", when: " + list[id][1] + ", match: [" + list[id][1] + "], pass: [lain]}\n")
	}
	rs, err := rules.Load(folder(t, map[string]string{"a.yml": b.String()}))
	if err != nil {
		t.Fatal(err)
	}
	return rs
}

func rule(t *testing.T, rs *rules.Ruleset, id string) *rules.Rule {
	t.Helper()
	i := slices.IndexFunc(rs.Rules, func(r rules.Rule) bool { return r.ID == id })
	if i < 0 {
		t.Fatalf("no rule %s", id)
	}
	return &rs.Rules[i]
}

// TestFingerprint: it names what a rule does, and nothing else.
func TestFingerprint(t *testing.T) {
	lexicon := `title: t
language: id
groups: {angka: [satu, dua]}
rules:
  - {id: a, title: One, category: threat, severity: low, status: warn, when: $angka, match: [satu], pass: [lain], author: A}
`
	of := func(old, new string) string {
		t.Helper()
		text := strings.Replace(lexicon, old, new, 1)
		if strings.Contains(new, "nomor") {
			text = strings.Replace(text, "$angka", "$nomor", 1)
		}
		rs, err := rules.Load(folder(t, map[string]string{"a.yml": text}))
		if err != nil {
			t.Fatal(err)
		}
		return rs.Rules[0].Fingerprint()
	}
	want := of("", "")
	if len(want) != 16 {
		t.Errorf("%q", want)
	}
	for _, c := range [][2]string{{"status: warn", "status: hold"}, {"title: One", "title: Two"}, {"author: A", "author: B"},
		{"title: t\n", "title: t\n\n\n"}, {"groups: {angka: [satu, dua]}", "groups: {nomor: [satu, dua]}"}, {"pass: [lain]", "pass: [lain, begitu]"}} {
		if of(c[0], c[1]) != want {
			t.Errorf("%q instead of %q is another rule", c[1], c[0])
		}
	}
	for _, c := range [][2]string{{"[satu, dua]", "[satu, tiga]"}, {"severity: low", "severity: high"}, {"category: threat", "category: financing"},
		{"language: id", "language: en"}, {"status: warn", "status: warn, weight: 4"}, {"status: warn", "status: warn, threshold: 4"}, {"match:", "unless: [tiga], match:"}, {"id: a", "id: b"}} {
		if of(c[0], c[1]) == want {
			t.Errorf("%q instead of %q is the same rule", c[1], c[0])
		}
	}
}

// TestBrake: a brake makes another ruleset, with a version of its own that can be fetched and loaded again.
func TestBrake(t *testing.T) {
	rs := rollout(t, map[string][2]string{"a": {"warn", "satu"}, "b": {"hold", "dua"}, "c": {"draft", "tiga"}})
	a, b := rule(t, rs, "a").Fingerprint(), rule(t, rs, "b").Fingerprint()
	for _, none := range []map[string]string{nil, {}, {"a": b}, {"c": rule(t, rs, "c").Fingerprint()}, {"d": a}} {
		if rs.Brake(none) != rs {
			t.Errorf("%v brakes something", none)
		}
	}
	one := rs.Brake(map[string]string{"a": a, "d": a})
	both := one.Brake(map[string]string{"b": b})
	if rule(t, rs, "a").Status != rules.Warn || rs.Lexicons[0].Rules[0].Status != rules.Warn {
		t.Error("the ruleset itself has changed")
	}
	if one.Version == rs.Version || rule(t, one, "a").Status != rules.Shadow || rule(t, one, "b").Status != rules.Hold ||
		rule(t, both, "a").Status != rules.Shadow || rule(t, both, "b").Status != rules.Shadow {
		t.Errorf("%+v\n%+v", one.Rules, both.Rules)
	}
	if again := rs.Brake(map[string]string{"a": a, "b": b}); again.Version != both.Version || !maps.Equal(again.Braked(), map[string]string{"a": a, "b": b}) {
		t.Error("the order of the brakes counts")
	}
	if one.Brake(map[string]string{"a": a}) != one {
		t.Error("a braked rule is braked again")
	}
	archive, err := both.Archive()
	if err != nil {
		t.Fatal(err)
	}
	fetched, err := rules.FromArchive(archive)
	if err != nil || fetched.Version != both.Version || rule(t, fetched, "b").Status != rules.Shadow || !maps.Equal(fetched.Braked(), both.Braked()) {
		t.Errorf("from the archive: %+v %v", fetched, err)
	}
	if v, err := rules.ArchiveVersion(archive); err != nil || v != both.Version {
		t.Errorf("the archive has the version %s, want %s; %v", v, both.Version, err)
	}
	dir := filepath.Join(t.TempDir(), "shown")
	if err := both.Write(dir); err != nil {
		t.Fatal(err)
	}
	if loaded, err := rules.Load(dir); err != nil || loaded.Version != both.Version || rule(t, loaded, "a").Status != rules.Shadow {
		t.Errorf("from a folder: %+v %v", loaded, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "braked.json"), []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := rules.Load(dir); err == nil || !strings.Contains(err.Error(), "braked.json:1:1: not a JSON object") {
		t.Errorf("a broken brake: %v", err)
	}
	alone, _ := json.Marshal(map[string][]byte{"braked.json": []byte("{}")})
	if _, err := rules.FromArchive(alone); err == nil {
		t.Error("an archive without lexicons loads")
	}
}

// TestPromotions: what comes to flag, and what flags and changes.
func TestPromotions(t *testing.T) {
	old := rollout(t, map[string][2]string{"draft": {"draft", "satu"}, "shadow": {"shadow", "satu"}, "warn": {"warn", "satu"}, "hold": {"hold", "satu"},
		"down": {"hold", "satu"}, "changed": {"warn", "satu"}, "same": {"warn", "satu"}, "quiet": {"draft", "satu"}, "gone": {"warn", "satu"}})
	new := rollout(t, map[string][2]string{"draft": {"warn", "satu"}, "shadow": {"hold", "satu"}, "warn": {"hold", "satu"}, "hold": {"hold", "dua"},
		"down": {"warn", "satu"}, "changed": {"warn", "dua"}, "same": {"warn", "satu"}, "quiet": {"shadow", "dua"}, "new": {"warn", "satu"}, "newquiet": {"shadow", "satu"}})
	var got []string
	for _, p := range rules.Promotions(old, new) {
		if p.Fingerprint != rule(t, new, p.Rule).Fingerprint() {
			t.Errorf("%+v", p)
		}
		got = append(got, p.Rule+" "+string(p.From)+">"+string(p.To))
	}
	want := []string{"changed warn>warn", "draft draft>warn", "hold hold>hold", "new >warn", "shadow shadow>hold", "warn warn>hold"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := rules.Promotions(nil, old); len(got) != 6 {
		t.Errorf("from nothing: %+v", got)
	}
}
