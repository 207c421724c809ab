package kvtest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/gramme-db/gramme/internal/kv"
)

// runScripts runs testdata. A script is a sequence of commands:
//
//	update own=(<key>, ...)         a transaction, one step a line:
//	  get <key>
//	  head <key>
//	  set <key> <value>
//	  delete <key>
//	  delete-range <start> <end>
//	  add <key> <slot> <delta>
//	  scan <start> <end> [reverse]
//	  fail <text>
//	delete-range <start> <end>
//	get <key> [in=<snapshot>]
//	scan <start> <end> [reverse] [in=<snapshot>]
//	counters <key>
//	snapshot <name>, release <name>
//	counts                          what was counted since it was asked last
//
// A bound or key that is written - is nil.
func runScripts(t *testing.T, e Engine) {
	paths, err := filepath.Glob(filepath.Join("..", "kvtest", "testdata", "*.txt"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scripts: kvtest.Run is called from a folder beside kvtest (%v)", err)
	}
	for _, path := range paths {
		t.Run("script "+strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			s := script{store: e.Open(t, "store"), snapshots: make(map[string]*kv.Snapshot)}
			defer s.close()
			datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
				return s.run(t, d)
			})
		})
	}
}

// script is the state of a running script.
type script struct {
	store     *kv.Store
	snapshots map[string]*kv.Snapshot
	counted   kv.Counts
}

func (s *script) close() {
	for _, snapshot := range s.snapshots {
		snapshot.Close()
	}
}

func (s *script) run(t *testing.T, d *datadriven.TestData) string {
	ctx := context.Background()
	args := words(d)
	switch d.Cmd {
	case "update":
		return s.update(t, d)
	case "delete-range":
		return outcome(s.store.DeleteRange(ctx, bound(args[0]), bound(args[1])))
	case "get":
		return s.get(d, args[0])
	case "scan":
		return s.scan(d, args)
	case "counters":
		slots, err := s.store.Counters(ctx, []byte(args[0]))
		if err != nil {
			return outcome(err)
		}
		return fmt.Sprintln(slots)
	case "snapshot":
		snapshot, err := s.store.Snapshot(ctx)
		if err == nil {
			s.snapshots[args[0]] = snapshot
		}
		return outcome(err)
	case "release":
		s.snapshots[args[0]].Close()
		delete(s.snapshots, args[0])
		return "ok\n"
	case "counts":
		now := s.store.Counts()
		since := now.Sub(s.counted)
		s.counted = now
		since.Syncs = 0 // as many as the engine's durability asks for
		return fmt.Sprintf("%+v\n", since)
	}
	t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
	return ""
}

// words are the arguments without a name.
func words(d *datadriven.TestData) []string {
	var words []string
	for _, arg := range d.CmdArgs {
		if len(arg.Vals) == 0 {
			words = append(words, arg.Key)
		}
	}
	return words
}

func (s *script) get(d *datadriven.TestData, key string) string {
	var value []byte
	var err error
	if arg, ok := d.Arg("in"); ok {
		value, err = s.snapshots[arg.Vals[0]].Get([]byte(key), nil)
	} else {
		value, err = s.store.Get(context.Background(), []byte(key), nil)
	}
	return shown(value, err)
}

func (s *script) scan(d *datadriven.TestData, args []string) string {
	start, end, reverse := bound(args[0]), bound(args[1]), len(args) > 2
	if arg, ok := d.Arg("in"); ok {
		return entries(s.snapshots[arg.Vals[0]].Scan(start, end, reverse))
	}
	return entries(s.store.Scan(context.Background(), start, end, reverse))
}

func (s *script) update(t *testing.T, d *datadriven.TestData) string {
	var own [][]byte
	if arg, ok := d.Arg("own"); ok {
		for _, key := range arg.Vals {
			own = append(own, []byte(key))
		}
	}
	var out strings.Builder
	err := s.store.Update(context.Background(), own, func(tx *kv.Tx) error {
		for line := range strings.Lines(d.Input) {
			text, err := step(t, tx, strings.Fields(line))
			out.WriteString(text)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return out.String() + outcome(err)
}

func step(t *testing.T, tx *kv.Tx, f []string) (string, error) {
	switch f[0] {
	case "get":
		return shown(tx.Get([]byte(f[1]), nil)), nil
	case "head":
		head, err := tx.Head([]byte(f[1]))
		return shown(head.Bytes(), err), nil
	case "set":
		return "", tx.Set(bound(f[1]), []byte(strings.Join(f[2:], " ")))
	case "delete":
		return "", tx.Delete([]byte(f[1]))
	case "delete-range":
		return "", tx.DeleteRange(bound(f[1]), bound(f[2]))
	case "add":
		slot := must(strconv.Atoi(f[2]))(t)
		tx.Add([]byte(f[1]), slot, must(strconv.ParseInt(f[3], 10, 64))(t))
		return "", nil
	case "scan":
		return entries(tx.Scan(bound(f[1]), bound(f[2]), len(f) > 3)), nil
	case "fail":
		return "", errors.New(strings.Join(f[1:], " "))
	}
	t.Fatalf("unknown step %q", f)
	return "", nil
}

func bound(text string) []byte {
	if text == "-" {
		return nil
	}
	return []byte(text)
}

func shown(value []byte, err error) string {
	if err != nil {
		return outcome(err)
	}
	return fmt.Sprintf("%q\n", value)
}

func entries(it *kv.Iterator) string {
	defer it.Close()
	var out strings.Builder
	for it.Next() {
		fmt.Fprintf(&out, "%s=%s\n", it.Key(), it.Value())
	}
	if err := it.Err(); err != nil {
		return out.String() + outcome(err)
	}
	return out.String() + "end\n"
}

func outcome(err error) string {
	if err != nil {
		return err.Error() + "\n"
	}
	return "ok\n"
}

// must returns a function that ends the test if err is not nil, and returns v.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
