package schema

// IndexState is where a global index stands between its creation on a live
// table and its deletion.
type IndexState string

// The states of an index. An index that is made with its table is active from
// the beginning.
const (
	IndexActive      IndexState = ""            // complete: reads use it
	IndexCreating    IndexState = "CREATING"    // writes keep it, the items before them are not in it yet
	IndexBackfilling IndexState = "BACKFILLING" // the same, and the items before are being put into it
	IndexDeleting    IndexState = "DELETING"    // its entries are being removed
)

// Readable reports whether reads may use the index.
func (x *Index) Readable() bool { return x.State == IndexActive }

// Maintained reports whether writes keep the index.
func (x *Index) Maintained() bool { return x.State != IndexDeleting }

// Building reports whether the index may still lack entries of items that are
// older than it.
func (x *Index) Building() bool {
	return x.State == IndexCreating || x.State == IndexBackfilling
}

// StateIn returns the index's state in a table of a status: the backfill begins
// when the update that made the index is over.
func (x *Index) StateIn(table Status) IndexState {
	if x.State == IndexCreating && table != Updating {
		return IndexBackfilling
	}
	return x.State
}

// Unsettled returns the index that is being built or removed, nil when there is
// none. There is never more than one.
func (t *Table) Unsettled() *Index {
	for i := range t.Indexes {
		if t.Indexes[i].State != IndexActive {
			return &t.Indexes[i]
		}
	}
	return nil
}

// IndexNumbered returns the index of a number, nil when there is none.
func (t *Table) IndexNumbered(number uint16) *Index {
	for i := range t.Indexes {
		if t.Indexes[i].Number == number {
			return &t.Indexes[i]
		}
	}
	return nil
}
