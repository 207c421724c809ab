package driver

import "bytes"

// Kind is what a Write does.
type Kind uint8

// The kinds of writes.
const (
	Set         Kind = iota + 1
	Delete           // a key that is not there is no error
	DeleteRange      // Key and everything after it that is before Value
	Add              // adds Delta to the counter in Slot of the vector at Key
)

// Write is one change. Its bytes belong to the Writes it is part of.
type Write struct {
	Kind  Kind
	Slot  int32
	Delta int64
	Key   []byte
	Value []byte
}

// Writes is what one update changes, in order: a later Write hides an earlier
// one. It copies what it is given, and is reused by Reset.
type Writes struct {
	list []Write
	room []byte // the copies; earlier rooms live on through the list
	size int    // bytes of all keys and values
}

// All returns the writes in order. They are valid until Reset.
func (w *Writes) All() []Write { return w.list }

// Size returns the bytes of all keys and values.
func (w *Writes) Size() int { return w.size }

// Set appends a Set.
func (w *Writes) Set(key, value []byte) {
	w.append(Write{Kind: Set, Key: w.copied(key), Value: w.copied(value)})
}

// SetTo appends a Set of the value that appendTo appends to the empty buffer it
// is given, which has room for size bytes.
func (w *Writes) SetTo(key []byte, size int, appendTo func(dst []byte) []byte) {
	key = w.copied(key)
	w.reserve(size)
	at := len(w.room)
	value := appendTo(w.room[at:at:cap(w.room)])
	if len(value) <= cap(w.room)-at {
		w.room = w.room[:at+len(value)]
	}
	w.append(Write{Kind: Set, Key: key, Value: value[:len(value):len(value)]})
}

// Delete appends a Delete.
func (w *Writes) Delete(key []byte) {
	w.append(Write{Kind: Delete, Key: w.copied(key)})
}

// DeleteRange appends a DeleteRange.
func (w *Writes) DeleteRange(start, end []byte) {
	w.append(Write{Kind: DeleteRange, Key: w.copied(start), Value: w.copied(end)})
}

// Add appends an Add. Several slots of one vector share the copy of its key.
func (w *Writes) Add(key []byte, slot int, delta int64) {
	if n := len(w.list); n > 0 && w.list[n-1].Kind == Add && bytes.Equal(w.list[n-1].Key, key) {
		key = w.list[n-1].Key
	} else {
		key = w.copied(key)
	}
	w.append(Write{Kind: Add, Key: key, Slot: int32(slot), Delta: delta})
}

func (w *Writes) append(one Write) {
	w.list = append(w.list, one)
	w.size += len(one.Key) + len(one.Value)
}

// Find tells what the writes make of a key: found is false when they leave it
// alone, and value is nil when they delete it. Adds are left out.
func (w *Writes) Find(key []byte) (value []byte, found bool) {
	for i := len(w.list) - 1; i >= 0; i-- {
		one := &w.list[i]
		switch one.Kind {
		case Set:
			if bytes.Equal(one.Key, key) {
				return one.Value, true
			}
		case Delete:
			if bytes.Equal(one.Key, key) {
				return nil, true
			}
		case DeleteRange:
			if bytes.Compare(one.Key, key) <= 0 && bytes.Compare(key, one.Value) < 0 {
				return nil, true
			}
		}
	}
	return nil, false
}

// Reset empties the writes and keeps their memory, unless it is great.
func (w *Writes) Reset() {
	clear(w.list)
	w.list, w.room, w.size = w.list[:0], w.room[:0], 0
	if cap(w.room) > roomKeptBytesMax {
		w.room = nil
	}
	if cap(w.list) > listKeptMax {
		w.list = nil
	}
}

// copied returns a copy of b, never nil, in the room.
func (w *Writes) copied(b []byte) []byte {
	w.reserve(len(b))
	at := len(w.room)
	w.room = append(w.room, b...)
	return w.room[at:len(w.room):len(w.room)]
}

// reserve makes sure that so many bytes fit into the room.
func (w *Writes) reserve(n int) {
	if cap(w.room)-len(w.room) < n || w.room == nil {
		grown := min(max(roomBytesMin, 2*cap(w.room)), roomKeptBytesMax)
		w.room = make([]byte, 0, max(grown, n))
	}
}
