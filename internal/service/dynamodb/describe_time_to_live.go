package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// DescribeTimeToLive tells whether items expire, and by which attribute. It is
// ENABLED as soon as writes keep the expiry index: while older items are still
// being put into it, some of them go later, and no time is promised for any.
func (s *Service) DescribeTimeToLive(ctx context.Context, in *api.DescribeTimeToLiveInput) (*api.DescribeTimeToLiveOutput, error) {
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
	now := s.env.Now()
	if !t.Usable(now) {
		state := string(t.StatusAt(now))
		return nil, invalid("Cannot describe time to live while table is in " + state + " state: Current table state is " + state)
	}
	status := t.TTL.StatusAt(now)
	d := &api.TimeToLiveDescription{TimeToLiveStatus: wire.Some(string(status))}
	if status != schema.TTLDisabled {
		d.AttributeName = wire.Some(t.TTL.Attribute)
	}
	return &api.DescribeTimeToLiveOutput{TimeToLiveDescription: d}, nil
}
