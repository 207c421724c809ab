// Command apigen generates internal/api from AWS's published service models.
//
//	cd tools && go run ./apigen                  generate
//	cd tools && go run ./apigen -check           fail if what is committed differs
//	cd tools && go run ./apigen -update 1.44.5   pin another release of the models, then generate
//
// The models are read from a release of the package botocore that models.lock
// pins, which pip fetches into a cache folder. What we know better than a model
// is in overlays, each correction with its reason.
package main

import (
	"bytes"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gramme-db/gramme/tools/apigen/emit"
	"github.com/gramme-db/gramme/tools/apigen/lock"
	"github.com/gramme-db/gramme/tools/apigen/model"
	"github.com/gramme-db/gramme/tools/apigen/plan"
)

//go:embed overlays/*.json
var embedded embed.FS

func main() {
	var o options
	flag.StringVar(&o.lock, "lock", "../internal/api/models.lock", "the `file` that pins the models")
	flag.StringVar(&o.out, "out", "../internal/api", "the `folder` of the generated packages")
	flag.StringVar(&o.cache, "cache", defaultCache(), "the `folder` that fetched models are kept in")
	flag.StringVar(&o.update, "update", "", "pin this `version` of the models first")
	flag.BoolVar(&o.check, "check", false, "write nothing, fail if a file would change")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "apigen:", err)
		os.Exit(1)
	}
}

type options struct {
	lock, out, cache, update string
	check                    bool
}

func defaultCache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "gramme-apigen")
}

func run(o options) error {
	pinned, err := lock.Load(o.lock)
	if err != nil {
		return err
	}
	wheel, err := fetch(pinned, o)
	if err != nil {
		return err
	}
	overlays, err := fs.Sub(embedded, "overlays")
	if err != nil {
		return err
	}
	var changes []string
	for _, m := range pinned.Models {
		data, err := wheel.Model(m)
		if err != nil {
			return err
		}
		files, err := generate(m.Service, data, overlays)
		if err != nil {
			return fmt.Errorf("%s: %w", m.Service, err)
		}
		changed, err := write(filepath.Join(o.out, m.Service), files, o.check)
		if err != nil {
			return err
		}
		changes = append(changes, changed...)
	}
	return report(changes, o.check)
}

func fetch(pinned *lock.Lock, o options) (*lock.Wheel, error) {
	if o.update == "" {
		return pinned.Fetch(o.cache)
	}
	if o.check {
		return nil, errors.New("-update and -check exclude each other")
	}
	wheel, err := pinned.Update(o.update, o.cache)
	if err != nil {
		return nil, err
	}
	return wheel, pinned.Save(o.lock)
}

// generate turns a model into the files of its package.
func generate(service string, data []byte, overlays fs.FS) (map[string][]byte, error) {
	m, err := model.Read(data)
	if err != nil {
		return nil, err
	}
	overlay, err := plan.ReadOverlay(overlays, service)
	if err != nil {
		return nil, err
	}
	p, err := plan.New(service, m, overlay)
	if err != nil {
		return nil, err
	}
	return emit.Service(p)
}

// write brings a folder to the generated state, or only tells what it would
// change there.
func write(dir string, files map[string][]byte, check bool) (changes []string, err error) {
	old, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, path := range old {
		if _, ok := files[filepath.Base(path)]; ok || strings.HasSuffix(path, "_test.go") {
			continue
		}
		changes = append(changes, "- "+path)
		if !check {
			if err := os.Remove(path); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, name)
		before, err := os.ReadFile(path)
		if err == nil && bytes.Equal(before, files[name]) {
			continue
		}
		changes = append(changes, difference(path, before, files[name]))
		if check {
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, files[name], 0o644); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

// difference names a file and the first line in which it changes.
func difference(path string, before, after []byte) string {
	if before == nil {
		return "+ " + path
	}
	old, new := bytes.Split(before, []byte("\n")), bytes.Split(after, []byte("\n"))
	i := 0
	for i < len(old) && i < len(new) && bytes.Equal(old[i], new[i]) {
		i++
	}
	line := func(lines [][]byte) string {
		if i < len(lines) {
			return string(lines[i])
		}
		return "(end of file)"
	}
	return fmt.Sprintf("M %s:%d\n\tis:     %s\n\tshould: %s", path, i+1, line(old), line(new))
}

func report(changes []string, check bool) error {
	for _, change := range changes {
		fmt.Println(change)
	}
	if check && len(changes) > 0 {
		return fmt.Errorf("%d generated files are not up to date; run `go run ./apigen` in tools", len(changes))
	}
	return nil
}
