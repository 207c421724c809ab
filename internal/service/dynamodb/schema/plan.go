package schema

import (
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// Image is one state of a stored item or index entry.
type Image struct {
	Item item.Item // nil: there is none
	Size int       // billed bytes, 0 where there is none
}

// Derives reports whether more is kept of the table's items than the items and
// their counts: what the next one of them changes follows from the whole old one
// then.
func (t *Table) Derives() bool {
	return len(t.Indexes) > 0 || t.Expires() || len(t.Journal.Shards) > 0
}

// ImageOf returns the image of an item.
func ImageOf(it item.Item) Image {
	if it == nil {
		return Image{}
	}
	return Image{it, it.Size()}
}

// EntryChange is what one write changes in one index.
type EntryChange struct {
	Index          *Index
	OldKey, NewKey []byte // nil: no entry
	Old, New       Image
}

// Moved reports whether the entry changes its place, which costs a deletion
// and a write.
func (c *EntryChange) Moved() bool {
	return c.OldKey != nil && c.NewKey != nil && string(c.OldKey) != string(c.NewKey)
}

// PlanIndexes returns what changes in the indexes of the table when an item
// goes from old to new. An index whose entry stays as it is has no change.
func (t *Table) PlanIndexes(old, new Image) []EntryChange {
	if len(t.Indexes) == 0 {
		return nil
	}
	changes := make([]EntryChange, 0, len(t.Indexes))
	for i := range t.Indexes {
		x := &t.Indexes[i]
		if !x.Maintained() {
			continue
		}
		c := EntryChange{Index: x}
		c.OldKey, c.Old = t.Entry(x, old)
		c.NewKey, c.New = t.Entry(x, new)
		same := string(c.OldKey) == string(c.NewKey) && c.Old.Item.Equal(c.New.Item)
		if c.OldKey == nil && c.NewKey == nil || same {
			continue
		}
		changes = append(changes, c)
	}
	return changes
}

// Entry returns the index entry of an item: its key and what it holds, or nil
// when the item is not in the index.
func (t *Table) Entry(x *Index, im Image) (key []byte, _ Image) {
	if im.Item == nil {
		return nil, Image{}
	}
	k := layout.IndexKey{Table: t.ID, Index: x.Number}
	var ok bool
	if k.Partition, ok = keyValues(im.Item, x.Partition, partitionKeyBytesMax); !ok {
		return nil, Image{}
	}
	if k.Sort, ok = keyValues(im.Item, x.Sort, sortKeyBytesMax); !ok {
		return nil, Image{}
	}
	if !x.Local {
		partition, found := im.Item.Get(t.Partition.Name)
		if !found || partition.Kind() != t.Partition.Kind {
			return nil, Image{} // no write makes such an item, damage does
		}
		k.Base = append(k.Base, partition)
	}
	if t.Sort != nil {
		sort, found := im.Item.Get(t.Sort.Name)
		if !found || sort.Kind() != t.Sort.Kind {
			return nil, Image{}
		}
		k.Base = append(k.Base, sort)
	}
	return layout.AppendIndexKey(nil, k), t.project(x, im)
}

// keyValues returns the values of one half of an index's key; ok is false when
// the item is not in the index: a value is missing, not of its kind or empty,
// or all of them are too long. No write brings such values in, but an item may
// have them from the time before the index.
func keyValues(it item.Item, keys []KeyAttribute, bytesMax int) (values []item.Value, ok bool) {
	if len(keys) == 0 {
		return nil, true
	}
	values = make([]item.Value, len(keys))
	size := 0
	for i, k := range keys {
		v, found := it.Get(k.Name)
		if !found || v.Kind() != k.Kind || isEmpty(v) {
			return nil, false
		}
		values[i] = v
		size += keyBytes(v)
	}
	return values, size <= bytesMax
}

// Holds reports whether the index has an entry of the item.
func (x *Index) Holds(it item.Item) bool {
	if _, ok := keyValues(it, x.Partition, partitionKeyBytesMax); !ok {
		return false
	}
	_, ok := keyValues(it, x.Sort, sortKeyBytesMax)
	return ok
}

// project returns what the index keeps of an item.
func (t *Table) project(x *Index, im Image) Image {
	if x.Projection.Type == ProjectAll {
		return im
	}
	b := item.NewBuilder(make([]byte, 0, len(im.Item)))
	b.BeginMap()
	for name, v := range im.Item.All() {
		if t.Projects(x, string(name)) {
			b.Name(name)
			b.Value(v)
		}
	}
	b.EndMap()
	return ImageOf(b.Item())
}

// The projection types, in AWS's words.
const (
	ProjectAll      = "ALL"
	ProjectKeysOnly = "KEYS_ONLY"
	ProjectInclude  = "INCLUDE"
)

// Projects reports whether the entries of the index hold an attribute.
func (t *Table) Projects(x *Index, name string) bool {
	if x.Projection.Type == ProjectAll || t.IsKey(name) || x.IsKey(name) {
		return true
	}
	for _, n := range x.Projection.NonKey {
		if n == name {
			return true
		}
	}
	return false
}

// IsKey reports whether the attribute belongs to the index's key.
func (x *Index) IsKey(name string) bool {
	return holds(x.Partition, name) || holds(x.Sort, name)
}
