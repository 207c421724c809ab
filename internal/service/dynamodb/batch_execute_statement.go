package dynamodb

import (
	"context"
	"errors"
	"slices"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/partiql"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// BatchExecuteStatement executes up to 25 statements that read, or that write,
// one item each. Each succeeds or fails by itself.
func (s *Service) BatchExecuteStatement(ctx context.Context, in *api.BatchExecuteStatementInput) (*api.BatchExecuteStatementOutput, error) {
	members := make([]batchMember, len(in.Statements))
	for i, request := range in.Statements {
		members[i] = s.newBatchMember(ctx, request)
	}
	if err := checkBatchMembers(members); err != nil {
		return nil, err
	}
	together(len(members), func(i int) {
		if m := &members[i]; m.err == nil {
			m.execute(ctx, s)
		}
	})
	out := &api.BatchExecuteStatementOutput{Responses: make([]*api.BatchStatementResponse, len(members))}
	for i := range members {
		var err error
		if out.Responses[i], err = members[i].response(); err != nil {
			return nil, err
		}
	}
	out.ConsumedCapacity = statementsCapacity(in.ReturnConsumedCapacity, members)
	return out, nil
}

// batchMember is one statement of a batch.
type batchMember struct {
	statement partiql.Statement // nil: it cannot be read
	itemKey   []byte            // of its item in the store, once its table is found
	read      *selection        // of a SELECT
	write     *statementWrite   // of all others

	found schema.Image // what a read found
	done  outcome      // of a write, also of one that was refused because of the item
	item  item.Item    // what is returned
	err   error        // why it failed
}

// newBatchMember makes all checks of a statement that need no item.
func (s *Service) newBatchMember(ctx context.Context, in *api.BatchStatementRequest) (m batchMember) {
	if m.statement, m.err = parseStatement(ctx, in.Statement.Value, in.Parameters); m.err != nil {
		return m
	}
	switch q := m.statement.(type) {
	case *partiql.Select:
		m.err = m.planRead(ctx, s, q, in.ConsistentRead.Value)
	case *partiql.Exists: // AWS's wording is not known
		m.err = invalid("EXISTS can only be used in ExecuteTransaction.")
	default:
		m.err = m.planWrite(ctx, s)
	}
	return m
}

func (m *batchMember) planRead(ctx context.Context, s *Service, q *partiql.Select, consistent bool) (err error) {
	if m.read, err = s.planSelect(ctx, q, consistent); err != nil {
		return err
	}
	if m.read.one == nil {
		return invalid("Select statements within BatchExecuteStatement must specify the primary key in the where clause.")
	}
	m.itemKey = layout.AppendItemKey(nil, m.read.view.Table.ID, m.read.one.Partition, m.read.one.Sort)
	return nil
}

// planWrite finds the item of a write. The write itself finds it once more,
// when it holds the table's gate. ReturnValuesOnConditionCheckFailure has no
// effect in a batch.
func (m *batchMember) planWrite(ctx context.Context, s *Service) (err error) {
	if m.write, err = checkStatementWrite(m.statement, wire.Opt[string]{}); err != nil {
		return err
	}
	t, err := s.table(ctx, m.statement.Target())
	if err != nil {
		return err
	}
	if err := m.write.checkAgainst(t); err != nil {
		return err
	}
	m.itemKey = layout.AppendItemKey(nil, t.ID, m.write.key.Partition, m.write.key.Sort)
	return nil
}

// checkBatchMembers refuses a batch that reads and writes, or that has an item
// twice.
func checkBatchMembers(members []batchMember) error {
	reads, writes := false, false
	var keys [][]byte
	for i := range members {
		m := &members[i]
		if m.statement == nil {
			continue
		}
		if _, ok := m.statement.(*partiql.Select); ok {
			reads = true
		} else {
			writes = true
		}
		if m.itemKey != nil {
			keys = append(keys, m.itemKey)
		}
	}
	if reads && writes {
		return invalid("Read and write requests together in the same batch is not supported.")
	}
	if !distinct(keys) {
		return twiceInBatch()
	}
	return nil
}

// execute reads or writes the item.
func (m *batchMember) execute(ctx context.Context, s *Service) {
	if m.read == nil {
		if m.done, m.err = s.executeWrite(ctx, m.write); m.err == nil {
			m.item = m.write.returned(m.done)
		}
		return
	}
	if m.found, m.err = s.read(ctx, m.read.view.Table, *m.read.one); m.err == nil {
		m.item = m.read.selected(m.found.Item)
	}
}

// response is the answer to the statement. An error of it is of ours.
func (m *batchMember) response() (*api.BatchStatementResponse, error) {
	r := &api.BatchStatementResponse{Item: m.item}
	if m.err != nil {
		var refusal *wire.Error
		if !errors.As(m.err, &refusal) {
			return nil, m.err
		}
		r.Error = &api.BatchStatementError{Code: wire.Some(memberCode(refusal)), Message: wire.Some(refusal.Message)}
		if r.Error.Code.Value == codeInvalid { // AWS does not name the table then
			return r, nil
		}
	}
	r.TableName = wire.Some(m.statement.Target())
	return r, nil
}

// memberCode is the code of an error where it is one of many.
func memberCode(e *wire.Error) string {
	switch e.Code {
	case "ConditionalCheckFailedException":
		return codeConditionFailed
	case "DuplicateItemException":
		return codeDuplicateItem
	case "ItemCollectionSizeLimitExceededException":
		return codeCollectionFull
	case "ResourceNotFoundException":
		return "ResourceNotFound"
	case "TransactionConflictException":
		return codeConflict
	case "AccessDeniedException":
		return "AccessDenied"
	}
	return codeInvalid
}

// failedOnItem reports whether a write was refused because of the item that is
// there. That costs what the item does.
func (m *batchMember) failedOnItem() bool {
	var refusal *wire.Error
	return errors.As(m.err, &refusal) && (memberCode(refusal) == codeConditionFailed || memberCode(refusal) == codeDuplicateItem)
}

// statementsCapacity is what ReturnConsumedCapacity asks for of a batch: an
// entry for each table, in the order of first use. A write that the item refuses
// costs what was there, which AWS adds to the total alone; nothing is told where
// all have failed.
func statementsCapacity(asked wire.Opt[string], members []batchMember) []*api.ConsumedCapacity {
	if !slices.ContainsFunc(members, func(m batchMember) bool { return m.err == nil }) {
		return nil
	}
	var tables wire.Map[struct{}]
	places := make([]int, len(members))
	for i := range members {
		m := &members[i]
		if places[i] = -1; m.err != nil && !m.failedOnItem() {
			continue
		}
		name := m.statement.Target()
		places[i] = slices.IndexFunc(tables, func(e wire.Entry[struct{}]) bool { return e.Key == name })
		if places[i] < 0 {
			places[i] = len(tables)
			tables = append(tables, wire.Entry[struct{}]{Key: name})
		}
	}
	list := newBatchCapacity(asked, tables)
	for i, place := range places {
		switch m := &members[i]; {
		case place < 0 || list == nil:
		case m.err != nil:
			list[place].CapacityUnits.Value += writeUnits(m.done.old.Size)
		case m.read != nil:
			list.addRead(place, m.found.Size, m.read.consistent)
		default:
			list.addWrite(place, &m.done)
		}
	}
	return list
}
