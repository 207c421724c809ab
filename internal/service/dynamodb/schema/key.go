package schema

import (
	"fmt"

	"github.com/gramme-db/gramme/internal/item"
)

// Refusal is a rule of the table that a request breaks, in AWS's words.
type Refusal struct {
	Text string
}

// Error returns the text.
func (r *Refusal) Error() string { return r.Text }

func refuse(format string, args ...any) *Refusal {
	return &Refusal{Text: fmt.Sprintf(format, args...)}
}

// The families of texts that several refusals begin with.
const (
	wereInvalid = "One or more parameter values were invalid: "
	areNotValid = "One or more parameter values are not valid. "
)

// errKeySchema is the refusal of a Key that does not fit the table.
const errKeySchema = "The provided key element does not match the schema"

// Key is the value of a table's key in one item.
type Key struct {
	Partition item.Value
	Sort      item.Value // zero in a table without a sort key
}

// KeyOf returns the key in a request's Key member, which must hold the key's
// attributes and nothing else.
func (t *Table) KeyOf(attrs item.Item) (Key, *Refusal) {
	want := 1
	if t.Sort != nil {
		want = 2
	}
	if attrs.Len() != want {
		return Key{}, &Refusal{errKeySchema}
	}
	return t.KeyWithin(attrs)
}

// KeyWithin returns the key of a whole item like KeyIn, and refuses it in the
// words of KeyOf, as AWS does in a batch.
func (t *Table) KeyWithin(it item.Item) (Key, *Refusal) {
	k := Key{}
	var ok bool
	if k.Partition, ok = it.Get(t.Partition.Name); !ok || k.Partition.Kind() != t.Partition.Kind {
		return Key{}, &Refusal{errKeySchema}
	}
	if t.Sort != nil {
		if k.Sort, ok = it.Get(t.Sort.Name); !ok || k.Sort.Kind() != t.Sort.Kind {
			return Key{}, &Refusal{errKeySchema}
		}
	}
	return k, t.checkKeyValues(k)
}

// KeyIn returns the key of a whole item that is about to be put.
func (t *Table) KeyIn(it item.Item) (Key, *Refusal) {
	k := Key{}
	var refusal *Refusal
	if k.Partition, refusal = keyValueIn(it, t.Partition); refusal != nil {
		return Key{}, refusal
	}
	if t.Sort != nil {
		if k.Sort, refusal = keyValueIn(it, *t.Sort); refusal != nil {
			return Key{}, refusal
		}
	}
	return k, t.checkKeyValues(k)
}

func keyValueIn(it item.Item, key KeyAttribute) (item.Value, *Refusal) {
	v, ok := it.Get(key.Name)
	if !ok {
		return nil, refuse(wereInvalid+"Missing the key %s in the item", key.Name)
	}
	if v.Kind() != key.Kind {
		return nil, refuse(wereInvalid+"Type mismatch for key %s expected: %s actual: %s", key.Name, key.Kind, v.Kind())
	}
	return v, nil
}

// checkKeyValues refuses empty and oversized values of the table's key.
func (t *Table) checkKeyValues(k Key) *Refusal {
	if isEmpty(k.Partition) {
		return emptyKeyValue(t.Partition)
	}
	if t.Sort != nil && isEmpty(k.Sort) {
		return emptyKeyValue(*t.Sort)
	}
	return checkKeySizes(keyBytes(k.Partition), keyBytes(k.Sort))
}

// HasEmptyKey reports whether attrs have a key of the table's types in which a
// value is empty. Transactions refuse that otherwise than a key that does not fit.
func (t *Table) HasEmptyKey(attrs item.Item) bool {
	partition, refusal := keyValueIn(attrs, t.Partition)
	if refusal != nil || t.Sort == nil {
		return refusal == nil && isEmpty(partition)
	}
	sort, refusal := keyValueIn(attrs, *t.Sort)
	return refusal == nil && (isEmpty(partition) || isEmpty(sort))
}

func emptyKeyValue(key KeyAttribute) *Refusal {
	return refuse(areNotValid+"The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", kindWord(key.Kind), key.Name)
}

func checkKeySizes(partition, sort int) *Refusal {
	if partition > partitionKeyBytesMax {
		// AWS's text has no space before the number.
		return refuse(wereInvalid+"Size of hashkey has exceeded the maximum size limit of%d bytes", partitionKeyBytesMax)
	}
	if sort > sortKeyBytesMax {
		return refuse(wereInvalid+"Aggregated size of all range keys has exceeded the size limit of %d bytes", sortKeyBytesMax)
	}
	return nil
}

// keyBytes returns the bytes that count against a key's limit; numbers are
// always within it.
func keyBytes(v item.Value) int {
	if len(v) == 0 || v.Kind() == item.N {
		return 0
	}
	return len(v.Bytes())
}

// isEmpty reports whether a key value is an empty string or binary.
func isEmpty(v item.Value) bool {
	return v.Kind() != item.N && len(v.Bytes()) == 0
}

func kindWord(k item.Kind) string {
	if k == item.B {
		return "binary"
	}
	return "string"
}

// KeyItem returns the attributes of the key alone, as an item.
func (t *Table) KeyItem(k Key) item.Item {
	b := item.NewBuilder(nil)
	b.BeginMap()
	b.NameString(t.Partition.Name)
	b.Value(k.Partition)
	if t.Sort != nil {
		b.NameString(t.Sort.Name)
		b.Value(k.Sort)
	}
	b.EndMap()
	return b.Item()
}

// IsKey reports whether the attribute belongs to the table's key.
func (t *Table) IsKey(name string) bool {
	return name == t.Partition.Name || t.Sort != nil && name == t.Sort.Name
}

// CheckIndexKeys refuses an item whose index key attributes could not be
// indexed. An attribute that is missing is no error: the item is then not in
// the index. When an attribute keys several indexes, the one that AWS names is
// the first by name.
func (t *Table) CheckIndexKeys(it item.Item) *Refusal {
	var worst *Refusal
	var worstIndex string
	for i := range t.Indexes {
		x := &t.Indexes[i]
		if !x.Maintained() {
			continue
		}
		if r := x.checkKeys(it); r != nil && (worst == nil || x.Name < worstIndex) {
			worst, worstIndex = r, x.Name
		}
	}
	return worst
}

func (x *Index) checkKeys(it item.Item) *Refusal {
	partition, r := x.checkKeyAttributes(it, x.Partition)
	if r != nil {
		return r
	}
	sort, r := x.checkKeyAttributes(it, x.Sort)
	if r != nil {
		return r
	}
	return checkKeySizes(partition, sort)
}

// checkKeyAttributes checks types and emptiness, and returns the bytes that
// count against the limit of the whole key.
func (x *Index) checkKeyAttributes(it item.Item, keys []KeyAttribute) (size int, _ *Refusal) {
	for _, k := range keys {
		v, ok := it.Get(k.Name)
		if !ok {
			continue
		}
		if r := x.CheckKeyKind(k, v.Kind()); r != nil {
			return 0, r
		}
		if isEmpty(v) {
			return 0, x.emptyKeyValue(k)
		}
		size += keyBytes(v)
	}
	return size, nil
}

func (x *Index) emptyKeyValue(key KeyAttribute) *Refusal {
	return refuse(areNotValid+"A value specified for a secondary index key is not supported. "+
		"The AttributeValue for a key attribute cannot contain an empty %s value. IndexName: %s, IndexKey: %s",
		kindWord(key.Kind), x.Name, key.Name)
}

// CheckKeyKind refuses a value of the wrong kind for a key of the index.
func (x *Index) CheckKeyKind(key KeyAttribute, kind item.Kind) *Refusal {
	if kind == key.Kind {
		return nil
	}
	return refuse(wereInvalid+"Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", key.Name, key.Kind, kind, x.Name)
}

// IsIndexKey reports whether the attribute belongs to an index's key.
func (t *Table) IsIndexKey(name string) bool {
	for i := range t.Indexes {
		if x := &t.Indexes[i]; x.Maintained() && x.IsKey(name) {
			return true
		}
	}
	return false
}

// CheckIndexKeyKind refuses a kind that an attribute cannot have because an
// index is keyed by it. Of several such indexes AWS names the first by name.
func (t *Table) CheckIndexKeyKind(attribute string, kind item.Kind) *Refusal {
	var first *Index
	var refusal *Refusal
	for i := range t.Indexes {
		x := &t.Indexes[i]
		k, ok := x.key(attribute)
		if !ok || !x.Maintained() || first != nil && first.Name < x.Name {
			continue
		}
		if r := x.CheckKeyKind(k, kind); r != nil {
			first, refusal = x, r
		}
	}
	return refusal
}

func (x *Index) key(name string) (KeyAttribute, bool) {
	for _, k := range x.Partition {
		if k.Name == name {
			return k, true
		}
	}
	for _, k := range x.Sort {
		if k.Name == name {
			return k, true
		}
	}
	return KeyAttribute{}, false
}

// CheckUpdatedIndexKey refuses an item whose attribute an update has changed to
// a value that an index cannot be keyed by. The texts are not those of a put.
func (t *Table) CheckUpdatedIndexKey(it item.Item, attribute string) *Refusal {
	v, ok := it.Get(attribute)
	if !ok {
		return nil
	}
	for i := range t.Indexes {
		x := &t.Indexes[i]
		k, ok := x.key(attribute)
		if !ok || !x.Maintained() {
			continue
		}
		if v.Kind() != k.Kind {
			return &Refusal{"The update expression attempted to update the secondary index key to unsupported type"}
		}
		if isEmpty(v) {
			return refuse(areNotValid+"The update expression attempted to update a secondary index key to a value that is not supported. "+
				"The AttributeValue for a key attribute cannot contain an empty %s value.", kindWord(k.Kind))
		}
		if x.keysTooLong(it) {
			return &Refusal{"The update expression attempted to update the secondary index key beyond allowed size limits"}
		}
	}
	return nil
}

// keysTooLong reports whether a half of the index's key is beyond its limit.
func (x *Index) keysTooLong(it item.Item) bool {
	total := func(keys []KeyAttribute) (n int) {
		for _, k := range keys {
			if v, ok := it.Get(k.Name); ok {
				n += keyBytes(v)
			}
		}
		return n
	}
	return checkKeySizes(total(x.Partition), total(x.Sort)) != nil
}
