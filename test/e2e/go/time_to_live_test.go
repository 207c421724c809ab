package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// updateTTL enables or disables time to live by the attribute ExpiresAt.
func updateTTL(ctx context.Context, client *dynamodb.Client, table string, enabled bool) error {
	_, err := client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: &table,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: aws.String("ExpiresAt"), Enabled: aws.Bool(enabled),
		},
	})
	return err
}

func describeTTL(t *testing.T, client *dynamodb.Client, table string) types.TimeToLiveDescription {
	t.Helper()
	out, err := client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &table})
	check(t, err)
	return *out.TimeToLiveDescription
}

// waitUntilGone waits until an item has expired.
func waitUntilGone(t *testing.T, client *dynamodb.Client, table string, key item) {
	t.Helper()
	for end := time.Now().Add(waitMax); get(t, client, table, key) != nil; {
		if time.Now().After(end) {
			t.Fatalf("%s has not expired", show(key))
		}
	}
}

// Sessions expire, those from before time to live was enabled too, and with
// them their entries in an index. A session that is used lives on.
func TestTimeToLive(t *testing.T) {
	client := newClient(t)
	table := indexedTable(t, client)
	at := func(id string, in time.Duration) (key, full item) {
		key = item{"OrderId": str(id), "Line": str("1")}
		full = item{"CustomerId": str("c1"), "ExpiresAt": num(fmt.Sprint(time.Now().Add(in).Unix()))}
		for name, v := range key {
			full[name] = v
		}
		return key, full
	}
	older, olderItem := at("older", -time.Hour)
	put(t, client, table, olderItem)

	equal(t, "status before", describeTTL(t, client, table), types.TimeToLiveDescription{TimeToLiveStatus: types.TimeToLiveStatusDisabled})
	check(t, updateTTL(t.Context(), client, table, true))
	equal(t, "status after", describeTTL(t, client, table), types.TimeToLiveDescription{
		TimeToLiveStatus: types.TimeToLiveStatusEnabled, AttributeName: aws.String("ExpiresAt"),
	})
	waitUntilGone(t, client, table, older)

	soon, soonItem := at("soon", time.Second)
	saved, savedItem := at("saved", 2*time.Second)
	put(t, client, table, savedItem)
	put(t, client, table, soonItem)
	_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: &table, Key: saved, UpdateExpression: aws.String("SET ExpiresAt = ExpiresAt + :hour"),
		ExpressionAttributeValues: item{":hour": num("3600")},
	})
	check(t, err)
	waitUntilGone(t, client, table, soon)
	if get(t, client, table, saved) == nil {
		t.Error("the item that was saved is gone")
	}
	out, err := client.Query(t.Context(), &dynamodb.QueryInput{
		TableName: &table, IndexName: aws.String("ByCustomer"), KeyConditionExpression: aws.String("CustomerId = :c"),
		ExpressionAttributeValues: item{":c": str("c1")},
	})
	check(t, err)
	equal(t, "entries of the index", out.Count, 1)
}

// A second change of time to live within half an hour is refused, and so is one
// that changes nothing.
func TestTimeToLiveRefusals(t *testing.T) {
	client := newClient(t, once)
	table := ordersTable(t, client)
	apiError(t, updateTTL(t.Context(), client, table, false), "ValidationException", "TimeToLive is already disabled")
	check(t, updateTTL(t.Context(), client, table, true))
	apiError(t, updateTTL(t.Context(), client, table, true), "ValidationException", "TimeToLive is already enabled")
	apiError(t, updateTTL(t.Context(), client, table, false), "ValidationException", "Time to live has been modified multiple times within a fixed interval")
	apiError(t, updateTTL(t.Context(), client, "Nowhere", true), "ResourceNotFoundException", "Requested resource not found: Table: Nowhere not found")
}
