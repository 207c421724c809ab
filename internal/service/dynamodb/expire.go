package dynamodb

import (
	"bytes"
	"context"
	"errors"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// dueItem is an item that is due, as a snapshot of the expiry index shows it.
type dueItem struct {
	expiry  []byte // its key in the index
	itemKey []byte
	hash    keyHash // what conflicts knows of the item's key
	busy    bool    // a transaction is at work on it
}

// expire deletes items that are due, as time to live does it: without a request,
// and free of charge. All go in one update, except for those that are not due
// any more, that a transaction is at work on, or that cannot be read. It stops
// when it has deleted enough, and returns how many of the items are done with.
// The caller holds the table's gate.
func (s *Service) expire(ctx context.Context, t *schema.Table, due []dueItem) (done int, err error) {
	own := s.beginExpire(due)
	defer s.endExpire(due)
	if len(own) == 0 {
		return len(due), nil
	}
	outcomes := make([]outcome, len(due))
	err = s.store.Update(ctx, own, func(tx *kv.Tx) error {
		deleted := 0 // bytes
		for done = 0; done < len(due) && deleted < expireBytesMax; done++ {
			d, o := &due[done], &outcomes[done]
			if d.busy {
				continue
			}
			*o = outcome{table: t, itemKey: d.itemKey}
			n := s.note(done)
			n.actor = layout.ActorTTL
			if err := o.expire(tx, d.expiry, n); err != nil {
				return err
			}
			deleted += len(o.stored)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for i := range outcomes[:done] {
		s.tell(&outcomes[i])
	}
	return done, nil
}

// beginExpire notes that the items are being written, and returns the keys of
// those that are not left to a transaction.
func (s *Service) beginExpire(due []dueItem) (own [][]byte) {
	for i := range due {
		d := &due[i]
		d.hash = s.conflicts.hash(d.itemKey)
		if d.busy = !s.conflicts.beginWrite(d.hash); !d.busy {
			own = append(own, d.itemKey)
		}
	}
	return own
}

func (s *Service) endExpire(due []dueItem) {
	for i := range due {
		if !due[i].busy {
			s.conflicts.endWrite(due[i].hash)
		}
	}
}

// expire deletes the item, if it still calls for the expiry: an update since
// then may have saved it, and one that is due at another time has another
// expiry. An item that cannot be read stays for gramme debug check to tell of.
func (o *outcome) expire(tx *kv.Tx, expiry []byte, n note) error {
	if err := o.read(tx); err != nil {
		if errors.Is(err, layout.ErrRecord) {
			return nil
		}
		return err
	}
	if !bytes.Equal(o.table.Expiry(o.itemKey, o.old.Item), expiry) || o.old.Item.Check() != nil {
		return nil
	}
	key, refusal := o.table.KeyIn(o.old.Item)
	if refusal != nil {
		return nil
	}
	o.key = key
	if err := o.plan(tx, nil); err != nil {
		return err
	}
	return o.store(tx, n)
}
