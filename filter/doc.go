// Package filter takes a post and gives a verdict.
//
//	text ─▶ scan for triggers ─▶ (no rule has both of its own: done, nothing allocated)
//	         │
//	         └▶ scan for the other terms ─▶ (none of those rules can apply: done, nothing allocated)
//	             │
//	             └▶ fold ─▶ confirm: every hit, as a span of the original ─▶ weigh: conditions, scores ─▶ Verdict
//
// A Filter is one compiled ruleset. It never changes and may be shared by any number of goroutines. The same text
// and the same ruleset give the same verdict, on every machine.
//
// The package knows nothing of the broker or of moderators.
package filter
