package dynamodb

import (
	"context"
	"fmt"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/partiql"
)

// ExecuteTransaction executes up to 100 statements of PartiQL as one
// transaction: they all read, or they all write and check. All happen or none.
func (s *Service) ExecuteTransaction(ctx context.Context, in *api.ExecuteTransactionInput) (*api.ExecuteTransactionOutput, error) {
	statements := make([]partiql.Statement, len(in.TransactStatements))
	reads := 0
	for i, request := range in.TransactStatements {
		st, err := parseStatement(ctx, request.Statement.Value, request.Parameters)
		if err != nil {
			return nil, err
		}
		if _, ok := st.(*partiql.Select); ok {
			reads++
		}
		statements[i] = st
	}
	switch reads {
	case 0:
		return s.transactWrites(ctx, in, statements)
	case len(statements):
		return s.transactSelects(ctx, in, statements)
	}
	return nil, invalid("ExecuteTransaction API does not support both read and write operations in the same request.")
}

// transactWrites does the statements as TransactWriteItems does its actions.
func (s *Service) transactWrites(ctx context.Context, in *api.ExecuteTransactionInput, statements []partiql.Statement) (*api.ExecuteTransactionOutput, error) {
	writes, err := checkTransactWrites(in, statements)
	if err != nil {
		return nil, err
	}
	x := transaction{service: s}
	for _, w := range writes {
		x.actions = append(x.actions, w.action)
	}
	gates, err := x.enterTables(ctx)
	if err != nil {
		return nil, err
	}
	defer leaveAll(gates)
	for i, w := range writes {
		a := &x.actions[i]
		if err := a.pin(w.where); err != nil {
			return nil, err
		}
		if err := checkOrder(a.table.IsKey, w.order); err != nil {
			return nil, err
		}
	}
	if err := x.checkAgainstTables(); err != nil {
		return nil, err
	}
	x.token, err = s.beginToken(ctx, layout.TokenExecute, in.ClientRequestToken, func() [32]byte { return statementsFingerprint(in) })
	if err != nil {
		return nil, err
	}
	defer x.token.end()
	if err := x.run(ctx); err != nil {
		return nil, err
	}
	if x.replayed != nil {
		return &api.ExecuteTransactionOutput{
			ConsumedCapacity: replayCapacity(in.ReturnConsumedCapacity, x.tables, x.replayed.Units),
		}, nil
	}
	return &api.ExecuteTransactionOutput{ConsumedCapacity: x.writeCapacity(in.ReturnConsumedCapacity)}, nil
}

func checkTransactWrites(in *api.ExecuteTransactionInput, statements []partiql.Statement) ([]*statementWrite, error) {
	writes := make([]*statementWrite, len(statements))
	for i, st := range statements {
		w, err := checkStatementWrite(st, in.TransactStatements[i].ReturnValuesOnConditionCheckFailure)
		if err != nil {
			return nil, err
		}
		if w.returning != nil {
			return nil, invalidAt(i, "RETURNING clause is not supported in ExecuteTransaction.")
		}
		if e, ok := st.(*partiql.Exists); ok && e.Index != "" {
			return nil, indexInTransaction(i)
		}
		writes[i] = w
	}
	return writes, nil
}

// invalidAt is what is wrong with one statement of a transaction.
func invalidAt(i int, text string) error {
	return invalid(fmt.Sprintf("Validation failed in TransactStatements[%d]: %s", i, text))
}

func indexInTransaction(i int) error {
	return invalidAt(i, "Reads on indices are not supported within transactions.")
}

// transactSelects reads as TransactGetItems does.
func (s *Service) transactSelects(ctx context.Context, in *api.ExecuteTransactionInput, statements []partiql.Statement) (*api.ExecuteTransactionOutput, error) {
	gets := make([]get, len(statements))
	parts := make([]selectParts, len(statements))
	for i, st := range statements {
		q := st.(*partiql.Select)
		if q.Index != "" {
			return nil, indexInTransaction(i)
		}
		var err error
		if parts[i], err = checkSelectParts(q); err != nil {
			return nil, err
		}
		gets[i] = get{tableName: q.Table, projection: parts[i].projection}
	}
	names, tables, err := s.tablesOf(ctx, gets)
	if err != nil {
		return nil, err
	}
	filters := make([]*expr.Condition, len(gets))
	for i := range gets {
		t := tables[gets[i].place]
		key, rest, ok := keyIn(t, parts[i].where)
		if !ok {
			return nil, invalid("Select statements within ExecuteTransaction must specify the primary key in the where clause.")
		}
		if err := checkOrder(t.IsKey, parts[i].order); err != nil {
			return nil, err
		}
		gets[i].attrs = key
		filters[i], _ = partiql.Compile(rest) // which has been compiled before
		if err := checkPaths(t, filters[i].Paths()); err != nil {
			return nil, err
		}
	}
	out := &api.ExecuteTransactionOutput{}
	out.Responses, out.ConsumedCapacity, err = s.getAll(ctx, reading{names, tables, gets}, in.ReturnConsumedCapacity,
		func(i int, it item.Item) item.Item { return selectedOf(it, filters[i], gets[i].projection) })
	if err != nil {
		return nil, err
	}
	return out, nil
}
