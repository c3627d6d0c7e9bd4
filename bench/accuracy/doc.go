// Package accuracy measures how often the filter is right, one class of posts at a time.
//
//	cases/*.txt ─▶ groups ─┬─ as written ──────────────────────────┐
//	 (ours)                └─ evasions: leet, dotted, colloquial … ─┼─▶ Judge ─▶ one rate per class ─▶ text, JSON, HTML
//	labelled posts (third parties', read and never kept) ──────────┘      └─ beside it: a bare list of the same words
//
// A group of cases is one piece of propaganda and what is easily taken for it: news with the same words,
// counter-speech, everyday or religious speech. Half of the groups are shown to rule authors when they are missed; the
// others are only counted, so that rules written for rows instead of for what these have in common show.
//
// The classes are never made into one figure: a share of "right" answers says most about how many easy texts there
// were. See docs/accuracy.md for what these rates do not say.
//
// The package knows nothing of conditions or of how terms are found: it asks a Judge.
package accuracy
