package streams

import (
	"context"
	"math/rand/v2"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	ordersEach     = 12 // of a writer
	transactionMax = 4  // orders that are written at once
)

// writer writes orders that are its own: one at a time, several in a batch or in
// a transaction, and deletes some. Each write of an order has another number. A
// write whose answer does not come may have been done or not: the stream tells.
type writer struct {
	id  int
	rng *rand.Rand
	db  *dynamodb.Client
	n   int
}

// run writes until it is to stop, and then lets the last write end: one that was
// given up could still be done when the stream is disabled, and leave no record.
func (w *writer) run(stopped context.Context) {
	ctx := context.WithoutCancel(stopped)
	for stopped.Err() == nil {
		// An error is that of a server that was killed.
		switch w.rng.IntN(10) {
		case 0:
			_, _ = w.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String(ordersTable), Key: w.key()})
		case 1:
			_, _ = w.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: w.transaction()})
		case 2:
			_, _ = w.db.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{ordersTable: w.batch()}})
		default:
			_, _ = w.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(ordersTable), Item: w.order(w.key())})
		}
	}
}

func (w *writer) key() map[string]types.AttributeValue { return w.keyOf(w.rng.IntN(ordersEach)) }

func (w *writer) keyOf(order int) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"OrderId": &types.AttributeValueMemberS{Value: strconv.Itoa(w.id) + "-" + strconv.Itoa(order)}}
}

func (w *writer) order(key map[string]types.AttributeValue) map[string]types.AttributeValue {
	w.n++
	key["N"] = &types.AttributeValueMemberN{Value: strconv.Itoa(w.n)}
	return key
}

func (w *writer) transaction() []types.TransactWriteItem {
	var items []types.TransactWriteItem
	first := w.rng.IntN(ordersEach)
	for i := range transactionMax {
		items = append(items, types.TransactWriteItem{
			Put: &types.Put{TableName: aws.String(ordersTable), Item: w.order(w.keyOf((first + i) % ordersEach))},
		})
	}
	return items
}

func (w *writer) batch() []types.WriteRequest {
	var items []types.WriteRequest
	first := w.rng.IntN(ordersEach)
	for i := range transactionMax {
		items = append(items, types.WriteRequest{PutRequest: &types.PutRequest{Item: w.order(w.keyOf((first + i) % ordersEach))}})
	}
	return items
}

// orderOf returns the key and the number of an order.
func orderOf(item map[string]types.AttributeValue) (key, n string) {
	return item["OrderId"].(*types.AttributeValueMemberS).Value, item["N"].(*types.AttributeValueMemberN).Value
}
