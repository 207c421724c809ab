// Package wire holds the few types that every AWS protocol shares: optional
// members, ordered maps, the error a client sees, the caller of a request and
// the operation table. It knows no service and no encoding; those are in its
// sub-packages (awsjson, sigv4). Generated code in internal/api is written in
// these types, internal/gateway dispatches with them.
package wire

import "context"

// Opt is an optional member of a request or response. An absent member and a
// JSON null are the same (Set is false) and differ from the zero value.
type Opt[T any] struct {
	Value T
	Set   bool
}

// Some returns a set Opt.
func Some[T any](v T) Opt[T] { return Opt[T]{Value: v, Set: true} }

// Or returns the value, or def where the member is absent.
func (o Opt[T]) Or(def T) T {
	if o.Set {
		return o.Value
	}
	return def
}

// Entry is one entry of a Map.
type Entry[V any] struct {
	Key   string
	Value V
}

// Map is a map member in the order of the request; AWS checks and reports in
// that order. A nil Map is an absent member. Keys are distinct: where the
// request repeats one, the last value stands at the place of the first.
type Map[V any] []Entry[V]

// Get returns the value at key.
func (m Map[V]) Get(key string) (V, bool) {
	for i := range m {
		if m[i].Key == key {
			return m[i].Value, true
		}
	}
	var zero V
	return zero, false
}

// Load is what an operation may take while it runs. The gateway lets in as many
// at once as the machine can do.
type Load struct {
	Reads       bool  // it writes nothing, so a disk that does not take writes is not in its way
	AnswerBytes int64 // of memory, in which it makes its answer: what was read, and that as JSON
}

// Operation is one row of a service's operation table.
type Operation struct {
	Name string

	// Call decodes body, checks the model's constraints, runs the operation and
	// appends the response body to dst. The error is an *Error, or a bug. Nil
	// means that the operation is known to the model and not done here.
	Call func(ctx context.Context, body, dst []byte) ([]byte, error)
}
