package accuracy

import (
	"fmt"
	"slices"
	"strings"

	"saring/filter"
	"saring/rules"
)

// Near returns what says how near the rules came to flagging a text: those that apply but are too light together,
// those that are in shadow, and those that apply but for their unless. It is empty when none would.
func Near(rs *rules.Ruleset) (func(m Miss) string, error) {
	loose := &rules.Ruleset{Version: rs.Version}
	shadow := map[string]bool{}
	for _, r := range rs.Rules {
		if r.Status == rules.Draft {
			continue
		}
		shadow[r.ID] = r.Status == rules.Shadow
		r.Status, r.Unless = rules.Warn, nil
		loose.Rules = append(loose.Rules, r)
	}
	f, err := filter.New(loose)
	if err != nil {
		return nil, fmt.Errorf("rules without their unless: %w", err)
	}
	return func(m Miss) string {
		ways := []string{"too light", "in shadow", "kept off by unless"}
		ids := map[string][]string{}
		for _, r := range f.Text(m.Text).Rules {
			switch {
			case slices.Contains(m.Rules, r.ID):
				ids[ways[0]] = append(ids[ways[0]], r.ID)
			case shadow[r.ID]:
				ids[ways[1]] = append(ids[ways[1]], r.ID)
			default:
				ids[ways[2]] = append(ids[ways[2]], r.ID)
			}
		}
		var out []string
		for _, way := range ways {
			if len(ids[way]) > 0 {
				out = append(out, way+": "+strings.Join(ids[way], ", "))
			}
		}
		return strings.Join(out, "; ")
	}, nil
}
