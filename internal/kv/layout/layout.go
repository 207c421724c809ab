// Package layout draws every key and value that Gramme's services keep in the
// store, and is the only place that builds or takes apart such bytes. The
// engine's own keys (format version, stamps) are drawn in kv/pebble. It knows no
// service and does no I/O. Called by the services and by gramme debug.
//
// The first byte of a key tells its family:
//
//	'c'  the journal: changes of items, its shards, its readers' cursors  (journal.go)
//	'd'  table descriptors, by account, region and name      (catalog.go)
//	'e'  streams, by account, region, table name and label   (stream.go)
//	'i'  tokens of transactions that were done, for a while  (token.go)
//	'j'  jobs: indexes that are being built or removed       (jobs.go)
//	'l'  tables with time to live                            (expiry.go)
//	'p'  purges: deleted tables whose data is still there    (catalog.go)
//	's'  sequences: the next free number of a kind           (catalog.go)
//	't'  everything that belongs to one table                (table.go)
//
// All that belongs to a table has one prefix, so that a deleted table goes
// with one range deletion.
package layout

// The families.
const (
	familyJournal    = 'c'
	familyDescriptor = 'd'
	familyStream     = 'e'
	familyToken      = 'i'
	familyJob        = 'j'
	familyExpiring   = 'l'
	familyPurge      = 'p'
	familySequence   = 's'
	familyTable      = 't'
)

// PrefixEnd returns the first key after all keys that begin with prefix.
func PrefixEnd(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] != 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil // nothing comes after: no family begins with 0xff
}
