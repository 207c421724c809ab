package proof

import (
	"encoding/json"
	"fmt"
	"strings"
)

// The histories are about a few items that all clients want, in a table with
// all that a table can have: collections of two, a local and a global index, and
// a stream.
const (
	hotItems      = 4
	collectionLen = 2
)

const hotTable = `{"TableName":"hot","BillingMode":"PAY_PER_REQUEST",
	"AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"N"},{"AttributeName":"w","AttributeType":"N"},{"AttributeName":"g","AttributeType":"S"}],
	"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
	"LocalSecondaryIndexes":[{"IndexName":"local","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"w","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}],
	"GlobalSecondaryIndexes":[{"IndexName":"global","KeySchema":[{"AttributeName":"g","KeyType":"HASH"},{"AttributeName":"w","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}],
	"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}}`

// cell is what an item holds: the number of the write that changed it last, and
// a count. The zero cell is an item that is not there.
type cell struct{ by, count int }

func (c cell) String() string {
	if c == (cell{}) {
		return "none"
	}
	return fmt.Sprintf("w%d:%d", c.by, c.count)
}

// cellOf returns an item as a cell; nil is one that is not there.
func cellOf(it attributes) cell { return cell{it.number("w"), it.number("c")} }

// is reports whether an item is the one that the action is about.
func (a action) is(it attributes) bool { return it != nil && itemOf(it) == a.item }

// itemOf returns which of the hot items has a key.
func itemOf(it attributes) int { return it.number("sk") }

// action is what a call does to one item.
type action struct {
	kind string // as in step
	item int
	by   int // of a write: its number, which no other write has
	arg  int // "add": how much; "put if" and "check": the write that must have been the last
}

// step is the sequential specification of an action: whether its condition holds
// on a cell, and what it leaves there then.
func (a action) step(c cell) (holds bool, next cell) {
	switch a.kind {
	case "put":
		return true, cell{by: a.by}
	case "put if":
		return c.by == a.arg, cell{by: a.by}
	case "add":
		return true, cell{a.by, c.count + a.arg}
	case "delete":
		return true, cell{}
	case "check":
		return c.by == a.arg, c
	}
	return true, c // "get"
}

func (a action) writes() bool { return a.kind != "get" && a.kind != "check" }

func (a action) String() string {
	return fmt.Sprintf("%s item%d", a.kind, a.item) + map[string]string{
		"put":    fmt.Sprintf(" w%d", a.by),
		"put if": fmt.Sprintf(" w%d if w%d", a.by, a.arg),
		"add":    fmt.Sprintf(" w%d %+d", a.by, a.arg),
		"check":  fmt.Sprintf(" w%d", a.arg),
	}[a.kind]
}

// seen is what an answer tells of one action.
type seen struct {
	failed bool // its condition did not hold
	idle   bool // it was not done: another action of the transaction has failed, or it was left unprocessed
	told   bool // the answer shows a cell: what was there before, and for "add" after
	cell   cell
}

func (s seen) String() string {
	text := "done"
	if s.failed {
		text = "failed"
	} else if s.idle {
		text = "idle"
	}
	if s.told {
		text += " " + s.cell.String()
	}
	return text
}

// explain reports whether a cell explains what was seen of an action, and what
// it leaves there.
func (a action) explain(c cell, s seen) (ok bool, next cell) {
	holds, next := a.step(c)
	shown := c
	if a.kind == "add" {
		shown = next
	}
	if s.failed == holds || s.told && s.cell != shown {
		return false, c
	}
	if s.failed || s.idle {
		return true, c
	}
	return true, next
}

// key returns the key of the item, as attributes without braces.
func (a action) key() string {
	return fmt.Sprintf(`"pk":{"S":"p%d"},"sk":{"N":"%d"}`, a.item/collectionLen, a.item)
}

// request returns the action as a transaction has it: what it is called there,
// and its members, without what it returns.
func (a action) request() (operation, body string) {
	table := `"TableName":"hot",`
	expected := `"ConditionExpression":"attribute_not_exists(w)"`
	if a.arg > 0 {
		expected = fmt.Sprintf(`"ConditionExpression":"w = :w","ExpressionAttributeValues":{":w":{"N":"%d"}}`, a.arg)
	}
	put := fmt.Sprintf(`"Item":{%s,"w":{"N":"%d"},"c":{"N":"0"},"g":{"S":"all"}}`, a.key(), a.by)
	byKey := `"Key":{` + a.key() + `}`
	switch a.kind {
	case "put":
		return "Put", table + put
	case "put if":
		return "Put", table + put + "," + expected
	case "add":
		return "Update", table + byKey + fmt.Sprintf(`,"UpdateExpression":"SET w = :w, g = :g ADD c :n","ExpressionAttributeValues":{":w":{"N":"%d"},":g":{"S":"all"},":n":{"N":"%d"}}`, a.by, a.arg)
	case "delete":
		return "Delete", table + byKey
	case "check":
		return "ConditionCheck", table + byKey + "," + expected
	}
	return "Get", table + byKey
}

// order is a call of a history: what it does, and how it is sent.
type order struct {
	operation string
	via       string // an index, for the reports
	body      string
	actions   []action
	tells     bool // it asks what was there
	token     bool // it has one, and so is sent again until its outcome is known
}

// atomic reports whether all actions happen at one moment.
func (o order) atomic() bool {
	return len(o.actions) == 1 || strings.HasPrefix(o.operation, "Transact")
}

func (o order) writes() bool { return o.actions[len(o.actions)-1].writes() }

// orderOf returns the call that does one action.
func orderOf(a action, tells bool) order {
	operation, body := a.request()
	if tells && a.kind != "get" {
		returned := "ALL_OLD"
		if a.kind == "add" {
			returned = "ALL_NEW"
		}
		body += `,"ReturnValues":"` + returned + `"`
		if a.kind == "put if" {
			body += `,"ReturnValuesOnConditionCheckFailure":"ALL_OLD"`
		}
	}
	if a.kind == "get" {
		body += fmt.Sprintf(`,"ConsistentRead":%v`, tells)
	}
	return order{operation: operation + "Item", body: "{" + body + "}", actions: []action{a}, tells: tells || a.kind == "get"}
}

// transactionOf returns the transaction of some actions on different items. The
// last one writes, or all are "get".
func transactionOf(actions []action, tells bool) order {
	o := order{operation: "TransactWriteItems", actions: actions}
	if !o.writes() {
		o.operation, o.tells = "TransactGetItems", true
	}
	var all []string
	for _, a := range actions {
		kind, body := a.request()
		if tells && (a.kind == "put if" || a.kind == "check") {
			body += `,"ReturnValuesOnConditionCheckFailure":"ALL_OLD"`
		}
		all = append(all, `{"`+kind+`":{`+body+`}}`)
	}
	o.body = `{"TransactItems":[` + strings.Join(all, ",") + `]}`
	return o
}

// under returns a transaction with a token.
func (o order) under(token int) order {
	o.token, o.body = true, fmt.Sprintf(`{"ClientRequestToken":"t%d",`, token)+o.body[1:]
	return o
}

// batchOf returns the batch of some actions, "put" and "delete", on different
// items, each of which happens by itself.
func batchOf(actions []action) order {
	var all []string
	for _, a := range actions {
		kind, body := a.request()
		all = append(all, `{"`+kind+`Request":{`+strings.TrimPrefix(body, `"TableName":"hot",`)+`}}`)
	}
	return order{operation: "BatchWriteItem", actions: actions, body: `{"RequestItems":{"hot":[` + strings.Join(all, ",") + `]}}`}
}

// gets returns the actions that read some items.
func gets(from, n int) (actions []action) {
	for i := range n {
		actions = append(actions, action{kind: "get", item: from + i})
	}
	return actions
}

// manyReads are the ways to read several items that are no transaction, each by
// a collection's number.
var manyReads = []func(collection int) order{
	func(n int) order {
		actions := gets(n*collectionLen, collectionLen)
		var keys []string
		for _, a := range actions {
			keys = append(keys, "{"+a.key()+"}")
		}
		return order{operation: "BatchGetItem", actions: actions, tells: true,
			body: `{"RequestItems":{"hot":{"ConsistentRead":true,"Keys":[` + strings.Join(keys, ",") + `]}}}`}
	},
	func(n int) order {
		return order{operation: "Query", actions: gets(n*collectionLen, collectionLen), tells: true,
			body: fmt.Sprintf(`{"TableName":"hot","ConsistentRead":true,"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p%d"}}}`, n)}
	},
	func(n int) order {
		return order{operation: "Query", via: "local", actions: gets(n*collectionLen, collectionLen), tells: true,
			body: fmt.Sprintf(`{"TableName":"hot","IndexName":"local","ConsistentRead":true,"KeyConditionExpression":"pk = :p","ExpressionAttributeValues":{":p":{"S":"p%d"}}}`, n)}
	},
	func(int) order {
		return order{operation: "Query", via: "global", actions: gets(0, hotItems), tells: true,
			body: `{"TableName":"hot","IndexName":"global","KeyConditionExpression":"g = :g","ExpressionAttributeValues":{":g":{"S":"all"}}}`}
	},
	func(int) order {
		return order{operation: "Scan", actions: gets(0, hotItems), tells: true, body: `{"TableName":"hot","ConsistentRead":true}`}
	},
}

// read takes what an answer tells of each action. Where nothing has happened,
// for a conflict with a transaction, happened is false; an answer of which
// nothing is known, because the server could not do its work, is an error.
func (o order) read(a answer) (all []seen, happened bool, err error) {
	all = make([]seen, len(o.actions))
	switch kind := a.kind(); {
	case a.ok():
		return all, true, o.readDone(a.body, all)
	case kind == "ConditionalCheckFailedException":
		var said struct{ Item attributes }
		err = json.Unmarshal(a.body, &said)
		all[0] = seen{failed: true, told: o.tells, cell: cellOf(said.Item)}
		return all, true, err
	case kind == "TransactionConflictException":
		return nil, false, nil
	case kind == "TransactionCanceledException":
		return o.readCanceled(a.body, all)
	}
	return nil, false, fmt.Errorf("%s %s: %s", o.operation, o.body, a)
}

// readDone reads what a call that was done returns.
func (o order) readDone(body []byte, all []seen) error {
	var said struct {
		Item, Attributes attributes
		Items            []attributes
		Responses        json.RawMessage
		UnprocessedItems struct {
			Hot []struct {
				PutRequest, DeleteRequest struct{ Item, Key attributes }
			}
		}
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return err
	}
	for _, left := range said.UnprocessedItems.Hot {
		for i, a := range o.actions {
			all[i].idle = all[i].idle || a.is(left.PutRequest.Item) || a.is(left.DeleteRequest.Key)
		}
	}
	if !o.tells {
		return nil
	}
	found := said.Items
	switch o.operation {
	case "GetItem":
		found = []attributes{said.Item}
	case "BatchGetItem":
		var tables struct{ Hot []attributes }
		if err := json.Unmarshal(said.Responses, &tables); err != nil {
			return err
		}
		found = tables.Hot
	case "TransactGetItems":
		var responses []struct{ Item attributes }
		if err := json.Unmarshal(said.Responses, &responses); err != nil {
			return err
		}
		for _, r := range responses {
			found = append(found, r.Item)
		}
	case "PutItem", "UpdateItem", "DeleteItem":
		found = []attributes{said.Attributes}
	}
	for i, a := range o.actions {
		all[i].told = true
		for _, it := range found {
			if a.is(it) {
				all[i].cell = cellOf(it)
			}
		}
	}
	return nil
}

// readCanceled reads why a transaction was canceled.
func (o order) readCanceled(body []byte, all []seen) (_ []seen, happened bool, err error) {
	var said struct {
		CancellationReasons []struct {
			Code string
			Item attributes
		}
	}
	if err := json.Unmarshal(body, &said); err != nil || len(said.CancellationReasons) != len(all) {
		return nil, false, fmt.Errorf("%s %s: %s", o.operation, o.body, body)
	}
	for i, r := range said.CancellationReasons {
		switch r.Code {
		case "None":
			all[i].idle = true
		case "ConditionalCheckFailed":
			all[i] = seen{failed: true, told: r.Item != nil, cell: cellOf(r.Item)}
		case "TransactionConflict":
			return nil, false, nil
		default:
			return nil, false, fmt.Errorf("%s %s: %s", o.operation, o.body, body)
		}
	}
	return all, true, nil
}
