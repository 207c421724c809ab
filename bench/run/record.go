package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gramme-db/gramme/internal/bench"
)

// record is what a run has seen.
type record struct {
	Part    string        `json:"part,omitempty"`
	Date    time.Time     `json:"date"`
	Commit  string        `json:"commit"`
	Quick   bool          `json:"quick"`
	Machine machine       `json:"machine"`
	Notes   []string      `json:"notes"`
	Servers []standing    `json:"servers"`
	Groups  []groupResult `json:"groups"`
	Direct  []string      `json:"direct,omitempty"` // Pebble without a server
	Aims    []aim         `json:"aims,omitempty"`
	Tables  []table       `json:"tables,omitempty"`
}

type machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory string `json:"memory"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
}

// standing is a server before the first load.
type standing struct {
	Name        string  `json:"name"`
	Version     string  `json:"version,omitempty"`
	StartMillis float64 `json:"startMillis"` // from exec to the first answer
	IdleMiB     float64 `json:"idleMiB"`     // resident, 2 s later
}

type groupResult struct {
	Name        string              `json:"name"`
	Comparisons []*bench.Comparison `json:"comparisons"`
}

func newRecord(ctx context.Context, s settings) *record {
	r := &record{Date: time.Now().UTC().Truncate(time.Second), Quick: s.quick, Commit: output(ctx, "git", "describe", "--always", "--dirty")}
	r.Machine = machine{
		CPU:    procLine("/proc/cpuinfo", "model name"),
		Cores:  runtime.NumCPU(),
		Memory: procLine("/proc/meminfo", "MemTotal"),
		Kernel: output(ctx, "uname", "-sr"),
		Go:     runtime.Version(),
	}
	if s.note != "" {
		r.Notes = append(r.Notes, s.note)
	}
	return r
}

func (r *record) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fmt.Fprintln(os.Stderr, text)
	r.Notes = append(r.Notes, text)
}

func output(ctx context.Context, name string, args ...string) string {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// procLine returns the value of the first line with a name.
func procLine(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// writeMarkdown writes all as tables.
func (r *record) writeMarkdown(w io.Writer) error {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "%s, commit %s; %s, %d cores, %s; %s; %s.\n", r.Date.Format("2006-01-02 15:04 UTC"), r.Commit, m.CPU, m.Cores, m.Memory, m.Kernel, m.Go)
	if r.Quick {
		b.WriteString("A quick run: the figures scatter more.\n")
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "- %s\n", note)
	}
	if r.Part != "" {
		r.writePart(&b)
		_, err := io.WriteString(w, b.String())
		return err
	}
	r.writeServers(&b)
	r.writeTargets(&b)
	for _, g := range r.Groups {
		g.write(&b)
	}
	fmt.Fprintf(&b, "\nPebble without a server, 16 goroutines:\n\n```\n%s\n```\n", strings.Join(r.Direct, "\n"))
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *record) writePart(b *strings.Builder) {
	r.writeAims(b)
	for _, t := range r.Tables {
		t.write(b)
	}
	for _, g := range r.Groups {
		g.write(b)
	}
}

func (r *record) writeServers(b *strings.Builder) {
	b.WriteString("\n| server | version | first answer after | memory then |\n|---|---|---:|---:|\n")
	for _, s := range r.Servers {
		fmt.Fprintf(b, "| %s | %s | %.0f ms | %.0f MiB |\n", s.Name, s.Version, s.StartMillis, s.IdleMiB)
	}
}

// writeTargets writes what we want, and what there is.
func (r *record) writeTargets(b *strings.Builder) {
	b.WriteString("\nTargets, as ratios of Gramme's figure to the other server's; median (least..most) of the rounds:\n\n")
	b.WriteString("| workload | connections | other server | figure | target | seen | met |\n|---|---:|---|---|---|---|---|\n")
	missing := map[string]bool{}
	for _, t := range targets() {
		ratio := r.seen(t)
		if ratio == nil {
			missing[t.server] = true
			continue
		}
		fmt.Fprintf(b, "| %s | %d | %s | %s | %s | %s | %s |\n", t.workload, t.connections, t.server, t.figure, t, ratio, t.met(ratio))
	}
	if len(missing) > 0 {
		fmt.Fprintf(b, "\nTargets beside these were not measured, or not all of them: %s.\n", strings.Join(slices.Sorted(maps.Keys(missing)), ", "))
	}
}

func (g *groupResult) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s:\n\n", strings.ToUpper(g.Name[:1])+g.Name[1:])
	b.WriteString("| workload | connections | server | requests/s | p50 µs | p99 µs | errors | server CPU µs | server MiB | throughput ratio | CPU ratio |\n")
	b.WriteString("|---|---:|---|---:|---:|---:|---:|---:|---:|---|---|\n")
	for _, c := range g.Comparisons {
		for _, s := range c.Servers {
			m := s.Median
			used, memory := "", ""
			if m.Server != nil {
				used, memory = fmt.Sprintf("%.1f", m.Server.CPUMicros), fmt.Sprint(m.Server.Bytes>>20)
			}
			fmt.Fprintf(b, "| %s | %d | %s | %.0f | %.0f | %.0f | %d | %s | %s | %s | %s |\n", c.Workload, m.Connections, m.Target,
				m.PerSecond, m.Latency.P50, m.Latency.P99, m.Errors, used, memory, s.PerSec, s.CPU)
		}
	}
}

// marks are what the tables of a run, or of a part of it, stand between.
func marks(part string) (begin, end string) {
	if part == "" {
		part = "results"
	}
	return "<!-- " + part + ": written by bench/run -->\n", "<!-- end of " + part + " -->\n"
}

// putIntoReadme replaces what stands between the marks.
func (r *record) putIntoReadme(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	begin, end := marks(r.Part)
	before, rest, ok := bytes.Cut(text, []byte(begin))
	_, after, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return errors.New(name + " has no marks for the results: " + begin)
	}
	var b bytes.Buffer
	b.Write(before)
	b.WriteString(begin)
	if err := r.writeMarkdown(&b); err != nil {
		return err
	}
	b.WriteString(end)
	b.Write(after)
	return os.WriteFile(name, b.Bytes(), 0o644)
}
