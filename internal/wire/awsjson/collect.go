package awsjson

import "github.com/gramme-db/gramme/internal/wire"

// Append appends an element of the list that d is in, for a list that the
// caller keeps as a slice.
func Append[T any](d *Decoder, list []T, element T) []T {
	if !d.keep() {
		return list
	}
	return append(list, element)
}

// Entries collects the entries of a map for a caller that keeps it as a
// wire.Map. Its zero value is an empty map.
type Entries[V any] struct {
	entries wire.Map[V]
	place   map[string]int // built once a search from the front gets slow
}

// Put adds an entry of the map that d is in, or replaces the value of an
// earlier one with the same key.
func (e *Entries[V]) Put(d *Decoder, key string, value V) {
	if i, ok := e.find(key); ok {
		e.entries[i].Value = value
		return
	}
	if !d.keep() {
		return
	}
	e.entries = append(e.entries, wire.Entry[V]{Key: key, Value: value})
	if e.place != nil {
		e.place[key] = len(e.entries) - 1
	}
}

func (e *Entries[V]) find(key string) (int, bool) {
	if len(e.entries) < entriesSearchMax {
		for i := range e.entries {
			if e.entries[i].Key == key {
				return i, true
			}
		}
		return 0, false
	}
	if e.place == nil {
		e.place = make(map[string]int, 2*len(e.entries))
		for i := range e.entries {
			e.place[e.entries[i].Key] = i
		}
	}
	i, ok := e.place[key]
	return i, ok
}

// Map returns the entries in the order of the body; never nil, as a map that
// was entered is present.
func (e *Entries[V]) Map() wire.Map[V] {
	if e.entries == nil {
		return wire.Map[V]{}
	}
	return e.entries
}

// keep counts one more element that outlives the walk.
func (d *Decoder) keep() bool {
	if d.kept == keptMax {
		return d.fail()
	}
	d.kept++
	return true
}
