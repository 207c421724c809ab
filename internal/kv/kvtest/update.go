package kvtest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/gramme-db/gramme/internal/kv"
)

// together runs fn for 0 to n-1 at once, and waits for all.
func together(n int, fn func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { fn(i) })
	}
	all.Wait()
}

func key(format string, args ...any) []byte { return fmt.Appendf(nil, format, args...) }

// number reads a number that putNumber wrote; 0 when there is none.
func number(value []byte, err error) (uint64, error) {
	if errors.Is(err, kv.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if len(value) != 8 {
		return 0, fmt.Errorf("a number of %d bytes", len(value))
	}
	return binary.BigEndian.Uint64(value), nil
}

func putNumber(tx *kv.Tx, key []byte, n uint64) error {
	return tx.Set(key, binary.BigEndian.AppendUint64(nil, n))
}

func increment(tx *kv.Tx, key []byte) error {
	n, err := number(tx.Get(key, nil))
	if err != nil {
		return err
	}
	return putNumber(tx, key, n+1)
}

// Many read, add one, and write back: none of it may get lost.
func testLostUpdate(t *testing.T, s *kv.Store) {
	const writers, rounds, keys = 16, 40, 3
	ctx := context.Background()
	together(writers, func(i int) {
		for round := range rounds {
			k := key("n%d", (i+round)%keys)
			err := s.Update(ctx, [][]byte{k}, func(tx *kv.Tx) error { return increment(tx, k) })
			if err != nil {
				t.Errorf("update: %v", err)
			}
		}
	})
	total := uint64(0)
	for i := range keys {
		total += must(number(s.Get(ctx, key("n%d", i), nil)))(t)
	}
	if total != writers*rounds {
		t.Errorf("counted %d, want %d", total, writers*rounds)
	}
}

// The same for who looks at the head of a value alone, while ranges are deleted
// beside it.
func testHeads(t *testing.T, s *kv.Store) {
	const writers, rounds, keys = 16, 40, 3
	ctx := context.Background()
	together(writers, func(i int) {
		for round := range rounds {
			if i == 0 {
				if err := s.DeleteRange(ctx, key("o%03d", round), key("o%03d", round+1)); err != nil {
					t.Errorf("deletion: %v", err)
				}
			}
			k := key("n%d", (i+round)%keys)
			err := s.Update(ctx, [][]byte{k}, func(tx *kv.Tx) error {
				n, err := shortNumber(tx.Head(k))
				if err != nil {
					return err
				}
				return tx.Set(k, fmt.Appendf(nil, "%05d and more", n+1))
			})
			if err != nil {
				t.Errorf("update: %v", err)
			}
		}
	})
	total := 0
	for i := range keys {
		var n int
		if _, err := fmt.Sscanf(string(must(s.Get(ctx, key("n%d", i), nil))(t)), "%d", &n); err != nil {
			t.Error(err)
		}
		total += n
	}
	if total != writers*rounds {
		t.Errorf("counted %d, want %d", total, writers*rounds)
	}
}

// shortNumber reads a number from the head of a value; 0 when there is none.
func shortNumber(head kv.Head, err error) (int, error) {
	if errors.Is(err, kv.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(head.Bytes()))
}

// Two may both be off duty only if both own both keys and one does not look.
// Each goes off duty when the other is on; on each of many pairs, both try at
// once.
func testWriteSkew(t *testing.T, s *kv.Store) {
	const pairs = 100
	ctx := context.Background()
	together(2*pairs, func(i int) {
		mine, other := key("p%d-%d", i/2, i%2), key("p%d-%d", i/2, 1-i%2)
		err := s.Update(ctx, [][]byte{mine, other}, func(tx *kv.Tx) error {
			off, err := number(tx.Get(other, nil))
			if err != nil || off == 1 {
				return err
			}
			return putNumber(tx, mine, 1)
		})
		if err != nil {
			t.Errorf("update: %v", err)
		}
	})
	for i := range pairs {
		one := must(number(s.Get(ctx, key("p%d-0", i), nil)))(t)
		two := must(number(s.Get(ctx, key("p%d-1", i), nil)))(t)
		if one+two != 1 {
			t.Errorf("pair %d: %d are off duty, want 1", i, one+two)
		}
	}
}

// Updates that own many keys, in any order and with repetitions, neither block
// each other for ever nor themselves.
func testManyKeys(t *testing.T, s *kv.Store) {
	const writers, rounds, keys = 8, 10, 50
	ctx := context.Background()
	together(writers, func(i int) {
		var own [][]byte
		for k := range keys {
			own = append(own, key("k%d", (k*7+i*13)%keys), key("k%d", k))
		}
		for range rounds {
			err := s.Update(ctx, own, func(tx *kv.Tx) error {
				for k := range keys {
					if err := increment(tx, key("k%d", k)); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Errorf("update: %v", err)
			}
		}
	})
	for k := range keys {
		if n := must(number(s.Get(ctx, key("k%d", k), nil)))(t); n != writers*rounds {
			t.Errorf("key %d was counted %d times, want %d", k, n, writers*rounds)
		}
	}
}

// Counters are exact, though nobody owns them.
func testCounters(t *testing.T, s *kv.Store) {
	const writers, rounds, vectors = 16, 60, 4
	ctx := context.Background()
	together(writers, func(i int) {
		for round := range rounds {
			err := s.Update(ctx, [][]byte{key("own%d", i)}, func(tx *kv.Tx) error {
				tx.Add(key("c%d", round%vectors), i%3, 1)
				tx.Add(key("c%d", (round+1)%vectors), 5, -2)
				if round%10 == 9 {
					return errAborted
				}
				return nil
			})
			if err != nil && !errors.Is(err, errAborted) {
				t.Errorf("update: %v", err)
			}
		}
	})
	var sums [6]int64
	for v := range vectors {
		for slot, n := range must(s.Counters(ctx, key("c%d", v)))(t) {
			sums[slot] += n
		}
	}
	const each = rounds - rounds/10
	if want := [6]int64{6 * each, 5 * each, 5 * each, 0, 0, -2 * writers * each}; sums != want {
		t.Errorf("counted %v, want %v", sums, want)
	}
}

var errAborted = errors.New("aborted")

// A snapshot shows each update whole or not at all, however it is read, and
// what it shows stays.
func testSnapshotsUnderWrites(t *testing.T, s *kv.Store) {
	const keys, rounds = 20, 150
	ctx := context.Background()
	written := make(chan struct{})
	go func() {
		defer close(written)
		for n := range uint64(rounds) {
			err := s.Update(ctx, nil, func(tx *kv.Tx) error {
				for k := range keys {
					if err := putNumber(tx, key("k%02d", k), n); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Errorf("update: %v", err)
			}
		}
	}()
	together(4, func(i int) {
		for over := false; !over; {
			select {
			case <-written:
				over = true
			default:
			}
			if err := checkWhole(ctx, s, i%2 == 0); err != nil {
				t.Error(err)
			}
		}
	})
}

func checkWhole(ctx context.Context, s *kv.Store, reverse bool) error {
	snapshot, err := s.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer snapshot.Close()
	first, err := number(snapshot.Get(key("k%02d", 7), nil))
	if err != nil {
		return err
	}
	if n, err := alike(snapshot.Scan(nil, nil, reverse)); err != nil || n != first {
		return fmt.Errorf("a snapshot shows %d and %d before (%v)", n, first, err)
	}
	_, err = alike(s.Scan(ctx, nil, nil, reverse))
	return err
}

// alike returns the number that a scan shows at all keys.
func alike(it *kv.Iterator) (same uint64, err error) {
	defer it.Close()
	for seen := 0; it.Next(); seen++ {
		n, err := number(it.Value(), nil)
		if err != nil || seen > 0 && n != same {
			return 0, fmt.Errorf("a scan shows %d at %s and %d before (%v)", n, it.Key(), same, err)
		}
		same = n
	}
	return same, it.Err()
}
