//go:build race

package filter

const raceEnabled = true

// thin: with the race detector, long tables are tried at every so many rows; .ci/run tries all of them without it.
const thin = 10
