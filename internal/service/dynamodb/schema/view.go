package schema

import (
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// View is what a query or scan reads: a table, or one of its indexes.
type View struct {
	Table *Table
	Index *Index // nil: the table itself

	Partition []KeyAttribute
	Sort      []KeyAttribute

	// base are the attributes of the table's key. Where the view is an index,
	// its entries of one index key are ordered by them.
	base []KeyAttribute

	room [2]KeyAttribute // base of nearly every request, in no allocation of its own
}

// View returns the view of the table itself, or of an index.
func (t *Table) View(x *Index) *View {
	v := &View{Table: t, Index: x}
	v.base = append(v.room[:0], t.Partition)
	if t.Sort != nil {
		v.base = append(v.base, *t.Sort)
	}
	if x == nil {
		v.Partition, v.Sort = v.base[:1], v.base[1:]
	} else {
		v.Partition, v.Sort = x.Partition, x.Sort
	}
	return v
}

// IsGlobal reports whether the view is a global index.
func (v *View) IsGlobal() bool { return v.Index != nil && !v.Index.Local }

// IsKey reports whether the attribute belongs to the key that the view is read
// by.
func (v *View) IsKey(name string) bool {
	return holds(v.Partition, name) || holds(v.Sort, name)
}

// Projects reports whether the view's entries hold an attribute.
func (v *View) Projects(name string) bool {
	return v.Index == nil || v.Table.Projects(v.Index, name)
}

// ProjectsAll reports whether the view's entries hold whole items.
func (v *View) ProjectsAll() bool {
	return v.Index == nil || v.Index.Projection.Type == ProjectAll
}

// Range returns the keys of all entries in a segment.
func (v *View) Range(s layout.Segment) layout.Range {
	if v.Index == nil {
		return s.Items(v.Table.ID)
	}
	return s.Entries(v.Table.ID, v.Index.Number)
}

// partition returns the keys of the entries with a partition key.
func (v *View) partition(values []item.Value) layout.Partition {
	if v.Index == nil {
		return layout.ItemPartition(v.Table.ID, values[0])
	}
	return layout.EntryPartition(v.Table.ID, v.Index.Number, values)
}

// PositionOf returns the attributes that say where an entry of the view stands:
// the view's key and the table's, each attribute once. ok is false for an entry
// that lacks one, which only damage can do.
func (v *View) PositionOf(entry item.Item) (_ item.Item, ok bool) {
	b := item.NewBuilder(nil)
	b.BeginMap()
	ok = true
	v.eachKey(func(k KeyAttribute) {
		value, found := entry.Get(k.Name)
		if !found {
			ok = false
			return
		}
		b.Field(k.Name, value)
	})
	b.EndMap()
	return b.Item(), ok
}

// eachKey calls visit for each attribute of the view's key and the table's,
// once for each.
func (v *View) eachKey(visit func(KeyAttribute)) {
	for _, k := range v.Partition {
		visit(k)
	}
	for _, k := range v.Sort {
		visit(k)
	}
	for _, k := range v.base {
		if !v.IsKey(k.Name) {
			visit(k)
		}
	}
}

// AppendItemKey appends the key in the store of the item that an entry is made
// from; ok is false for an entry that lacks an attribute of the table's key.
func (v *View) AppendItemKey(dst []byte, entry item.Item) (_ []byte, ok bool) {
	partition, ok := entry.Get(v.Table.Partition.Name)
	if !ok {
		return dst, false
	}
	var sort item.Value
	if v.Table.Sort != nil {
		if sort, ok = entry.Get(v.Table.Sort.Name); !ok {
			return dst, false
		}
	}
	return layout.AppendItemKey(dst, v.Table.ID, partition, sort), true
}
