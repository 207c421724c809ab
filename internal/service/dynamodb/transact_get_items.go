package dynamodb

import (
	"context"
	"errors"
	"slices"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// get is one Get of a TransactGetItems. Its first part is what the request says,
// checked; the second part is found in the table.
type get struct {
	tableName  string
	attrs      item.Item        // the key
	projection *expr.Projection // nil: the whole item

	place   int    // of the table among the transaction's tables
	itemKey []byte // the key's bytes in the store
}

// TransactGetItems reads up to 100 items, all as they were at one moment.
func (s *Service) TransactGetItems(ctx context.Context, in *api.TransactGetItemsInput) (*api.TransactGetItemsOutput, error) {
	gets, err := checkGets(in.TransactItems)
	if err != nil {
		return nil, err
	}
	names, tables, err := s.tablesOf(ctx, gets)
	if err != nil {
		return nil, err
	}
	out := &api.TransactGetItemsOutput{}
	out.Responses, out.ConsumedCapacity, err = s.getAll(ctx, reading{names, tables, gets}, in.ReturnConsumedCapacity,
		func(i int, it item.Item) item.Item { return gets[i].shown(it) })
	if err != nil {
		return nil, err
	}
	return out, nil
}

// reading is what a transaction reads, and the tables that it is in.
type reading struct {
	names  []string // of the tables, as the request has them
	tables []*schema.Table
	gets   []get
}

// getAll reads all items as they were at one moment. shown is what the answer
// has of the i-th one.
func (s *Service) getAll(ctx context.Context, r reading, capacity wire.Opt[string], shown func(i int, it item.Item) item.Item) ([]*api.ItemResponse, []*api.ConsumedCapacity, error) {
	if err := checkGetsAgainst(r.tables, r.gets); err != nil {
		return nil, nil, err
	}
	if err := s.checkUnwritten(r.gets); err != nil {
		return nil, nil, err
	}
	found, err := s.readAll(ctx, r.gets)
	if err != nil {
		return nil, nil, err
	}
	responses := make([]*api.ItemResponse, len(r.gets))
	units := make([]float64, len(r.names))
	for i := range r.gets {
		units[r.gets[i].place] += transactionUnits * readUnits(found[i].Size, true)
		responses[i] = &api.ItemResponse{Item: shown(i, found[i].Item)}
	}
	return responses, transactionReadCapacity(capacity, r.names, units), nil
}

// shown is what the answer has of an item. Other than GetItem, it has nothing
// where the projection leaves nothing.
func (g *get) shown(it item.Item) item.Item {
	if g.projection == nil || it == nil {
		return it
	}
	if it = g.projection.Apply(it); it.Len() == 0 {
		return nil
	}
	return it
}

// checkGets makes the checks that need no table, one Get after the other.
func checkGets(requests []*api.TransactGetItem) ([]get, error) {
	gets := make([]get, len(requests))
	for i, r := range requests {
		in := r.Get
		if err := plain.value(in.Key.Err); err != nil {
			return nil, err
		}
		expressions := []parameter{{"ProjectionExpression", in.ProjectionExpression.Set}}
		scope, err := substitutions(plain, in.ExpressionAttributeNames, item.Attributes{}, nil, expressions)
		if err != nil {
			return nil, err
		}
		projection, err := parseProjection(in.ProjectionExpression, scope)
		if err != nil {
			return nil, err
		}
		gets[i] = get{tableName: in.TableName.Value, attrs: in.Key.Item, projection: projection}
	}
	return gets, nil
}

// tablesOf returns the tables, each once in the order of first use, and as the
// request names them.
func (s *Service) tablesOf(ctx context.Context, gets []get) (names []string, tables []*schema.Table, err error) {
	for i := range gets {
		g := &gets[i]
		t, err := s.table(ctx, g.tableName)
		if err != nil {
			return nil, nil, err
		}
		g.place = slices.IndexFunc(tables, func(other *schema.Table) bool { return other.ID == t.ID })
		if g.place < 0 {
			g.place = len(tables)
			names, tables = append(names, g.tableName), append(tables, t)
		}
	}
	return names, tables, nil
}

// checkGetsAgainst makes the checks that need the tables, and finds the keys.
// Other than in a write, an empty key is a reason to cancel.
func checkGetsAgainst(tables []*schema.Table, gets []get) error {
	reasons := make(cancellation, len(gets))
	keys := make([][]byte, len(gets))
	for i := range gets {
		g := &gets[i]
		t := tables[g.place]
		key, refusal := t.KeyOf(g.attrs)
		if refusal != nil {
			reasons[i] = reasonInvalid(refusal.Text)
			continue
		}
		if err := checkPaths(t, g.projection.Paths()); err != nil {
			return err
		}
		g.itemKey = layout.AppendItemKey(nil, t.ID, key.Partition, key.Sort)
		keys[i] = g.itemKey
	}
	if reasons.any() {
		return reasons.err()
	}
	if !distinct(keys) {
		return twiceInTransaction()
	}
	return nil
}

// checkUnwritten cancels a transaction with items that are being written.
func (s *Service) checkUnwritten(gets []get) error {
	reasons := make(cancellation, len(gets))
	for i := range gets {
		if s.conflicts.beingWritten(s.conflicts.hash(gets[i].itemKey)) {
			reasons[i] = reasonConflict()
		}
	}
	if reasons.any() {
		return reasons.err()
	}
	return nil
}

// readAll reads the items in one snapshot, at the cost of one engine read each.
func (s *Service) readAll(ctx context.Context, gets []get) ([]schema.Image, error) {
	snap, err := s.store.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	found := make([]schema.Image, len(gets))
	total := 0
	for i := range gets {
		stored, err := snap.Get(gets[i].itemKey, nil)
		if errors.Is(err, kv.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if found[i].Item, found[i].Size, err = layout.ParseRecord(stored); err != nil {
			return nil, err
		}
		if total += found[i].Size; total > transactionBytesMax {
			return nil, transactionTooLarge()
		}
	}
	return found, nil
}
