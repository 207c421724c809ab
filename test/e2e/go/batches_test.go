package e2e

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func putting(it item) types.WriteRequest {
	return types.WriteRequest{PutRequest: &types.PutRequest{Item: it}}
}

func deleting(key item) types.WriteRequest {
	return types.WriteRequest{DeleteRequest: &types.DeleteRequest{Key: key}}
}

// writeBatch sends requests until none is left, as AWS tells its users to do.
func writeBatch(t *testing.T, client *dynamodb.Client, requests map[string][]types.WriteRequest) {
	t.Helper()
	for len(requests) > 0 {
		out, err := client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: requests})
		check(t, err)
		requests = out.UnprocessedItems
	}
}

func TestBatch(t *testing.T) {
	client := newClient(t)
	lines := indexedTable(t, client)
	orders := createTable(t, client, &dynamodb.CreateTableInput{
		TableName:            aws.String(lines + "Orders"),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: definitions("OrderId"),
		KeySchema:            keySchema("OrderId"),
	})
	put(t, client, orders, order("old"))
	line := item{"OrderId": str("1"), "Line": str("1"), "OrderDate": str("2026-11-23"), "CustomerId": str("c")}

	out, err := client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{
		RequestItems: map[string][]types.WriteRequest{
			orders: {putting(item{"OrderId": str("new"), "Note": str("n")}), deleting(order("old"))},
			lines:  {putting(line)},
		},
		ReturnConsumedCapacity:      types.ReturnConsumedCapacityIndexes,
		ReturnItemCollectionMetrics: types.ReturnItemCollectionMetricsSize,
	})
	check(t, err)
	equal(t, "unprocessed", out.UnprocessedItems, map[string][]types.WriteRequest{})
	equal(t, "tables with capacity", len(out.ConsumedCapacity), 2)
	for i, c := range out.ConsumedCapacity {
		if *c.TableName == orders {
			units(t, "orders", &out.ConsumedCapacity[i], orders, 2)
			continue
		}
		units(t, "lines", &out.ConsumedCapacity[i], lines, 3)
		indexUnits(t, "lines", c.LocalSecondaryIndexes, "ByDate", 1)
		indexUnits(t, "lines", c.GlobalSecondaryIndexes, "ByCustomer", 1)
	}
	equal(t, "tables with collections", len(out.ItemCollectionMetrics), 1)
	equal(t, "collections", len(out.ItemCollectionMetrics[lines]), 1)
	equal(t, "collection", out.ItemCollectionMetrics[lines][0].ItemCollectionKey, order("1"))

	got, err := client.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{
		RequestItems: map[string]types.KeysAndAttributes{
			orders: {Keys: []item{order("new"), order("old")}, ConsistentRead: aws.Bool(true)},
			lines: {
				Keys:                     []item{{"OrderId": str("1"), "Line": str("1")}},
				ProjectionExpression:     aws.String("#c, OrderDate"),
				ExpressionAttributeNames: map[string]string{"#c": "CustomerId"},
			},
		},
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	})
	check(t, err)
	equal(t, "items", got.Responses, map[string][]item{
		orders: {{"OrderId": str("new"), "Note": str("n")}},
		lines:  {{"CustomerId": str("c"), "OrderDate": str("2026-11-23")}},
	})
	equal(t, "unprocessed", got.UnprocessedKeys, map[string]types.KeysAndAttributes{})
	for i, c := range got.ConsumedCapacity {
		want := map[string]float64{orders: 2, lines: 0.5}[*c.TableName]
		units(t, "read", &got.ConsumedCapacity[i], *c.TableName, want)
	}
}

// TestBatchOfLargeItems reads more than one answer holds.
func TestBatchOfLargeItems(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	const items = 50
	want := map[string]bool{}
	note := str(strings.Repeat("n", 399_000))
	keys := types.KeysAndAttributes{ConsistentRead: aws.Bool(true)}
	for first := 0; first < items; first += 25 {
		var requests []types.WriteRequest
		for n := first; n < first+25; n++ {
			id := fmt.Sprint(n)
			requests = append(requests, putting(item{"OrderId": str(id), "Note": note}))
			keys.Keys = append(keys.Keys, order(id))
			want[id] = true
		}
		writeBatch(t, client, map[string][]types.WriteRequest{table: requests})
	}
	found := map[string]bool{}
	calls := 0
	for left := map[string]types.KeysAndAttributes{table: keys}; len(left) > 0; calls++ {
		out, err := client.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: left})
		check(t, err)
		for _, it := range out.Responses[table] {
			found[it["OrderId"].(*types.AttributeValueMemberS).Value] = true
		}
		left = out.UnprocessedKeys
	}
	if calls != 2 || !maps.Equal(found, want) {
		t.Errorf("%d items after %d calls, want %d after 2", len(found), calls, items)
	}
}

func TestBatchRefusals(t *testing.T) {
	client := newClient(t, once)
	table := ordersTable(t, client)
	write := func(requests ...types.WriteRequest) error {
		_, err := client.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{
			RequestItems: map[string][]types.WriteRequest{table: requests},
		})
		return err
	}
	apiError(t, write(putting(order("1")), deleting(order("1"))), "ValidationException", "Provided list of item keys contains duplicates")
	apiError(t, write(putting(order("1")), putting(item{"Note": str("n")})), "ValidationException", "The provided key element does not match the schema")
	apiError(t, write(putting(order("1")), putting(item{"OrderId": str("2"), "Note": str(strings.Repeat("n", 400<<10))})),
		"ValidationException", "Item size has exceeded the maximum allowed size")
	equal(t, "nothing is put", get(t, client, table, order("1")), nil)

	_, err := client.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
		table:         {Keys: []item{order("1")}},
		"NoSuchTable": {Keys: []item{order("1")}},
	}})
	notFound(t, err, "Requested resource not found")
}
