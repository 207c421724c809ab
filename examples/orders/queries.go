package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The table is keyed by OrderId. What is asked by customer goes to one of two
// indexes: each is the same orders in another order.
const (
	byDate   = "ByDate"   // CustomerId, then OrderDate
	byStatus = "ByStatus" // CustomerId, then Status#OrderDate
)

// Orders returns a customer's orders by date.
func (s Shop) Orders(ctx context.Context, customer string) ([]Order, error) {
	return s.query(ctx, &dynamodb.QueryInput{
		IndexName:                 aws.String(byDate),
		KeyConditionExpression:    aws.String("CustomerId = :customer"),
		ExpressionAttributeValues: values{":customer": customer}.attributes(),
	})
}

// OrdersBetween returns a customer's orders of the days from first to last, by
// date.
func (s Shop) OrdersBetween(ctx context.Context, customer, first, last string) ([]Order, error) {
	return s.query(ctx, &dynamodb.QueryInput{
		IndexName:                 aws.String(byDate),
		KeyConditionExpression:    aws.String("CustomerId = :customer AND OrderDate BETWEEN :first AND :last"),
		ExpressionAttributeValues: values{":customer": customer, ":first": first, ":last": last}.attributes(),
	})
}

// Pending returns a customer's pending orders, by date: in the index they lie
// together, since their sort keys begin with PENDING#.
func (s Shop) Pending(ctx context.Context, customer string) ([]Order, error) {
	return s.query(ctx, &dynamodb.QueryInput{
		IndexName:                 aws.String(byStatus),
		KeyConditionExpression:    aws.String("CustomerId = :customer AND begins_with(#key, :pending)"),
		ExpressionAttributeNames:  map[string]string{"#key": statusDate},
		ExpressionAttributeValues: values{":customer": customer, ":pending": "PENDING#"}.attributes(),
	})
}

// PendingSince returns a customer's orders that have been pending since before a
// day, by date. Status and date are one sort key, so this is one range of the
// index and reads nothing else.
func (s Shop) PendingSince(ctx context.Context, customer string, day time.Time) ([]Order, error) {
	dayBefore := day.AddDate(0, 0, -1)
	return s.query(ctx, &dynamodb.QueryInput{
		IndexName:                aws.String(byStatus),
		KeyConditionExpression:   aws.String("CustomerId = :customer AND #key BETWEEN :pending AND :last"),
		ExpressionAttributeNames: map[string]string{"#key": statusDate},
		ExpressionAttributeValues: values{
			":customer": customer, ":pending": "PENDING#", ":last": "PENDING#" + dayBefore.Format(time.DateOnly),
		}.attributes(),
	})
}

// query reads all pages.
func (s Shop) query(ctx context.Context, in *dynamodb.QueryInput) ([]Order, error) {
	in.TableName = &s.table
	var orders []Order
	for pages := dynamodb.NewQueryPaginator(s.client, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		var more []Order
		if err := attributevalue.UnmarshalListOfMaps(page.Items, &more); err != nil {
			return nil, err
		}
		orders = append(orders, more...)
	}
	return orders, nil
}

// Summary is the part of an order that lists show.
type Summary struct {
	OrderId   string
	OrderDate string
	Status    string
}

// Summaries returns the summaries of all orders, by id: a scan goes through the
// table in no order that means anything. The projection lets nothing else
// through.
func (s Shop) Summaries(ctx context.Context) ([]Summary, error) {
	pages := dynamodb.NewScanPaginator(s.client, &dynamodb.ScanInput{
		TableName:                &s.table,
		ProjectionExpression:     aws.String("OrderId, OrderDate, #status"),
		ExpressionAttributeNames: map[string]string{"#status": "Status"}, // Status is a reserved word
	})
	var all []Summary
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		var more []Summary
		if err := attributevalue.UnmarshalListOfMaps(page.Items, &more); err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	slices.SortFunc(all, func(a, b Summary) int { return cmp.Compare(a.OrderId, b.OrderId) })
	return all, nil
}

// values are the texts that an expression names.
type values map[string]string

func (v values) attributes() map[string]types.AttributeValue {
	attributes := map[string]types.AttributeValue{}
	for name, text := range v {
		attributes[name] = &types.AttributeValueMemberS{Value: text}
	}
	return attributes
}
