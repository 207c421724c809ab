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
		c.OldKey, c.Old = t.entry(x, old)
		c.NewKey, c.New = t.entry(x, new)
		same := string(c.OldKey) == string(c.NewKey) && c.Old.Item.Equal(c.New.Item)
		if c.OldKey == nil && c.NewKey == nil || same {
			continue
		}
		changes = append(changes, c)
	}
	return changes
}

// entry returns the index entry of an item: its key and what it holds, or nil
// when the item is not in the index.
func (t *Table) entry(x *Index, im Image) (key []byte, _ Image) {
	if im.Item == nil {
		return nil, Image{}
	}
	k := layout.IndexKey{Table: t.ID, Index: x.Number}
	var ok bool
	if k.Partition, ok = keyValues(im.Item, x.Partition); !ok {
		return nil, Image{}
	}
	if k.Sort, ok = keyValues(im.Item, x.Sort); !ok {
		return nil, Image{}
	}
	if !x.Local {
		partition, _ := im.Item.Get(t.Partition.Name)
		k.Base = append(k.Base, partition)
	}
	if t.Sort != nil {
		sort, _ := im.Item.Get(t.Sort.Name)
		k.Base = append(k.Base, sort)
	}
	return layout.AppendIndexKey(nil, k), t.project(x, im)
}

// keyValues returns the values of an index's key attributes; ok is false when
// one is missing or not of its kind: the item is then not in the index.
func keyValues(it item.Item, keys []KeyAttribute) (values []item.Value, ok bool) {
	if len(keys) == 0 {
		return nil, true
	}
	values = make([]item.Value, len(keys))
	for i, k := range keys {
		v, found := it.Get(k.Name)
		if !found || v.Kind() != k.Kind {
			return nil, false
		}
		values[i] = v
	}
	return values, true
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
