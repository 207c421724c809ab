package dynamodb

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/wire"
)

// TestCost holds what an item operation costs, from the request's body to the
// answer's: engine reads, commit groups and allocations. A figure that falls is
// good news, and to be lowered here; one that rises needs a reason.
func TestCost(t *testing.T) {
	w := newWorld(t)
	for _, create := range []string{
		`{"TableName":"plain","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}`,
		`{"TableName":"indexed","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}],
		  "GlobalSecondaryIndexes":[{"IndexName":"gsi","KeySchema":[{"AttributeName":"g","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}]}`,
		`{"TableName":"local","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"},{"AttributeName":"g","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],
		  "LocalSecondaryIndexes":[{"IndexName":"lsi","KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"g","KeyType":"RANGE"}],"Projection":{"ProjectionType":"ALL"}}]}`,
		createFollowed,
		`{"TableName":"expiring","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}`,
	} {
		w.mustDo(t, request{"CreateTable", create})
	}
	w.mustDo(t, request{"UpdateTimeToLive", `{"TableName":"expiring","TimeToLiveSpecification":{"Enabled":true,"AttributeName":"e"}}`})
	const item = `{"pk":{"S":"a"},"sk":{"S":"b"},"g":{"S":"c"},"n":{"N":"@"},"t":{"S":"some text that is a little longer"}}`
	for _, c := range []struct {
		name, operation, body string
		gets, commits         int64
		allocs                float64
	}{ // @ is 1 and 2 in turn, so that each write changes something
		{"GetItem", "GetItem", `{"TableName":"plain","Key":{"pk":{"S":"a"}}}`, 1, 0, 4},
		{"GetItem of a missing item", "GetItem", `{"TableName":"plain","Key":{"pk":{"S":"none"}}}`, 1, 0, 4},
		{"PutItem", "PutItem", `{"TableName":"plain","Item":` + item + `}`, 0, 1, 9},
		{"PutItem that returns the old item", "PutItem", `{"TableName":"plain","ReturnValues":"ALL_OLD","Item":` + item + `}`, 1, 1, 10},
		{"PutItem with an index", "PutItem", `{"TableName":"indexed","Item":` + item + `}`, 1, 1, 21},
		{"PutItem that is followed", "PutItem", `{"TableName":"followed","Item":` + item + `}`, 1, 1, 26},
		{"PutItem with a local index", "PutItem", `{"TableName":"local","Item":` + item + `}`, 2, 1, 32},
		{"PutItem that expires when it did", "PutItem", `{"TableName":"expiring","Item":{"e":{"N":"7"},` + item[1:] + `}`, 1, 1, 10},
		{"PutItem that expires later", "PutItem", `{"TableName":"expiring","Item":{"e":{"N":"7@"},` + item[1:] + `}`, 1, 1, 10},
		{"PutItem with a condition", "PutItem", `{"TableName":"plain","Item":` + item + `,"ConditionExpression":"n <> :n","ExpressionAttributeValues":{":n":{"N":"@"}}}`, 1, 1, 12},
		{"UpdateItem", "UpdateItem", `{"TableName":"plain","Key":{"pk":{"S":"a"}},"UpdateExpression":"ADD v :one","ExpressionAttributeValues":{":one":{"N":"1"}}}`, 1, 1, 18},
		{"TransactWriteItems", "TransactWriteItems", `{"TransactItems":[
			{"Put":{"TableName":"plain","Item":` + item + `}},
			{"Update":{"TableName":"plain","Key":{"pk":{"S":"b"}},"UpdateExpression":"ADD v :one","ExpressionAttributeValues":{":one":{"N":"1"}}}},
			{"Delete":{"TableName":"plain","Key":{"pk":{"S":"none"}}}},
			{"ConditionCheck":{"TableName":"plain","Key":{"pk":{"S":"c"}},"ConditionExpression":"attribute_not_exists(pk)"}}]}`, 2, 1, 55},
		{"TransactGetItems", "TransactGetItems", `{"TransactItems":[
			{"Get":{"TableName":"plain","Key":{"pk":{"S":"a"}}}},{"Get":{"TableName":"plain","Key":{"pk":{"S":"b"}}}}]}`, 2, 0, 40},
		{"DeleteItem of a missing item", "DeleteItem", `{"TableName":"plain","Key":{"pk":{"S":"none"}}}`, 0, 0, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			cost, allocs := w.measure(t, c.operation, c.body)
			if cost.Gets != c.gets || cost.Commits != c.commits || cost.Scans != 0 {
				t.Errorf("%d engine reads, %d scans and %d commits, want %d, 0 and %d", cost.Gets, cost.Scans, cost.Commits, c.gets, c.commits)
			}
			if allocs != c.allocs && !raceDetector {
				t.Errorf("%v allocations, want %v", allocs, c.allocs)
			}
		})
	}
}

// measure returns the cost of one call of an operation on a warm service. Of the
// allocations it is the median: now and then there are those of the engine's
// goroutines, and of pools that were emptied.
func (w *world) measure(t *testing.T, operation, body string) (cost kv.Counts, allocs float64) {
	t.Helper()
	op := w.service.Operations().Table()[operation]
	caller := w.caller
	ctx := wire.WithCaller(context.Background(), &caller)
	bodies := [2][]byte{[]byte(strings.ReplaceAll(body, "@", "1")), []byte(strings.ReplaceAll(body, "@", "2"))}
	dst := make([]byte, 0, 2*pageBytesMax) // the answer's room is the gateway's
	n := 0
	call := func() {
		n++
		if _, err := op.Call(ctx, bodies[n%2], dst); err != nil {
			t.Fatal(err)
		}
	}
	for range 11 { // an even number with those below, so that bodies go on alternating
		call()
	}
	samples := make([]float64, 51)
	for i := range samples {
		samples[i] = testing.AllocsPerRun(1, call)
	}
	slices.Sort(samples)
	before := w.store.Counts()
	call()
	return w.store.Counts().Sub(before), samples[len(samples)/2]
}
