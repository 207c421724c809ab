// Package item holds DynamoDB's attribute values: their compact stored form,
// the 38-digit decimal number, sizes, equality, the order-preserving form of
// keys, and both ways between the stored form and JSON in one pass. It works
// on bytes only: tables, expressions, requests and stores are not its
// business. The generated API, service/dynamodb with expr, and kv/layout call
// it, and whatever reads or writes the journal.
package item

import "iter"

// Item is a map of attributes in the stored form of an M value, tag included,
// so that Item and Value convert without a copy. A nil Item is no item; an
// item without attributes has bytes. Attributes stand in the order in which
// they were written, under distinct names. An Item is read only.
type Item []byte

// AsValue returns it as an M value, which aliases it.
func (it Item) AsValue() Value { return Value(it) }

// Get returns the value of an attribute, aliasing it.
func (it Item) Get(name string) (Value, bool) {
	return Value(it).Field(name)
}

// Len returns the number of attributes.
func (it Item) Len() int { return Value(it).Len() }

// All ranges over names and values; both alias it.
func (it Item) All() iter.Seq2[[]byte, Value] {
	return func(yield func([]byte, Value) bool) {
		rest := Value(it).fields()
		for len(rest) > 0 {
			var name []byte
			var v Value
			name, v, rest = cutField(rest)
			if v == nil || !yield(name, v) {
				return
			}
		}
	}
}

// Equal reports whether both have the same attributes in any order. No item
// equals no item only.
func (it Item) Equal(other Item) bool {
	return Equal(Value(it), Value(other))
}
