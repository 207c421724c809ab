package dynamodb

import (
	"context"
	"errors"
	"strings"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// CreateTable makes a table with its indexes.
func (s *Service) CreateTable(ctx context.Context, in *api.CreateTableInput) (*api.CreateTableOutput, error) {
	t, err := newTable(in)
	if err != nil {
		return nil, err
	}
	caller := wire.CallerFrom(ctx)
	now := s.env.Now()
	t.Account, t.Region = strings.Clone(caller.Account), strings.Clone(caller.Region) // they are parts of the request
	t.UUID = s.env.UUID()
	t.CreatedAt = now
	if s.delay > 0 {
		t.Transition = &schema.Transition{From: schema.Creating, Until: now.Add(s.delay)}
	}
	if t.Capacity.OnDemandMode {
		t.Capacity.OnDemandAt = &now
	}
	if err := s.checkTableCount(ctx, caller); err != nil {
		return nil, err
	}
	ref := tableRef{t.Account, t.Region, t.Name}
	var made *schema.Table
	err = s.catalog.change(ctx, ref, func(tx *kv.Tx, existing *schema.Table) (*schema.Table, error) {
		if existing != nil {
			return nil, api.ResourceInUseException("Table already exists: " + t.Name)
		}
		id, err := nextTableID(tx)
		if err != nil {
			return nil, err
		}
		created := *t
		created.ID = id
		if created.Stream.Enabled {
			err = enableStream(tx, &created, now, now.Add(s.delay))
		}
		made = &created
		return made, err
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateTableOutput{TableDescription: describe(made, view{status: schema.Creating, capacity: made.Capacity, now: now})}, nil
}

// nextTableID hands out a table id. The caller owns the sequence's key.
func nextTableID(tx *kv.Tx) (uint64, error) {
	key := layout.AppendSequenceKey(nil, layout.TableIDSequence)
	value, err := tx.Get(key, nil)
	next := uint64(1)
	switch {
	case errors.Is(err, kv.ErrNotFound):
	case err != nil:
		return 0, err
	default:
		if next, err = layout.ParseSequence(value); err != nil {
			return 0, err
		}
	}
	return next, tx.Set(key, layout.AppendSequence(nil, next+1))
}

// checkTableCount refuses a table more than an account may have in a region.
func (s *Service) checkTableCount(ctx context.Context, caller *wire.Caller) error {
	_, more, err := s.catalog.names(ctx, caller.Account, caller.Region, "", tablesMax-1)
	if err != nil || !more {
		return err
	}
	return api.LimitExceededException("Subscriber limit exceeded: There is a limit of 2500 tables per subscriber")
}
