// Package ingest lets posts of public channels in, and nothing else.
//
//	source ─▶ Raw ─▶ gate ─▶ Post ─▶ pack ─▶ wire
//	                  │
//	                  ├─▶ refused: not public. Counted; the body is forgotten at once.
//	                  └─▶ invalid: public, but broken. Counted; a dead letter.
//
// The gate (Admit, Decode, DecodePack) is the only maker of a Post: its fields are not exported, so no other
// package can fill one in, and what comes back from the wire passes the same gate again. A Post has no author,
// no member and no phone number, because there is no field that could hold one.
//
// A source reads one place (a file, an HTTP request, a Telegram channel) and offers what it read in a Batch;
// Batch.Commit returns when the wire has made all of it durable, and only then does a source move its cursor.
// So a source that is killed reads a little twice, and never skips: every later stage is idempotent.
//
// The package knows nothing of the broker (package queue implements Wire), of rules or of verdicts.
package ingest
