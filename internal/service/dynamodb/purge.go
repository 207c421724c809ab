package dynamodb

import (
	"context"
	"log/slog"
	"time"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// purger removes the data of deleted tables in the background. What it has to
// do stands in the store, so that a stop loses nothing: deleting a table writes
// a purge in the update that takes away its descriptor.
type purger struct {
	store  *kv.Store
	logger *slog.Logger

	background
}

func newPurger(store *kv.Store, logger *slog.Logger) *purger {
	return &purger{store: store, logger: logger, background: newBackground()}
}

func (p *purger) work(ctx context.Context) (again time.Duration) {
	if err := p.purgeAll(ctx); err != nil && ctx.Err() == nil {
		p.logger.Error("removing the data of deleted tables failed; it is tried again at the next deletion or start", "error", err)
	}
	return untilPoked
}

func (p *purger) purgeAll(ctx context.Context) error {
	tables, err := p.pending(ctx)
	if err != nil {
		return err
	}
	for _, table := range tables {
		start, end := layout.TableRange(table)
		if err := p.store.DeleteRange(ctx, start, end); err != nil {
			return err
		}
		key := layout.AppendPurgeKey(nil, table)
		err := p.store.Update(ctx, [][]byte{key}, func(tx *kv.Tx) error {
			return tx.Delete(key)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// pending returns the tables that are to be purged.
func (p *purger) pending(ctx context.Context) ([]uint64, error) {
	snap, err := p.store.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	start, end := layout.PurgeRange()
	it := snap.Scan(start, end, false)
	defer it.Close()
	var tables []uint64
	for it.Next() {
		table, err := layout.ParsePurgeKey(it.Key())
		if err != nil {
			return nil, err
		}
		tables = append(tables, table)
	}
	return tables, it.Err()
}
