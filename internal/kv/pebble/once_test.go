package pebble

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/kv"
)

// No table holds keys that are written once beside others, whatever was flushed
// and compacted together: else it would be written again with these.
func TestTablesEndWhereOnceDoes(t *testing.T) {
	const tableMax = 64 << 10 // of a memtable
	once := KeyRange{[]byte("m"), []byte("n")}
	d, err := Open(Options{Dir: "data", FS: vfs.NewMem(), Durability: None, MemtableBytes: tableMax, Once: once})
	if err != nil {
		t.Fatal(err)
	}
	store := kv.Open(d)
	value := make([]byte, 1000)
	for i := range uint64(1000) {
		err := store.Update(context.Background(), nil, func(tx *kv.Tx) error {
			for _, key := range [][]byte{
				binary.BigEndian.AppendUint64([]byte("a"), i%10),
				binary.BigEndian.AppendUint64([]byte("m"), i),
				binary.BigEndian.AppendUint64([]byte("z"), i*7919%100),
			} {
				if err := tx.Set(key, value); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := d.engine.Compact(context.Background(), []byte("a"), []byte("zz"), false); err != nil {
		t.Fatal(err)
	}
	levels, err := d.engine.SSTables()
	if err != nil {
		t.Fatal(err)
	}
	inside := 0
	for level, tables := range levels {
		for _, table := range tables {
			first, last := place(once, table.Smallest.UserKey), place(once, table.Largest.UserKey)
			if first != last {
				t.Errorf("a table of level %d holds %q to %q", level, table.Smallest.UserKey, table.Largest.UserKey)
			}
			if first == 0 {
				inside++
			}
		}
	}
	if inside == 0 || d.Metrics().Flushes < 10 {
		t.Errorf("%d tables within the range after %d flushes", inside, d.Metrics().Flushes)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
}

// place tells whether a key is before a range, in it or behind it.
func place(r KeyRange, key []byte) int {
	switch {
	case bytes.Compare(key, r.Start) < 0:
		return -1
	case bytes.Compare(key, r.End) < 0:
		return 0
	}
	return 1
}
