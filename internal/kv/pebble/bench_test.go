package pebble_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/pebble"
)

const (
	benchKeys  = 10000
	benchValue = 256 // bytes
)

func benchStore(b *testing.B, durability pebble.Durability) *kv.Store {
	d, err := pebble.Open(pebble.Options{Dir: b.TempDir(), Durability: durability})
	if err != nil {
		b.Fatal(err)
	}
	s := kv.Open(d)
	b.Cleanup(func() { _ = s.Close() })
	return s
}

func benchKey(dst []byte, n uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, "t12345678i"...), n*0x9e3779b97f4a7c15)
}

// benchUpdate is a write of one item: read what is there, set one key.
func benchUpdate(b *testing.B, s *kv.Store, n uint64, value []byte) {
	key := benchKey(make([]byte, 0, 32), n)
	var room [2 * benchValue]byte
	err := s.Update(context.Background(), [][]byte{key}, func(tx *kv.Tx) error {
		if _, err := tx.Get(key, room[:0]); err != nil && err != kv.ErrNotFound {
			return err
		}
		return tx.Set(key, value)
	})
	if err != nil {
		b.Error(err)
	}
}

func BenchmarkGet(b *testing.B) {
	s := benchStore(b, pebble.None)
	value := make([]byte, benchValue)
	for n := range uint64(benchKeys) {
		benchUpdate(b, s, n, value)
	}
	var key [32]byte
	room := make([]byte, 0, 2*benchValue)
	ctx := context.Background()
	n := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		n++
		if _, err := s.Get(ctx, benchKey(key[:0], n%benchKeys), room); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUpdateNoSync(b *testing.B) {
	s := benchStore(b, pebble.None)
	value := make([]byte, benchValue)
	n := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		n++
		benchUpdate(b, s, n%benchKeys, value)
	}
}

// BenchmarkUpdateSync also reports how many updates share a sync.
func BenchmarkUpdateSync(b *testing.B) {
	for _, writers := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			s := benchStore(b, pebble.Sync)
			value := make([]byte, benchValue)
			var next atomic.Uint64
			before := s.Counts()
			b.SetParallelism(writers) // times GOMAXPROCS
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					benchUpdate(b, s, next.Add(1)%benchKeys, value)
				}
			})
			counts := s.Counts().Sub(before)
			b.ReportMetric(float64(counts.Updates)/float64(counts.Syncs), "updates/sync")
		})
	}
}

// BenchmarkAdd is a counter that all updates add to.
func BenchmarkAdd(b *testing.B) {
	s := benchStore(b, pebble.None)
	counter := []byte("t12345678c")
	b.ReportAllocs()
	for b.Loop() {
		err := s.Update(context.Background(), nil, func(tx *kv.Tx) error {
			tx.Add(counter, 0, 1)
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		d, err := pebble.Open(pebble.Options{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
