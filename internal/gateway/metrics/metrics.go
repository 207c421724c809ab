// Package metrics counts the gateway's requests for Prometheus. It is the one
// place that imports Prometheus's client for requests. Called by
// internal/server, which registers it and hands it to the gateway.
package metrics

import (
	"net/http"
	"sync"

	"github.com/gramme-db/gramme/internal/gateway"
	"github.com/prometheus/client_golang/prometheus"
)

// Requests implements gateway.Observer. Its labels are bounded: operations are
// those of the known tables and "unknown", codes those of AWS's models.
type Requests struct {
	total    *prometheus.CounterVec
	errors   *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	bytesIn  *prometheus.CounterVec
	bytesOut *prometheus.CounterVec
	inFlight prometheus.Gauge

	// good are the series of requests that went well, by operation: looking
	// them up by their labels costs more than counting. A *series each.
	good sync.Map
}

// series are the figures of one operation's good requests.
type series struct {
	total, bytesIn, bytesOut prometheus.Counter
	seconds                  prometheus.Observer
}

func (m *Requests) newSeries(operation, code string) *series {
	return &series{
		total:    m.total.WithLabelValues(operation, code),
		bytesIn:  m.bytesIn.WithLabelValues(operation),
		bytesOut: m.bytesOut.WithLabelValues(operation),
		seconds:  m.seconds.WithLabelValues(operation),
	}
}

// seriesOf returns where to count a request.
func (m *Requests) seriesOf(o *gateway.Outcome) *series {
	if o.Status != http.StatusOK {
		return m.newSeries(o.Operation, o.Code)
	}
	if s, ok := m.good.Load(o.Operation); ok {
		return s.(*series)
	}
	s, _ := m.good.LoadOrStore(o.Operation, m.newSeries(o.Operation, o.Code))
	return s.(*series)
}

var _ gateway.Observer = (*Requests)(nil)

// New returns a Requests whose metrics are registered with r.
func New(r prometheus.Registerer) *Requests {
	m := &Requests{
		total: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gramme_requests_total",
			Help: "Requests answered, by operation and by the code of the error, or OK.",
		}, []string{"operation", "code"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gramme_request_errors_total",
			Help: "Requests refused or failed, by operation and by whose fault it was: client or server.",
		}, []string{"operation", "fault"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "gramme_request_duration_seconds",
			Help:    "Time from the header of a request to the end of its answer, by operation.",
			Buckets: prometheus.ExponentialBuckets(0.000_1, 2, 17), // 0.1 ms to 6.5 s
		}, []string{"operation"}),
		bytesIn: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gramme_request_body_bytes_total",
			Help: "Bytes of request bodies as sent, by operation.",
		}, []string{"operation"}),
		bytesOut: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gramme_response_body_bytes_total",
			Help: "Bytes of response bodies as sent, by operation.",
		}, []string{"operation"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "gramme_requests_in_flight",
			Help: "Requests being read, run or answered.",
		}),
	}
	r.MustRegister(m.total, m.errors, m.seconds, m.bytesIn, m.bytesOut, m.inFlight)
	return m
}

// Begin implements gateway.Observer.
func (m *Requests) Begin() { m.inFlight.Inc() }

// End implements gateway.Observer.
func (m *Requests) End(o gateway.Outcome) {
	m.inFlight.Dec()
	s := m.seriesOf(&o)
	s.total.Inc()
	s.seconds.Observe(o.Duration.Seconds())
	s.bytesIn.Add(float64(o.BytesIn))
	s.bytesOut.Add(float64(o.BytesOut))
	switch {
	case o.Status >= http.StatusInternalServerError:
		m.errors.WithLabelValues(o.Operation, "server").Inc()
	case o.Status >= http.StatusBadRequest:
		m.errors.WithLabelValues(o.Operation, "client").Inc()
	}
}
