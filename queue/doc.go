// Package queue is the wire: NATS JetStream, embedded in the process or remote.
//
//	ingest ─▶ POSTS ─▶ filter ─▶ FLAGS ─┬▶ platform ─▶ PLATFORM
//	  │                  │              ├▶ government ─▶ GOVERNMENT
//	  └──────▶ DEAD ◀────┘              └▶ index (follows; keeps its own place)
//
// Delivery is at least once: a message is acknowledged when its result is durable, and a process that dies in
// between gets it again. The effect is exactly once, because every result has a subject of its own that is made
// of the post's identity, and the broker stores only the first message on it (Topic). This holds for ever, not
// only within the broker's window for message ids.
//
// What cannot be decoded goes to DEAD with its reason, and its neighbours go on. What fails for another reason (a
// broker without room, a lost connection) is delivered again, later and later, and never given up.
//
// The package knows subjects, streams and acknowledgement. It knows nothing of what a flag means.
package queue
