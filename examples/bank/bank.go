package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Payment moves money from one account to another.
type Payment struct {
	PaymentId string
	From, To  string
	Amount    int
}

// String returns the payment in words.
func (p Payment) String() string {
	return fmt.Sprintf("%s of %d from %s to %s", p.PaymentId, p.Amount, p.From, p.To)
}

// Bank is a table of accounts, each with a Name and a Balance, and a table of
// the payments that were made.
type Bank struct {
	client             *dynamodb.Client
	accounts, payments string
}

var (
	// ErrNotCovered means that the payer has not that much.
	ErrNotCovered = errors.New("not covered")

	// ErrNoAccount means that nobody of that name has an account.
	ErrNoAccount = errors.New("no such account")

	// ErrContended means that others were at work on the same accounts each
	// time that we tried.
	ErrContended = errors.New("others were in the way, each time")
)

// attemptsMax is how often a transaction is tried that meets others.
const attemptsMax = 100

// CreateTables creates both tables and waits until they can be used.
func (b Bank) CreateTables(ctx context.Context) error {
	for table, key := range map[string]string{b.accounts: "Name", b.payments: "PaymentId"} {
		_, err := b.client.CreateTable(ctx, &dynamodb.CreateTableInput{
			TableName:            &table,
			BillingMode:          types.BillingModePayPerRequest,
			AttributeDefinitions: []types.AttributeDefinition{{AttributeName: &key, AttributeType: types.ScalarAttributeTypeS}},
			KeySchema:            []types.KeySchemaElement{{AttributeName: &key, KeyType: types.KeyTypeHash}},
		})
		if err != nil {
			return err
		}
		describe := &dynamodb.DescribeTableInput{TableName: &table}
		if err := dynamodb.NewTableExistsWaiter(b.client).Wait(ctx, describe, time.Minute); err != nil {
			return err
		}
	}
	return nil
}

// DeleteTables deletes both tables.
func (b Bank) DeleteTables(ctx context.Context) error {
	for _, table := range []string{b.accounts, b.payments} {
		if _, err := b.client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &table}); err != nil {
			return err
		}
	}
	return nil
}

// Open opens an account for somebody who has none.
func (b Bank) Open(ctx context.Context, name string, balance int) error {
	_, err := b.client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                &b.accounts,
		Item:                     map[string]types.AttributeValue{"Name": text(name), "Balance": number(balance)},
		ConditionExpression:      aws.String("attribute_not_exists(#name)"),
		ExpressionAttributeNames: map[string]string{"#name": "Name"},
	})
	return err
}

// Pay makes a payment: it takes from one account, gives to the other, and writes
// the payment down, all of it or nothing. The payment's id is the transaction's
// token, so that sending one again, for ten minutes, changes nothing.
func (b Bank) Pay(ctx context.Context, p Payment) error {
	payment, err := attributevalue.MarshalMap(p)
	if err != nil {
		return err
	}
	amount := map[string]types.AttributeValue{":amount": number(p.Amount)}
	in := &dynamodb.TransactWriteItemsInput{
		ClientRequestToken: &p.PaymentId,
		TransactItems: []types.TransactWriteItem{
			{Update: &types.Update{
				TableName:                 &b.accounts,
				Key:                       account(p.From),
				UpdateExpression:          aws.String("SET Balance = Balance - :amount"),
				ConditionExpression:       aws.String("Balance >= :amount"),
				ExpressionAttributeValues: amount,
			}},
			{Update: &types.Update{
				TableName:                 &b.accounts,
				Key:                       account(p.To),
				UpdateExpression:          aws.String("SET Balance = Balance + :amount"),
				ConditionExpression:       aws.String("attribute_exists(Balance)"),
				ExpressionAttributeValues: amount,
			}},
			{Put: &types.Put{
				TableName:           &b.payments,
				Item:                payment,
				ConditionExpression: aws.String("attribute_not_exists(PaymentId)"),
			}},
		},
	}
	err = retry(ctx, func() error {
		_, err := b.client.TransactWriteItems(ctx, in)
		return err
	})
	codes := reasons(err)
	switch {
	case len(codes) == 0:
		return err
	case codes[0] == conditionFailed:
		return fmt.Errorf("%s: %w", p, ErrNotCovered)
	case codes[1] == conditionFailed:
		return fmt.Errorf("%s: %w", p, ErrNoAccount)
	}
	return err
}

// Balances reads what accounts hold, all at the same moment.
func (b Bank) Balances(ctx context.Context, names ...string) ([]int, error) {
	in := &dynamodb.TransactGetItemsInput{}
	for _, name := range names {
		in.TransactItems = append(in.TransactItems, types.TransactGetItem{
			Get: &types.Get{TableName: &b.accounts, Key: account(name)},
		})
	}
	var out *dynamodb.TransactGetItemsOutput
	err := retry(ctx, func() (err error) {
		out, err = b.client.TransactGetItems(ctx, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	balances := make([]int, len(names))
	for i, r := range out.Responses {
		if r.Item == nil {
			return nil, fmt.Errorf("%s: %w", names[i], ErrNoAccount)
		}
		if err := attributevalue.Unmarshal(r.Item["Balance"], &balances[i]); err != nil {
			return nil, err
		}
	}
	return balances, nil
}

// retry tries a transaction until no other is in its way. In between it waits
// for a random moment, so that two that have met do not meet again.
func retry(ctx context.Context, try func() error) error {
	for range attemptsMax {
		err := try()
		if !contended(err) {
			return err
		}
		select {
		case <-time.After(rand.N(5 * time.Millisecond)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ErrContended
}

// The codes of reasons for which a transaction is cancelled.
const (
	conditionFailed     = "ConditionalCheckFailed"
	transactionConflict = "TransactionConflict"
)

// contended reports whether a transaction was cancelled because of others alone.
func contended(err error) bool {
	conflict := false
	for _, code := range reasons(err) {
		if code == conditionFailed {
			return false
		}
		conflict = conflict || code == transactionConflict
	}
	return conflict
}

// reasons returns the code of each action of a transaction that was cancelled.
func reasons(err error) (codes []string) {
	cancelled := new(types.TransactionCanceledException)
	if !errors.As(err, &cancelled) {
		return nil
	}
	for _, r := range cancelled.CancellationReasons {
		codes = append(codes, aws.ToString(r.Code))
	}
	return codes
}

func account(name string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"Name": text(name)}
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.Itoa(n)}
}
