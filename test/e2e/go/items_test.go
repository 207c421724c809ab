package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestAttributeTypesRoundTrip(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	want := item{
		"OrderId": str("types"),
		"S":       str("Grüße, 世界 🚲 \" \\ \u0000\u001f"),
		"SEmpty":  str(""),
		"N":       num("12345678901234567890123456789012345678"),
		"NSmall":  num("-0.00000000000000000000000000000000000000000000000012345"),
		"B":       &types.AttributeValueMemberB{Value: []byte{0, 1, 2, 0xfe, 0xff}},
		"SS":      &types.AttributeValueMemberSS{Value: []string{"a", "b", "ü"}},
		"NS":      &types.AttributeValueMemberNS{Value: []string{"-1", "0", "98765432109876543210987654321098765432"}},
		"BS":      &types.AttributeValueMemberBS{Value: [][]byte{{0}, {0, 0}, {255}}},
		"BOOL":    &types.AttributeValueMemberBOOL{Value: true},
		"NULL":    &types.AttributeValueMemberNULL{Value: true},
		"L": &types.AttributeValueMemberL{Value: list{
			num("1"), str("two"), &types.AttributeValueMemberL{Value: list{}},
		}},
		"M": &types.AttributeValueMemberM{Value: item{
			"deep": &types.AttributeValueMemberM{Value: item{"er": &types.AttributeValueMemberBOOL{Value: false}}},
			"none": &types.AttributeValueMemberM{Value: item{}},
		}},
	}
	put(t, client, table, want)
	got := get(t, client, table, order("types"))
	sortSets(got)
	for name := range want {
		equal(t, name, got[name], want[name])
	}
	equal(t, "attributes", len(got), len(want))
}

// sortSets puts set members in order: a set has none.
func sortSets(it item) {
	for _, value := range it {
		switch v := value.(type) {
		case *types.AttributeValueMemberSS:
			slices.Sort(v.Value)
		case *types.AttributeValueMemberNS:
			slices.SortFunc(v.Value, func(a, b string) int { return len(a) - len(b) }) // the test's members differ in length
			if len(v.Value) > 1 && v.Value[0] == "0" {
				v.Value[0], v.Value[1] = v.Value[1], v.Value[0]
			}
		case *types.AttributeValueMemberBS:
			slices.SortFunc(v.Value, slices.Compare)
		}
	}
}

func TestNumbersComeBackCanonical(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	for _, c := range []struct{ in, out string }{
		{"1.0", "1"}, {"01", "1"}, {"+1", "1"}, {".1E1", "1"}, {"1.50e-3", "0.0015"}, {"-0", "0"}, {"1e3", "1000"},
		{"1e125", "1" + strings.Repeat("0", 125)},
		{"-1e-130", "-0." + strings.Repeat("0", 129) + "1"},
		{strings.Repeat("9", 38), strings.Repeat("9", 38)},
	} {
		put(t, client, table, item{"OrderId": str("n"), "Amount": num(c.in)})
		equal(t, c.in, get(t, client, table, order("n"))["Amount"], num(c.out))
	}
}

// Order is an item as a Go program has it.
type Order struct {
	OrderId  string
	Status   string
	Articles []Line
	Tags     []string `dynamodbav:",stringset"`
	Paid     *bool
}

type Line struct {
	Article  string
	Quantity int
	Price    attributevalue.Number
}

func TestStructRoundTrip(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	want := Order{
		OrderId:  "o-1",
		Status:   "open",
		Articles: []Line{{"lamp", 2, "19.99"}, {"bulb", 6, "1.5"}},
		Tags:     []string{"gift"},
	}
	it, err := attributevalue.MarshalMap(want)
	check(t, err)
	put(t, client, table, it)

	var got Order
	check(t, attributevalue.UnmarshalMap(get(t, client, table, order("o-1")), &got))
	equal(t, "order", got, want)
}

func TestPutReplacesAndDeleteRemoves(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	equal(t, "before", get(t, client, table, order("1")), nil)

	put(t, client, table, item{"OrderId": str("1"), "Status": str("open"), "Note": str("ring twice")})
	put(t, client, table, item{"OrderId": str("1"), "Status": str("sent")})
	equal(t, "replaced", get(t, client, table, order("1")), item{"OrderId": str("1"), "Status": str("sent")})

	for range 2 { // deleting what is not there succeeds
		_, err := client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &table, Key: order("1")})
		check(t, err)
	}
	equal(t, "deleted", get(t, client, table, order("1")), nil)
}

func TestUpdateExpression(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	put(t, client, table, item{
		"OrderId": str("1"), "Status": str("open"), "Version": num("1"), "Note": str("x"),
		"Articles": &types.AttributeValueMemberL{Value: list{str("lamp"), str("bulb"), str("wire")}},
		"Tags":     &types.AttributeValueMemberSS{Value: []string{"gift", "fragile"}},
		"Address":  &types.AttributeValueMemberM{Value: item{"City": str("Ulm"), "Zip": str("89073")}},
	})
	out, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: &table,
		Key:       order("1"),
		UpdateExpression: aws.String("SET #s = :sent, Version = Version + :one, Address.City = :city, " +
			"Articles = list_append(Articles, :more), Amount = if_not_exists(Amount, :zero) " +
			"REMOVE Note, Address.Zip ADD Points :five DELETE Tags :gift"),
		ExpressionAttributeNames: map[string]string{"#s": "Status"},
		ExpressionAttributeValues: item{
			":sent": str("sent"), ":one": num("1"), ":city": str("Bonn"), ":zero": num("0"), ":five": num("5"),
			":more": &types.AttributeValueMemberL{Value: list{str("fuse")}},
			":gift": &types.AttributeValueMemberSS{Value: []string{"gift"}},
		},
		ReturnValues: types.ReturnValueAllNew,
	})
	check(t, err)
	want := item{
		"OrderId": str("1"), "Status": str("sent"), "Version": num("2"), "Amount": num("0"), "Points": num("5"),
		"Articles": &types.AttributeValueMemberL{Value: list{str("lamp"), str("bulb"), str("wire"), str("fuse")}},
		"Tags":     &types.AttributeValueMemberSS{Value: []string{"fragile"}},
		"Address":  &types.AttributeValueMemberM{Value: item{"City": str("Bonn")}},
	}
	equal(t, "ALL_NEW", out.Attributes, want)
	equal(t, "stored", get(t, client, table, order("1")), want)
}

func TestUpdateReturnValues(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	before := item{"OrderId": str("1"), "Status": str("open"), "Version": num("1")}
	for _, c := range []struct {
		values types.ReturnValue
		want   item
	}{
		{types.ReturnValueNone, nil},
		{types.ReturnValueAllOld, before},
		{types.ReturnValueAllNew, item{"OrderId": str("1"), "Status": str("open"), "Version": num("2")}},
		{types.ReturnValueUpdatedOld, item{"Version": num("1")}},
		{types.ReturnValueUpdatedNew, item{"Version": num("2")}},
	} {
		put(t, client, table, before)
		out, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
			TableName: &table, Key: order("1"),
			UpdateExpression:          aws.String("ADD Version :one"),
			ExpressionAttributeValues: item{":one": num("1")},
			ReturnValues:              c.values,
		})
		check(t, err)
		equal(t, string(c.values), out.Attributes, c.want)
	}
}

func TestPutAndDeleteReturnAllOld(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	first := item{"OrderId": str("1"), "Status": str("open")}
	second := item{"OrderId": str("1"), "Status": str("sent")}
	for _, step := range []struct{ write, want item }{{first, nil}, {second, first}} {
		out, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{
			TableName: &table, Item: step.write, ReturnValues: types.ReturnValueAllOld,
		})
		check(t, err)
		equal(t, "put", out.Attributes, step.want)
	}
	for _, want := range []item{second, nil} {
		out, err := client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{
			TableName: &table, Key: order("1"), ReturnValues: types.ReturnValueAllOld,
		})
		check(t, err)
		equal(t, "delete", out.Attributes, want)
	}
}

func TestProjection(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	put(t, client, table, item{
		"OrderId": str("1"), "Status": str("open"),
		"Articles": &types.AttributeValueMemberL{Value: list{str("lamp"), str("bulb")}},
	})
	out, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: &table, Key: order("1"),
		ProjectionExpression:     aws.String("#s, Articles[1], Nothing"),
		ExpressionAttributeNames: map[string]string{"#s": "Status"},
	})
	check(t, err)
	equal(t, "projected", out.Item, item{
		"Status":   str("open"),
		"Articles": &types.AttributeValueMemberL{Value: list{str("bulb")}},
	})
}

func TestLegacyParameters(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	put(t, client, table, item{"OrderId": str("1"), "Status": str("open"), "Note": str("x"), "Version": num("1")})

	out, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: &table, Key: order("1"),
		AttributeUpdates: map[string]types.AttributeValueUpdate{
			"Status":  {Action: types.AttributeActionPut, Value: str("sent")},
			"Version": {Action: types.AttributeActionAdd, Value: num("1")},
			"Note":    {Action: types.AttributeActionDelete},
		},
		Expected: map[string]types.ExpectedAttributeValue{
			"Version": {Value: num("1")},
			"Status":  {ComparisonOperator: types.ComparisonOperatorBeginsWith, AttributeValueList: list{str("op")}},
			"Refund":  {Exists: aws.Bool(false)},
		},
		ReturnValues: types.ReturnValueAllNew,
	})
	check(t, err)
	equal(t, "ALL_NEW", out.Attributes, item{"OrderId": str("1"), "Status": str("sent"), "Version": num("2")})

	got, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: &table, Key: order("1"), AttributesToGet: []string{"Version", "Nothing"},
	})
	check(t, err)
	equal(t, "AttributesToGet", got.Item, item{"Version": num("2")})

	_, err = client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{
		TableName: &table, Key: order("1"),
		Expected: map[string]types.ExpectedAttributeValue{
			"Version": {Value: num("7")},
			"Status":  {Value: str("open")},
		},
		ConditionalOperator: types.ConditionalOperatorOr,
	})
	conditionFailed(t, err)
}
