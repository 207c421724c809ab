package streams

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	leaseTTL   = time.Second           // how long a lease that is not renewed is its owner's
	leasePause = 20 * time.Millisecond // between looks for leases that are free

	// Checkpoints that are no sequence numbers, as the library's.
	trimHorizon = "TRIM_HORIZON"
	shardEnd    = "SHARD_END"
)

// lease is a row of the lease table: who reads a shard, and how far it has come.
type lease struct {
	shard      string
	owner      string
	checkpoint string
	renewed    int64 // milliseconds since 1970; with the owner it tells whether the row was changed by somebody else
}

func (l *lease) free(now time.Time) bool {
	return l.owner == "" || now.UnixMilli()-l.renewed > leaseTTL.Milliseconds()
}

func listLeases(ctx context.Context, db *dynamodb.Client) ([]lease, error) {
	var all []lease
	pages := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{TableName: aws.String(leaseTable), ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			l := lease{shard: text(item["ShardId"]), owner: text(item["Owner"]), checkpoint: text(item["Checkpoint"])}
			if l.renewed, err = strconv.ParseInt(item["Renewed"].(*types.AttributeValueMemberN).Value, 10, 64); err != nil {
				return nil, err
			}
			all = append(all, l)
		}
	}
	return all, nil
}

func text(v types.AttributeValue) string { return v.(*types.AttributeValueMemberS).Value }

func (l *lease) item() map[string]types.AttributeValue {
	return map[string]types.AttributeValue{
		"ShardId":    &types.AttributeValueMemberS{Value: l.shard},
		"Owner":      &types.AttributeValueMemberS{Value: l.owner},
		"Checkpoint": &types.AttributeValueMemberS{Value: l.checkpoint},
		"Renewed":    &types.AttributeValueMemberN{Value: strconv.FormatInt(l.renewed, 10)},
	}
}

// makeLease makes the lease of a shard that has none.
func makeLease(ctx context.Context, db *dynamodb.Client, shard string) error {
	l := lease{shard: shard, checkpoint: trimHorizon}
	_, err := db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String(leaseTable), Item: l.item(), ConditionExpression: aws.String("attribute_not_exists(ShardId)"),
	})
	if refused(err) {
		return nil
	}
	return err
}

// take makes a lease that was read before the worker's, if nobody was faster.
func (l *lease) take(ctx context.Context, db *dynamodb.Client, owner string, now time.Time) (taken bool, err error) {
	was := *l
	l.owner, l.renewed = owner, now.UnixMilli()
	return l.replace(ctx, db, &was)
}

// save saves the checkpoint and renews the lease, if it is still the owner's.
func (l *lease) save(ctx context.Context, db *dynamodb.Client, now time.Time) (kept bool, err error) {
	was := *l
	l.renewed = now.UnixMilli()
	return l.replace(ctx, db, &was)
}

// replace puts a lease in the place of what it was. When the answer does not
// come the caller does not know, and tries again: so what it would write is
// taken for what was.
func (l *lease) replace(ctx context.Context, db *dynamodb.Client, was *lease) (done bool, err error) {
	_, err = db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: aws.String(leaseTable), Item: l.item(),
		ConditionExpression:      aws.String("#o = :owner AND (Renewed = :was OR #o = :me)"),
		ExpressionAttributeNames: map[string]string{"#o": "Owner"},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":owner": &types.AttributeValueMemberS{Value: was.owner},
			":me":    &types.AttributeValueMemberS{Value: l.owner},
			":was":   was.item()["Renewed"],
		},
	})
	if refused(err) {
		return false, nil
	}
	return err == nil, err
}

func refused(err error) bool {
	var e *types.ConditionalCheckFailedException
	return errors.As(err, &e)
}
