//go:build !race

package filter

const raceEnabled = false

const thin = 1
