package bench

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// Comparison is one load on several servers, in rounds: each server has its turn
// in each round, so that what else the machine does meets all of them.
type Comparison struct {
	Workload string      `json:"workload"`
	Servers  []*Standing `json:"servers"`
}

// Standing is how a server did. Ratios are to the first server, round by round.
type Standing struct {
	Median Result   `json:"median"` // each figure by itself; counts are sums
	Rounds []Result `json:"rounds"`
	PerSec *Ratio   `json:"perSecondRatio,omitempty"`
	CPU    *Ratio   `json:"cpuRatio,omitempty"`
	P99    *Ratio   `json:"p99Ratio,omitempty"`
}

// Ratio is the first server's figure divided by this server's.
type Ratio struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// Compare runs a load on all subjects in turn, round after round.
func Compare(ctx context.Context, subjects []*Subject, l Load, rounds int) (*Comparison, error) {
	c := &Comparison{Workload: l.Workload}
	for range subjects {
		c.Servers = append(c.Servers, &Standing{})
	}
	for range rounds {
		for i, s := range subjects {
			r, err := s.Run(ctx, l)
			if err != nil {
				return nil, err
			}
			c.Servers[i].Rounds = append(c.Servers[i].Rounds, *r)
		}
	}
	for i, s := range c.Servers {
		s.Median = medians(s.Rounds)
		if i > 0 {
			s.setRatios(c.Servers[0])
		}
	}
	return c, nil
}

// medians returns the median of each figure.
func medians(rounds []Result) Result {
	m := rounds[0]
	m.Histogram = Histogram{}
	m.Requests, m.Errors, m.Wrong = 0, 0, 0
	for i := range rounds {
		r := &rounds[i]
		m.Histogram.Merge(&r.Histogram)
		m.Requests, m.Errors, m.Wrong = m.Requests+r.Requests, m.Errors+r.Errors, m.Wrong+r.Wrong
		if m.FirstError == "" {
			m.FirstError = r.FirstError
		}
	}
	m.Seconds = medianOf(rounds, func(r *Result) float64 { return r.Seconds })
	m.PerSecond = medianOf(rounds, perSecond)
	m.ClientCPUMicros = medianOf(rounds, func(r *Result) float64 { return r.ClientCPUMicros })
	m.Latency = Latency{
		Mean: medianOf(rounds, func(r *Result) float64 { return r.Latency.Mean }),
		P50:  medianOf(rounds, func(r *Result) float64 { return r.Latency.P50 }),
		P90:  medianOf(rounds, func(r *Result) float64 { return r.Latency.P90 }),
		P99:  medianOf(rounds, p99),
		P999: medianOf(rounds, func(r *Result) float64 { return r.Latency.P999 }),
		Max:  medianOf(rounds, func(r *Result) float64 { return r.Latency.Max }),
	}
	if m.Server != nil {
		m.Server = &Usage{CPUMicros: medianOf(rounds, cpu), Bytes: rounds[len(rounds)-1].memory()}
	}
	return m
}

func perSecond(r *Result) float64 { return r.PerSecond }

func p99(r *Result) float64 { return r.Latency.P99 }

// cpu is 0 where it is not known.
func cpu(r *Result) float64 {
	if r.Server == nil {
		return 0
	}
	return r.Server.CPUMicros
}

func (r *Result) memory() int64 {
	if r.Server == nil {
		return 0
	}
	return r.Server.Bytes
}

func medianOf(rounds []Result, figure func(*Result) float64) float64 {
	var all []float64
	for i := range rounds {
		all = append(all, figure(&rounds[i]))
	}
	return median(all)
}

func median(all []float64) float64 {
	slices.Sort(all)
	n := len(all)
	return (all[(n-1)/2] + all[n/2]) / 2
}

func (s *Standing) setRatios(first *Standing) {
	s.PerSec = ratio(first.Rounds, s.Rounds, perSecond)
	s.CPU = ratio(first.Rounds, s.Rounds, cpu)
	s.P99 = ratio(first.Rounds, s.Rounds, p99)
}

// ratio is nil where a figure is not known, or zero.
func ratio(first, other []Result, figure func(*Result) float64) *Ratio {
	var all []float64
	for i := range first {
		a, b := figure(&first[i]), figure(&other[i])
		if a == 0 || b == 0 {
			return nil
		}
		all = append(all, a/b)
	}
	return &Ratio{Median: median(all), Min: slices.Min(all), Max: slices.Max(all)}
}

// WriteComparisons writes a row for each server under each load. The ratios say
// how many times the figure of this server the first one's is.
func WriteComparisons(w io.Writer, all []*Comparison) error {
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(columns, "workload\tconns\tserver\treq/s\tp50 µs\tp99 µs\terrors\tserver CPU µs\tserver MiB\treq/s ratio\tCPU ratio\tp99 ratio\t\n")
	var medians []*Result
	for _, c := range all {
		for _, s := range c.Servers {
			m := &s.Median
			medians = append(medians, m)
			used, memory := "-", "-"
			if m.Server != nil {
				used, memory = fmt.Sprintf("%.1f", m.Server.CPUMicros), fmt.Sprint(m.Server.Bytes>>20)
			}
			fmt.Fprintf(columns, "%s\t%s\t%s\t%.0f\t%.0f\t%.0f\t%d\t%s\t%s\t%s\t%s\t%s\t\n", c.Workload, m.pace(), m.Target, m.PerSecond,
				m.Latency.P50, m.Latency.P99, m.Errors, used, memory, s.PerSec, s.CPU, s.P99)
		}
	}
	if err := columns.Flush(); err != nil {
		return err
	}
	return writeErrors(w, medians)
}

// String is the median, with the least and the greatest behind it.
func (r *Ratio) String() string {
	if r == nil {
		return "-"
	}
	return fmt.Sprintf("%s (%s..%s)", short(r.Median), short(r.Min), short(r.Max))
}

// short is a number with two or three digits that matter.
func short(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	case x >= 0.1:
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.4f", x)
}
