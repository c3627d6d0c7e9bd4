// Package filter takes a post and gives a verdict.
//
//	text ─▶ scan ─▶ (no rule has both of the rarest things that it needs: done, nothing allocated)
//	         │
//	         └▶ a rough look at the conditions ─▶ (none can hold: done, nothing allocated)
//	             │
//	             └▶ fold ─▶ confirm: every hit, as a span of the original ─▶ weigh: conditions, scores ─▶ Verdict
//
// A Filter is one compiled ruleset. It never changes and may be shared by any number of goroutines. The same text
// and the same ruleset give the same verdict, on every machine.
//
// The package knows nothing of the broker or of moderators.
package filter
