package dynamodb

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// action is one action of a transaction. Its first part is what the request
// says, checked; the second part is found in the tables.
type action struct {
	kind      actionKind
	tableName wire.Opt[string]
	attrs     item.Attributes  // the key, or the whole item of a put
	condition *expr.Condition  // nil: always holds
	update    *expr.Update     // of an update
	onFailure wire.Opt[string] // ReturnValuesOnConditionCheckFailure
	needs     need             // of a PartiQL statement

	table   *schema.Table
	place   int // of the table among the transaction's tables
	key     schema.Key
	itemKey []byte // the key's bytes in the store
}

// actionKind is what an action does.
type actionKind uint8

const (
	actionCheck actionKind = iota
	actionPut
	actionDelete
	actionUpdate
)

// need is what a statement of PartiQL wants to find, whatever its condition is.
type need uint8

const (
	anyItem  need = iota // or none
	noItem               // INSERT
	someItem             // UPDATE
)

// transaction is a TransactWriteItems or an ExecuteTransaction of writes under
// way: one update that owns the keys of all items. All actions see what was
// there before; all happen, or none.
type transaction struct {
	service *Service
	actions []action
	tables  []string // as the request names them, in the order of first use
	token   *token   // nil: the request has none

	outcomes []outcome     // of the actions; a check changes nothing
	replayed *layout.Token // not nil: it was done before
}

// run does the transaction, or finds that it was done before under its token.
// The caller holds the gates of all tables.
func (x *transaction) run(ctx context.Context) error {
	hashes, reasons := x.begin()
	if reasons.any() {
		return x.conflicting(ctx, reasons)
	}
	defer x.end(hashes)
	own := make([][]byte, 0, len(x.actions)+1)
	for i := range x.actions {
		own = append(own, x.actions[i].itemKey)
	}
	if x.token != nil {
		own = append(own, x.token.key)
	}
	err := x.service.store.Update(ctx, own, func(tx *kv.Tx) error { return x.update(ctx, tx) })
	if errors.Is(err, kv.ErrTooLarge) {
		return transactionTooLarge()
	}
	if err == nil {
		for i := range x.outcomes {
			x.service.tell(&x.outcomes[i])
		}
	}
	return err
}

// begin notes that the transaction has its items, or returns for which of them
// another transaction has it. The items are taken in one order by everybody,
// and none is taken behind one that is not to be had: of transactions that meet
// in a circle one goes on.
func (x *transaction) begin() (hashes []keyHash, reasons cancellation) {
	c := &x.service.conflicts
	type busy struct {
		hash keyHash
		at   int
	}
	order := make([]busy, len(x.actions))
	for i := range x.actions {
		order[i] = busy{c.hash(x.actions[i].itemKey), i}
	}
	slices.SortFunc(order, func(a, b busy) int { return cmp.Compare(a.hash, b.hash) })
	order = slices.CompactFunc(order, func(a, b busy) bool { return a.hash == b.hash }) // keys that share a hash are one
	reasons = make(cancellation, len(x.actions))
	blocked := false
	for _, b := range order {
		had := blocked && c.inTransaction(b.hash) || !blocked && !c.beginTransaction(b.hash)
		switch {
		case had:
			reasons[b.at], blocked = reasonConflict(), true
		case !blocked:
			hashes = append(hashes, b.hash)
		}
	}
	if blocked {
		x.end(hashes)
		return nil, reasons
	}
	return hashes, reasons
}

func (x *transaction) end(hashes []keyHash) {
	for _, h := range hashes {
		x.service.conflicts.endTransaction(h)
	}
}

// conflicting cancels a transaction that has met another, unless it was done
// before: then it is no longer in anybody's way.
func (x *transaction) conflicting(ctx context.Context, reasons cancellation) (err error) {
	x.replayed, err = x.token.find(func(key, dst []byte) ([]byte, error) { return x.service.store.Get(ctx, key, dst) })
	if err != nil || x.replayed != nil {
		return err
	}
	return reasons.err()
}

// update is the transaction's update: it reads and decides on all items before
// it writes the first.
func (x *transaction) update(ctx context.Context, tx *kv.Tx) (err error) {
	x.outcomes = x.outcomes[:0]
	if x.replayed, err = x.token.find(tx.Get); err != nil || x.replayed != nil {
		return err
	}
	reasons := make(cancellation, len(x.actions))
	for i := range x.actions {
		o, reason, err := x.actions[i].decide(tx)
		if err != nil {
			return err
		}
		reasons[i] = reason
		x.outcomes = append(x.outcomes, o)
	}
	if reasons.any() {
		return reasons.err()
	}
	if err := x.checkSizes(); err != nil {
		return err
	}
	if err := x.checkCollections(ctx); err != nil {
		return err
	}
	for i := range x.outcomes {
		if x.actions[i].kind == actionCheck {
			continue
		}
		if err := x.outcomes[i].store(tx, x.service.note(i)); err != nil {
			return err
		}
	}
	return x.token.remember(tx, x.replayUnits())
}

// decide reads the action's item and says what shall become of it, or why the
// transaction has to be cancelled.
func (a *action) decide(tx *kv.Tx) (o outcome, _ *reason, err error) {
	o = outcome{table: a.table, key: a.key, itemKey: a.itemKey, blind: a.overwrites() && !a.table.Derives()}
	if err := o.read(tx); err != nil {
		return o, nil, err
	}
	new, reason := a.result(o.old.Item)
	if reason != nil {
		return o, reason, nil
	}
	if a.kind == actionCheck {
		o.new = o.old
		return o, nil, nil
	}
	return o, nil, o.plan(tx, new)
}

// overwrites reports whether what is there does not matter to the action.
func (a *action) overwrites() bool {
	return (a.kind == actionPut || a.kind == actionDelete) && a.needs == anyItem && a.condition == nil
}

// result returns what the action makes of the item that is there, nil for none,
// or why it cannot be done.
func (a *action) result(old item.Item) (item.Item, *reason) {
	switch {
	case a.needs == noItem && old != nil:
		return nil, reasonDuplicate()
	case a.needs == someItem && old == nil, !a.condition.Holds(old):
		return nil, reasonCondition(a.onFailure, old)
	}
	switch a.kind {
	case actionCheck:
		return old, nil
	case actionPut:
		return a.attrs.Item, nil
	case actionDelete:
		return nil, nil
	}
	new, refusal := a.update.Apply(old, a.table.KeyItem(a.key))
	if refusal != nil {
		return nil, reasonInvalid(refusal.Text)
	}
	if text := a.checkUpdated(new); text != "" {
		return nil, reasonInvalid(text)
	}
	return new, nil
}

// checkUpdated checks the item that an update made, and returns what is wrong
// with it. Other than UpdateItem, a transaction measures the item alone.
func (a *action) checkUpdated(new item.Item) (text string) {
	if new == nil {
		return ""
	}
	for _, target := range a.update.Targets() {
		if refusal := a.table.CheckUpdatedIndexKey(new, target.Head()); refusal != nil {
			return refusal.Text
		}
	}
	if new.Size() > itemBytesMax {
		return textUpdatedTooLarge
	}
	return ""
}

// checkSizes refuses a transaction whose items are too large together: those of
// its updates are known only now.
func (x *transaction) checkSizes() error {
	total := 0
	for i := range x.outcomes {
		if k := x.actions[i].kind; k == actionPut || k == actionUpdate {
			total += x.outcomes[i].new.Size
		}
	}
	if total > transactionBytesMax {
		return transactionTooLarge()
	}
	return nil
}

// checkCollections cancels a transaction that would make a collection too large,
// because of the actions that make it grow.
func (x *transaction) checkCollections(ctx context.Context) error {
	outcomes := make([]*outcome, len(x.outcomes))
	for i := range outcomes {
		outcomes[i] = &x.outcomes[i]
	}
	if err := x.service.takeCollections(ctx, outcomes...); err != nil {
		return err
	}
	reasons := make(cancellation, len(outcomes))
	for i, o := range outcomes {
		if o.overfills(x.service.collectionBytesMax) {
			reasons[i] = reasonCollectionFull()
		}
	}
	if reasons.any() {
		return reasons.err()
	}
	return nil
}

// reason is why an action is in the way of its transaction; nil is none.
type reason = api.CancellationReason

// The codes of reasons. Members of a batch of statements fail with the same.
const (
	codeConditionFailed = "ConditionalCheckFailed"
	codeConflict        = "TransactionConflict"
	codeCollectionFull  = "ItemCollectionSizeLimitExceeded"
	codeDuplicateItem   = "DuplicateItem"
	codeInvalid         = "ValidationError"
)

func reasonOf(code, message string) *reason {
	return &reason{Code: wire.Some(code), Message: wire.Some(message)}
}

func reasonConflict() *reason { return reasonOf(codeConflict, textConflict) }

func reasonInvalid(text string) *reason { return reasonOf(codeInvalid, text) }

func reasonDuplicate() *reason { return reasonOf(codeDuplicateItem, textDuplicateItem) }

func reasonCollectionFull() *reason {
	return reasonOf(codeCollectionFull, textCollectionFull)
}

// reasonCondition is that the condition does not hold for old, which the action
// may ask for.
func reasonCondition(onFailure wire.Opt[string], old item.Item) *reason {
	r := reasonOf(codeConditionFailed, textConditionFailed)
	if onFailure.Value == allOld {
		r.Item = old
	}
	return r
}

// cancellation holds, for each action in order, why the transaction has to be
// cancelled.
type cancellation []*reason

// any reports whether there is a reason at all.
func (c cancellation) any() bool {
	return slices.ContainsFunc(c, func(r *reason) bool { return r != nil })
}

// err is the TransactionCanceledException. It has a reason for each action, and
// names their codes in its text.
func (c cancellation) err() error {
	reasons := make([]*reason, len(c))
	codes := make([]string, len(c))
	for i, r := range c {
		if r == nil {
			r = &reason{Code: wire.Some("None")}
		}
		reasons[i], codes[i] = r, r.Code.Value
	}
	return api.TransactionCanceledException("Transaction cancelled, please refer cancellation reasons for specific reasons ["+
		strings.Join(codes, ", ")+"]", reasons)
}

// transactionTooLarge is a ValidationException; AWS's wording is not known.
func transactionTooLarge() error {
	return invalid("Collection size limit exceeded: the items of a transaction cannot exceed 4 MB in total")
}
