package dynamodb

import (
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// storeExpiry moves the item's expiry, when its time has changed: nothing else
// about an expiry can change. While the index is being built, an expiry may not
// be there yet; deleting it then does nothing, and nobody counts expiries.
func (o *outcome) storeExpiry(tx *kv.Tx) error {
	old, had := o.table.ExpiryOf(o.old.Item)
	new, has := o.table.ExpiryOf(o.new.Item)
	if had == has && old == new {
		return nil
	}
	var room [keyRoomBytes]byte
	if had {
		if err := tx.Delete(layout.AppendExpiryKey(room[:0], old, o.itemKey)); err != nil {
			return err
		}
	}
	if has {
		return tx.Set(layout.AppendExpiryKey(room[:0], new, o.itemKey), nil)
	}
	return nil
}
