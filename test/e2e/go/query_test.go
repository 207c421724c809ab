package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// fillOrders puts lines of one order, each with a date and a customer, the dates
// the other way round than the lines.
func fillOrders(t *testing.T, client *dynamodb.Client, table, id string, lines int) {
	t.Helper()
	for n := range lines {
		put(t, client, table, item{
			"OrderId":    str(id),
			"Line":       str(fmt.Sprintf("%03d", n)),
			"OrderDate":  str(fmt.Sprintf("2026-%03d", lines-n)),
			"CustomerId": str(fmt.Sprintf("c%d", n%3)),
			"Note":       str("note " + fmt.Sprint(n)),
		})
	}
}

// of starts a query for the items of one partition key.
func of(table, attribute, value string) *dynamodb.QueryInput {
	return &dynamodb.QueryInput{
		TableName:                 &table,
		KeyConditionExpression:    aws.String(attribute + " = :v"),
		ExpressionAttributeValues: item{":v": str(value)},
	}
}

// queryAll reads all pages and returns the values of an attribute, and how many
// pages there were.
func queryAll(t *testing.T, client *dynamodb.Client, in *dynamodb.QueryInput, attribute string) (values []string, pages int) {
	t.Helper()
	for p := dynamodb.NewQueryPaginator(client, in); p.HasMorePages(); pages++ {
		out, err := p.NextPage(t.Context())
		check(t, err)
		for _, it := range out.Items {
			var value string
			check(t, attributevalue.Unmarshal(it[attribute], &value))
			values = append(values, value)
		}
	}
	return values, pages
}

// numbered returns what fillOrders calls n lines, or dates, in order.
func numbered(format string, from, to int) (values []string) {
	for n := from; n < to; n++ {
		values = append(values, fmt.Sprintf(format, n))
	}
	return values
}

func TestQueryPages(t *testing.T) {
	client := newClient(t)
	table := indexedTable(t, client)
	fillOrders(t, client, table, "o-1", 25)
	fillOrders(t, client, table, "o-2", 3)

	in := of(table, "OrderId", "o-1")
	got, pages := queryAll(t, client, in, "Line")
	equal(t, "one page", got, numbered("%03d", 0, 25))
	equal(t, "pages", pages, 1)

	in.Limit = aws.Int32(10)
	got, pages = queryAll(t, client, in, "Line")
	equal(t, "three pages", got, numbered("%03d", 0, 25))
	equal(t, "pages", pages, 3)

	in.ScanIndexForward = aws.Bool(false)
	got, _ = queryAll(t, client, in, "Line")
	slices.Reverse(got)
	equal(t, "backwards", got, numbered("%03d", 0, 25))

	in.Limit = aws.Int32(5) // which ends just where the items do
	got, pages = queryAll(t, client, in, "Line")
	equal(t, "items", len(got), 25)
	equal(t, "pages, the last one empty", pages, 6)
}

func TestQueryByRangeFilterAndProjection(t *testing.T) {
	client := newClient(t)
	table := indexedTable(t, client)
	fillOrders(t, client, table, "o-1", 25)

	out, err := client.Query(t.Context(), &dynamodb.QueryInput{
		TableName:                 &table,
		KeyConditionExpression:    aws.String("OrderId = :id AND #line BETWEEN :from AND :to"),
		FilterExpression:          aws.String("CustomerId = :customer"),
		ProjectionExpression:      aws.String("#line, Note"),
		ExpressionAttributeNames:  map[string]string{"#line": "Line"},
		ExpressionAttributeValues: item{":id": str("o-1"), ":from": str("010"), ":to": str("019"), ":customer": str("c1")},
	})
	check(t, err)
	equal(t, "items", out.Items, []item{
		{"Line": str("010"), "Note": str("note 10")},
		{"Line": str("013"), "Note": str("note 13")},
		{"Line": str("016"), "Note": str("note 16")},
		{"Line": str("019"), "Note": str("note 19")},
	})
	equal(t, "count", []int32{out.Count, out.ScannedCount}, []int32{4, 10})
}

func TestQueryIndexes(t *testing.T) {
	client := newClient(t)
	table := indexedTable(t, client)
	fillOrders(t, client, table, "o-1", 12)
	fillOrders(t, client, table, "o-2", 12)

	local := of(table, "OrderId", "o-1")
	local.IndexName = aws.String("ByDate")
	local.Limit = aws.Int32(5)
	got, pages := queryAll(t, client, local, "OrderDate")
	equal(t, "by date", got, numbered("2026-%03d", 1, 13))
	equal(t, "pages", pages, 3)

	local.Select = types.SelectAllAttributes // which the index does not hold
	got, _ = queryAll(t, client, local, "Note")
	equal(t, "first by date", got[0], "note 11")
	out, err := client.Query(t.Context(), local)
	check(t, err)
	equal(t, "attributes", len(out.Items[0]), 5)

	global := of(table, "CustomerId", "c1")
	global.IndexName = aws.String("ByCustomer")
	global.Limit = aws.Int32(3)
	got, pages = queryAll(t, client, global, "OrderId")
	equal(t, "by customer", got, []string{"o-1", "o-1", "o-1", "o-1", "o-2", "o-2", "o-2", "o-2"})
	equal(t, "pages", pages, 3)

	global.ConsistentRead = aws.Bool(true)
	_, err = client.Query(t.Context(), global)
	if err == nil || !strings.Contains(err.Error(), "Consistent reads are not supported on global secondary indexes") {
		t.Errorf("consistent read of a global index: %v", err)
	}
}

// TestLargePages has more than one page without any limit.
func TestLargePages(t *testing.T) {
	client := newClient(t)
	table := indexedTable(t, client)
	for _, line := range numbered("%03d", 0, 12) {
		put(t, client, table, item{"OrderId": str("o-1"), "Line": str(line), "Note": str(strings.Repeat("x", 200_000))})
	}
	got, pages := queryAll(t, client, of(table, "OrderId", "o-1"), "Line")
	equal(t, "lines", got, numbered("%03d", 0, 12))
	equal(t, "pages", pages, 2+1) // six make 1 MB; a page that is full says that there is another one

	count := of(table, "OrderId", "o-1")
	count.Select = types.SelectCount
	total, pages := int32(0), 0
	for p := dynamodb.NewQueryPaginator(client, count); p.HasMorePages(); pages++ {
		out, err := p.NextPage(t.Context())
		check(t, err)
		total += out.Count
	}
	equal(t, "count", total, 12)
	equal(t, "pages", pages, 2+1)
}

func TestScanPages(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	want := numbered("o-%03d", 0, 50)
	for _, id := range want {
		put(t, client, table, order(id))
	}
	equal(t, "in one", scanAll(t, client, &dynamodb.ScanInput{TableName: &table, Limit: aws.Int32(7)}), want)

	// In parallel, each segment with pages of its own.
	const segments = 4
	parts := make([][]string, segments)
	var scans sync.WaitGroup
	for n := range segments {
		scans.Go(func() {
			parts[n] = scanAll(t, client, &dynamodb.ScanInput{
				TableName: &table, Limit: aws.Int32(7), Segment: aws.Int32(int32(n)), TotalSegments: aws.Int32(segments),
			})
		})
	}
	scans.Wait()
	got := slices.Concat(parts...)
	slices.Sort(got)
	equal(t, "in segments", got, want)
}

// scanAll reads all pages and returns the order ids in order. It may run on any
// goroutine.
func scanAll(t *testing.T, client *dynamodb.Client, in *dynamodb.ScanInput) (ids []string) {
	for p := dynamodb.NewScanPaginator(client, in); p.HasMorePages(); {
		out, err := p.NextPage(t.Context())
		if err != nil {
			t.Error(err)
			return nil
		}
		for _, it := range out.Items {
			ids = append(ids, it["OrderId"].(*types.AttributeValueMemberS).Value)
		}
	}
	slices.Sort(ids)
	return ids
}
