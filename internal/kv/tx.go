package kv

import (
	"bytes"
	"fmt"

	"github.com/gramme-db/gramme/internal/kv/driver"
)

// Tx is an update under way. It is for one goroutine, and only until the
// function it was given to returns. Keys and values given to it are copied:
// they are the caller's again at once.
type Tx struct {
	store  *Store
	fn     func(*Tx) error
	reader driver.Tx
	writes driver.Writes
	err    error // the first that could not be returned where it happened

	stamped bool // it has asked for its stamp, in this run or an earlier one
}

// Get appends the value at key to dst and returns the result. It returns
// ErrNotFound when there is none. It sees what the update itself has set and
// deleted before, but not what it has added to counters.
//
// What is read at an owned key stays so until the update is over; at other
// keys, other updates may write meanwhile.
func (tx *Tx) Get(key, dst []byte) ([]byte, error) {
	if err := checkKey(key); err != nil {
		return dst, err
	}
	if value, found := tx.writes.Find(key); found {
		if value == nil {
			return dst, ErrNotFound
		}
		return append(dst, value...), nil
	}
	value, err := tx.reader.Get(key, dst)
	tx.store.counts.get(key, len(value)-len(dst))
	return value, err
}

// Head returns how the value at a key that the update owns begins. It is Get for
// who needs no more than that; what the engine remembers from an earlier update
// of the key costs no read.
func (tx *Tx) Head(key []byte) (Head, error) {
	if err := checkKey(key); err != nil {
		return Head{}, err
	}
	if value, found := tx.writes.Find(key); found {
		if value == nil {
			return Head{}, ErrNotFound
		}
		return driver.HeadOf(value), nil
	}
	head, read, err := tx.reader.Head(key)
	if read {
		tx.store.counts.get(key, len(head.Bytes()))
	}
	return head, err
}

// Scan is as Snapshot.Scan, over what is committed: it does not see the
// update's own writes. The iterator has to be closed before the update's
// function returns.
func (tx *Tx) Scan(start, end []byte, reverse bool) *Iterator {
	start, end, ok := bounds(start, end)
	if !ok {
		return &Iterator{store: tx.store}
	}
	return &Iterator{store: tx.store, entries: tx.reader.Scan(start, end, reverse)}
}

// Set makes value the value at key.
func (tx *Tx) Set(key, value []byte) error {
	if err := tx.checkSet(key, len(value)); err != nil {
		return err
	}
	tx.writes.Set(key, value)
	return nil
}

// checkSet checks that a value of so many bytes may be set at key.
func (tx *Tx) checkSet(key []byte, size int) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if size > ValueBytesMax {
		return fmt.Errorf("%w: a value of %d bytes, the limit is %d", ErrTooLarge, size, ValueBytesMax)
	}
	return tx.checkRoom(len(key) + size)
}

// SetTo is Set for a value of at most size bytes that appendTo appends to an
// empty buffer: it is built where it is kept. appendTo makes no other use of tx.
func (tx *Tx) SetTo(key []byte, size int, appendTo func(dst []byte) []byte) error {
	if err := tx.checkSet(key, size); err != nil {
		return err
	}
	tx.writes.SetTo(key, size, appendTo)
	return nil
}

// Delete deletes the value at key, if there is one.
func (tx *Tx) Delete(key []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := tx.checkRoom(len(key)); err != nil {
		return err
	}
	tx.writes.Delete(key)
	return nil
}

// DeleteRange deletes all keys in [start, end), counters included.
func (tx *Tx) DeleteRange(start, end []byte) error {
	if err := checkKey(start); err != nil {
		return err
	}
	if len(end) > KeyBytesMax || bytes.Compare(start, end) >= 0 {
		return fmt.Errorf("%w: the end of a range", ErrKey)
	}
	if err := tx.checkRoom(len(start) + len(end)); err != nil {
		return err
	}
	tx.writes.DeleteRange(start, end)
	return nil
}

// Add adds delta to the counter in a slot of the vector at key. The key need
// not be owned: any number of updates add to one counter at the same time. A
// counter key is changed by Add, and goes by DeleteRange or when all its slots
// are 0; to Set or Delete it is a mistake, as the engine may have it in memory.
// An error of Add is returned by the update.
func (tx *Tx) Add(key []byte, slot int, delta int64) {
	err := checkKey(key)
	if err == nil && (slot < 0 || slot >= CounterSlotsMax) {
		err = fmt.Errorf("%w: counter slot %d, the limit is %d", ErrTooLarge, slot, CounterSlotsMax)
	}
	if err == nil {
		err = tx.checkRoom(len(key))
	}
	if err != nil {
		tx.fail(err)
		return
	}
	tx.writes.Add(key, slot, delta)
}

// Stamp returns the update's stamp, the same on every call. Only updates that
// call it pay for it. When there is none to be had it returns 0, and the update
// fails.
func (tx *Tx) Stamp() Stamp {
	stamp, err := tx.reader.Stamp()
	if err != nil {
		tx.fail(err)
		return 0
	}
	tx.stamped = true
	tx.store.stamps.took(stamp)
	return Stamp(stamp)
}

func (tx *Tx) fail(err error) {
	if tx.err == nil {
		tx.err = err
	}
}

func (tx *Tx) checkRoom(n int) error {
	if tx.writes.Size()+n > UpdateBytesMax {
		return fmt.Errorf("%w: an update of more than %d bytes", ErrTooLarge, UpdateBytesMax)
	}
	return nil
}

func (tx *Tx) reset() {
	tx.fn, tx.reader, tx.err, tx.stamped = nil, nil, nil, false
	tx.writes.Reset()
}

// body is a Tx as its driver sees it.
type body Tx

// Run runs the update's function from the beginning.
func (b *body) Run(reader driver.Tx) (*driver.Writes, error) {
	tx := (*Tx)(b)
	tx.writes.Reset()
	tx.reader, tx.err = reader, nil
	if err := tx.fn(tx); err != nil {
		return nil, err
	}
	return &tx.writes, tx.err
}
