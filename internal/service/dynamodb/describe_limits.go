package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/wire"
)

// DescribeLimits tells the quotas of provisioned throughput that an account has
// on AWS by default. They are not enforced here: the machine is the limit.
func (s *Service) DescribeLimits(context.Context, *api.DescribeLimitsInput) (*api.DescribeLimitsOutput, error) {
	return &api.DescribeLimitsOutput{
		AccountMaxReadCapacityUnits:  wire.Some[int64](accountUnitsMax),
		AccountMaxWriteCapacityUnits: wire.Some[int64](accountUnitsMax),
		TableMaxReadCapacityUnits:    wire.Some[int64](tableUnitsMax),
		TableMaxWriteCapacityUnits:   wire.Some[int64](tableUnitsMax),
	}, nil
}
