package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
)

// Flags reports whether a rule of this status makes flags.
func (s Status) Flags() bool { return s == Warn || s == Hold }

// Fingerprint names what the rule does, in 16 hexadecimal digits: a rule whose condition, weight or category changes
// gets another one; a rule that is promoted or whose dossier is mended keeps its own. Groups are resolved, so a term
// that is added to a group changes every rule that uses the group. The spellings of a term follow from it, so they are
// left out.
func (r *Rule) Fingerprint() string {
	h := sha256.New()
	fmt.Fprintf(h, "saring rule 1\n%q %q %g %g %q %q\n", r.ID, r.Language, r.Weight, r.Threshold, r.Category, r.Severity)
	r.When.hash(h)
	for i := range r.Unless {
		fmt.Fprintf(h, "unless %t ", r.Unless[i].InSentence)
		r.Unless[i].hash(h)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// hash writes what the condition asks for. The number of its parts says where it ends.
func (c *Cond) hash(w io.Writer) {
	fmt.Fprintf(w, "%q %q %d %d %t %d\n", c.Op, c.Term, c.N, c.Within, c.Ordered, len(c.Of))
	for i := range c.Of {
		c.Of[i].hash(w)
	}
}

// ArchiveVersion is the version of an archive, without loading it: whether it can be loaded is not looked at.
func ArchiveVersion(archive []byte) (string, error) {
	var files map[string][]byte
	if err := json.Unmarshal(archive, &files); err != nil {
		return "", fmt.Errorf("ruleset archive: %w", err)
	}
	return version(files), nil
}

// brakedFile is the file of a ruleset that says which of its rules are braked: a JSON object from rule id to
// fingerprint. It makes the version of a braked ruleset another one than that of its lexicons.
const brakedFile = "braked.json"

// Brake returns the ruleset with some rules put back into shadow: those that flag and have the fingerprint that
// braked has for their id. It is a ruleset with a version of its own, which is the same wherever the same rules are
// braked. When braked concerns no rule, it is rs itself.
func (rs *Ruleset) Brake(braked map[string]string) *Ruleset {
	all := maps.Clone(rs.braked)
	if all == nil {
		all = map[string]string{}
	}
	for i := range rs.Rules {
		r := &rs.Rules[i]
		if fingerprint, is := braked[r.ID]; is && r.Status.Flags() && fingerprint == r.Fingerprint() {
			all[r.ID] = fingerprint
		}
	}
	if len(all) == len(rs.braked) {
		return rs
	}
	data, err := json.Marshal(all)
	if err != nil { // a map of texts
		panic(err)
	}
	files := maps.Clone(rs.files)
	if files == nil {
		files = map[string][]byte{}
	}
	files[brakedFile] = data
	out := &Ruleset{Version: version(files), Lexicons: slices.Clone(rs.Lexicons), files: files}
	out.apply(all)
	return out
}

// Braked returns the rules that a brake holds in shadow: rule id → fingerprint.
func (rs *Ruleset) Braked() map[string]string { return maps.Clone(rs.braked) }

// apply puts rules into shadow and collects the rules of all lexicons. The lexicons' own rules are copied: another
// ruleset may have them.
func (rs *Ruleset) apply(braked map[string]string) {
	rs.braked = braked
	for i := range rs.Lexicons {
		l := &rs.Lexicons[i]
		if len(braked) > 0 {
			l.Rules = slices.Clone(l.Rules)
		}
		for j := range l.Rules {
			r := &l.Rules[j]
			// The id is enough: a program whose fingerprints are other ones must give the old verdicts again.
			if _, is := braked[r.ID]; is && r.Status.Flags() {
				r.Status = Shadow
			}
		}
		rs.Rules = append(rs.Rules, l.Rules...)
	}
}

// readBraked reads the file of the braked rules, if there is one.
func (p *parser) readBraked(files map[string][]byte, dir string) (braked map[string]string) {
	data, is := files[brakedFile]
	if !is {
		return nil
	}
	if err := json.Unmarshal(data, &braked); err != nil {
		p.mistake(Position{File: path.Join(dir, brakedFile), Line: 1, Column: 1},
			fmt.Sprintf("not a JSON object from rule ids to fingerprints: %v; delete the file to take all brakes off", err))
	}
	return braked
}

// A Promotion is a rule that comes to flag, or that flags and comes to do something else. It needs a backtest on
// record.
type Promotion struct {
	Rule        string `json:"rule"`
	Fingerprint string `json:"fingerprint"`
	From        Status `json:"from,omitempty"` // "" for a new rule
	To          Status `json:"to"`
}

// Promotions lists what the step from old to new promotes, in the order of new. A nil old has no rules.
func Promotions(old, new *Ruleset) []Promotion {
	before := map[string]*Rule{}
	if old != nil {
		for i := range old.Rules {
			before[old.Rules[i].ID] = &old.Rules[i]
		}
	}
	var out []Promotion
	for i := range new.Rules {
		r := &new.Rules[i]
		if !r.Status.Flags() {
			continue
		}
		p := Promotion{Rule: r.ID, Fingerprint: r.Fingerprint(), To: r.Status}
		if was := before[r.ID]; was != nil {
			if p.From = was.Status; was.Status.rank() >= r.Status.rank() && was.Fingerprint() == p.Fingerprint {
				continue
			}
		}
		out = append(out, p)
	}
	return out
}

func (s Status) rank() int { return slices.Index(Statuses, s) }
