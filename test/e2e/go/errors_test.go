package e2e

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

// apiError checks the code and the whole message of what the server refused.
func apiError(t *testing.T, err error, code, message string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Errorf("got %v, want %s", err, code)
		return
	}
	equal(t, "error", e.ErrorCode()+": "+e.ErrorMessage(), code+": "+message)
}

// notFound checks that err is the SDK's class for a missing table.
func notFound(t *testing.T, err error, message string) {
	t.Helper()
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) {
		t.Errorf("got %v, want a ResourceNotFoundException", err)
		return
	}
	equal(t, "message", missing.ErrorMessage(), message)
}

func TestUnknownTable(t *testing.T) {
	client := newClient(t, once)
	table := aws.String("NoSuchTable")
	ctx := t.Context()

	_, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: order("1")})
	notFound(t, err, "Requested resource not found")
	_, err = client.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: order("1")})
	notFound(t, err, "Requested resource not found")
	_, err = client.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: table, Key: order("1")})
	notFound(t, err, "Requested resource not found")
	_, err = client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: table, Key: order("1")})
	notFound(t, err, "Requested resource not found")
	_, err = client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: table})
	notFound(t, err, "Requested resource not found: Table: NoSuchTable not found")
	_, err = client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: table})
	notFound(t, err, "Requested resource not found: Table: NoSuchTable not found")
	_, err = client.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: table, BillingMode: types.BillingModePayPerRequest})
	notFound(t, err, "Requested resource not found: Table: NoSuchTable not found")
}

func TestPutItemRefusals(t *testing.T) {
	client := newClient(t, once)
	table := ordersTable(t, client)
	with := func(value types.AttributeValue) item { return item{"OrderId": str("1"), "A": value} }
	for _, c := range []struct {
		name    string
		item    item
		message string
	}{
		{"no key", item{"Status": str("open")},
			"One or more parameter values were invalid: Missing the key OrderId in the item"},
		{"key type", item{"OrderId": num("1")},
			"One or more parameter values were invalid: Type mismatch for key OrderId expected: S actual: N"},
		{"empty key", order(""),
			"One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: OrderId"},
		{"long key", order(strings.Repeat("k", 2049)),
			"One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"},
		{"39 digits", with(num(strings.Repeat("9", 39))),
			"Attempting to store more than 38 significant digits in a Number"},
		{"no number", with(num("twelve")),
			"The parameter cannot be converted to a numeric value: twelve"},
		{"overflow", with(num("1e126")),
			"Number overflow. Attempting to store a number with magnitude larger than supported range"},
		{"underflow", with(num("1e-131")),
			"Number underflow. Attempting to store a number with magnitude smaller than supported range"},
		{"too large", with(str(strings.Repeat("x", 400<<10))),
			"Item size has exceeded the maximum allowed size"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &table, Item: c.item})
			apiError(t, err, "ValidationException", c.message)
		})
	}
}

func TestKeyRefusals(t *testing.T) {
	client := newClient(t, once)
	table := ordersTable(t, client)
	for name, key := range map[string]item{
		"type":   {"OrderId": num("1")},
		"name":   {"Id": str("1")},
		"excess": {"OrderId": str("1"), "Line": str("1")},
		"empty":  {},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &table, Key: key})
			apiError(t, err, "ValidationException", "The provided key element does not match the schema")
			_, err = client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &table, Key: key})
			apiError(t, err, "ValidationException", "The provided key element does not match the schema")
		})
	}
}

func TestUpdateExpressionRefusals(t *testing.T) {
	client := newClient(t, once)
	table := ordersTable(t, client)
	put(t, client, table, item{"OrderId": str("1"), "Note": str("x")})
	for _, c := range []struct{ expression, message string }{
		{"SET OrderId = :v",
			"One or more parameter values were invalid: Cannot update attribute OrderId. This attribute is part of the key"},
		{"SET Status = :v",
			"Invalid UpdateExpression: Attribute name is a reserved keyword; reserved keyword: Status"},
		{"SET Note.City = :v",
			"The document path provided in the update expression is invalid for update"},
		{"SET Amount = Absent + :v",
			"The provided expression refers to an attribute that does not exist in the item"},
		{"ADD Note :v",
			"An operand in the update expression has an incorrect data type"},
		{"REMOVE Note",
			"Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}"},
		{"SET A = :v, A.B = :v",
			"Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [A], path two: [A, B]"},
		{"SET A = :w REMOVE Note",
			"Invalid UpdateExpression: An expression attribute value used in expression is not defined; attribute value: :w"},
		{"SET #a = :v",
			"Invalid UpdateExpression: An expression attribute name used in the document path is not defined; attribute name: #a"},
		{"SET A = size(:v)",
			"Invalid UpdateExpression: Invalid function name; function: size"},
	} {
		t.Run(c.expression, func(t *testing.T) {
			_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
				TableName: &table, Key: order("1"),
				UpdateExpression:          &c.expression,
				ExpressionAttributeValues: item{":v": num("1")},
			})
			// Some of these come with AWS's envelope and some without; see the product's own tests.
			apiError(t, err, "ValidationException", c.message)
		})
	}
	equal(t, "item", get(t, client, table, order("1")), item{"OrderId": str("1"), "Note": str("x")})
}

func TestModelConstraints(t *testing.T) {
	client := newClient(t, once)
	table := ordersTable(t, client)

	_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{
		TableName: &table, Item: order("1"), ReturnValues: types.ReturnValueAllNew,
	})
	apiError(t, err, "ValidationException", "1 validation error detected: ReturnValues can only be ALL_OLD or NONE")

	_, err = client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: &table, Key: order("1"), ReturnConsumedCapacity: "SOME",
	})
	apiError(t, err, "ValidationException", "1 validation error detected: Value 'SOME' at 'returnConsumedCapacity' "+
		"failed to satisfy constraint: Member must satisfy enum value set: [INDEXES, TOTAL, NONE]")

	_, err = client.ListTables(t.Context(), &dynamodb.ListTablesInput{Limit: aws.Int32(101)})
	apiError(t, err, "ValidationException", "1 validation error detected: Value '101' at 'limit' "+
		"failed to satisfy constraint: Member must have value less than or equal to 100")

	_, err = client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: &table, Key: order("1"),
		AttributesToGet: []string{"A"}, ProjectionExpression: aws.String("B"),
	})
	apiError(t, err, "ValidationException", "Can not use both expression and non-expression parameters in the same request: "+
		"Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}")
}

func TestCreateTableRefusals(t *testing.T) {
	client := newClient(t, once)
	for _, c := range []struct {
		name    string
		in      dynamodb.CreateTableInput
		message string
	}{
		{"short name",
			dynamodb.CreateTableInput{TableName: aws.String("ab"), AttributeDefinitions: definitions("Id"), KeySchema: keySchema("Id")},
			"TableName must be at least 3 characters long and at most 255 characters long"},
		{"no throughput",
			dynamodb.CreateTableInput{TableName: aws.String("abc"), AttributeDefinitions: definitions("Id"), KeySchema: keySchema("Id")},
			"One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"},
		{"undefined key",
			dynamodb.CreateTableInput{
				TableName: aws.String("abc"), BillingMode: types.BillingModePayPerRequest,
				AttributeDefinitions: definitions("Id"), KeySchema: keySchema("Other"),
			},
			"One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Keys: [Other], AttributeDefinitions: [Id]"},
		{"unused definition",
			dynamodb.CreateTableInput{
				TableName: aws.String("abc"), BillingMode: types.BillingModePayPerRequest,
				AttributeDefinitions: definitions("Id", "Other"), KeySchema: keySchema("Id"),
			},
			"One or more parameter values were invalid: Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := client.CreateTable(t.Context(), &c.in)
			apiError(t, err, "ValidationException", c.message)
		})
	}
}
