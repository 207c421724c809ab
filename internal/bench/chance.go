package bench

import "math/bits"

// chance is a stream of random numbers that a seed repeats (SplitMix64). It
// costs a nanosecond, which the source of base.Env does not.
type chance uint64

func (c *chance) next() uint64 {
	*c += 0x9e3779b97f4a7c15
	z := uint64(*c)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number from 0 up to, and without, n.
func (c *chance) below(n int64) int64 {
	high, _ := bits.Mul64(c.next(), uint64(n))
	return int64(high)
}

// float returns a number from 0 up to, and without, 1.
func (c *chance) float() float64 {
	return float64(c.next()>>11) / (1 << 53)
}
