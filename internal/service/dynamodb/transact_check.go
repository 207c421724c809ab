package dynamodb

import (
	"bytes"
	"context"
	"slices"
	"sync"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
)

// checkActions makes the checks that need no table, action by action.
func checkActions(requests []*api.TransactWriteItem) ([]action, error) {
	actions := make([]action, len(requests))
	for i, r := range requests {
		a, err := checkAction(r)
		if err != nil {
			return nil, err
		}
		actions[i] = a
	}
	return actions, nil
}

func checkAction(r *api.TransactWriteItem) (action, error) {
	members := 0
	for _, set := range []bool{r.ConditionCheck != nil, r.Put != nil, r.Delete != nil, r.Update != nil} {
		if set {
			members++
		}
	}
	if members != 1 {
		return action{}, invalid("TransactItems can only contain one of Check, Put, Update or Delete") // AWS's wording is not known
	}
	switch {
	case r.ConditionCheck != nil:
		return checkConditionCheck(r.ConditionCheck)
	case r.Put != nil:
		return checkTransactPut(r.Put)
	case r.Delete != nil:
		return checkTransactDelete(r.Delete)
	}
	return checkTransactUpdate(r.Update)
}

func checkConditionCheck(in *api.ConditionCheck) (action, error) {
	a := action{kind: actionCheck, tableName: in.TableName, attrs: in.Key, onFailure: in.ReturnValuesOnConditionCheckFailure}
	return a, a.checkGuarded(guard{text: in.ConditionExpression, names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues})
}

func checkTransactPut(in *api.Put) (action, error) {
	a := action{kind: actionPut, tableName: in.TableName, attrs: in.Item, onFailure: in.ReturnValuesOnConditionCheckFailure}
	return a, a.checkGuarded(guard{text: in.ConditionExpression, names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues})
}

func checkTransactDelete(in *api.Delete) (action, error) {
	a := action{kind: actionDelete, tableName: in.TableName, attrs: in.Key, onFailure: in.ReturnValuesOnConditionCheckFailure}
	return a, a.checkGuarded(guard{text: in.ConditionExpression, names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues})
}

// checkGuarded checks the values and the condition.
func (a *action) checkGuarded(g guard) (err error) {
	if err := plain.value(a.attrs.Err); err != nil {
		return err
	}
	if a.kind == actionPut && a.attrs.Item.Size() > itemBytesMax {
		return invalid(textItemTooLarge)
	}
	a.condition, err = g.condition(plain)
	return err
}

func checkTransactUpdate(in *api.Update) (action, error) {
	a := action{kind: actionUpdate, tableName: in.TableName, attrs: in.Key, onFailure: in.ReturnValuesOnConditionCheckFailure}
	if err := plain.value(in.Key.Err); err != nil {
		return a, err
	}
	expressions := []parameter{{"UpdateExpression", in.UpdateExpression.Set}, {"ConditionExpression", in.ConditionExpression.Set}}
	scope, err := substitutions(plain, in.ExpressionAttributeNames, in.ExpressionAttributeValues, expressions, nil)
	if err != nil {
		return a, err
	}
	var refusal *expr.Error
	if a.update, refusal = expr.ParseUpdate(in.UpdateExpression.Value, scope); refusal != nil {
		return a, plain.expression(refusal)
	}
	if a.condition, err = parseCondition(plain, in.ConditionExpression, scope); err != nil {
		return a, err
	}
	return a, unused(plain, scope)
}

// enterTables looks up the tables of a transaction and holds their gates, which
// the caller lets go of with leaveAll.
func (x *transaction) enterTables(ctx context.Context) ([]*sync.RWMutex, error) {
	var refs []tableRef
	for i := range x.actions {
		a := &x.actions[i]
		ref, err := refOf(ctx, a.tableName.Value)
		if err != nil {
			return nil, err
		}
		if a.place = slices.Index(refs, ref); a.place < 0 {
			a.place = len(refs)
			refs, x.tables = append(refs, ref), append(x.tables, a.tableName.Value)
		}
	}
	tables, gates, err := x.service.enterAll(ctx, refs)
	if err != nil {
		return nil, err
	}
	for i := range x.actions {
		x.actions[i].table = tables[x.actions[i].place]
	}
	return gates, nil
}

// checkAgainstTables makes the checks that need the tables but no item: of the
// keys, then that no item has two actions, then of the total size.
func (x *transaction) checkAgainstTables() error {
	reasons := make(cancellation, len(x.actions))
	for i := range x.actions {
		a := &x.actions[i]
		refusal, err := a.checkAgainstTable()
		switch {
		case err != nil:
			return err
		case refusal == nil:
			a.itemKey = layout.AppendItemKey(nil, a.table.ID, a.key.Partition, a.key.Sort)
		case a.table.HasEmptyKey(a.attrs.Item):
			return refused(refusal)
		default:
			reasons[i] = reasonInvalid(refusal.Text)
		}
	}
	if reasons.any() {
		return reasons.err()
	}
	keys := make([][]byte, len(x.actions))
	total := 0
	for i := range x.actions {
		keys[i] = x.actions[i].itemKey
		total += x.actions[i].attrs.Item.Size()
	}
	if !distinct(keys) {
		return twiceInTransaction()
	}
	if total > transactionBytesMax {
		return transactionTooLarge()
	}
	return nil
}

// checkAgainstTable finds the action's key. A refusal is of the keys of table
// and indexes, an error of anything else.
func (a *action) checkAgainstTable() (refusal *schema.Refusal, err error) {
	if a.kind == actionPut {
		if a.key, refusal = a.table.KeyIn(a.attrs.Item); refusal == nil {
			refusal = a.table.CheckIndexKeys(a.attrs.Item)
		}
	} else {
		a.key, refusal = a.table.KeyOf(a.attrs.Item)
	}
	if refusal == nil && a.kind == actionUpdate {
		refusal = checkTargets(a.table, a.update)
	}
	if refusal != nil {
		return refusal, nil
	}
	if err := checkPaths(a.table, a.update.Paths()); err != nil {
		return nil, err
	}
	return nil, checkPaths(a.table, a.condition.Paths())
}

// distinct reports whether no key is there twice. It sorts the keys.
func distinct(keys [][]byte) bool {
	slices.SortFunc(keys, bytes.Compare)
	for i := range len(keys) - 1 {
		if bytes.Equal(keys[i], keys[i+1]) {
			return false
		}
	}
	return true
}

func twiceInTransaction() error {
	return invalid("Transaction request cannot include multiple operations on one item")
}
