package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/wire"
)

// TransactWriteItems puts, updates, deletes and checks up to 100 items in the
// tables of one account and region: all actions happen or none. With a token
// of the client they happen once, however often the request is sent.
func (s *Service) TransactWriteItems(ctx context.Context, in *api.TransactWriteItemsInput) (*api.TransactWriteItemsOutput, error) {
	actions, err := checkActions(in.TransactItems)
	if err != nil {
		return nil, err
	}
	x := transaction{service: s, actions: actions}
	gates, err := x.enterTables(ctx)
	if err != nil {
		return nil, err
	}
	defer leaveAll(gates)
	if err := x.checkAgainstTables(); err != nil {
		return nil, err
	}
	if x.token, err = s.beginToken(ctx, layout.TokenWrite, in.ClientRequestToken, func() [32]byte { return fingerprint(in) }); err != nil {
		return nil, err
	}
	defer x.token.end()
	if err := x.run(ctx); err != nil {
		return nil, err
	}
	if x.replayed != nil {
		return &api.TransactWriteItemsOutput{
			ConsumedCapacity: replayCapacity(in.ReturnConsumedCapacity, x.tables, x.replayed.Units),
		}, nil
	}
	return &api.TransactWriteItemsOutput{
		ConsumedCapacity:      x.writeCapacity(in.ReturnConsumedCapacity),
		ItemCollectionMetrics: x.collectionMetrics(in.ReturnItemCollectionMetrics),
	}, nil
}

// collectionMetrics is what ReturnItemCollectionMetrics asks for: for each table
// with local indexes, the collections that the transaction wrote to.
func (x *transaction) collectionMetrics(asked wire.Opt[string]) wire.Map[[]*api.ItemCollectionMetrics] {
	var metrics wire.Map[[]*api.ItemCollectionMetrics]
	for place, name := range x.tables {
		var of []*api.ItemCollectionMetrics
		told := map[string]bool{} // by the partition key
		for i := range x.actions {
			a, o := &x.actions[i], x.outcomes[i]
			if a.place != place || a.kind == actionCheck || told[string(a.key.Partition)] {
				continue
			}
			if m := collectionMetrics(asked, a.key, o); m != nil {
				of = append(of, m)
				told[string(a.key.Partition)] = true
			}
		}
		if of != nil {
			metrics = append(metrics, wire.Entry[[]*api.ItemCollectionMetrics]{Key: name, Value: of})
		}
	}
	return metrics
}
