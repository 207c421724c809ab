package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/wire"
)

// ListTables lists the names of the caller's tables in the order of their
// bytes, a page at a time.
func (s *Service) ListTables(ctx context.Context, in *api.ListTablesInput) (*api.ListTablesOutput, error) {
	caller := wire.CallerFrom(ctx)
	names, more, err := s.catalog.names(ctx, caller.Account, caller.Region, in.ExclusiveStartTableName.Value, int(in.Limit.Or(listTablesMax)))
	if err != nil {
		return nil, err
	}
	out := &api.ListTablesOutput{TableNames: append([]string{}, names...)}
	if more {
		out.LastEvaluatedTableName = wire.Some(names[len(names)-1])
	}
	return out, nil
}
