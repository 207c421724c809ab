package dynamodb

import (
	"context"
	"errors"
	"strings"
	"time"

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
	stamp(t, now)
	if err := s.checkTableCount(ctx, caller); err != nil {
		return nil, err
	}
	ref := tableRef{t.Account, t.Region, t.Name}
	err = s.catalog.change(ctx, ref, func(tx *kv.Tx, existing *schema.Table) (*schema.Table, error) {
		if existing != nil {
			return nil, api.ResourceInUseException("Table already exists: " + t.Name)
		}
		id, err := nextTableID(tx)
		if err != nil {
			return nil, err
		}
		t.ID = id
		return t, nil
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateTableOutput{TableDescription: describe(t, view{status: schema.Creating, capacity: t.Capacity, now: now})}, nil
}

// stamp puts the time of creation where a new table shows it.
func stamp(t *schema.Table, now time.Time) {
	if t.Capacity.OnDemandMode {
		t.Capacity.OnDemandAt = &now
	}
	if t.Stream.Enabled {
		t.Stream.Label = streamLabel(now)
	}
}

// streamLabel is the name of a stream made at a time.
func streamLabel(now time.Time) string {
	return now.UTC().Format("2006-01-02T15:04:05.000")
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
