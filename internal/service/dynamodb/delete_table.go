package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// DeleteTable deletes a table with all that is in it. From here on no item
// operation sees the table; its data goes in the background.
func (s *Service) DeleteTable(ctx context.Context, in *api.DeleteTableInput) (*api.DeleteTableOutput, error) {
	ref, err := refOf(ctx, in.TableName.Value)
	if err != nil {
		return nil, err
	}
	now := s.env.Now()
	var deleted *schema.Table
	err = s.catalog.change(ctx, ref, func(tx *kv.Tx, t *schema.Table) (*schema.Table, error) {
		if t == nil {
			return nil, tableNotFound(ref.name)
		}
		deleted = t
		if t.StatusAt(now) == schema.Deleting {
			return t, nil // documented: no error
		}
		if err := checkIdle(t, now); err != nil {
			return nil, err
		}
		if t.DeletionProtected {
			return nil, invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
		}
		if err := tx.Set(layout.AppendPurgeKey(nil, t.ID), nil); err != nil {
			return nil, err
		}
		if err := tx.Delete(layout.AppendExpiringKey(nil, t.ID)); err != nil {
			return nil, err
		}
		after := *t
		if t.Stream.Enabled {
			if err := disableStream(tx, &after, now, now.Add(s.delay)); err != nil {
				return nil, err
			}
		}
		if s.delay == 0 {
			return nil, nil
		}
		after.Transition = &schema.Transition{From: schema.Deleting, Until: now.Add(s.delay)}
		return &after, nil
	})
	if err != nil {
		return nil, err
	}
	s.purger.poke()
	s.journal.Forget(deleted.ID)
	v := view{status: schema.Deleting, capacity: deleted.Capacity, now: now}
	return &api.DeleteTableOutput{TableDescription: describe(deleted, v)}, nil
}
