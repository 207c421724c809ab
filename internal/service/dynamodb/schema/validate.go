package schema

import "fmt"

// validate reports what in a descriptor that was read cannot be: what follows
// from such a descriptor would damage the table's data.
func (t *Table) validate() error {
	for i := range t.Indexes {
		x := &t.Indexes[i]
		if x.Number == 0 || x.Number >= t.NextIndex {
			return fmt.Errorf("%w: index %s has number %d, the next is %d", ErrDescriptor, x.Name, x.Number, t.NextIndex)
		}
		for _, other := range t.Indexes[:i] {
			if other.Number == x.Number || other.Name == x.Name {
				return fmt.Errorf("%w: indexes %s and %s have one number or name", ErrDescriptor, other.Name, x.Name)
			}
		}
		if err := x.validate(t); err != nil {
			return err
		}
	}
	if t.Expires() && t.TTL.Attribute == "" {
		return fmt.Errorf("%w: time to live has no attribute", ErrDescriptor)
	}
	if !t.Journal.valid() {
		return fmt.Errorf("%w: the shards of the journal leave hashes out: %+v", ErrDescriptor, t.Journal)
	}
	return nil
}

func (x *Index) validate(t *Table) error {
	switch x.Projection.Type {
	case ProjectAll, ProjectKeysOnly, ProjectInclude:
	default:
		return fmt.Errorf("%w: index %s has projection %q", ErrDescriptor, x.Name, x.Projection.Type)
	}
	switch x.State {
	case IndexActive, IndexCreating, IndexBackfilling, IndexDeleting:
	default:
		return fmt.Errorf("%w: index %s has state %q", ErrDescriptor, x.Name, x.State)
	}
	if n := len(x.Partition); n == 0 || n > IndexKeyPartsMax || len(x.Sort) > IndexKeyPartsMax {
		return fmt.Errorf("%w: index %s has a key of %d and %d attributes", ErrDescriptor, x.Name, n, len(x.Sort))
	}
	if x.Local && (len(x.Partition) != 1 || x.Partition[0] != t.Partition || len(x.Sort) != 1) {
		return fmt.Errorf("%w: local index %s has not the key of one", ErrDescriptor, x.Name)
	}
	return nil
}
