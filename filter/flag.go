package filter

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"saring/ingest"
	"saring/rules"
)

// A Hit is one span of the original text that a term matched.
type Hit struct {
	Rule  string `json:"rule"`
	Term  string `json:"term"`  // as the lexicon has it
	Start int    `json:"start"` // byte offsets into the text of the post (UTF-8), half open
	End   int    `json:"end"`
	Text  string `json:"text"` // the span itself
}

// RuleScore is what one rule added to the score.
type RuleScore struct {
	ID    string  `json:"id"`
	Title string  `json:"title"`
	Score float64 `json:"score"`
}

// A Verdict is what a ruleset says of a post. Category and severity are those of its gravest rule; the action is to
// hold if one of its rules is to. They are empty when no rule applied.
type Verdict struct {
	Language  string         `json:"language"` // "id" or "en"
	Category  rules.Category `json:"category"`
	Severity  rules.Severity `json:"severity"`
	Score     float64        `json:"score"`
	Threshold float64        `json:"threshold"` // the score from which it is a flag: the lowest of its rules
	Action    rules.Status   `json:"action"`    // what is proposed: "warn" or "hold"
	Rules     []RuleScore    `json:"rules"`     // the highest score first
	Hits      []Hit          `json:"hits"`      // in the order of the text
	Ruleset   string         `json:"ruleset"`
}

// Flagged reports whether the verdict is over the threshold.
func (v Verdict) Flagged() bool { return v.Score >= v.Threshold }

// A Flag is a verdict over the threshold, with its post.
type Flag struct {
	ID   string      `json:"id"` // FlagID of the post
	Post ingest.Post `json:"post"`
	Verdict
	FlaggedAt time.Time `json:"flagged_at"`
}

// FlagID names the flag on one revision of one message. It is the same for every ruleset and every delivery, so
// that nothing is said twice: 32 hexadecimal digits of SHA-256 over platform, channel, message and revision.
func FlagID(p ingest.Post) string {
	h := sha256.New()
	for _, s := range []string{p.Platform(), p.Channel().ID, p.ID(), strconv.FormatInt(p.Revision(), 10)} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
