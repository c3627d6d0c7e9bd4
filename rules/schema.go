package rules

import _ "embed"

// Schema is the JSON Schema of a lexicon file (draft 2020-12): with it, an editor completes keys and underlines
// mistakes while they are typed. What only lint can see, such as the words of a condition, it leaves to lint.
//
//go:embed lexicon.schema.json
var Schema []byte
