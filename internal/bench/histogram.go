package bench

import (
	"math/bits"
	"time"
)

// A histogram's buckets: one for each duration below 2^subBits nanoseconds, and
// above that 2^(subBits-1) for each power of two, so that a bucket is at most
// 1/64 of its value wide.
const (
	subBits = 7
	half    = 1 << (subBits - 1)
	buckets = (64 - subBits + 2) * half
)

// Histogram counts durations. The zero value is empty.
type Histogram struct {
	counts [buckets]uint64
	total  uint64
	sum    time.Duration
	max    time.Duration
}

func bucket(d time.Duration) int {
	v := uint64(max(d, 0))
	shift := max(bits.Len64(v)-subBits, 0)
	return shift*half + int(v>>shift)
}

// upper returns the longest duration of a bucket.
func upper(bucket int) time.Duration {
	shift := max(bucket/half-1, 0)
	v := uint64(bucket - shift*half)
	return time.Duration((v+1)<<shift - 1)
}

// Add counts d.
func (h *Histogram) Add(d time.Duration) {
	h.counts[bucket(d)]++
	h.total++
	h.sum += d
	h.max = max(h.max, d)
}

// Merge adds what other has counted.
func (h *Histogram) Merge(other *Histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
	h.sum += other.sum
	h.max = max(h.max, other.max)
}

// Total returns how many durations were counted.
func (h *Histogram) Total() uint64 { return h.total }

// Max returns the longest duration.
func (h *Histogram) Max() time.Duration { return h.max }

// Mean returns the average.
func (h *Histogram) Mean() time.Duration {
	if h.total == 0 {
		return 0
	}
	return h.sum / time.Duration(h.total)
}

// Quantile returns the duration that this part, from 0 to 1, of all do not
// exceed, 1/64 too long at most.
func (h *Histogram) Quantile(part float64) time.Duration {
	rank := uint64(part*float64(h.total) + 0.5)
	seen := uint64(0)
	for i, n := range h.counts {
		seen += n
		if n > 0 && seen >= rank {
			return min(upper(i), h.max)
		}
	}
	return h.max
}
