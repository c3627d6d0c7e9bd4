// Package bench measures.
//
//	micro_test.go     the steps of one post alone: gate, pack, fold and match, verdict
//	load.go, raw.go   offered load through the real roles, and through the broker alone
//	cluster.go        three brokers on this machine, for load with copies
//	peers/            other ways to find terms, in a module of its own, and the figures of docs/cost.md
//	record/           what was measured, when and on what; record.sh measures again
//
// Every benchmark checks its answers, so that none is fast because it is wrong, and is told beside two others of the
// same run over the same texts: the limit, a sum of their bytes in plain Go, which is what reading them costs; and
// the peer, what one would write with libraries in an afternoon. Figures move from machine to machine; the ratios
// are what to compare. How often the filter is right is measured in package bench/accuracy.
package bench
