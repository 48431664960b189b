package main

import (
	"math"
	"slices"
	"time"
)

const (
	// maxRate is the fastest playback that counts as watching.
	maxRate = 2.0
	// slack forgives a report that was late or a clock that ticks in whole seconds.
	slack = 2 * time.Second
	// maxIntervals bounds what is kept; a film watched in more pieces than that has its
	// smallest gaps' neighbors dropped, never gained.
	maxIntervals = 500
	// longest is the longest film, in seconds.
	longest = 24 * 3600.0
)

// interval is [from, to) in seconds of the film.
type interval = [2]float64

// sane drops what is no piece of a film and cuts what goes beyond its end.
func sane(in []interval, duration float64) []interval {
	var out []interval
	for _, i := range in {
		from, to := max(0, i[0]), min(duration, i[1])
		if math.IsNaN(i[0]) || math.IsNaN(i[1]) || from >= to {
			continue
		}
		out = append(out, interval{from, to})
	}
	return out
}

// union joins pieces, so that a second watched twice counts once.
func union(sets ...[]interval) []interval {
	all := slices.Concat(sets...)
	slices.SortFunc(all, func(a, b interval) int {
		switch {
		case a[0] < b[0]:
			return -1
		case a[0] > b[0]:
			return 1
		default:
			return 0
		}
	})
	var out []interval
	for _, i := range all {
		if n := len(out); n > 0 && i[0] <= out[n-1][1] {
			out[n-1][1] = max(out[n-1][1], i[1])
			continue
		}
		out = append(out, i)
	}
	return out
}

// seconds adds pieces up; they must not overlap.
func seconds(set []interval) float64 {
	sum := 0.0
	for _, i := range set {
		sum += i[1] - i[0]
	}
	return sum
}

// played is how many seconds of a film can have been played in a time.
func played(elapsed time.Duration) float64 { return max(0, elapsed+slack).Seconds() * maxRate }

// plausible takes from a report no more film than there is room for: what it claims beyond
// that is cut from its end. The slack counts once since the beginning, too, or a player that
// reports often would gain it each time.
func plausible(report []interval, room float64) []interval {
	var out []interval
	for _, i := range union(report) {
		if room <= 0 {
			break
		}
		i[1] = min(i[1], i[0]+room)
		room -= i[1] - i[0]
		out = append(out, i)
	}
	return out
}

// bounded keeps the largest pieces when there are too many, in their order.
func bounded(set []interval) []interval {
	if len(set) <= maxIntervals {
		return set
	}
	bySize := slices.Clone(set)
	slices.SortFunc(bySize, func(a, b interval) int {
		switch la, lb := a[1]-a[0], b[1]-b[0]; {
		case la > lb:
			return -1
		case la < lb:
			return 1
		default:
			return 0
		}
	})
	return union(bySize[:maxIntervals])
}
