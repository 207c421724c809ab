package e2e

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/gramme-db/gramme/test/process"
)

// start starts a server for one test.
func start(t *testing.T, o process.Options) *process.Server {
	t.Helper()
	bin, err := process.Build(t.Context(), t.TempDir())
	check(t, err)
	o.Log = filepath.Join(t.TempDir(), "log")
	server, err := process.Start(bin, o)
	check(t, err)
	t.Cleanup(func() { check(t, server.Kill()) }) // does nothing to one that was stopped
	return server
}

// at makes a client talk to a server other than the one of the package.
func at(server *process.Server) func(*dynamodb.Options) {
	return func(o *dynamodb.Options) { o.BaseEndpoint = aws.String(server.URL()) }
}

func TestRestartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	server := start(t, process.Options{Dir: dir})
	client := newClient(t, at(server))
	name := aws.String("Orders")
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: definitions("OrderId"), KeySchema: keySchema("OrderId"),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("shop")}},
	})
	check(t, err)
	want := item{"OrderId": str("1"), "Status": str("open"), "Amount": num("19.9")}
	put(t, client, *name, want)
	before := describe(t, client, *name)
	check(t, server.Stop())

	client = newClient(t, at(start(t, process.Options{Dir: dir})))
	after := describe(t, client, *name)
	equal(t, "id", *after.TableId, *before.TableId)
	equal(t, "created", *after.CreationDateTime, *before.CreationDateTime)
	equal(t, "items", *after.ItemCount, 1)
	equal(t, "bytes", *after.TableSizeBytes, *before.TableSizeBytes)
	equal(t, "item", get(t, client, *name, order("1")), want)
	tags, err := client.ListTagsOfResource(t.Context(), &dynamodb.ListTagsOfResourceInput{ResourceArn: after.TableArn})
	check(t, err)
	equal(t, "tag", *tags.Tags[0].Value, "shop")
}

// With --control-plane-delay a table takes its time, as on AWS.
func TestTableStates(t *testing.T) {
	server := start(t, process.Options{Dir: t.TempDir(), ControlPlaneDelay: time.Second})
	client := newClient(t, at(server), once)
	table := aws.String("Orders")
	describe := &dynamodb.DescribeTableInput{TableName: table}
	exists := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 50*time.Millisecond, 50*time.Millisecond
	})
	gone := dynamodb.NewTableNotExistsWaiter(client, func(o *dynamodb.TableNotExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 50*time.Millisecond, 50*time.Millisecond
	})

	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: table, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: definitions("OrderId"), KeySchema: keySchema("OrderId"),
	})
	check(t, err)
	_, err = client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: table, Item: order("1")})
	notFound(t, err, "Requested resource not found")
	_, err = client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: table})
	inUse(t, err, "Attempt to change a resource which is still in use: Table is being created: Orders")

	check(t, exists.Wait(t.Context(), describe, waitMax))
	put(t, client, *table, order("1"))

	_, err = client.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{
		TableName: table, BillingMode: types.BillingModeProvisioned,
		ProvisionedThroughput: &types.ProvisionedThroughput{ReadCapacityUnits: aws.Int64(5), WriteCapacityUnits: aws.Int64(5)},
	})
	check(t, err)
	put(t, client, *table, order("2")) // a table that is updated serves on
	_, err = client.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: table, BillingMode: types.BillingModePayPerRequest})
	inUse(t, err, "Attempt to change a resource which is still in use: Table is being updated: Orders")
	check(t, exists.Wait(t.Context(), describe, waitMax))

	_, err = client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: table})
	check(t, err)
	_, err = client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: table, Key: order("1")})
	notFound(t, err, "Requested resource not found")
	check(t, gone.Wait(t.Context(), describe, waitMax))
}

// inUse checks that err is the SDK's class for a table in the wrong state.
func inUse(t *testing.T, err error, message string) {
	t.Helper()
	var e *types.ResourceInUseException
	if !errors.As(err, &e) {
		t.Errorf("got %v, want a ResourceInUseException", err)
		return
	}
	equal(t, "message", e.ErrorMessage(), message)
}
