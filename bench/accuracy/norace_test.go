//go:build !race

package accuracy

const raceEnabled = false

const thin = 1
