// Package metrics is the page of figures that Prometheus reads of one server:
// its requests, its store, the process and the build. Figures of requests are
// counted by gateway/metrics; those of the store are the engine's own, read when
// the page is. Called by internal/server.
package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gramme-db/gramme/internal/gateway"
	"github.com/gramme-db/gramme/internal/gateway/metrics"
	"github.com/gramme-db/gramme/internal/kv"
)

// Page is the metrics of one server.
type Page struct {
	http.Handler                  // answers GET /metrics
	Requests     gateway.Observer // to be told of requests
}

// New returns the page of a server of the given version over store.
func New(store *kv.Store, version string) Page {
	registry := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "gramme_build_info",
		Help:        "Always 1; the label tells the version.",
		ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	registry.MustRegister(
		build,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		storeCollector{store, storeFigures()},
	)
	return Page{
		Handler:  promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		Requests: metrics.New(registry),
	}
}

// storeFigure is one of the store's figures on the metrics page.
type storeFigure struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(*kv.Metrics) float64
}

func gauge(name, help string, read func(*kv.Metrics) float64) storeFigure {
	return storeFigure{prometheus.NewDesc("gramme_store_"+name, help, nil, nil), prometheus.GaugeValue, read}
}

func counter(name, help string, read func(*kv.Metrics) float64) storeFigure {
	return storeFigure{prometheus.NewDesc("gramme_store_"+name+"_total", help, nil, nil), prometheus.CounterValue, read}
}

func storeFigures() []storeFigure {
	return []storeFigure{
		gauge("disk_bytes", "Bytes of the data directory in use.", func(m *kv.Metrics) float64 { return float64(m.DiskBytes) }),
		gauge("memtable_bytes", "Bytes written lately and still in memory.", func(m *kv.Metrics) float64 { return float64(m.MemtableBytes) }),
		gauge("log_bytes", "Bytes of the log that a recovery would read.", func(m *kv.Metrics) float64 { return float64(m.LogBytes) }),
		gauge("cache_bytes", "Bytes in the cache.", func(m *kv.Metrics) float64 { return float64(m.CacheBytes) }),
		gauge("level_zero_sublevels", "Sorted runs that a read may have to look into at level 0.", func(m *kv.Metrics) float64 { return float64(m.LevelZeroSublevels) }),
		gauge("compaction_debt_bytes", "Bytes that compactions have yet to sort.", func(m *kv.Metrics) float64 { return float64(m.CompactionDebtBytes) }),
		gauge("snapshots", "Open snapshots.", func(m *kv.Metrics) float64 { return float64(m.Snapshots) }),
		counter("cache_hits", "Blocks found in the cache.", func(m *kv.Metrics) float64 { return float64(m.CacheHits) }),
		counter("cache_misses", "Blocks not found in the cache.", func(m *kv.Metrics) float64 { return float64(m.CacheMisses) }),
		counter("log_written_bytes", "Bytes written to the log.", func(m *kv.Metrics) float64 { return float64(m.LogBytesWritten) }),
		counter("flushes", "Memtables written to tables.", func(m *kv.Metrics) float64 { return float64(m.Flushes) }),
		counter("compactions", "Compactions.", func(m *kv.Metrics) float64 { return float64(m.Compactions) }),
		counter("compacted_bytes", "Bytes written by compactions.", func(m *kv.Metrics) float64 { return float64(m.CompactedBytes) }),
		counter("write_stalls", "Times that writes waited for flushes or compactions.", func(m *kv.Metrics) float64 { return float64(m.WriteStalls) }),
		counter("commit_groups", "Batches committed; one holds the writes of one or more updates.", func(m *kv.Metrics) float64 { return float64(m.CommitGroups) }),
		counter("commit_syncs", "Waits for the disk by commits.", func(m *kv.Metrics) float64 { return float64(m.CommitSyncs) }),
		counter("background_errors", "Flushes and compactions that failed; they are tried again.", func(m *kv.Metrics) float64 { return float64(m.BackgroundErrors) }),
	}
}

// storeCollector is a prometheus.Collector of a store's figures.
type storeCollector struct {
	store   *kv.Store
	figures []storeFigure
}

// Describe implements prometheus.Collector.
func (c storeCollector) Describe(descs chan<- *prometheus.Desc) {
	for _, f := range c.figures {
		descs <- f.desc
	}
}

// Collect implements prometheus.Collector. It reads all figures at one moment.
func (c storeCollector) Collect(metrics chan<- prometheus.Metric) {
	m := c.store.Metrics()
	for _, f := range c.figures {
		metrics <- prometheus.MustNewConstMetric(f.desc, f.kind, f.read(&m))
	}
}
