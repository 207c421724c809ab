package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
)

// DescribeTable describes a table. Its counts are exact.
func (s *Service) DescribeTable(ctx context.Context, in *api.DescribeTableInput) (*api.DescribeTableOutput, error) {
	ref, err := refOf(ctx, in.TableName.Value)
	if err != nil {
		return nil, err
	}
	t, err := s.catalog.find(ctx, ref)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, tableNotFound(ref.name)
	}
	v, err := s.look(ctx, t)
	if err != nil {
		return nil, err
	}
	return &api.DescribeTableOutput{Table: describe(t, v)}, nil
}
