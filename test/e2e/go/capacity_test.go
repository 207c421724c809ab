package e2e

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestConsumedCapacity(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	const total = types.ReturnConsumedCapacityTotal
	big := item{"OrderId": str("1"), "Note": str(strings.Repeat("x", 4100))} // 5 write units, 2 read units

	written, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: big, ReturnConsumedCapacity: total})
	check(t, err)
	units(t, "put", written.ConsumedCapacity, table, 5)

	for consistent, want := range map[bool]float64{true: 2, false: 1} {
		read, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{
			TableName: &table, Key: order("1"), ConsistentRead: &consistent, ReturnConsumedCapacity: total,
		})
		check(t, err)
		units(t, "get", read.ConsumedCapacity, table, want)
	}

	missing, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: &table, Key: order("none"), ReturnConsumedCapacity: total,
	})
	check(t, err)
	units(t, "get nothing", missing.ConsumedCapacity, table, 0.5)

	updated, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: &table, Key: order("1"), UpdateExpression: aws.String("REMOVE Note"), ReturnConsumedCapacity: total,
	})
	check(t, err)
	units(t, "update", updated.ConsumedCapacity, table, 5) // the larger of before and after

	deleted, err := client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{
		TableName: &table, Key: order("1"), ReturnConsumedCapacity: total,
	})
	check(t, err)
	units(t, "delete", deleted.ConsumedCapacity, table, 1)

	silent, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &table, Key: order("1")})
	check(t, err)
	equal(t, "not asked for", silent.ConsumedCapacity, nil)
}

func units(t *testing.T, what string, got *types.ConsumedCapacity, table string, want float64) {
	t.Helper()
	if got == nil {
		t.Errorf("%s: no ConsumedCapacity", what)
		return
	}
	equal(t, what+" table", *got.TableName, table)
	equal(t, what+" units", *got.CapacityUnits, want)
}

func TestConsumedCapacityOfIndexes(t *testing.T) {
	client := newClient(t)
	table := indexedTable(t, client)
	line := func(customer string) item {
		return item{"OrderId": str("1"), "Line": str("1"), "OrderDate": str("2026-11-23"), "CustomerId": str(customer)}
	}
	for _, c := range []struct {
		name                        string
		item                        item
		all, byTable, local, global float64 // 0: not reported
	}{
		{"new", line("c1"), 3, 1, 1, 1},
		{"same again", line("c1"), 1, 1, 0, 0},
		{"another customer", line("c2"), 3, 1, 0, 2}, // out of one place of the index, into another
	} {
		out, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{
			TableName: &table, Item: c.item, ReturnConsumedCapacity: types.ReturnConsumedCapacityIndexes,
		})
		check(t, err)
		got := out.ConsumedCapacity
		units(t, c.name, got, table, c.all)
		equal(t, c.name+": table", *got.Table.CapacityUnits, c.byTable)
		indexUnits(t, c.name, got.LocalSecondaryIndexes, "ByDate", c.local)
		indexUnits(t, c.name, got.GlobalSecondaryIndexes, "ByCustomer", c.global)
	}
}

func indexUnits(t *testing.T, what string, got map[string]types.Capacity, index string, want float64) {
	t.Helper()
	capacity, reported := got[index]
	if !reported {
		equal(t, what+": "+index+" is left out", 0, want)
		return
	}
	equal(t, what+": "+index, *capacity.CapacityUnits, want)
}

func TestItemCollectionMetrics(t *testing.T) {
	client := newClient(t)
	const size = types.ReturnItemCollectionMetricsSize

	t.Run("with a local index", func(t *testing.T) {
		table := indexedTable(t, client)
		out, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{
			TableName: &table, ReturnItemCollectionMetrics: size,
			Item: item{"OrderId": str("1"), "Line": str("1"), "OrderDate": str("2026-11-23")},
		})
		check(t, err)
		equal(t, "key", out.ItemCollectionMetrics.ItemCollectionKey, order("1"))
		equal(t, "size", out.ItemCollectionMetrics.SizeEstimateRangeGB, []float64{0, 1})
	})
	t.Run("without", func(t *testing.T) {
		table := ordersTable(t, client)
		out, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{
			TableName: &table, Item: order("1"), ReturnItemCollectionMetrics: size,
		})
		check(t, err)
		equal(t, "metrics", out.ItemCollectionMetrics, nil)
	})
}
