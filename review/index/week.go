package index

import (
	"fmt"
	"time"
)

// WIB is western Indonesian time, in which the desk counts its days. Indonesia has no summer time.
var WIB = time.FixedZone("WIB", 7*60*60)

// A week names a shard: an ISO week of UTC, "2026-W47". Names sort by time.
type week string

func weekOf(t time.Time) week {
	y, w := t.UTC().ISOWeek()
	return week(fmt.Sprintf("%04d-W%02d", y, w))
}

// start is Monday, 00:00 UTC, of the week; false when the name is none.
func (w week) start() (time.Time, bool) {
	var y, n int
	if _, err := fmt.Sscanf(string(w), "%04d-W%02d", &y, &n); err != nil || len(w) != 8 {
		return time.Time{}, false
	}
	jan4 := time.Date(y, 1, 4, 0, 0, 0, 0, time.UTC) // always in week 1
	monday := jan4.AddDate(0, 0, -(int(jan4.Weekday())+6)%7)
	t := monday.AddDate(0, 0, 7*(n-1))
	return t, weekOf(t) == w
}

// overlaps reports whether the week has a moment in [from, to); the zero time leaves a side open.
func (w week) overlaps(from, to time.Time) bool {
	start, _ := w.start()
	end := start.AddDate(0, 0, 7)
	return (to.IsZero() || start.Before(to)) && (from.IsZero() || end.After(from))
}
