package metrics

import (
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/gramme-db/gramme/internal/gateway"
	"github.com/prometheus/client_golang/prometheus"
)

func TestRequests(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := New(registry)
	for _, o := range []gateway.Outcome{
		{Operation: "GetItem", Code: "OK", Status: 200, Duration: time.Millisecond, BytesIn: 10, BytesOut: 20},
		{Operation: "GetItem", Code: "OK", Status: 200, Duration: time.Second, BytesIn: 1, BytesOut: 2},
		{Operation: "GetItem", Code: "ValidationException", Status: 400},
		{Operation: "PutItem", Code: "InternalServerError", Status: 500},
		{Operation: "PutItem", Code: "ClientGone", Status: 499},
	} {
		m.Begin()
		m.End(o)
	}
	m.Begin()
	want := strings.TrimPrefix(`
gramme_request_body_bytes_total operation=GetItem 11
gramme_request_body_bytes_total operation=PutItem 0
gramme_request_duration_seconds operation=GetItem 3 in 1.001
gramme_request_duration_seconds operation=PutItem 2 in 0
gramme_request_errors_total fault=client operation=GetItem 1
gramme_request_errors_total fault=client operation=PutItem 1
gramme_request_errors_total fault=server operation=PutItem 1
gramme_requests_in_flight 1
gramme_requests_total code=ClientGone operation=PutItem 1
gramme_requests_total code=InternalServerError operation=PutItem 1
gramme_requests_total code=OK operation=GetItem 2
gramme_requests_total code=ValidationException operation=GetItem 1
gramme_response_body_bytes_total operation=GetItem 22
gramme_response_body_bytes_total operation=PutItem 0
`, "\n")
	if got := printed(t, registry); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// printed lists what is registered, one sample a line.
func printed(t *testing.T, g prometheus.Gatherer) string {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			line := family.GetName()
			for _, label := range metric.GetLabel() {
				line += " " + label.GetName() + "=" + label.GetValue()
			}
			switch h := metric.GetHistogram(); {
			case h != nil:
				line += fmt.Sprintf(" %d in %v", h.GetSampleCount(), h.GetSampleSum())
			case metric.GetGauge() != nil:
				line += fmt.Sprintf(" %v", metric.GetGauge().GetValue())
			default:
				line += fmt.Sprintf(" %v", metric.GetCounter().GetValue())
			}
			lines = append(lines, line+"\n")
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "")
}
