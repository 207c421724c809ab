package dynamodb

import (
	"strings"
	"sync"
	"testing"
)

// TestCatalogFollowsTheStore creates and deletes one table from two clients at
// once. Whatever the order in which they come out, what the service believes of
// the table afterwards is what the store says.
func TestCatalogFollowsTheStore(t *testing.T) {
	w := newWorld(t)
	const create = `{"TableName":"tab","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}`
	for range 1000 {
		var clients sync.WaitGroup
		clients.Go(func() { w.answer("CreateTable", create) })
		clients.Go(func() {
			for range 3 {
				w.answer("DeleteTable", `{"TableName":"tab"}`)
			}
		})
		clients.Wait()
		listed, _ := w.answer("ListTables", `{}`) // asks the store
		put, status := w.answer("PutItem", `{"TableName":"tab","Item":{"pk":{"S":"a"}}}`)
		if there := strings.Contains(string(listed), `"tab"`); there != (status == 200) {
			t.Fatalf("ListTables says %s, PutItem %d %s", listed, status, put)
		}
	}
}
