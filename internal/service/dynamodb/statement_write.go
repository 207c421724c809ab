package dynamodb

import (
	"context"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/service/dynamodb/partiql"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// statementWrite is a statement that writes one item, or demands something of
// it: the action that it is in a transaction, and what it returns by itself.
type statementWrite struct {
	action
	where     []*partiql.Condition // they hold all
	order     []partiql.Order      // of EXISTS, which it means nothing to
	returning *partiql.Returning   // nil: nothing
}

// checkStatementWrite makes the checks that need no table.
func checkStatementWrite(st partiql.Statement, onFailure wire.Opt[string]) (*statementWrite, error) {
	w := &statementWrite{action: action{tableName: wire.Some(st.Target()), onFailure: onFailure}}
	var refusal *partiql.Error
	switch st := st.(type) {
	case *partiql.Insert:
		w.kind, w.needs = actionPut, noItem
		w.attrs = item.Attributes{Item: st.Item, Set: true}
		if st.Item.Size() > itemBytesMax {
			return nil, invalid(textItemTooLarge)
		}
	case *partiql.Update:
		w.kind, w.needs = actionUpdate, someItem
		w.where, w.returning = st.Where.Conjuncts(), st.Returning
		w.update, refusal = st.Compile()
	case *partiql.Delete:
		w.kind = actionDelete
		w.where, w.returning = st.Where.Conjuncts(), st.Returning
	case *partiql.Exists:
		w.kind, w.needs = actionCheck, someItem
		parts, err := checkSelectParts(st.Select)
		if err != nil {
			return nil, err
		}
		w.where, w.order = parts.where, parts.order
	}
	if refusal == nil {
		_, refusal = partiql.Compile(w.where)
	}
	if refusal != nil {
		return nil, invalid(refusal.Text)
	}
	return w, nil
}

// pin finds the item's key in what WHERE demands, once the table is known; the
// rest is the condition.
func (a *action) pin(where []*partiql.Condition) error {
	if a.kind == actionPut {
		return nil
	}
	key, rest, ok := keyIn(a.table, where)
	switch {
	case !ok:
		return invalid("Where clause does not contain a mandatory equality on all key attributes")
	case a.kind == actionCheck && len(rest) == 0: // AWS's wording is not known
		return invalid("The SELECT statement of EXISTS must specify the primary key and at least one other condition in the where clause.")
	}
	a.attrs = item.Attributes{Item: key, Set: true}
	a.condition, _ = partiql.Compile(rest) // which has been compiled before
	return nil
}

// checkAgainst makes the checks that need the table but not the item.
func (w *statementWrite) checkAgainst(t *schema.Table) error {
	w.table = t
	if err := w.pin(w.where); err != nil {
		return err
	}
	refusal, err := w.checkAgainstTable()
	if refusal != nil {
		return refused(refusal)
	}
	return err
}

// executeWrite does a write by itself. The outcome tells also of one that was
// refused because of the item that was there.
func (s *Service) executeWrite(ctx context.Context, w *statementWrite) (outcome, error) {
	t, gate, err := s.enter(ctx, w.tableName.Value)
	if err != nil {
		return outcome{}, err
	}
	defer gate.RUnlock()
	if err := w.checkAgainst(t); err != nil {
		return outcome{}, err
	}
	return s.write(ctx, t, w.key, func(old item.Item) (item.Item, error) {
		new, reason := w.result(old)
		return new, reasonErr(reason)
	})
}

// reasonErr is the error of a write by itself that would cancel a transaction.
func reasonErr(r *reason) error {
	switch {
	case r == nil:
		return nil
	case r.Code.Value == codeDuplicateItem:
		return api.DuplicateItemException(r.Message.Value)
	case r.Code.Value == codeConditionFailed:
		return api.ConditionalCheckFailedException(r.Message.Value, r.Item)
	}
	return invalid(r.Message.Value)
}

// returned is what RETURNING asks for of a write that is done.
func (w *statementWrite) returned(done outcome) item.Item {
	if w.returning == nil {
		return nil
	}
	what := allOld
	switch {
	case w.returning.Modified && w.returning.New:
		what = updatedNew
	case w.returning.Modified:
		what = updatedOld
	case w.returning.New:
		what = allNew
	}
	return returned(what, w.update, w.table.KeyItem(w.key), done)
}
