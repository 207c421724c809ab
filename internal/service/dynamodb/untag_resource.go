package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// UntagResource removes tags from a table. Keys it does not have are no error.
func (s *Service) UntagResource(ctx context.Context, in *api.UntagResourceInput) (*api.UntagResourceOutput, error) {
	ref, err := taggedTable(ctx, in.ResourceArn, "tagKeys", in.TagKeys != nil)
	if err != nil {
		return nil, err
	}
	if len(in.TagKeys) == 0 {
		return nil, invalid("Atleast one Tag Key needs to be provided as Input.") // sic
	}
	err = s.changeTags(ctx, ref, itemTableNotFound(), func(tags []schema.Tag) ([]schema.Tag, error) {
		var kept []schema.Tag
		for _, t := range tags {
			if !contains(in.TagKeys, t.Key) {
				kept = append(kept, t)
			}
		}
		return kept, nil
	})
	return &api.UntagResourceOutput{}, err
}
