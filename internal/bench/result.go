package bench

import "time"

// Result is what came of a load.
type Result struct {
	Target      string  `json:"target"`
	Workload    string  `json:"workload"`
	Connections int     `json:"connections"`
	Rate        float64 `json:"rate,omitempty"` // that was asked for; 0: as fast as answers came
	Items       int64   `json:"items"`
	ItemBytes   int     `json:"itemBytes"`

	Seconds   float64 `json:"seconds"`
	Requests  int64   `json:"requests"` // with the right answer
	PerSecond float64 `json:"perSecond"`
	Latency   Latency `json:"latencyMicros"`

	Errors     int64  `json:"errors"` // requests without the right answer
	Wrong      int64  `json:"wrong"`  // those of them with another answer than the right one
	FirstError string `json:"firstError,omitempty"`

	Server          *Usage  `json:"server,omitempty"` // nil: not known
	ClientCPUMicros float64 `json:"clientCPUMicros,omitempty"`

	Histogram Histogram `json:"-"`
}

// Latency is in microseconds.
type Latency struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99.9"`
	Max  float64 `json:"max"`
}

// Usage is what the server's process used.
type Usage struct {
	CPUMicros float64 `json:"cpuMicrosPerRequest"` // user and system
	Bytes     int64   `json:"residentBytes"`       // at the end
}

func latencyOf(h *Histogram) Latency {
	return Latency{
		Mean: micros(h.Mean()),
		P50:  micros(h.Quantile(0.5)),
		P90:  micros(h.Quantile(0.9)),
		P99:  micros(h.Quantile(0.99)),
		P999: micros(h.Quantile(0.999)),
		Max:  micros(h.Max()),
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// sent is how many requests the server had work with.
func (r *Result) sent() int64 { return r.Requests + r.Errors }
