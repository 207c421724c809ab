package schema

import "time"

// DecreasesOn returns how often the throughput was decreased on the UTC day of
// a time.
func (t Throughput) DecreasesOn(now time.Time) int64 {
	if t.DecreaseAt == nil || !sameDay(*t.DecreaseAt, now) {
		return 0
	}
	return t.Decreases
}

func sameDay(a, b time.Time) bool {
	const day = "2006-01-02"
	return a.UTC().Format(day) == b.UTC().Format(day)
}

// MayDecrease reports whether AWS allows a decrease at a time: four at any time
// of a UTC day, then one whenever an hour has passed without.
func (t Throughput) MayDecrease(now time.Time) bool {
	return t.DecreasesOn(now) < decreasesFreeMax || now.Sub(*t.DecreaseAt) >= time.Hour
}

// Change returns the throughput after a change to other units.
func (t Throughput) Change(read, write int64, now time.Time) Throughput {
	after := t
	after.Read, after.Write = read, write
	if read > t.Read || write > t.Write {
		after.IncreaseAt = &now
	}
	if read < t.Read || write < t.Write {
		after.Decreases = t.DecreasesOn(now) + 1
		after.DecreaseAt = &now
	}
	return after
}
