package e2e

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// conditionFailed checks that err is the SDK's class for a failed condition.
func conditionFailed(t *testing.T, err error) *types.ConditionalCheckFailedException {
	t.Helper()
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) {
		t.Fatalf("got %v, want a ConditionalCheckFailedException", err)
	}
	equal(t, "message", failed.ErrorMessage(), "The conditional request failed")
	return failed
}

func TestConditions(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	put(t, client, table, item{
		"OrderId": str("1"), "Status": str("open"), "Version": num("5"),
		"Tags": &types.AttributeValueMemberSS{Value: []string{"gift"}},
	})
	values := item{
		":open": str("open"), ":o": str("o"), ":four": num("4"), ":five": num("5"), ":gift": str("gift"), ":N": str("N"),
	}
	for condition, holds := range map[string]bool{
		"#s = :open":                              true,
		"#s <> :open":                             false,
		"Version BETWEEN :four AND :five":         true,
		"Version IN (:four)":                      false,
		"Version > :four AND NOT Version > :five": true,
		"attribute_exists(Version)":               true,
		"attribute_not_exists(OrderId)":           false,
		"attribute_type(Version, :N)":             true,
		"begins_with(#s, :o)":                     true,
		"contains(Tags, :gift)":                   true,
		"size(#s) = :four":                        true,
		"Absent <> :four":                         true,
		"Absent = :four OR Version < :five":       false,
	} {
		_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
			TableName: &table, Key: order("1"),
			UpdateExpression:          aws.String("SET Seen = :N"),
			ConditionExpression:       &condition,
			ExpressionAttributeNames:  used(map[string]string{"#s": "Status"}, condition),
			ExpressionAttributeValues: used(values, condition, ":N"),
		})
		if holds {
			if err != nil {
				t.Errorf("%s: %v", condition, err)
			}
			continue
		}
		conditionFailed(t, err)
	}
}

// used leaves the placeholders that occur in one of the texts: DynamoDB refuses
// others. It returns nil where none is left.
func used[V any](placeholders map[string]V, texts ...string) map[string]V {
	var left map[string]V
	for name, value := range placeholders {
		for _, text := range texts {
			if regexp.MustCompile(regexp.QuoteMeta(name) + `\b`).MatchString(text) {
				if left == nil {
					left = map[string]V{}
				}
				left[name] = value
			}
		}
	}
	return left
}

func TestPutIfAbsent(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	in := &dynamodb.PutItemInput{
		TableName: &table, Item: item{"OrderId": str("1"), "Status": str("open")},
		ConditionExpression: aws.String("attribute_not_exists(OrderId)"),
	}
	_, err := client.PutItem(t.Context(), in)
	check(t, err)
	_, err = client.PutItem(t.Context(), in)
	conditionFailed(t, err)
}

func TestDeleteUnderCondition(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	put(t, client, table, item{"OrderId": str("1"), "Status": str("open")})
	in := &dynamodb.DeleteItemInput{
		TableName: &table, Key: order("1"),
		ConditionExpression:       aws.String("#s = :s"),
		ExpressionAttributeNames:  map[string]string{"#s": "Status"},
		ExpressionAttributeValues: item{":s": str("cancelled")},
	}
	_, err := client.DeleteItem(t.Context(), in)
	conditionFailed(t, err)
	in.ExpressionAttributeValues[":s"] = str("open")
	_, err = client.DeleteItem(t.Context(), in)
	check(t, err)
	equal(t, "deleted", get(t, client, table, order("1")), nil)
}

func TestFailedConditionCarriesTheItem(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	stored := item{"OrderId": str("1"), "Status": str("open"), "Version": num("3")}
	put(t, client, table, stored)
	for _, c := range []struct {
		id   string
		rv   types.ReturnValuesOnConditionCheckFailure
		want item
	}{
		{"1", types.ReturnValuesOnConditionCheckFailureAllOld, stored},
		{"1", types.ReturnValuesOnConditionCheckFailureNone, nil},
		{"2", types.ReturnValuesOnConditionCheckFailureAllOld, nil}, // no item, nothing to carry
	} {
		condition := aws.String("Version = :seven")
		values := item{":seven": num("7")}

		_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{
			TableName: &table, Item: order(c.id), ConditionExpression: condition,
			ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: c.rv,
		})
		equal(t, "put", conditionFailed(t, err).Item, c.want)

		_, err = client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
			TableName: &table, Key: order(c.id), ConditionExpression: condition,
			UpdateExpression:          aws.String("SET Version = :seven"),
			ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: c.rv,
		})
		equal(t, "update", conditionFailed(t, err).Item, c.want)

		_, err = client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{
			TableName: &table, Key: order(c.id), ConditionExpression: condition,
			ExpressionAttributeValues: values, ReturnValuesOnConditionCheckFailure: c.rv,
		})
		equal(t, "delete", conditionFailed(t, err).Item, c.want)
	}
}

// Writers that read, change, and write back under the version they read lose
// no update and see no other error than the failed condition.
func TestOptimisticLocking(t *testing.T) {
	const writers, changesEach = 8, 10
	client := newClient(t)
	table := ordersTable(t, client)
	put(t, client, table, item{"OrderId": str("1"), "Version": num("0"), "Amount": num("0")})

	var conflicts atomic.Int64
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for changed := 0; changed < changesEach; {
				err := addToAmount(t.Context(), client, table, 3)
				if lost := new(types.ConditionalCheckFailedException); errors.As(err, &lost) {
					conflicts.Add(1)
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				changed++
			}
		})
	}
	wg.Wait()
	equal(t, "order", get(t, client, table, order("1")), item{
		"OrderId": str("1"),
		"Version": num(strconv.Itoa(writers * changesEach)),
		"Amount":  num(strconv.Itoa(writers * changesEach * 3)),
	})
	t.Logf("%d changes, %d conflicts", writers*changesEach, conflicts.Load())
}

// addToAmount is one attempt of a read-modify-write guarded by Version.
func addToAmount(ctx context.Context, client *dynamodb.Client, table string, n int) error {
	got, err := client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &table, Key: order("1"), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(got.Item["Version"].(*types.AttributeValueMemberN).Value)
	if err != nil {
		return err
	}
	amount, err := strconv.Atoi(got.Item["Amount"].(*types.AttributeValueMemberN).Value)
	if err != nil {
		return err
	}
	_, err = client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &table, Key: order("1"),
		UpdateExpression:    aws.String("SET Version = :next, Amount = :amount"),
		ConditionExpression: aws.String("Version = :seen"),
		ExpressionAttributeValues: item{
			":seen": num(strconv.Itoa(version)), ":next": num(strconv.Itoa(version + 1)), ":amount": num(strconv.Itoa(amount + n)),
		},
	})
	return err
}

// A writer whose version is stale is told so, and by the SDK's own class.
func TestStaleVersionIsRefused(t *testing.T) {
	client := newClient(t)
	table := ordersTable(t, client)
	put(t, client, table, item{"OrderId": str("1"), "Version": num("1"), "Amount": num("0")})
	check(t, addToAmount(t.Context(), client, table, 3))
	_, err := client.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: &table, Key: order("1"),
		UpdateExpression:          aws.String("SET Version = :next"),
		ConditionExpression:       aws.String("Version = :seen"),
		ExpressionAttributeValues: item{":seen": num("1"), ":next": num("2")},
	})
	conditionFailed(t, err)
}
