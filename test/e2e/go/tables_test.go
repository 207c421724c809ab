package e2e

import (
	"errors"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/gramme-db/gramme/test/process"
)

func describe(t *testing.T, client *dynamodb.Client, table string) *types.TableDescription {
	t.Helper()
	out, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
	check(t, err)
	return out.Table
}

// arn is the ARN of a table of the test's account.
func arn(table string) string {
	return fmt.Sprintf("arn:aws:dynamodb:%s:%s:table/%s", process.Region, process.Account, table)
}

func TestCreateTableAnswersCreating(t *testing.T) {
	client := newClient(t)
	name := tableName(t)
	out, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:            &name,
		AttributeDefinitions: definitions("OrderId"),
		KeySchema:            keySchema("OrderId"),
		ProvisionedThroughput: &types.ProvisionedThroughput{
			ReadCapacityUnits: aws.Int64(5), WriteCapacityUnits: aws.Int64(3),
		},
	})
	check(t, err)
	equal(t, "status", out.TableDescription.TableStatus, types.TableStatusCreating)
	in := &dynamodb.DescribeTableInput{TableName: &name}
	check(t, dynamodb.NewTableExistsWaiter(client).Wait(t.Context(), in, waitMax))

	table := describe(t, client, name)
	equal(t, "status", table.TableStatus, types.TableStatusActive)
	equal(t, "id stays", *table.TableId, *out.TableDescription.TableId)
	equal(t, "read", *table.ProvisionedThroughput.ReadCapacityUnits, 5)
	equal(t, "write", *table.ProvisionedThroughput.WriteCapacityUnits, 3)
	equal(t, "decreases", *table.ProvisionedThroughput.NumberOfDecreasesToday, 0)
	equal(t, "billing", table.BillingModeSummary, nil)

	_, err = client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: definitions("OrderId"), KeySchema: keySchema("OrderId"),
	})
	var inUse *types.ResourceInUseException
	if !errors.As(err, &inUse) {
		t.Errorf("second CreateTable: got %v, want a ResourceInUseException", err)
	}

	deleted, err := client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: &name})
	check(t, err)
	equal(t, "status", deleted.TableDescription.TableStatus, types.TableStatusDeleting)
	check(t, dynamodb.NewTableNotExistsWaiter(client).Wait(t.Context(), in, waitMax))
	_, err = client.DescribeTable(t.Context(), in)
	notFound(t, err, "Requested resource not found: Table: "+name+" not found")
}

func TestDescribeTable(t *testing.T) {
	client := newClient(t)
	before := time.Now().Add(-time.Minute)
	name := indexedTable(t, client)
	table := describe(t, client, name)

	equal(t, "name", *table.TableName, name)
	equal(t, "arn", *table.TableArn, arn(name))
	if uuid := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`); !uuid.MatchString(*table.TableId) {
		t.Errorf("TableId %q is not a UUID", *table.TableId)
	}
	if made := *table.CreationDateTime; made.Before(before) || made.After(time.Now().Add(time.Minute)) {
		t.Errorf("CreationDateTime %v is not now", made)
	}
	equal(t, "billing", table.BillingModeSummary.BillingMode, types.BillingModePayPerRequest)
	equal(t, "key", table.KeySchema, keySchema("OrderId", "Line"))
	equal(t, "definitions", len(table.AttributeDefinitions), 4)
	equal(t, "items", *table.ItemCount, 0)
	equal(t, "bytes", *table.TableSizeBytes, 0)
	equal(t, "read units", *table.ProvisionedThroughput.ReadCapacityUnits, 0)
	equal(t, "protection", *table.DeletionProtectionEnabled, false)

	local := table.LocalSecondaryIndexes[0]
	equal(t, "local", *local.IndexName, "ByDate")
	equal(t, "local arn", *local.IndexArn, arn(name)+"/index/ByDate")
	equal(t, "local key", local.KeySchema, keySchema("OrderId", "OrderDate"))
	equal(t, "local projection", local.Projection.ProjectionType, types.ProjectionTypeKeysOnly)

	global := table.GlobalSecondaryIndexes[0]
	equal(t, "global", *global.IndexName, "ByCustomer")
	equal(t, "global arn", *global.IndexArn, arn(name)+"/index/ByCustomer")
	equal(t, "global key", global.KeySchema, keySchema("CustomerId"))
	equal(t, "global status", global.IndexStatus, types.IndexStatusActive)
	equal(t, "global projection", global.Projection.ProjectionType, types.ProjectionTypeAll)
}

// The ARN of a table stands for its name.
func TestTableByARN(t *testing.T) {
	client := newClient(t)
	name := ordersTable(t, client)
	put(t, client, arn(name), order("1"))
	equal(t, "by name", get(t, client, name, order("1")), order("1"))
	equal(t, "described", *describe(t, client, arn(name)).TableName, name)
}

func TestListTablesPages(t *testing.T) {
	client := newClient(t, inRegion("ap-south-1"))
	var want []string
	for _, name := range []string{"Baskets", "Customers", "Orders", "Payments", "orders"} { // upper case sorts first
		createTable(t, client, &dynamodb.CreateTableInput{
			TableName: &name, BillingMode: types.BillingModePayPerRequest,
			AttributeDefinitions: definitions("Id"), KeySchema: keySchema("Id"),
		})
		want = append(want, name)
	}
	var got []string
	var pages int
	for p := dynamodb.NewListTablesPaginator(client, &dynamodb.ListTablesInput{Limit: aws.Int32(2)}); p.HasMorePages(); pages++ {
		page, err := p.NextPage(t.Context())
		check(t, err)
		got = append(got, page.TableNames...)
	}
	equal(t, "names", got, want)
	equal(t, "pages", pages, 3)

	elsewhere, err := newClient(t, inRegion("ap-south-2")).ListTables(t.Context(), nil)
	check(t, err)
	equal(t, "another region", len(elsewhere.TableNames), 0)
}

func TestTags(t *testing.T) {
	client := newClient(t)
	resource := aws.String(arn(ordersTable(t, client)))
	tags := func() map[string]string {
		out, err := client.ListTagsOfResource(t.Context(), &dynamodb.ListTagsOfResourceInput{ResourceArn: resource})
		check(t, err)
		got := map[string]string{}
		for _, tag := range out.Tags {
			got[*tag.Key] = *tag.Value
		}
		return got
	}
	equal(t, "at first", tags(), map[string]string{})

	for _, values := range []map[string]string{{"team": "shop", "stage": "test"}, {"stage": "live"}} {
		in := &dynamodb.TagResourceInput{ResourceArn: resource}
		for key, value := range values {
			in.Tags = append(in.Tags, types.Tag{Key: aws.String(key), Value: aws.String(value)})
		}
		_, err := client.TagResource(t.Context(), in)
		check(t, err)
	}
	equal(t, "tagged", tags(), map[string]string{"team": "shop", "stage": "live"})

	_, err := client.UntagResource(t.Context(), &dynamodb.UntagResourceInput{
		ResourceArn: resource, TagKeys: []string{"team", "absent"},
	})
	check(t, err)
	equal(t, "untagged", tags(), map[string]string{"stage": "live"})
}

func TestUpdateTable(t *testing.T) {
	client := newClient(t)
	name := ordersTable(t, client)
	put(t, client, name, order("1"))

	update(t, client, &dynamodb.UpdateTableInput{
		TableName: &name, BillingMode: types.BillingModeProvisioned,
		ProvisionedThroughput: &types.ProvisionedThroughput{
			ReadCapacityUnits: aws.Int64(20), WriteCapacityUnits: aws.Int64(10),
		},
	})
	table := describe(t, client, name)
	equal(t, "mode", table.BillingModeSummary.BillingMode, types.BillingModeProvisioned)
	equal(t, "read units", *table.ProvisionedThroughput.ReadCapacityUnits, 20)

	update(t, client, &dynamodb.UpdateTableInput{TableName: &name, DeletionProtectionEnabled: aws.Bool(true)})
	_, err := client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: &name})
	apiError(t, err, "ValidationException",
		"Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
	update(t, client, &dynamodb.UpdateTableInput{TableName: &name, DeletionProtectionEnabled: aws.Bool(false)})
	equal(t, "item", get(t, client, name, order("1")), order("1"))
}

// update changes a table and waits until it is active again.
func update(t *testing.T, client *dynamodb.Client, in *dynamodb.UpdateTableInput) {
	t.Helper()
	_, err := client.UpdateTable(t.Context(), in)
	check(t, err)
	describe := &dynamodb.DescribeTableInput{TableName: in.TableName}
	check(t, dynamodb.NewTableExistsWaiter(client).Wait(t.Context(), describe, waitMax))
}
