package schema

import "slices"

// Journal tells where the changes of the table's items go: to the open shards
// of its journal. Shards of the past are in the store alone.
type Journal struct {
	Shards []JournalShard `json:"shards,omitempty"` // by hash; none: nobody follows the table
	Next   uint32         `json:"next,omitempty"`   // the number of the next shard; 0 is as 1
}

// JournalShard is an open shard. It has the hashes from FirstHash on, up to the
// next shard's.
type JournalShard struct {
	Number    uint32 `json:"number"`
	FirstHash uint32 `json:"firstHash"`
}

// Of returns the shard of a hash, nil when nobody follows the table, and
// whether the hash is in the upper half of the shard's.
func (j *Journal) Of(hash uint32) (shard *JournalShard, upper bool) {
	if len(j.Shards) == 0 {
		return nil, false
	}
	at, found := slices.BinarySearchFunc(j.Shards, hash, func(s JournalShard, hash uint32) int {
		switch {
		case s.FirstHash < hash:
			return -1
		case s.FirstHash > hash:
			return 1
		}
		return 0
	})
	if !found {
		at--
	}
	return &j.Shards[at], hash >= j.Middle(at)
}

// LastHash returns the last hash of the shard at a place in Shards.
func (j *Journal) LastHash(at int) uint32 {
	if at+1 == len(j.Shards) {
		return ^uint32(0)
	}
	return j.Shards[at+1].FirstHash - 1
}

// Middle returns the first hash of the upper half of the shard at a place.
func (j *Journal) Middle(at int) uint32 {
	first := j.Shards[at].FirstHash
	return first + (j.LastHash(at)-first)/2 + 1
}

// valid reports whether every hash has a shard.
func (j *Journal) valid() bool {
	for i, s := range j.Shards {
		if i == 0 && s.FirstHash != 0 || i > 0 && s.FirstHash <= j.Shards[i-1].FirstHash || s.Number == 0 || s.Number >= j.Next {
			return false
		}
	}
	return true
}
