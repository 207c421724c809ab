package proof

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// A point is a place where something becomes durable, or may fail to: a kind of
// operation on a kind of file. All of them are listed in testdata/points.txt.
// The names are those of the disk's side, so that they hold for any engine that
// keeps a log, tables and a manifest.

// verbs name the operations that change what a power cut leaves.
var verbs = map[errorfs.OpKind]string{
	errorfs.OpCreate:        "create",
	errorfs.OpLink:          "link",
	errorfs.OpRemove:        "remove",
	errorfs.OpRename:        "rename",
	errorfs.OpReuseForWrite: "reuse",
	errorfs.OpMkdirAll:      "make",
	errorfs.OpFileWrite:     "write",
	errorfs.OpFileWriteAt:   "write",
	errorfs.OpFileSync:      "sync",
	errorfs.OpFileSyncData:  "sync",
	errorfs.OpFileSyncTo:    "sync",
}

var fileKinds = []struct {
	pattern *regexp.Regexp
	kind    string
}{
	{regexp.MustCompile(`\.log$`), "log"},
	{regexp.MustCompile(`\.sst$`), "table"},
	{regexp.MustCompile(`^MANIFEST-`), "manifest"},
	{regexp.MustCompile(`^OPTIONS-`), "options"},
	{regexp.MustCompile(`^temporary\.|\.dbtmp$`), "draft"},
	{regexp.MustCompile(`^marker\.`), "marker"},
	{regexp.MustCompile(`^CLEAN`), "mark of a clean end"},
	{regexp.MustCompile(`^LOCK$`), "lock"},
	{regexp.MustCompile(`^data$`), "directory"},
	{regexp.MustCompile(`^\.$`), "parent of the directory"},
}

// pointOf returns the name of the point that an operation is; empty when it
// changes nothing.
func pointOf(op errorfs.Op) string {
	verb, changes := verbs[op.Kind]
	if !changes {
		return ""
	}
	base := path.Base(op.Path)
	for _, k := range fileKinds {
		if k.pattern.MatchString(base) {
			return verb + " " + k.kind
		}
	}
	return verb + " " + base // which is not listed, and so will be noticed
}

// watch wraps a file system: at is called with the point of each operation,
// before it. What it returns is the operation's error.
func watch(fs vfs.FS, at func(point string) error) vfs.FS {
	return errorfs.Wrap(inSteps{fs}, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if point := pointOf(op); point != "" {
			return at(point)
		}
		return nil
	}))
}

// inSteps is a file system in memory that uses a file again in two steps. In one
// it takes its lock of clones twice, and waits for ever for a clone that is asked
// for in between.
type inSteps struct{ vfs.FS }

func (s inSteps) ReuseForWrite(oldname, newname string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if err := s.Rename(oldname, newname); err != nil {
		return nil, err
	}
	return s.OpenReadWrite(newname, category)
}

// tally counts by name. It is safe for concurrent use.
type tally struct {
	mu sync.Mutex
	n  map[string]int
}

func (y *tally) add(name string) int {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.n == nil {
		y.n = map[string]int{}
	}
	y.n[name]++
	return y.n[name]
}

func (y *tally) names() []string {
	y.mu.Lock()
	defer y.mu.Unlock()
	var names []string
	for name := range y.n {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (y *tally) total() (sum int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, n := range y.n {
		sum += n
	}
	return sum
}

// checkAllHit fails the test when there is a point in testdata/points.txt that
// was not hit, or one was hit that is not in it. Points that are met rarely, in
// the restart after a cut, are asked for in the long form alone.
func (y *tally) checkAllHit(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile("testdata/points.txt")
	if err != nil {
		t.Fatal(err)
	}
	listed := strings.Split(strings.TrimSpace(string(text)), "\n")
	hit := y.names()
	for i, line := range listed {
		name, rare := strings.CutPrefix(line, "rarely ")
		listed[i] = name
		if !slices.Contains(hit, name) && (!rare || *soak > time.Minute) {
			t.Errorf("not hit: %s", name)
		}
	}
	for _, name := range hit {
		if !slices.Contains(listed, name) {
			t.Errorf("not in testdata/points.txt: %s", name)
		}
	}
}

// String returns all names with their counts.
func (y *tally) String() string {
	var all []string
	for _, name := range y.names() {
		y.mu.Lock()
		all = append(all, fmt.Sprintf("%s %d", name, y.n[name]))
		y.mu.Unlock()
	}
	return strings.Join(all, ", ")
}
