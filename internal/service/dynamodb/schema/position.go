package schema

import (
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// Position is where a query or scan goes on: the key of an entry, which need
// not be there. Its values are those of the view's key and of the table's.
type Position struct {
	Partition []item.Value
	Sort      []item.Value
	base      []item.Value
}

// The refusals of an ExclusiveStartKey.
const (
	errStart       = "The provided starting key is invalid"
	errStartSchema = errStart + ": " + errKeySchema
	errStartRange  = "The provided starting key does not match the range key predicate"
	errStartBounds = "The provided starting key is outside query boundaries based on provided conditions"
	errStartHash   = "The query can return at most one row and cannot be restarted"
)

// QueryPosition returns the position in a query's ExclusiveStartKey. Its
// table-key part is left to CheckBase: AWS checks the key condition between.
func (v *View) QueryPosition(attrs item.Item) (*Position, *Refusal) {
	return v.position(attrs, positionTexts{shape: errStart, kind: errKeySchema})
}

// ScanPosition returns the position in a scan's ExclusiveStartKey.
func (v *View) ScanPosition(attrs item.Item) (*Position, *Refusal) {
	texts := positionTexts{shape: errStart, kind: errKeySchema}
	if v.Index == nil {
		texts = positionTexts{shape: errStartSchema, kind: errStartSchema}
	}
	p, refusal := v.position(attrs, texts)
	if refusal == nil {
		refusal = v.CheckBase(p)
	}
	return p, refusal
}

// positionTexts say how two refusals of a position are worded.
type positionTexts struct {
	shape string // an attribute is missing, or one too many
	kind  string // one is not of its kind
}

func (v *View) position(attrs item.Item, texts positionTexts) (*Position, *Refusal) {
	want := 0
	v.eachKey(func(KeyAttribute) { want++ })
	if attrs.Len() != want {
		return nil, &Refusal{texts.shape}
	}
	p := new(Position)
	for _, k := range v.Partition {
		value, _ := attrs.Get(k.Name)
		p.Partition = append(p.Partition, value)
	}
	for _, k := range v.Sort {
		value, _ := attrs.Get(k.Name)
		p.Sort = append(p.Sort, value)
	}
	for _, k := range v.base {
		value, _ := attrs.Get(k.Name)
		p.base = append(p.base, value)
	}
	if refusal := texts.check(v.Partition, p.Partition); refusal != nil {
		return nil, refusal
	}
	if refusal := texts.check(v.Sort, p.Sort); refusal != nil {
		return nil, refusal
	}
	if refusal := checkKeySizes(keysBytes(p.Partition), keysBytes(p.Sort)); refusal != nil {
		return nil, refusal
	}
	return p, nil
}

func (texts positionTexts) check(keys []KeyAttribute, values []item.Value) *Refusal {
	for i, k := range keys {
		switch {
		case len(values[i]) == 0:
			return &Refusal{texts.shape}
		case values[i].Kind() != k.Kind:
			return &Refusal{texts.kind}
		case isEmpty(values[i]):
			return emptyKeyValue(k)
		}
	}
	return nil
}

// keysBytes returns the bytes that count against the limit of one half of a key.
func keysBytes(values []item.Value) (n int) {
	for _, value := range values {
		n += keyBytes(value)
	}
	return n
}

// CheckBase refuses a position whose part of the table's key no item can have.
func (v *View) CheckBase(p *Position) *Refusal {
	for i, k := range v.base {
		if value := p.base[i]; value.Kind() != k.Kind || isEmpty(value) {
			return &Refusal{errStartSchema}
		}
	}
	var sort int
	if len(p.base) > 1 {
		sort = keyBytes(p.base[1])
	}
	if checkKeySizes(keyBytes(p.base[0]), sort) != nil {
		return &Refusal{errStartSchema}
	}
	return nil
}

// key returns the key in the store of the entry at the position.
func (v *View) key(p *Position) []byte {
	if v.Index == nil {
		var sort item.Value
		if len(p.Sort) > 0 {
			sort = p.Sort[0]
		}
		return layout.AppendItemKey(nil, v.Table.ID, p.Partition[0], sort)
	}
	k := layout.IndexKey{
		Table: v.Table.ID, Index: v.Index.Number,
		Partition: p.Partition, Sort: p.Sort, Base: p.base,
	}
	if v.Index.Local {
		k.Base = p.base[1:] // its partition key is the table's
	}
	return layout.AppendIndexKey(nil, k)
}

// Rest returns the part of a range that a read has still before it once it has
// come to a position.
func (v *View) Rest(r layout.Range, p *Position, reverse bool) layout.Range {
	if reverse {
		return r.Before(v.key(p))
	}
	return r.After(v.key(p))
}
