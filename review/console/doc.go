// Package console is the moderators' desk in a browser, and the HTTP API beside it.
//
//	saring login ─▶ link ─▶ /login ─▶ session cookie
//	browser ──▶ /            search, facets, pages      ─┐
//	        ──▶ /flags/{id}  the whole post, its hits    ├─▶ review/index
//	CLI ──────▶ /api/search  the same as JSON            ─┘
//	browser ──▶ /explain     why a text is flagged or not ─▶ Config.Explain (nothing is kept)
//	browser ──▶ /rules       the rules in use, brakes, precision ─▶ Config.Rules, review/index
//	browser ──▶ POST /flags/{id}/decision ─▶ Config.Decide (durable when it returns)
//
// Pages are made on the server and work without JavaScript; a few lines of it add keys for the list. Every page
// exists in Indonesian and in English. The text of a post reaches a template only as spans, so that html/template
// escapes all of it; nothing is loaded from anywhere else, and a policy header says so to the browser. While a brake
// holds a rule in shadow, every page says so; what pages say of rules may be some seconds old.
//
// The package knows neither the broker nor who the moderator is: whoever can read the key file of the data folder
// can make a link. Nothing that it logs contains a query, an address with a query, or the text of a post.
package console
