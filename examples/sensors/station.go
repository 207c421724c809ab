package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Reading is one item of the table.
type Reading struct {
	SensorId string
	Time     time.Time // stored as text, as 2026-11-23T12:10:00Z: sorts by time
	Celsius  float64
}

// String returns one line about the reading.
func (r Reading) String() string {
	return fmt.Sprintf("%s  %4.1f °C", r.Time.Format("15:04"), r.Celsius)
}

// Span is the readings of one sensor from one time to another, both included.
type Span struct {
	Sensor   string
	From, To time.Time
}

// String returns the span in words.
func (s Span) String() string {
	return fmt.Sprintf("%s from %s to %s, the newest first", s.Sensor, s.From.Format("15:04"), s.To.Format("15:04"))
}

// Page is a part of a span.
type Page struct {
	Readings []Reading
	Next     string // where the next page begins; empty: there is none
}

// pageLen is how many readings fit on a page.
const pageLen = 5

// Station is a table of readings.
type Station struct {
	client *dynamodb.Client
	table  string
}

// CreateTable creates the table and waits until it can be used. The readings of
// one sensor lie together, in the order of their time.
func (s Station) CreateTable(ctx context.Context) error {
	_, err := s.client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:   &s.table,
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("SensorId"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("Time"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("SensorId"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("Time"), KeyType: types.KeyTypeRange},
		},
	})
	if err != nil {
		return err
	}
	return dynamodb.NewTableExistsWaiter(s.client).Wait(ctx, &dynamodb.DescribeTableInput{TableName: &s.table}, time.Minute)
}

// DeleteTable deletes the table with everything in it.
func (s Station) DeleteTable(ctx context.Context) error {
	_, err := s.client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &s.table})
	return err
}

// Store stores a reading.
func (s Station) Store(ctx context.Context, r Reading) error {
	item, err := attributevalue.MarshalMap(r)
	if err != nil {
		return err
	}
	_, err = s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.table, Item: item})
	return err
}

// Page reads a page of a span: the first one, or the one that begins where the
// page before says. Every page costs the same, however far back it lies.
func (s Station) Page(ctx context.Context, span Span, bookmark string) (Page, error) {
	in := &dynamodb.QueryInput{
		TableName:                &s.table,
		KeyConditionExpression:   aws.String("SensorId = :sensor AND #time BETWEEN :from AND :to"),
		ExpressionAttributeNames: map[string]string{"#time": "Time"}, // Time is a reserved word
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":sensor": text(span.Sensor),
			":from":   text(span.From.Format(time.RFC3339)),
			":to":     text(span.To.Format(time.RFC3339)),
		},
		ScanIndexForward: aws.Bool(false),
		Limit:            aws.Int32(pageLen),
	}
	if bookmark != "" {
		in.ExclusiveStartKey = map[string]types.AttributeValue{"SensorId": text(span.Sensor), "Time": text(bookmark)}
	}
	out, err := s.client.Query(ctx, in)
	if err != nil {
		return Page{}, err
	}
	var page Page
	if last, ok := out.LastEvaluatedKey["Time"].(*types.AttributeValueMemberS); ok {
		page.Next = last.Value
	}
	err = attributevalue.UnmarshalListOfMaps(out.Items, &page.Readings)
	return page, err
}

func text(value string) types.AttributeValue { return &types.AttributeValueMemberS{Value: value} }
