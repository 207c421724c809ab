package bench

import "math"

// zipfTheta is the constant of YCSB.
const zipfTheta = 0.99

// zipf draws ranks from 0 up to n, the rank k with a chance proportional to
// 1/(k+1)^theta, by the method of Gray et al., "Quickly generating
// billion-record synthetic databases" (1994): exact for the first two ranks,
// and close for the others.
type zipf struct {
	n               int64
	zeta, zeta2     float64 // the sums of all, and of the first two, 1/k^theta
	alpha, eta, two float64
}

func newZipf(n int64) zipf {
	z := zipf{alpha: 1 / (1 - zipfTheta), two: 1 + math.Pow(0.5, zipfTheta)}
	z.zeta2 = z.two
	z.grow(n)
	return z
}

// grow raises n; the sum goes on where it was.
func (z *zipf) grow(n int64) {
	if n <= z.n {
		return
	}
	for k := z.n + 1; k <= n; k++ {
		z.zeta += math.Pow(float64(k), -zipfTheta)
	}
	z.n = n
	z.eta = (1 - math.Pow(2/float64(n), 1-zipfTheta)) / (1 - z.zeta2/z.zeta)
}

// rank returns the rank for a number from 0 up to 1.
func (z *zipf) rank(u float64) int64 {
	switch uz := u * z.zeta; {
	case uz < 1:
		return 0
	case uz < z.two:
		return 1
	}
	rank := int64(float64(z.n) * math.Pow(z.eta*u-z.eta+1, z.alpha))
	return min(rank, z.n-1)
}

// scatter spreads ranks over n items, so that those of ranks side by side do not
// lie side by side. It is FNV-1a of the rank's bytes.
func scatter(rank, n int64) int64 {
	hash := uint64(0xcbf29ce484222325)
	for range 8 {
		hash = (hash ^ uint64(rank&0xff)) * 0x100000001b3
		rank >>= 8
	}
	return int64(hash % uint64(n))
}
