package dynamodb

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"slices"
	"strconv"
	"strings"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/wire"
)

// beginToken returns the token of a transaction; nil when it has none.
// fingerprint tells what the request asks for.
func (s *Service) beginToken(ctx context.Context, operation byte, clientToken wire.Opt[string], fingerprint func() [32]byte) (*token, error) {
	if !clientToken.Set {
		return nil, nil
	}
	caller := wire.CallerFrom(ctx)
	key := layout.AppendTokenKey(nil, caller.Account, caller.Region, operation, clientToken.Value)
	return s.tokens.begin(key, fingerprint())
}

// fingerprint tells requests apart. ReturnConsumedCapacity is no part of it,
// and the order of maps and sets is none: clients write the same request down
// in another order each time. A change of it means that tokens from before an
// upgrade do not match, for as long as they live.
func fingerprint(in *api.TransactWriteItemsInput) [32]byte {
	p := printer{sum: sha256.New()}
	p.option(in.ReturnItemCollectionMetrics)
	for _, action := range in.TransactItems {
		switch {
		case action.ConditionCheck != nil:
			p.check(action.ConditionCheck)
		case action.Put != nil:
			p.put(action.Put)
		case action.Delete != nil:
			p.delete(action.Delete)
		case action.Update != nil:
			p.update(action.Update)
		}
	}
	return [32]byte(p.sum.Sum(nil))
}

// statementsFingerprint is fingerprint for an ExecuteTransaction.
func statementsFingerprint(in *api.ExecuteTransactionInput) [32]byte {
	p := printer{sum: sha256.New()}
	for _, st := range in.TransactStatements {
		p.option(st.Statement)
		p.parameters(st.Parameters)
		p.option(st.ReturnValuesOnConditionCheckFailure)
	}
	return [32]byte(p.sum.Sum(nil))
}

// printer feeds a hash with members of a request, each behind its length.
type printer struct {
	sum  hash.Hash
	room [binary.MaxVarintLen64]byte
}

func (p *printer) check(c *api.ConditionCheck) {
	p.text("ConditionCheck")
	p.option(c.TableName)
	p.item(c.Key.Item)
	p.condition(c.ConditionExpression, c.ExpressionAttributeNames, c.ExpressionAttributeValues)
	p.option(c.ReturnValuesOnConditionCheckFailure)
}

func (p *printer) put(c *api.Put) {
	p.text("Put")
	p.option(c.TableName)
	p.item(c.Item.Item)
	p.condition(c.ConditionExpression, c.ExpressionAttributeNames, c.ExpressionAttributeValues)
	p.option(c.ReturnValuesOnConditionCheckFailure)
}

func (p *printer) delete(c *api.Delete) {
	p.text("Delete")
	p.option(c.TableName)
	p.item(c.Key.Item)
	p.condition(c.ConditionExpression, c.ExpressionAttributeNames, c.ExpressionAttributeValues)
	p.option(c.ReturnValuesOnConditionCheckFailure)
}

func (p *printer) update(c *api.Update) {
	p.text("Update")
	p.option(c.TableName)
	p.item(c.Key.Item)
	p.option(c.UpdateExpression)
	p.condition(c.ConditionExpression, c.ExpressionAttributeNames, c.ExpressionAttributeValues)
	p.option(c.ReturnValuesOnConditionCheckFailure)
}

func (p *printer) condition(text wire.Opt[string], names wire.Map[string], values item.Attributes) {
	p.option(text)
	names = slices.Clone(names)
	slices.SortFunc(names, func(a, b wire.Entry[string]) int { return strings.Compare(a.Key, b.Key) })
	p.number(len(names))
	for _, n := range names {
		p.text(n.Key)
		p.text(n.Value)
	}
	p.item(values.Item)
}

func (p *printer) parameters(list []item.Input) {
	p.number(len(list))
	for _, v := range list {
		p.value(v.Value)
	}
}

func (p *printer) number(n int) {
	_, _ = p.sum.Write(binary.AppendUvarint(p.room[:0], uint64(n))) // a hash takes all
}

func (p *printer) bytes(b []byte) {
	p.number(len(b))
	_, _ = p.sum.Write(b)
}

func (p *printer) text(s string) { p.bytes([]byte(s)) }

func (p *printer) option(o wire.Opt[string]) {
	if !o.Set {
		p.number(0)
		return
	}
	p.number(1)
	p.text(o.Value)
}

// item prints attributes in the order of their names.
func (p *printer) item(it item.Item) {
	type attribute struct {
		name  string
		value item.Value
	}
	attributes := make([]attribute, 0, it.Len())
	for name, v := range it.All() {
		attributes = append(attributes, attribute{string(name), v})
	}
	slices.SortFunc(attributes, func(a, b attribute) int { return strings.Compare(a.name, b.name) })
	p.number(len(attributes))
	for _, a := range attributes {
		p.text(a.name)
		p.value(a.value)
	}
}

// value prints a value; its depth is bounded, as that of every value is.
func (p *printer) value(v item.Value) {
	kind := v.Kind()
	p.text(kind.String())
	switch {
	case kind == item.M:
		p.item(v.Map())
	case kind == item.L:
		p.number(v.Len())
		for element := range v.Elements() {
			p.value(element)
		}
	case kind.IsSet():
		var members []string
		for m := range v.Members() {
			members = append(members, string(m))
		}
		slices.Sort(members)
		p.number(len(members))
		for _, m := range members {
			p.text(m)
		}
	default:
		p.bytes(v.Bytes())
		p.text(strconv.FormatBool(v.Bool()))
	}
}
