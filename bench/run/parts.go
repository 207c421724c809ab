package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gramme-db/gramme/internal/bench"
)

// part is what is measured of Gramme alone, and recorded by itself: what grows
// with what is there.
type part struct {
	name    string
	measure func(ctx context.Context, l *lab, r *record) error
}

func parts() []part {
	return []part{{"idle", measureIdle}, {"tables", measureTables}, {"growth", measureGrowth}}
}

// choose returns the parts that are named, with commas between.
func choose(names string) ([]part, error) {
	if names == "all" {
		return parts(), nil
	}
	var chosen []part
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(parts(), func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no part %q", name)
		}
		chosen = append(chosen, parts()[i])
	}
	return chosen, nil
}

// lab is where a part is measured.
type lab struct {
	settings settings
	binary   string // Gramme's
	dir      string
}

// runParts measures parts and records each.
func runParts(ctx context.Context, s settings, chosen []part, binary, dir string) error {
	for _, p := range chosen {
		l := &lab{settings: s, binary: binary, dir: filepath.Join(dir, p.name)}
		r := newRecord(ctx, s)
		r.Part = p.name
		if err := p.measure(ctx, l, r); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if err := os.RemoveAll(l.dir); err != nil {
			return err
		}
		if err := r.keep(s.out); err != nil {
			return err
		}
	}
	return nil
}

// serve starts a Gramme on a data directory of the lab. The caller stops it.
func (l *lab) serve(data string) (p *process, took time.Duration, err error) {
	return start(context.Background(), gramme(l.binary, filepath.Join(l.dir, data)))
}

// target is how a table on a server is to be made.
func (p *process) target(name string, indexes int) bench.Target {
	return bench.Target{Name: name, URL: p.url, PID: p.cmd.Process.Pid, Indexes: indexes}
}

// table is figures that are no comparison.
type table struct {
	Title string     `json:"title"`
	Head  []string   `json:"head"`
	Rows  [][]string `json:"rows"`
}

func (t *table) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s:\n\n| %s |\n|%s\n", t.Title, strings.Join(t.Head, " | "), "---|"+strings.Repeat("---:|", len(t.Head)-1))
	for _, row := range t.Rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
	}
}

// compare sends loads to subjects in turn, and records them under a title.
func (r *record) compare(ctx context.Context, title string, subjects []*bench.Subject, loads ...bench.Load) (*groupResult, error) {
	g := groupResult{Name: title}
	for _, load := range loads {
		r.tell("%s: %s", title, load.Workload)
		c, err := bench.Compare(ctx, subjects, load, effortOf(r.Quick).rounds)
		if err != nil {
			return nil, err
		}
		g.Comparisons = append(g.Comparisons, c)
	}
	r.Groups = append(r.Groups, g)
	return &g, nil
}

// tell tells the user what is being done.
func (r *record) tell(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s: %s\n", time.Since(r.Date).Round(time.Second), fmt.Sprintf(format, args...))
}

// load is one of a part's loads.
func (r *record) load(workload string, connections int) bench.Load {
	e := effortOf(r.Quick)
	return bench.Load{Workload: workload, Connections: connections, Warmup: e.warmup, Duration: e.duration, PageItems: 100}
}

// aim is a target of a part, and whether it is met.
type aim struct {
	Figure string `json:"figure"`
	Target string `json:"target"`
	Seen   string `json:"seen"`
	Met    bool   `json:"met"`
}

// atMost records a figure that should be no greater than a bound.
func (r *record) atMost(figure string, seen, most float64, unit string) {
	r.Aims = append(r.Aims, aim{figure, fmt.Sprintf("at most %.4g%s", most, unit), fmt.Sprintf("%.4g%s", seen, unit), seen <= most})
}

func (r *record) writeAims(b *strings.Builder) {
	if len(r.Aims) == 0 {
		return
	}
	b.WriteString("\n| figure | target | seen | met |\n|---|---|---|---|\n")
	for _, a := range r.Aims {
		met := "yes"
		if !a.Met {
			met = "**no**"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", a.Figure, a.Target, a.Seen, met)
	}
}

// folderBytes is how much a folder's files take.
func folderBytes(dir string) (bytes int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return ignoreMissing(err)
		}
		info, err := entry.Info()
		if err == nil {
			bytes += info.Size()
		}
		return ignoreMissing(err)
	})
	return bytes, err
}

// ignoreMissing is for files that a running server has just removed.
func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func mib(bytes int64) string { return fmt.Sprintf("%.0f MiB", float64(bytes)/(1<<20)) }

func millis(d time.Duration) string { return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000) }
