package dynamodb

import (
	"time"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// note is what a change record says of a write besides the item.
type note struct {
	now     func() time.Time
	actor   layout.Actor
	ordinal uint32 // of the write among those of its update
}

// note returns the note of a user's write.
func (s *Service) note(ordinal int) note {
	return note{now: s.env.Now, ordinal: uint32(ordinal)}
}

// record appends the change to the journal of a table that somebody follows, in
// the update of the item: a crash loses both or none. Where the item has the
// same value as before there is no change, however it is written.
func (o *outcome) record(tx *kv.Tx, n note) error {
	o.shard, o.upper = o.table.Journal.Of(layout.ItemHash(o.itemKey))
	if o.shard == nil {
		return nil
	}
	change := layout.Change{Actor: n.actor, Time: n.now().UnixMicro(), Old: o.old.Item, New: o.new.Item}
	if change.Old.Equal(change.New) {
		o.shard = nil
		return nil
	}
	key := layout.ChangeKey{
		Table: o.table.ID, Shard: o.shard.Number,
		Position: layout.Position{Stamp: uint64(tx.Stamp()), Ordinal: n.ordinal},
	}
	var room [layout.ChangeKeyBytes]byte
	return tx.SetTo(layout.AppendChangeKey(room[:0], key), layout.ChangeBytes(change), func(dst []byte) []byte {
		return layout.AppendChange(dst, change)
	})
}

// tell tells the readers of the journal of a change that was committed.
func (s *Service) tell(o *outcome) {
	if o.shard != nil {
		s.journal.Tell(o.table.ID, o.shard.Number, o.upper)
	}
}
