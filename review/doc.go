// Package review holds the words of the moderators' desk: what a person decided on a flag, for what reason, and
// what that makes of the flag.
//
//	FLAGS ─────▶ index ◀── console ◀── moderator
//	DECISIONS ──▶   ▲         │
//	    ▲           └ status  │
//	    └──────── Decision ◀──┘
//
// A Decision names the flag, the outcome, the reason and the time. It does not name the moderator: it travels to
// the platform and to the government, and neither may learn who decided. The package knows nothing of
// the search index or of HTTP; of the broker it knows the topic of its decisions.
package review
