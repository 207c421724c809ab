package bench

import (
	"math"
	"slices"
	"testing"
	"time"
)

// The ranks come as often as the formula says: the first two exactly, and the
// others in groups, for which the method is close.
func TestZipf(t *testing.T) {
	const n, draws = 1000, 2_000_000
	z := newZipf(10)
	z.grow(n)
	counts := make([]float64, n)
	source := chance(7)
	for range draws {
		counts[z.rank(source.float())]++
	}
	zeta := 0.0
	for k := range n {
		zeta += math.Pow(float64(k+1), -zipfTheta)
	}
	from := 0
	for _, to := range []int{1, 2, 5, 10, 30, 100, 300, 1000} {
		got, want := 0.0, 0.0
		for k := from; k < to; k++ {
			got += counts[k] / draws
			want += math.Pow(float64(k+1), -zipfTheta) / zeta
		}
		tolerance := 0.01
		if from >= 2 {
			tolerance = 0.15
		}
		if math.Abs(got/want-1) > tolerance {
			t.Errorf("ranks %d to %d: %.4f of all, want %.4f", from, to-1, got, want)
		}
		from = to
	}
}

// Hot ranks are spread over the table, and all numbers are in it.
func TestScatter(t *testing.T) {
	const n = 1000
	var parts [10]int
	for rank := range int64(n) {
		parts[scatter(rank, n)*10/n]++
	}
	for i, count := range parts {
		if count < 60 || count > 140 {
			t.Errorf("tenth %d of the table has %d ranks of %d", i, count, n)
		}
	}
}

func TestUniform(t *testing.T) {
	source := chance(3)
	var counts [10]int
	for range 100_000 {
		counts[source.below(10)]++
	}
	if slices.Min(counts[:]) < 9_500 || slices.Max(counts[:]) > 10_500 {
		t.Error(counts)
	}
}

// Percentiles are those of the sorted values, 1/64 too long at most.
func TestHistogram(t *testing.T) {
	source := chance(5)
	var all []time.Duration
	var h, other Histogram
	for i := range 100_000 {
		d := time.Duration(math.Exp(20 * source.float())) // from 1 ns to half a second
		all = append(all, d)
		if i%2 == 0 {
			h.Add(d)
		} else {
			other.Add(d)
		}
	}
	h.Merge(&other)
	slices.Sort(all)
	for _, part := range []float64{0, 0.01, 0.5, 0.9, 0.99, 0.999, 0.9999, 1} {
		want := all[max(int(part*float64(len(all))+0.5)-1, 0)]
		got := h.Quantile(part)
		if got < want || float64(got) > float64(want)*(1+1.0/half) {
			t.Errorf("%v: %s, want %s", part, got, want)
		}
	}
	if h.Max() != all[len(all)-1] || h.Total() != 100_000 {
		t.Errorf("max %s, total %d", h.Max(), h.Total())
	}
}

func TestHistogramBuckets(t *testing.T) {
	for _, d := range []time.Duration{-1, 0, 1, 63, 64, 127, 128, 129, 255, 256, time.Second, time.Hour, math.MaxInt64} {
		i := bucket(d)
		if upper(i) < d || i > 0 && upper(i-1) >= d {
			t.Errorf("%d is in the bucket up to %d", d, upper(i))
		}
	}
}

// Items inserted out of order count when those before them are there.
func TestPopulation(t *testing.T) {
	var p population
	a, b, c := p.begin(), p.begin(), p.begin()
	for _, step := range []struct{ done, count int64 }{{c, 0}, {a, 1}, {b, 3}} {
		p.done(step.done)
		if got := p.count.Load(); got != step.count {
			t.Errorf("after %d: %d, want %d", step.done, got, step.count)
		}
	}
}
