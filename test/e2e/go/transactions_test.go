package e2e

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// adding is an action that adds to the total of an order.
func adding(table, id, amount string) types.TransactWriteItem {
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &table, Key: order(id), UpdateExpression: aws.String("ADD Paid :n"),
		ExpressionAttributeValues: item{":n": num(amount)},
	}}
}

// reasonCodes returns the code of each action of a cancelled transaction.
func reasonCodes(t *testing.T, err error) (codes []string, reasons []types.CancellationReason) {
	t.Helper()
	cancelled := new(types.TransactionCanceledException)
	if !errors.As(err, &cancelled) {
		t.Fatalf("got %v, want TransactionCanceledException", err)
	}
	for _, r := range cancelled.CancellationReasons {
		codes = append(codes, aws.ToString(r.Code))
	}
	return codes, cancelled.CancellationReasons
}

func TestTransaction(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	put(t, client, table, item{"OrderId": str("old")})
	put(t, client, table, item{"OrderId": str("open"), "Status": str("OPEN")})

	out, err := client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		TransactItems: []types.TransactWriteItem{
			{Put: &types.Put{TableName: &table, Item: item{"OrderId": str("new")}, ConditionExpression: aws.String("attribute_not_exists(OrderId)")}},
			adding(table, "sum", "5"),
			{Delete: &types.Delete{TableName: &table, Key: order("old")}},
			{ConditionCheck: &types.ConditionCheck{
				TableName: &table, Key: order("open"), ConditionExpression: aws.String("#s = :o"),
				ExpressionAttributeNames: map[string]string{"#s": "Status"}, ExpressionAttributeValues: item{":o": str("OPEN")},
			}},
		},
	})
	check(t, err)
	equal(t, "capacity", aws.ToFloat64(out.ConsumedCapacity[0].WriteCapacityUnits), 8)

	var gets []types.TransactGetItem
	for _, id := range []string{"new", "sum", "old", "open"} {
		gets = append(gets, types.TransactGetItem{Get: &types.Get{TableName: &table, Key: order(id)}})
	}
	read, err := client.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: gets})
	check(t, err)
	for i, want := range []item{order("new"), {"OrderId": str("sum"), "Paid": num("5")}, nil, {"OrderId": str("open"), "Status": str("OPEN")}} {
		equal(t, fmt.Sprint("response ", i), read.Responses[i].Item, want)
	}
}

func TestTransactionCancelled(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	put(t, client, table, order("a"))
	absent := aws.String("attribute_not_exists(OrderId)")
	_, err := client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{
			TableName: &table, Item: order("a"), ConditionExpression: absent,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}},
		adding(table, "b", "1"),
		{Delete: &types.Delete{TableName: &table, Key: item{"Order": str("a")}}},
	}})
	codes, _ := reasonCodes(t, err)
	equal(t, "codes of a key that does not fit", codes, []string{"None", "None", "ValidationError"})

	_, err = client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Put: &types.Put{
			TableName: &table, Item: order("a"), ConditionExpression: absent,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}},
		adding(table, "b", "1"),
	}})
	codes, reasons := reasonCodes(t, err)
	equal(t, "codes of a failed condition", codes, []string{"ConditionalCheckFailed", "None"})
	equal(t, "the item that is there", reasons[0].Item, order("a"))
	equal(t, "the other item", get(t, client, table, order("b")), nil)
}

func TestTransactionToken(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	request := func(amount string) *dynamodb.TransactWriteItemsInput {
		return &dynamodb.TransactWriteItemsInput{
			ClientRequestToken: aws.String("payment-1"), ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
			TransactItems: []types.TransactWriteItem{adding(table, "a", amount)},
		}
	}
	for range 2 {
		_, err := client.TransactWriteItems(t.Context(), request("5"))
		check(t, err)
	}
	equal(t, "after two of the same", get(t, client, table, order("a")), item{"OrderId": str("a"), "Paid": num("5")})
	_, err := client.TransactWriteItems(t.Context(), request("6"))
	if mismatch := new(types.IdempotentParameterMismatchException); !errors.As(err, &mismatch) {
		t.Errorf("another request under the token: %v", err)
	}
}

// TestTransactionsAtOnce adds to two items from many clients; whoever meets
// another one tries again, and both items always have the same.
func TestTransactionsAtOnce(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	const clients, each = 6, 10
	var running sync.WaitGroup
	for range clients {
		running.Go(func() {
			for done := 0; done < each; {
				_, err := client.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{
					TransactItems: []types.TransactWriteItem{adding(table, "a", "1"), adding(table, "b", "1")},
				})
				if cancelled := new(types.TransactionCanceledException); errors.As(err, &cancelled) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				done++
			}
		})
	}
	running.Wait()
	for _, id := range []string{"a", "b"} {
		equal(t, id, get(t, client, table, order(id)), item{"OrderId": str(id), "Paid": num(strconv.Itoa(clients * each))})
	}
}
