package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// TagResource adds tags to a table and replaces the values of those it has.
func (s *Service) TagResource(ctx context.Context, in *api.TagResourceInput) (*api.TagResourceOutput, error) {
	ref, err := taggedTable(ctx, in.ResourceArn, "tags", in.Tags != nil)
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		return nil, invalid("Atleast one Tag needs to be provided as Input.") // sic
	}
	err = s.changeTags(ctx, ref, taggedNotFound(ref), func(tags []schema.Tag) ([]schema.Tag, error) {
		return mergeTags(tags, in.Tags)
	})
	return &api.TagResourceOutput{}, err
}
