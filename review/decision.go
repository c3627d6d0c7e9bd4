package review

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// An Outcome is what a moderator makes of a flag.
type Outcome string

const (
	Uphold  Outcome = "uphold"  // the flag is right: the post violates
	Dismiss Outcome = "dismiss" // the flag is wrong: the post may stay
)

// Outcomes is the whole list.
var Outcomes = []Outcome{Uphold, Dismiss}

// A Status is where a flag stands.
type Status string

const (
	Open      Status = "open" // nobody has decided
	Upheld    Status = "upheld"
	Dismissed Status = "dismissed"
)

// Statuses is the whole list, in the order of the work.
var Statuses = []Status{Open, Upheld, Dismissed}

// Limits of the ids in a Decision, in bytes.
const maxID = 128

// A Decision is what a person decided on one flag. A later decision on the same flag replaces it. It never holds
// who decided.
type Decision struct {
	ID        string    `json:"id"`   // unique; a decision that is delivered twice has the same id twice
	Flag      string    `json:"flag"` // the id of the flag
	Outcome   Outcome   `json:"outcome"`
	Reason    string    `json:"reason"`     // the code of one of Reasons that fits the outcome
	DecidedAt time.Time `json:"decided_at"` // UTC, to the millisecond
}

// NewID makes an id for a decision: 32 random hexadecimal digits. The form that offers the decision holds it, so
// that a form sent twice is one decision.
func NewID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: crypto/rand stops the process instead
	return hex.EncodeToString(b[:])
}

// Validate says what is wrong with the decision, and what would be right.
func (d Decision) Validate() error {
	if err := validID("id", d.ID); err != nil {
		return err
	}
	if err := validID("flag", d.Flag); err != nil {
		return err
	}
	if !slices.Contains(Outcomes, d.Outcome) {
		return fmt.Errorf("decision: outcome %q is unknown; it must be one of %v", d.Outcome, Outcomes)
	}
	r, known := ReasonByCode(d.Reason)
	if !known || r.Outcome != d.Outcome {
		return fmt.Errorf("decision: reason %q does not fit %q; it must be one of %v", d.Reason, d.Outcome, ReasonCodes(d.Outcome))
	}
	if d.DecidedAt.IsZero() {
		return fmt.Errorf("decision: decided_at is missing")
	}
	return nil
}

// validID wants visible ASCII: an id becomes a broker's message id and part of an address.
func validID(field, id string) error {
	if id == "" {
		return fmt.Errorf("decision: %s is missing", field)
	}
	if len(id) > maxID {
		return fmt.Errorf("decision: %s has %d bytes; the limit is %d", field, len(id), maxID)
	}
	if strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("decision: %s has characters other than visible ASCII", field)
	}
	return nil
}

// Status is what the decision makes of its flag.
func (d Decision) Status() Status {
	if d.Outcome == Uphold {
		return Upheld
	}
	return Dismissed
}

// Supersedes reports whether d counts rather than other, in whatever order the two arrive: the later one does,
// and of two of the same time the one with the greater id.
func (d Decision) Supersedes(other Decision) bool {
	if !d.DecidedAt.Equal(other.DecidedAt) {
		return d.DecidedAt.After(other.DecidedAt)
	}
	return d.ID >= other.ID
}
