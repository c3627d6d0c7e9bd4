package queue

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// What is done in a roll-out, as the audit log names it: the type of its event is saring.audit. and this.
const (
	stepPushed     = "ruleset.pushed"
	stepRolledBack = "ruleset.rolled_back"
	stepBraked     = "rule.braked"
	stepReleased   = "rule.released"
	stepBacktested = "rule.backtested"
)

// A Step is what was done in a roll-out. It never holds who did it: a key belongs to a machine or a role. Members
// that do not apply are left out.
type Step struct {
	Version     string `json:"version,omitzero"`
	SHA256      string `json:"sha256,omitzero"` // of the ruleset's archive
	Key         string `json:"key,omitzero"`    // the id of the key that signed
	Rule        string `json:"rule,omitzero"`
	Fingerprint string `json:"fingerprint,omitzero"`
	Reason      string `json:"reason,omitzero"`
	Posts       int    `json:"posts,omitzero"` // that a backtest read
}

const auditType = "saring.audit."

// Steps are the steps of roll-outs: saring.audit.ruleset.… and saring.audit.rule.…, each with an id of its own.
var Steps = Topic[Event[Step]]{
	Stream: Audit,
	Filter: prefix + "audit.>",
	Subject: func(e Event[Step]) string {
		return Subject(append(append([]string{"audit"}, strings.Split(strings.TrimPrefix(e.Type, auditType), ".")...), e.ID)...)
	},
	ID:     func(e Event[Step]) string { return e.ID },
	Encode: EncodeEvent[Step],
	Decode: func(data []byte) (e Event[Step], err error) {
		if err = json.Unmarshal(data, &e); err == nil && !strings.HasPrefix(e.Type, auditType) {
			err = fmt.Errorf("an event of type %q, want one of %s…", e.Type, auditType)
		}
		return e, err
	},
}

// audit writes down what is about to be done: nothing is done that the log does not have.
func (b *Broker) audit(ctx context.Context, what string, s Step) error {
	subject := s.Version
	if s.Rule != "" {
		subject = s.Rule
	}
	e := NewEvent(auditType+what, "audit-"+strings.ToLower(NewID()), subject, time.Now().Truncate(time.Millisecond), s)
	if err := Publish(ctx, b, Steps, time.Time{}, e); err != nil {
		return fmt.Errorf("audit log: %w", err)
	}
	return nil
}
