package schema

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gramme-db/gramme/internal/item"
)

// The value of a table descriptor:
//
//	+---------+--------------------+
//	| version | JSON of Table      |
//	| 1 byte  | to the end         |
//	+---------+--------------------+
//
// version is 1. JSON, because a descriptor is read seldom, by people too, and
// grows a member with nearly every feature; a member that is missing has its
// zero value.
const descriptorVersion = 1

// ErrDescriptor reports stored bytes that are no table descriptor.
var ErrDescriptor = errors.New("schema: not a table descriptor")

// Append appends the descriptor's stored form.
func (t *Table) Append(dst []byte) ([]byte, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("schema: descriptor of table %s: %w", t.Name, err)
	}
	return append(append(dst, descriptorVersion), text...), nil
}

// ParseTable returns the table of a stored descriptor, or an ErrDescriptor.
func ParseTable(stored []byte) (*Table, error) {
	if len(stored) == 0 || stored[0] != descriptorVersion {
		return nil, fmt.Errorf("%w: unknown version", ErrDescriptor)
	}
	var t Table
	if err := json.Unmarshal(stored[1:], &t); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDescriptor, err)
	}
	if err := t.validate(); err != nil {
		return nil, err
	}
	return &t, nil
}

// storedKeyAttribute is a KeyAttribute in a descriptor: {"name":"Id","type":"S"}.
type storedKeyAttribute struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// MarshalJSON returns the attribute's stored form.
func (k KeyAttribute) MarshalJSON() ([]byte, error) {
	return json.Marshal(storedKeyAttribute{k.Name, k.Kind.String()})
}

// UnmarshalJSON reads the attribute's stored form.
func (k *KeyAttribute) UnmarshalJSON(b []byte) error {
	var s storedKeyAttribute
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	kind, ok := KeyKind(s.Type)
	if !ok {
		return fmt.Errorf("%w: attribute %q has type %q", ErrDescriptor, s.Name, s.Type)
	}
	*k = KeyAttribute{s.Name, kind}
	return nil
}

// KeyKind returns the kind of a ScalarAttributeType.
func KeyKind(scalarType string) (item.Kind, bool) {
	switch scalarType {
	case "S":
		return item.S, true
	case "N":
		return item.N, true
	case "B":
		return item.B, true
	}
	return 0, false
}
