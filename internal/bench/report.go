package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
)

// WriteJSON writes a value as JSON that people can read.
func WriteJSON(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// WriteTable writes a row for each result. Times are in microseconds.
func WriteTable(w io.Writer, results []*Result) error {
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(columns, "workload\tconns\treq/s\tp50 µs\tp90 µs\tp99 µs\tp99.9 µs\tmax µs\terrors\tserver CPU µs\tserver MiB\tclient CPU µs\t\n")
	for _, r := range results {
		cpu, memory := "-", "-"
		if r.Server != nil {
			cpu, memory = fmt.Sprintf("%.1f", r.Server.CPUMicros), fmt.Sprint(r.Server.Bytes>>20)
		}
		l := &r.Latency
		fmt.Fprintf(columns, "%s\t%s\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%d\t%s\t%s\t%.1f\t\n", r.Workload, r.pace(),
			r.PerSecond, l.P50, l.P90, l.P99, l.P999, l.Max, r.Errors, cpu, memory, r.ClientCPUMicros)
	}
	if err := columns.Flush(); err != nil {
		return err
	}
	return writeErrors(w, results)
}

// writeErrors says what the first error of each load was.
func writeErrors(w io.Writer, results []*Result) error {
	for _, r := range results {
		if r.Errors == 0 {
			continue
		}
		if _, err := fmt.Fprintf(w, "\n%s, %s: %d requests failed, %d of them with a wrong answer; the first: %s\n",
			r.Target, r.Workload, r.Errors, r.Wrong, r.FirstError); err != nil {
			return err
		}
	}
	return nil
}

// pace is the number of connections, and the rate if one was asked for.
func (r *Result) pace() string {
	if r.Rate > 0 {
		return fmt.Sprintf("%d at %s/s", r.Connections, strconv.FormatFloat(r.Rate, 'f', -1, 64))
	}
	return fmt.Sprint(r.Connections)
}
