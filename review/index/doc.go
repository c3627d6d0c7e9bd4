// Package index makes flags findable: a view of the streams FLAGS and DECISIONS in Bleve, which can be deleted and
// is then rebuilt from them.
//
//	                    ┌─▶ state.bolt: positions, which flag a post has and where, decisions
//	[]Entry ─▶ Apply ───┤
//	                    └─▶ 2026-W46/  2026-W47/  …   one Bleve index per ISO week of flagged_at
//	                              └────┬────┘
//	text ─▶ ParseQuery ─▶ Query ─▶ Search ─▶ Result: flags, status, highlighted spans, exact facets
//
// A post has one flag in the index: that of its highest revision. An older revision that arrives late changes
// nothing; an edit is a new flag, and so open again. A status follows from the decisions, and is the same in every
// order in which flags and decisions arrive.
//
// Apply returns when everything is on the disk. The batches of the weeks come first, then one transaction of
// state.bolt with the positions: a process killed between the two applies the same entries again, to the same end.
// What cannot be read at Open is deleted, said in the log, and comes back because positions begin at 0 again.
//
// Follow reads the streams from the broker; everything else knows entries only. The package knows nothing of HTTP
// or of sessions.
package index
