package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/wire"
)

// DescribeEndpoints tells where to send requests: to the host this one came to,
// so that a client that follows the answer stays here.
func (s *Service) DescribeEndpoints(ctx context.Context, _ *api.DescribeEndpointsRequest) (*api.DescribeEndpointsResponse, error) {
	return &api.DescribeEndpointsResponse{Endpoints: []*api.Endpoint{{
		Address:              wire.Some(wire.CallerFrom(ctx).Host),
		CachePeriodInMinutes: wire.Some[int64](endpointMinutes),
	}}}, nil
}
