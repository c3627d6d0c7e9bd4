// Package telegram reads public channels of Telegram, three ways, and offers what it read to package ingest:
//
//	Bot      the Bot API, for channels that made our bot an administrator   (api.telegram.org, long polling)
//	Preview  the pages that t.me shows anybody of a public channel          (t.me/s/NAME, polled)
//	Export   a file that Telegram Desktop wrote of one public channel       (result.json, read once)
//
//	getUpdates ─▶ update ─┐
//	t.me/s/… ───▶ page ───┼─▶ ingest.Raw ─▶ ingest.Batch (the gate) ─▶ Commit ─▶ cursor
//	result.json ▶ exported┘
//
// It knows what proves that a channel is public: a username in the Bot API, the channel's own header and its
// subscribers on a preview page, the type "public_channel" of an export. Without the proof it names another kind, and
// the gate refuses. Of anything but a public channel it decodes the kind and nothing else.
//
// It has no place for a person. The structs here name the members that make up a post's visible text; senders,
// signatures, forward origins, contacts, reply quotes and views have no field, so a decoder skips them unread.
//
// All three give a channel the same id, the Bot API's ("-100…"), and a message the same id and (Bot and Export) the
// same revision, so that a post read twice is one post. A message of an album is a post of its own where the source
// shows it as one (Bot, Export); one without text is skipped, as are service messages.
//
// It knows nothing of rules, of the broker or of when to try again after a failure: ingest.Supervise does that.
package telegram

// Platform is the name of the platform in every post of this package.
const Platform = "telegram"
