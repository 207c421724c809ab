package layout

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"

	"github.com/gramme-db/gramme/internal/item"
)

// Part is the part of the store that a key belongs to.
type Part uint8

// The parts.
const (
	PartUnknown    Part = iota // none that this program knows
	PartJournal                // changes, shards and cursors
	PartDescriptor             // table descriptors
	PartStream
	PartToken // of transactions
	PartJob
	PartExpiring // marks of tables with time to live
	PartPurge
	PartSequence
	PartOfTable // within a table's range, and in no section that this program knows
	PartCounters
	PartItem
	PartEntry  // of an index
	PartExpiry // of an item, in the expiry index
	PartCollection
)

// Place is where a key belongs, as its beginning tells.
type Place struct {
	Part   Part
	Table  uint64 // of keys within a table's range
	Index  uint16 // of an entry: the index's number
	Time   int64  // of an expiry: seconds since 1970
	Values []byte // of an item, an entry, an expiry and a collection: the hash and the key values; aliases the key
}

// PlaceOf returns where a key belongs. It does not look at the values in it:
// that takes a table's descriptor.
func PlaceOf(key []byte) Place {
	if len(key) == 0 {
		return Place{}
	}
	switch key[0] {
	case familyJournal:
		return Place{Part: PartJournal}
	case familyDescriptor:
		return Place{Part: PartDescriptor}
	case familyStream:
		return Place{Part: PartStream}
	case familyToken:
		return Place{Part: PartToken}
	case familyJob:
		return Place{Part: PartJob}
	case familyExpiring:
		return Place{Part: PartExpiring}
	case familyPurge:
		return Place{Part: PartPurge}
	case familySequence:
		return Place{Part: PartSequence}
	case familyTable:
		if len(key) >= tableKeyLen-1 {
			return placeInTable(key)
		}
	}
	return Place{}
}

func placeInTable(key []byte) Place {
	p := Place{Part: PartOfTable, Table: binary.BigEndian.Uint64(key[1:])}
	if len(key) < tableKeyLen {
		return p
	}
	rest := key[tableKeyLen:]
	switch section := key[tableKeyLen-1]; {
	case section == sectionCounters && len(rest) == 0:
		p.Part = PartCounters
	case section == sectionExpiries && len(rest) >= expiryTimeLen:
		p.Part, p.Time, p.Values = PartExpiry, int64(binary.BigEndian.Uint64(rest)), rest[expiryTimeLen:]
	case section == sectionItems:
		p.Part, p.Values = PartItem, rest
	case section == sectionIndexes && len(rest) >= indexLen:
		p.Part, p.Index, p.Values = PartEntry, binary.BigEndian.Uint16(rest), rest[indexLen:]
	case section == sectionCollections:
		p.Part, p.Values = PartCollection, rest
	}
	return p
}

// KeyValues returns the values in the place's key: as many as there are kinds.
// The first ones are the partition key, behind its hash. Bytes that AppendItemKey,
// AppendIndexKey and AppendCollectionKey have not made so are an ErrKey.
func (p Place) KeyValues(partition, others []item.Kind) ([]item.Value, error) {
	if len(p.Values) < hashLen {
		return nil, ErrKey
	}
	hash, hashed := binary.BigEndian.Uint32(p.Values), p.Values[hashLen:]
	values, rest, err := decodeKeys(nil, hashed, partition)
	if err != nil || uint32(xxhash.Sum64(hashed[:len(hashed)-len(rest)])>>32) != hash {
		return nil, ErrKey
	}
	values, rest, err = decodeKeys(values, rest, others)
	if err != nil || len(rest) > 0 {
		return nil, ErrKey
	}
	return values, nil
}

func decodeKeys(values []item.Value, b []byte, kinds []item.Kind) (_ []item.Value, rest []byte, err error) {
	for _, kind := range kinds {
		var v item.Value
		if v, b, err = item.DecodeKey(b, kind); err != nil {
			return nil, nil, err
		}
		values = append(values, v)
	}
	return values, b, nil
}

// FamilyEnd returns the first key after all keys of the family that key belongs
// to.
func FamilyEnd(key []byte) []byte { return PrefixEnd(key[:1]) }

// CollectionRange returns the range of the counters of a table's collections.
func CollectionRange(table uint64) (start, end []byte) {
	start = appendTableKey(nil, table, sectionCollections)
	return start, PrefixEnd(start)
}
