// Package e2e drives a gramme process with the AWS SDK for Go v2, set up as a
// program on AWS would be: by environment variables alone. The folders js and
// python beside this one play the same scenarios with their SDKs.
package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/gramme-db/gramme/test/process"
)

const waitMax = 30 * time.Second

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run starts one server for all tests of the package and stops it after them.
func run(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "gramme-e2e-go")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	bin, err := process.Build(context.Background(), dir)
	if err != nil {
		return 0, err
	}
	if err := os.Setenv("GRAMME_BIN", bin); err != nil { // for tests that want a server of their own
		return 0, err
	}
	server, err := process.Start(bin, process.Options{
		Dir:    filepath.Join(dir, "data"),
		Static: true,
		Log:    filepath.Join(dir, "log"),
	})
	if err != nil {
		return 0, err
	}
	if err := server.Adopt(); err != nil {
		return 0, errors.Join(err, server.Kill())
	}
	code = m.Run()
	return code, server.Stop()
}

// newClient returns a client as a program on AWS makes one.
func newClient(t *testing.T, options ...func(*dynamodb.Options)) *dynamodb.Client {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context())
	check(t, err)
	return dynamodb.NewFromConfig(cfg, options...)
}

// once makes a client answer with the first error instead of trying again.
func once(o *dynamodb.Options) { o.RetryMaxAttempts = 1 }

// inRegion gives a test tables that no other test sees.
func inRegion(region string) func(*dynamodb.Options) {
	return func(o *dynamodb.Options) { o.Region = region }
}

// tableName turns the test's name into one that DynamoDB takes.
func tableName(t *testing.T) string {
	return strings.NewReplacer("/", ".", " ", "-").Replace(t.Name())
}

// ordersTable creates a table with the partition key OrderId, waits until it
// is active, and deletes it after the test. It returns its name.
func ordersTable(t *testing.T, client *dynamodb.Client) string {
	t.Helper()
	return createTable(t, client, &dynamodb.CreateTableInput{
		TableName:            aws.String(tableName(t)),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: definitions("OrderId"),
		KeySchema:            keySchema("OrderId"),
	})
}

// indexedTable is ordersTable with the sort key Line and two indexes: ByDate
// (local, keys only) and ByCustomer (global, all attributes).
func indexedTable(t *testing.T, client *dynamodb.Client) string {
	t.Helper()
	return createTable(t, client, &dynamodb.CreateTableInput{
		TableName:            aws.String(tableName(t)),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: definitions("OrderId", "Line", "OrderDate", "CustomerId"),
		KeySchema:            keySchema("OrderId", "Line"),
		LocalSecondaryIndexes: []types.LocalSecondaryIndex{{
			IndexName:  aws.String("ByDate"),
			KeySchema:  keySchema("OrderId", "OrderDate"),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName:  aws.String("ByCustomer"),
			KeySchema:  keySchema("CustomerId"),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
		}},
	})
}

func createTable(t *testing.T, client *dynamodb.Client, in *dynamodb.CreateTableInput) string {
	t.Helper()
	_, err := client.CreateTable(t.Context(), in)
	check(t, err)
	describe := &dynamodb.DescribeTableInput{TableName: in.TableName}
	check(t, dynamodb.NewTableExistsWaiter(client).Wait(t.Context(), describe, waitMax))
	t.Cleanup(func() {
		// The test's own context has ended by now.
		_, err := client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: in.TableName})
		check(t, err)
	})
	return *in.TableName
}

// definitions defines attributes of type S.
func definitions(names ...string) []types.AttributeDefinition {
	var list []types.AttributeDefinition
	for _, name := range names {
		list = append(list, types.AttributeDefinition{
			AttributeName: aws.String(name),
			AttributeType: types.ScalarAttributeTypeS,
		})
	}
	return list
}

// keySchema takes the partition key and, where there is one, the sort key.
func keySchema(names ...string) []types.KeySchemaElement {
	roles := []types.KeyType{types.KeyTypeHash, types.KeyTypeRange}
	var list []types.KeySchemaElement
	for i, name := range names {
		list = append(list, types.KeySchemaElement{AttributeName: aws.String(name), KeyType: roles[i]})
	}
	return list
}

// Short forms of attribute values.
type (
	item = map[string]types.AttributeValue
	list = []types.AttributeValue
)

func str(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
func num(v string) types.AttributeValue { return &types.AttributeValueMemberN{Value: v} }

func order(id string) item { return item{"OrderId": str(id)} }

func put(t *testing.T, client *dynamodb.Client, table string, it item) {
	t.Helper()
	_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: it})
	check(t, err)
}

// get reads strongly consistently; nil means that there is no item.
func get(t *testing.T, client *dynamodb.Client, table string, key item) item {
	t.Helper()
	out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: &table, Key: key, ConsistentRead: aws.Bool(true),
	})
	check(t, err)
	return out.Item
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", what, show(got), show(want))
	}
}

// show prints attribute values instead of the pointers that hold them.
func show(v any) string {
	switch v := v.(type) {
	case item:
		var b strings.Builder
		for name, value := range v {
			fmt.Fprintf(&b, "%s=%s ", name, show(value))
		}
		return "{" + strings.TrimSpace(b.String()) + "}"
	case *types.AttributeValueMemberM:
		return show(v.Value)
	case *types.AttributeValueMemberL:
		var b strings.Builder
		for _, element := range v.Value {
			b.WriteString(show(element) + " ")
		}
		return "[" + strings.TrimSpace(b.String()) + "]"
	case types.AttributeValue:
		return fmt.Sprintf("%+v", reflect.ValueOf(v).Elem().FieldByName("Value"))
	}
	return fmt.Sprintf("%+v", v)
}
