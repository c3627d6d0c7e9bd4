package review

import (
	"saring/queue"
)

// DecisionType is the type of the event that tells of a decision.
const DecisionType = "saring.decision.made"

// DecisionEvent is a decision as it leaves: without whoever made it.
type DecisionEvent = queue.Event[Decision]

// NewDecisionEvent makes the event of a decision.
func NewDecisionEvent(d Decision) DecisionEvent {
	return queue.NewEvent(DecisionType, "decision-"+d.ID, d.Flag, d.DecidedAt, d)
}

// Decisions is their topic: saring.decisions.FLAG.DECISION.
var Decisions = queue.Topic[DecisionEvent]{
	Stream:  queue.Decisions,
	Filter:  "saring.decisions.>",
	Subject: func(e DecisionEvent) string { return queue.Subject("decisions", e.Data.Flag, e.Data.ID) },
	ID:      func(e DecisionEvent) string { return e.ID },
	Encode:  queue.EncodeEvent[Decision],
	Decode:  queue.DecodeEvent[Decision](DecisionType),
}
