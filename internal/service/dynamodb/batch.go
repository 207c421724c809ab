package dynamodb

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// Texts that batches have in common.
func batchEmpty(operation string) error {
	return invalid("The requestItems parameter is required for " + operation)
}

func batchTooLong(operation string) error {
	return invalid("Too many items requested for the " + operation + " call")
}

func twiceInBatch() error {
	return invalid("Provided list of item keys contains duplicates")
}

// batchTables is enterAll for the tables of a batch.
func (s *Service) batchTables(ctx context.Context, names []string) ([]*schema.Table, []*sync.RWMutex, error) {
	refs := make([]tableRef, len(names))
	for i, name := range names {
		var err error
		if refs[i], err = refOf(ctx, name); err != nil {
			return nil, nil, err
		}
	}
	return s.enterAll(ctx, refs)
}

// tableNames returns the tables of a batch as the request names them.
func tableNames[V any](requests wire.Map[V]) []string {
	names := make([]string, len(requests))
	for i := range requests {
		names[i] = requests[i].Key
	}
	return names
}

// inOrder returns bytes that are the same for all keys that are equal: those of
// the key with its attributes in the order of their names. Most keys are so
// already, and are returned as they are.
func inOrder(key item.Item) []byte {
	type attribute struct {
		name  []byte
		value item.Value
	}
	sorted := true
	var last []byte
	for name := range key.All() {
		sorted = sorted && bytes.Compare(last, name) <= 0
		last = name
	}
	if sorted {
		return key
	}
	attributes := make([]attribute, 0, key.Len())
	for name, value := range key.All() {
		attributes = append(attributes, attribute{name, value})
	}
	slices.SortFunc(attributes, func(a, b attribute) int { return bytes.Compare(a.name, b.name) })
	b := item.NewBuilder(make([]byte, 0, len(key)))
	b.BeginMap()
	for _, a := range attributes {
		b.Name(a.name)
		b.Value(a.value)
	}
	b.EndMap()
	return b.Item()
}
