package e2e

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streams "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
	"github.com/aws/smithy-go"

	"github.com/gramme-db/gramme/test/process"
)

// newStreams returns a client of streams as a program on AWS makes one.
func newStreams(t *testing.T) *dynamodbstreams.Client {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context())
	check(t, err)
	return dynamodbstreams.NewFromConfig(cfg)
}

// streamedTable is ordersTable with a stream, whose ARN it returns too.
func streamedTable(t *testing.T, client *dynamodb.Client) (table, stream string) {
	t.Helper()
	table = createTable(t, client, &dynamodb.CreateTableInput{
		TableName:            aws.String(tableName(t)),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: definitions("OrderId"),
		KeySchema:            keySchema("OrderId"),
		StreamSpecification:  &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeNewAndOldImages},
	})
	out, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &table})
	check(t, err)
	return table, *out.Table.LatestStreamArn
}

// onlyShard returns the one shard of a stream.
func onlyShard(t *testing.T, client *dynamodbstreams.Client, stream string) streams.Shard {
	t.Helper()
	out, err := client.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: &stream})
	check(t, err)
	equal(t, "shards", len(out.StreamDescription.Shards), 1)
	return out.StreamDescription.Shards[0]
}

func shardIterator(t *testing.T, client *dynamodbstreams.Client, stream, shard string, kind streams.ShardIteratorType) *string {
	t.Helper()
	out, err := client.GetShardIterator(t.Context(), &dynamodbstreams.GetShardIteratorInput{StreamArn: &stream, ShardId: &shard, ShardIteratorType: kind})
	check(t, err)
	return out.ShardIterator
}

// TestStream goes through a stream as AWS's guide does, field by field.
func TestStream(t *testing.T) {
	client, reader := newClient(t), newStreams(t)
	table, stream := streamedTable(t, client)

	listed, err := reader.ListStreams(t.Context(), &dynamodbstreams.ListStreamsInput{TableName: &table})
	check(t, err)
	equal(t, "streams", len(listed.Streams), 1)
	equal(t, "its ARN", *listed.Streams[0].StreamArn, stream)
	equal(t, "its label", "arn:aws:dynamodb:"+process.Region+":"+process.Account+":table/"+table+"/stream/"+*listed.Streams[0].StreamLabel, stream)

	described, err := reader.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: &stream})
	check(t, err)
	d := described.StreamDescription
	equal(t, "status", d.StreamStatus, streams.StreamStatusEnabled)
	equal(t, "view", d.StreamViewType, streams.StreamViewTypeNewAndOldImages)
	equal(t, "key", *d.KeySchema[0].AttributeName, "OrderId")
	equal(t, "created lately", time.Since(*d.CreationRequestDateTime) < time.Minute, true)
	shard := onlyShard(t, reader, stream)
	matches(t, "shard", *shard.ShardId, `^shardId-\d{20}-[0-9a-f]{8}$`)

	latest := shardIterator(t, reader, stream, *shard.ShardId, streams.ShardIteratorTypeLatest)
	put(t, client, table, order("1"))
	put(t, client, table, item{"OrderId": str("1"), "Note": str("n")})
	_, err = client.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &table, Key: order("1")})
	check(t, err)

	out, err := reader.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: latest})
	check(t, err)
	equal(t, "records", len(out.Records), 3)
	equal(t, "an iterator to go on with", out.NextShardIterator != nil, true)
	for i, name := range []streams.OperationType{streams.OperationTypeInsert, streams.OperationTypeModify, streams.OperationTypeRemove} {
		equal(t, "event", out.Records[i].EventName, name)
	}
	r := out.Records[1]
	matches(t, "event id", *r.EventID, `^[0-9a-f]{32}$`)
	equal(t, "version", *r.EventVersion, "1.1")
	equal(t, "source", *r.EventSource, "aws:dynamodb")
	equal(t, "region", *r.AwsRegion, process.Region)
	equal(t, "identity", r.UserIdentity == nil, true)
	matches(t, "sequence number", *r.Dynamodb.SequenceNumber, `^[1-9]\d{20,39}$`)
	equal(t, "view", r.Dynamodb.StreamViewType, streams.StreamViewTypeNewAndOldImages)
	equal(t, "size", *r.Dynamodb.SizeBytes, int64(8+8+8+5))
	equal(t, "whole seconds", r.Dynamodb.ApproximateCreationDateTime.Nanosecond(), 0)
	equal(t, "key", r.Dynamodb.Keys["OrderId"].(*streams.AttributeValueMemberS).Value, "1")
	equal(t, "new image", r.Dynamodb.NewImage["Note"].(*streams.AttributeValueMemberS).Value, "n")
	equal(t, "old image", len(r.Dynamodb.OldImage), 1)
	equal(t, "no new image of a REMOVE", out.Records[2].Dynamodb.NewImage == nil, true)
	equal(t, "no old image of an INSERT", out.Records[0].Dynamodb.OldImage == nil, true)

	at, err := reader.GetShardIterator(t.Context(), &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &stream, ShardId: shard.ShardId, ShardIteratorType: streams.ShardIteratorTypeAtSequenceNumber, SequenceNumber: r.Dynamodb.SequenceNumber,
	})
	check(t, err)
	again, err := reader.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: at.ShardIterator, Limit: aws.Int32(1)})
	check(t, err)
	equal(t, "the same record", *again.Records[0].EventID, *r.EventID)
}

func matches(t *testing.T, what, got, pattern string) {
	t.Helper()
	if !regexp.MustCompile(pattern).MatchString(got) {
		t.Errorf("%s: %q, want one like %s", what, got, pattern)
	}
}

// TestStreamEnds reads a disabled stream to its end.
func TestStreamEnds(t *testing.T) {
	client, reader := newClient(t), newStreams(t)
	table, stream := streamedTable(t, client)
	put(t, client, table, order("1"))
	_, err := client.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{
		TableName: &table, StreamSpecification: &types.StreamSpecification{StreamEnabled: aws.Bool(false)},
	})
	check(t, err)
	put(t, client, table, order("2"))
	shard := onlyShard(t, reader, stream)
	equal(t, "closed", shard.SequenceNumberRange.EndingSequenceNumber != nil, true)
	out, err := reader.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{
		ShardIterator: shardIterator(t, reader, stream, *shard.ShardId, streams.ShardIteratorTypeTrimHorizon),
	})
	check(t, err)
	equal(t, "records", len(out.Records), 1)
	equal(t, "no iterator", out.NextShardIterator == nil, true)
}

// TestStreamErrors checks that the SDK makes its own types of the refusals.
func TestStreamErrors(t *testing.T) {
	client, reader := newClient(t), newStreams(t)
	_, stream := streamedTable(t, client)
	_, err := reader.DescribeStream(t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: aws.String(stream + "0")})
	var unknown *streams.ResourceNotFoundException
	equal(t, "unknown stream", errors.As(err, &unknown), true)
	iterator := *shardIterator(t, reader, stream, *onlyShard(t, reader, stream).ShardId, streams.ShardIteratorTypeLatest)
	altered := strings.Replace(iterator, "|1|A", "|1|B", 1)
	_, err = reader.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: &altered})
	var refused smithy.APIError
	equal(t, "altered iterator", errors.As(err, &refused) && refused.ErrorCode() == "ValidationException", true)
	_, err = reader.GetRecords(t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: &iterator, Limit: aws.Int32(1001)})
	var limit *streams.LimitExceededException
	equal(t, "too many records", errors.As(err, &limit), true)
}
