package kvtest

import (
	"context"
	"encoding/binary"
	"sync"
	"testing"

	"github.com/gramme-db/gramme/internal/kv"
)

// Each update of a key writes down its stamp, and the one it finds there. So
// the stamps on a key are ordered as its updates are; and none comes twice.
func testStampOrder(t *testing.T, s *kv.Store) {
	const writers, rounds, keys = 8, 30, 3
	ctx := context.Background()
	var mu sync.Mutex
	seen := make(map[kv.Stamp]bool)
	together(writers, func(i int) {
		for round := range rounds {
			k := key("k%d", (i+round)%keys)
			var before uint64
			var stamp kv.Stamp
			err := s.Update(ctx, [][]byte{k}, func(tx *kv.Tx) (err error) {
				if before, err = number(tx.Get(k, nil)); err != nil {
					return err
				}
				stamp = tx.Stamp()
				if again := tx.Stamp(); again != stamp {
					t.Errorf("one update has stamps %d and %d", stamp, again)
				}
				return putNumber(tx, k, uint64(stamp))
			})
			if err != nil || uint64(stamp) <= before {
				t.Errorf("stamp %d after %d on one key (%v)", stamp, before, err)
			}
			mu.Lock()
			if seen[stamp] || stamp == 0 {
				t.Errorf("stamp %d comes twice, or is none", stamp)
			}
			seen[stamp] = true
			mu.Unlock()
		}
	})
}

// With nothing in flight the watermark is the last stamp handed out, also when
// the update that had it was aborted, wrote nothing, or had none.
func testWatermark(t *testing.T, s *kv.Store) {
	ctx := context.Background()
	last := s.Watermark()
	for _, fn := range []func(tx *kv.Tx) error{
		func(tx *kv.Tx) error { last = tx.Stamp(); return tx.Set(key("a"), nil) },
		func(tx *kv.Tx) error { last = tx.Stamp(); return errAborted },
		func(tx *kv.Tx) error { last = tx.Stamp(); return nil },
		func(tx *kv.Tx) error { return tx.Set(key("b"), nil) },
	} {
		_ = s.Update(ctx, nil, fn)
		if w := s.Watermark(); w < last {
			t.Errorf("the watermark is %d with nothing in flight, the last stamp %d", w, last)
		}
	}
}

// While an update with a stamp is under way, the watermark stays below it, and
// goes on when it is over, whichever update ends first.
func testPendingStamp(t *testing.T, s *kv.Store) {
	ctx := context.Background()
	stamped, finish, over := make(chan kv.Stamp), make(chan struct{}), make(chan error)
	begin := func(k []byte, finish chan struct{}) {
		over <- s.Update(ctx, [][]byte{k}, func(tx *kv.Tx) error {
			stamped <- tx.Stamp()
			<-finish
			return tx.Set(k, nil)
		})
	}
	go begin(key("a"), finish)
	first := <-stamped
	finishSecond := make(chan struct{})
	go begin(key("b"), finishSecond)
	second := <-stamped

	close(finishSecond)
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	if w := s.Watermark(); w >= first {
		t.Errorf("the watermark is %d while %d may still appear", w, first)
	}
	close(finish)
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	if w := s.Watermark(); w < second {
		t.Errorf("the watermark is %d after %d is over", w, second)
	}
}

// AwaitWatermark covers an update that has returned, although one with a smaller
// stamp is still under way: it waits for that one.
func testAwaitedWatermark(t *testing.T, s *kv.Store) {
	ctx := context.Background()
	began, finish, over := make(chan kv.Stamp), make(chan struct{}), make(chan error)
	go func() {
		over <- s.Update(ctx, [][]byte{key("slow")}, func(tx *kv.Tx) error {
			began <- tx.Stamp()
			<-finish
			return tx.Set(key("slow"), nil)
		})
	}()
	<-began
	var quick kv.Stamp
	err := s.Update(ctx, [][]byte{key("quick")}, func(tx *kv.Tx) error {
		quick = tx.Stamp()
		return tx.Set(key("quick"), nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if w, err := s.AwaitWatermark(canceled); err == nil {
		t.Errorf("the watermark is %d without waiting for what is under way", w)
	}
	waited := make(chan kv.Stamp)
	go func() {
		w, err := s.AwaitWatermark(ctx)
		if err != nil {
			t.Error(err)
		}
		waited <- w
	}()
	close(finish)
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	if w := <-waited; w < quick {
		t.Errorf("the awaited watermark is %d, but %d had returned before", w, quick)
	}
}

// A reader of a journal, whose keys are stamps, takes what there is up to the
// watermark, again and again, each time from where it was. It must get all of
// it, in order, while many write.
func testWatermarkHidesNothing(t *testing.T, s *kv.Store) {
	const writers, rounds = 8, 40
	ctx := context.Background()
	written := make(chan struct{})
	go func() {
		defer close(written)
		together(writers, func(i int) {
			for range rounds {
				err := s.Update(ctx, [][]byte{key("own%d", i)}, func(tx *kv.Tx) error {
					return tx.Set(journalKey(tx.Stamp()), nil)
				})
				if err != nil {
					t.Errorf("update: %v", err)
				}
			}
		})
	}()
	read, cursor := 0, kv.Stamp(0)
	for over := false; !over; {
		select {
		case <-written:
			over = true
		default:
		}
		w := s.Watermark()
		read += readJournal(ctx, t, s, cursor+1, w)
		cursor = max(cursor, w)
	}
	if read != writers*rounds {
		t.Errorf("a reader that follows the watermark has got %d records of %d", read, writers*rounds)
	}
}

func journalKey(stamp kv.Stamp) []byte {
	return binary.BigEndian.AppendUint64([]byte("journal"), uint64(stamp))
}

// readJournal counts the records from first to last.
func readJournal(ctx context.Context, t *testing.T, s *kv.Store, first, last kv.Stamp) int {
	snapshot := must(s.Snapshot(ctx))(t)
	defer snapshot.Close()
	it := snapshot.Scan(journalKey(first), journalKey(last+1), false)
	defer it.Close()
	n := 0
	for it.Next() {
		n++
	}
	if err := it.Err(); err != nil {
		t.Error(err)
	}
	return n
}
