// Package rules knows what to look for, when it counts, how grave it is, and why we may look for it.
//
// A lexicon is a YAML file of rules on one theme; the bilingual ones that Saring ships are in lexicons/ and
// embedded in the binary. Load reads a folder of them and returns either a Ruleset or every mistake at once, each
// with file, line and column. A Ruleset is immutable and named by a hash of what it was made from, so a verdict that names
// its version can be reproduced.
//
// The categories are a closed list (scope.go): a rule outside it does not load.
//
// The package knows nothing of posts and does no matching: package filter folds, matches and weighs, and runs
// each rule's own texts, those it must match and those it must pass.
package rules
