package proof

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// TestPowerCutsNotice shows that the proof of power cuts is one: servers that
// break a promise, each in one way, do not pass it. Each mutant is named with a
// part of what is said of it.
func TestPowerCutsNotice(t *testing.T) {
	for _, m := range []struct {
		name string
		want string
		fs   func(vfs.FS) vfs.FS
		bad  func(driver.Driver) driver.Driver
	}{
		{name: "syncs of the log do nothing", want: "acknowledged was", fs: lying(".log")},
		{name: "syncs of tables do nothing", want: "data", fs: lying(".sst")},
		{name: "syncs of the manifest do nothing", want: "data", fs: lying("MANIFEST")},
		{name: "updates are two commits", want: "", bad: func(d driver.Driver) driver.Driver { return tornEngine{d} }},
		{name: "writes to indexes are dropped", want: "index", bad: dropping(layout.PartEntry)},
		{name: "writes to the journal are dropped", want: "stream", bad: dropping(layout.PartJournal)},
		{name: "writes to counters are dropped", want: "count", bad: dropping(layout.PartCounters)},
		{name: "expiries are dropped", want: "expir", bad: dropping(layout.PartExpiry)},
		{name: "tokens are dropped", want: "once more", bad: dropping(layout.PartToken)},
		{name: "items are dropped", want: "acknowledged was", bad: dropping(layout.PartItem)},
	} {
		t.Run(m.name, func(t *testing.T) {
			if m.fs == nil {
				m.fs = func(fs vfs.FS) vfs.FS { return fs }
			}
			if m.bad == nil {
				m.bad = func(d driver.Driver) driver.Driver { return d }
			}
			const most = 10
			for seed := range uint64(most) {
				wrong := mutantRound(t, seed, m.fs, m.bad)
				if wrong != "" && strings.Contains(wrong, m.want) {
					t.Logf("in round %d: %.300s", seed, wrong)
					return
				}
			}
			t.Errorf("not noticed in %d rounds", most)
		})
	}
}

// mutantRound runs a load on a mutant, cuts power, and returns what is wrong.
func mutantRound(t *testing.T, seed uint64, wrap func(vfs.FS) vfs.FS, bad func(driver.Driver) driver.Driver) string {
	book := newLedger()
	c := &cutter{mem: vfs.NewCrashableMem(), chance: rand.New(rand.NewPCG(seed, 102)), ledger: book, hit: &tally{}}
	engine, err := openEngine(wrap(watch(c.mem, c.at)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := openServer(bad(engine))
	if err != nil {
		t.Fatal(err)
	}
	l := &load{t: t, handler: s.Handler(), ledger: book}
	l.create()
	l.run(seed, 2*callsEach)
	_ = shut(s)
	for _, cut := range c.take() {
		engine, err := openEngine(cut.fs)
		if err != nil {
			return err.Error()
		}
		if wrong := verify(engine, cut.promise); len(wrong) > 0 {
			return strings.Join(wrong, "; ")
		}
	}
	return ""
}

// lying is a disk on which syncs of some files do nothing.
func lying(file string) func(vfs.FS) vfs.FS {
	return func(fs vfs.FS) vfs.FS { return lyingFS{fs, file} }
}

type lyingFS struct {
	vfs.FS
	file string
}

func (l lyingFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := l.FS.Create(name, c)
	if err == nil && strings.Contains(name, l.file) {
		f = lyingFile{f}
	}
	return f, err
}

func (l lyingFS) ReuseForWrite(old, name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := l.FS.ReuseForWrite(old, name, c)
	if err == nil && strings.Contains(name, l.file) {
		f = lyingFile{f}
	}
	return f, err
}

type lyingFile struct{ vfs.File }

func (lyingFile) Sync() error                { return nil }
func (lyingFile) SyncData() error            { return nil }
func (lyingFile) SyncTo(int64) (bool, error) { return false, nil }

// dropping is an engine that loses every fifth write to a part of the store.
func dropping(part layout.Part) func(driver.Driver) driver.Driver {
	return func(d driver.Driver) driver.Driver { return &droppingEngine{Driver: d, part: part, every: 5} }
}

type droppingEngine struct {
	driver.Driver
	part  layout.Part
	every int64
	n     atomic.Int64
}

func (e *droppingEngine) Update(ctx context.Context, own [][]byte, body driver.Body) error {
	return e.Driver.Update(ctx, own, bodyFunc(func(tx driver.Tx) (*driver.Writes, error) {
		writes, err := body.Run(tx)
		if err != nil {
			return nil, err
		}
		var kept []driver.Write
		for _, w := range writes.All() {
			if layout.PlaceOf(w.Key).Part != e.part || e.n.Add(1)%e.every > 0 {
				kept = append(kept, w)
			}
		}
		return writesOf(kept), nil
	}))
}

// tornEngine commits the first half of an update before the rest, which it
// loses now and then.
type tornEngine struct{ driver.Driver }

func (e tornEngine) Update(ctx context.Context, own [][]byte, body driver.Body) error {
	var all []driver.Write
	err := e.Driver.Update(ctx, own, bodyFunc(func(tx driver.Tx) (*driver.Writes, error) {
		writes, err := body.Run(tx)
		if err != nil {
			return nil, err
		}
		all = writesOf(writes.All()).All()
		return writesOf(all[:len(all)/2]), nil
	}))
	if err != nil {
		return err
	}
	dawdle()
	return e.Driver.Update(ctx, own, bodyFunc(func(driver.Tx) (*driver.Writes, error) {
		return writesOf(all[len(all)/2:]), nil
	}))
}

type bodyFunc func(tx driver.Tx) (*driver.Writes, error)

func (f bodyFunc) Run(tx driver.Tx) (*driver.Writes, error) { return f(tx) }

func writesOf(list []driver.Write) *driver.Writes {
	w := &driver.Writes{}
	for _, one := range list {
		switch one.Kind {
		case driver.Set:
			w.Set(one.Key, one.Value)
		case driver.Delete:
			w.Delete(one.Key)
		case driver.DeleteRange:
			w.DeleteRange(one.Key, one.Value)
		case driver.Add:
			w.Add(bytes.Clone(one.Key), int(one.Slot), one.Delta)
		}
	}
	return w
}
