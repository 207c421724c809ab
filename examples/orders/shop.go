package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Order is one item of the table.
type Order struct {
	OrderId    string
	CustomerId string
	OrderDate  string // a day, as 2026-11-23: sorts by time
	Status     string // PENDING, PAID or SENT
	ShipTo     string `dynamodbav:",omitempty"`
	Version    int    // counts the writes
}

// statusDate is an attribute that an index is sorted by: status and date in one,
// as PENDING#2026-11-23.
const statusDate = "Status#OrderDate"

// item returns the order as it is stored.
func (o Order) item() (map[string]types.AttributeValue, error) {
	item, err := attributevalue.MarshalMap(o)
	if err != nil {
		return nil, err
	}
	item[statusDate] = &types.AttributeValueMemberS{Value: o.Status + "#" + o.OrderDate}
	return item, nil
}

// String returns one line about the order.
func (o Order) String() string {
	line := fmt.Sprintf("%s of %s for %s: %s, version %d", o.OrderId, o.OrderDate, o.CustomerId, o.Status, o.Version)
	if o.ShipTo != "" {
		line += ", to " + o.ShipTo
	}
	return line
}

// Shop is a table of orders.
type Shop struct {
	client *dynamodb.Client
	table  string
}

var (
	// ErrNoOrder means that there is no such order.
	ErrNoOrder = errors.New("no such order")

	// ErrContended means that others change an order faster than we can.
	ErrContended = errors.New("others changed it in between, each time")
)

// attemptsMax is how often Change tries: more losses in a row are no chance any
// more, but a mistake somewhere.
const attemptsMax = 5

// CreateTable creates the table with its indexes, and waits until it can be
// used.
func (s Shop) CreateTable(ctx context.Context) error {
	_, err := s.client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:   &s.table,
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			text("OrderId"), text("CustomerId"), text("OrderDate"), text(statusDate),
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("OrderId"), KeyType: types.KeyTypeHash},
		},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{
			index(byDate, "CustomerId", "OrderDate"),
			index(byStatus, "CustomerId", statusDate),
		},
	})
	if err != nil {
		return err
	}
	return dynamodb.NewTableExistsWaiter(s.client).Wait(ctx, &dynamodb.DescribeTableInput{TableName: &s.table}, time.Minute)
}

// text defines a key attribute that is a string.
func text(attribute string) types.AttributeDefinition {
	return types.AttributeDefinition{AttributeName: &attribute, AttributeType: types.ScalarAttributeTypeS}
}

// index defines an index that holds whole orders.
func index(name, partition, sort string) types.GlobalSecondaryIndex {
	return types.GlobalSecondaryIndex{
		IndexName: &name,
		KeySchema: []types.KeySchemaElement{
			{AttributeName: &partition, KeyType: types.KeyTypeHash},
			{AttributeName: &sort, KeyType: types.KeyTypeRange},
		},
		Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
	}
}

// DeleteTable deletes the table with everything in it.
func (s Shop) DeleteTable(ctx context.Context) error {
	_, err := s.client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &s.table})
	return err
}

// Place stores a new order. One with this id must not be there.
func (s Shop) Place(ctx context.Context, o Order) error {
	item, err := o.item()
	if err != nil {
		return err
	}
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:           &s.table,
		Item:                item,
		ConditionExpression: aws.String("attribute_not_exists(OrderId)"),
	})
	return err
}

// Get reads an order. Its answer includes every write that has been answered.
func (s Shop) Get(ctx context.Context, id string) (Order, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.table, Key: key(id), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return Order{}, err
	}
	if out.Item == nil {
		return Order{}, fmt.Errorf("%s: %w", id, ErrNoOrder)
	}
	var o Order
	err = attributevalue.UnmarshalMap(out.Item, &o)
	return o, err
}

// Change reads an order, changes it, and writes it back if nobody else has
// written it in between. Otherwise it begins again, attemptsMax times at most.
// This is optimistic locking: nobody waits for anybody, and no change is lost.
func (s Shop) Change(ctx context.Context, id string, change func(*Order)) (Order, error) {
	for range attemptsMax {
		o, err := s.Get(ctx, id)
		if err != nil {
			return Order{}, err
		}
		seen := o.Version
		change(&o)
		o.Version = seen + 1
		err = s.replace(ctx, o, seen)
		if changed := new(types.ConditionalCheckFailedException); errors.As(err, &changed) {
			continue
		}
		return o, err
	}
	return Order{}, fmt.Errorf("%s after %d attempts: %w", id, attemptsMax, ErrContended)
}

// replace writes o if the stored version is the one that was seen.
func (s Shop) replace(ctx context.Context, o Order, seen int) error {
	item, err := o.item()
	if err != nil {
		return err
	}
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:           &s.table,
		Item:                item,
		ConditionExpression: aws.String("Version = :seen"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":seen": &types.AttributeValueMemberN{Value: strconv.Itoa(seen)},
		},
	})
	return err
}

// Delete removes an order.
func (s Shop) Delete(ctx context.Context, id string) error {
	_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.table, Key: key(id)})
	return err
}

func key(id string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"OrderId": &types.AttributeValueMemberS{Value: id}}
}
