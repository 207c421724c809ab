package pebble_test

import (
	"context"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/kvtest"
	"github.com/gramme-db/gramme/internal/kv/pebble"
)

func TestEngine(t *testing.T) {
	for _, c := range []struct {
		name    string
		options pebble.Options
	}{
		{"sync", pebble.Options{}},
		{"interval", pebble.Options{Durability: pebble.Interval, SyncInterval: time.Millisecond}},
		{"none", pebble.Options{Durability: pebble.None}},
	} {
		t.Run(c.name, func(t *testing.T) {
			places := make(map[string]vfs.FS)
			kvtest.Run(t, kvtest.Engine{
				Persists: true,
				Open: func(t *testing.T, name string) *kv.Store {
					place := t.Name() + "/" + name
					if places[place] == nil {
						places[place] = vfs.NewCrashableMem()
					}
					o := c.options
					o.Dir, o.FS = "data", places[place]
					return openStore(t, o)
				},
			})
		})
	}
}

// On a real disk.
func TestEngineOnDisk(t *testing.T) {
	places := make(map[string]string)
	kvtest.Run(t, kvtest.Engine{
		Persists: true,
		Open: func(t *testing.T, name string) *kv.Store {
			place := t.Name() + "/" + name
			if places[place] == "" {
				places[place] = t.TempDir()
			}
			return openStore(t, pebble.Options{Dir: places[place]})
		},
	})
}

func openDB(t *testing.T, o pebble.Options) *pebble.DB {
	t.Helper()
	d, err := pebble.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// openStore opens a store that is closed when the test ends, unless it was
// closed before.
func openStore(t *testing.T, o pebble.Options) *kv.Store {
	t.Helper()
	s := kv.Open(openDB(t, o))
	t.Cleanup(func() { _ = s.Close() }) // the test may have closed it, or broken its disk
	return s
}

func set(s *kv.Store, key, value string) error {
	return s.Update(context.Background(), [][]byte{[]byte(key)}, func(tx *kv.Tx) error {
		return tx.Set([]byte(key), []byte(value))
	})
}

func get(t *testing.T, s *kv.Store, key string) string {
	t.Helper()
	value, err := s.Get(context.Background(), []byte(key), nil)
	if err != nil {
		t.Fatalf("get %s: %v", key, err)
	}
	return string(value)
}
