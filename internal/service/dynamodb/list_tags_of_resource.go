package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/wire"
)

// ListTagsOfResource lists a table's tags, all on one page.
func (s *Service) ListTagsOfResource(ctx context.Context, in *api.ListTagsOfResourceInput) (*api.ListTagsOfResourceOutput, error) {
	ref, err := taggedTable(ctx, in.ResourceArn, "", false)
	if err != nil {
		return nil, err
	}
	if in.NextToken.Set {
		return nil, invalid("Invalid NextToken") // no page of ours has one
	}
	t, err := s.catalog.find(ctx, ref)
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, taggedNotFound(ref)
	}
	out := &api.ListTagsOfResourceOutput{Tags: []*api.Tag{}}
	for _, tag := range t.Tags {
		out.Tags = append(out.Tags, &api.Tag{Key: wire.Some(tag.Key), Value: wire.Some(tag.Value)})
	}
	return out, nil
}
