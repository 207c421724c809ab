package pebble_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/pebble"
)

// Keys are counted up in each way there is to write, and read in each way there
// is to read: nobody is answered with less than anybody was answered before he
// asked, and values are whole.
func TestNothingStale(t *testing.T) {
	for name, o := range map[string]pebble.Options{
		"sync":     {},
		"few":      {CacheBytes: 4 << 20}, // not all values find room to be remembered
		"interval": {Durability: pebble.Interval, SyncInterval: time.Millisecond},
		"volatile": {Durability: pebble.Volatile},
	} {
		t.Run(name, func(t *testing.T) {
			o.Dir, o.FS = "data", vfs.NewMem()
			w := &watched{t: t, store: openStore(t, o)}
			w.run()
		})
	}
}

const (
	watchedKeys    = 3
	watchedWriters = 6
	watchedReaders = 6
	watchedRounds  = 300
)

type watched struct {
	t     *testing.T
	store *kv.Store
	told  [watchedKeys]atomic.Int64 // the greatest count that anybody was answered with
}

func (w *watched) run() {
	var writing, reading sync.WaitGroup
	var over atomic.Bool
	for k := range watchedKeys {
		w.tell(k, 0, w.count(k, rand.New(rand.NewPCG(0, 0))))
	}
	for i := range uint64(watchedWriters) {
		writing.Go(func() {
			random := rand.New(rand.NewPCG(i, 1))
			for range watchedRounds {
				k := random.IntN(watchedKeys)
				w.tell(k, w.told[k].Load(), w.count(k, random))
			}
		})
	}
	for i := range uint64(watchedReaders) {
		reading.Go(func() {
			random := rand.New(rand.NewPCG(i, 2))
			for !over.Load() && !w.t.Failed() {
				k := random.IntN(watchedKeys)
				w.tell(k, w.told[k].Load(), w.read(k, random.IntN(4)))
			}
		})
	}
	writing.Wait()
	over.Store(true)
	reading.Wait()
	total := int64(0)
	for k := range watchedKeys {
		total += w.read(k, 0)
	}
	if want := int64(watchedWriters*watchedRounds + watchedKeys); total != want {
		w.t.Errorf("counted %d, want %d", total, want)
	}
}

// tell notes that somebody was answered n who asked when before was told.
func (w *watched) tell(k int, before, n int64) {
	if n < before {
		w.t.Errorf("key %d is %d, and was told to be %d", k, n, before)
	}
	tellMax(&w.told[k], n)
}

// count counts a key up and returns the count.
func (w *watched) count(k int, random *rand.Rand) (n int64) {
	name := watchedKey(k)
	err := w.store.Update(context.Background(), [][]byte{name}, func(tx *kv.Tx) error {
		old, err := tx.Get(name, nil)
		if err == nil {
			n = w.parse(k, old)
		} else if err != kv.ErrNotFound {
			return err
		}
		n++
		switch random.IntN(6) {
		case 0:
			err = tx.DeleteRange(name, append(bytes.Clone(name), 0))
		case 1:
			err = tx.Delete(name)
		case 2:
			err = tx.Set(name, watchedValue(k, n-1, 0))
		default:
			err = nil
		}
		if err != nil {
			return err
		}
		return tx.Set(name, watchedValue(k, n, random.IntN(6<<10)))
	})
	if err != nil {
		w.t.Error(err)
	}
	return n
}

// read returns the count at a key, read in one of four ways.
func (w *watched) read(k, way int) (n int64) {
	ctx, name, dst := context.Background(), watchedKey(k), []byte("dst")
	var value []byte
	var err error
	switch way {
	case 0:
		value, err = w.store.Get(ctx, name, dst)
	case 1:
		var view *kv.Snapshot
		if view, err = w.store.Snapshot(ctx); err == nil {
			value, err = view.Get(name, dst)
			view.Close()
		}
	case 2:
		it := w.store.Scan(ctx, name, append(bytes.Clone(name), 0), false)
		if it.Next() {
			value = append(dst, it.Value()...)
		}
		err = it.Err()
		it.Close()
	case 3: // it owns nothing
		err = w.store.Update(ctx, nil, func(tx *kv.Tx) (err error) {
			value, err = tx.Get(name, dst)
			return err
		})
	}
	value, ok := bytes.CutPrefix(value, dst)
	if err != nil || !ok {
		w.t.Errorf("key %d is %.20q (%v)", k, value, err)
		return w.told[k].Load()
	}
	return w.parse(k, value)
}

func watchedKey(k int) []byte { return fmt.Appendf(nil, "watched key %d", k) }

// watchedValue returns a value of which no part is that of another key or count.
func watchedValue(k int, n int64, more int) []byte {
	head := fmt.Appendf(nil, "%d %d ", k, n)
	return append(head, bytes.Repeat([]byte{byte(n)}, more)...)
}

func (w *watched) parse(k int, value []byte) (n int64) {
	var of int
	if _, err := fmt.Sscanf(string(value[:min(len(value), 20)]), "%d %d ", &of, &n); err != nil || of != k {
		w.t.Errorf("key %d is %.20q (%v)", k, value, err)
		return n
	}
	if head := len(watchedValue(k, n, 0)); !bytes.Equal(value, watchedValue(k, n, len(value)-head)) {
		w.t.Errorf("key %d is torn at %d", k, n)
	}
	return n
}
