"""DynamoDB Streams: a stream read field by field, enabled anew, and its errors."""

import re
from datetime import timezone

import boto3
import pytest
from conftest import ACCOUNT, ONCE, REGION


@pytest.fixture
def streams():
    return boto3.client("dynamodbstreams", config=ONCE)


@pytest.fixture
def streamed(client, create_table):
    """A table with a stream, and the stream's ARN."""
    table = create_table(client, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    return table, client.describe_table(TableName=table)["Table"]["LatestStreamArn"]


def read_all(streams, arn):
    """All records, parents before children, and whether each shard has ended."""
    records, ended = [], True
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        page = streams.get_records(ShardIterator=iterator["ShardIterator"])
        while page["Records"]:
            records += page["Records"]
            if "NextShardIterator" not in page:
                break
            page = streams.get_records(ShardIterator=page["NextShardIterator"])
        ended = ended and "NextShardIterator" not in page
    return records, ended


def test_records(client, streams, streamed):
    table, arn = streamed
    client.put_item(TableName=table, Item={"OrderId": {"S": "1"}, "Price": {"N": "1.50"}})
    client.put_item(TableName=table, Item={"Price": {"N": "1.5"}, "OrderId": {"S": "1"}})  # the same
    client.update_item(
        TableName=table,
        Key={"OrderId": {"S": "1"}},
        UpdateExpression="SET Price = :t",
        ExpressionAttributeValues={":t": {"N": "2"}},
    )
    client.transact_write_items(TransactItems=[{"Delete": {"TableName": table, "Key": {"OrderId": {"S": "1"}}}}])
    records, ended = read_all(streams, arn)
    assert [r["eventName"] for r in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert not ended
    modified = records[1]
    assert set(modified) == {"eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb"}
    assert modified["awsRegion"] == REGION
    change = modified["dynamodb"]
    assert change["ApproximateCreationDateTime"].astimezone(timezone.utc).microsecond == 0
    assert change["Keys"] == {"OrderId": {"S": "1"}}
    assert change["OldImage"] == {"OrderId": {"S": "1"}, "Price": {"N": "1.5"}}
    assert change["NewImage"] == {"OrderId": {"S": "1"}, "Price": {"N": "2"}}
    assert re.fullmatch(r"[1-9]\d{20,39}", change["SequenceNumber"])
    assert change["SizeBytes"] == 8 + (8 + 7) + (8 + 7) + 1
    assert change["StreamViewType"] == "NEW_AND_OLD_IMAGES"


def test_enabled_anew(client, streams, streamed):
    table, first = streamed
    client.put_item(TableName=table, Item={"OrderId": {"S": "1"}})
    client.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    answer = client.update_table(
        TableName=table, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    )
    second = answer["TableDescription"]["LatestStreamArn"]
    client.put_item(TableName=table, Item={"OrderId": {"S": "2"}})
    listed = [s["StreamArn"] for s in streams.list_streams(TableName=table)["Streams"]]
    assert listed == [first, second]
    assert streams.describe_stream(StreamArn=first)["StreamDescription"]["StreamStatus"] == "DISABLED"
    old, ended = read_all(streams, first)
    assert [r["dynamodb"]["Keys"]["OrderId"]["S"] for r in old] == ["1"] and ended
    new, ended = read_all(streams, second)
    assert [r["dynamodb"]["Keys"]["OrderId"]["S"] for r in new] == ["2"] and not ended
    assert "NewImage" not in new[0]["dynamodb"]


def test_errors(streams, streamed):
    _, arn = streamed
    with pytest.raises(streams.exceptions.ResourceNotFoundException) as refused:
        streams.describe_stream(StreamArn=f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/nobody/stream/2026-01-01T00:00:00.000")
    assert "Requested resource not found: Stream: arn:aws:" in str(refused.value)
    with pytest.raises(streams.exceptions.ResourceNotFoundException, match="Shard does not exist"):
        streams.get_shard_iterator(
            StreamArn=arn, ShardId="shardId-00000000000000000001-00000001", ShardIteratorType="LATEST"
        )
    with pytest.raises(streams.exceptions.ClientError, match="ValidationException"):
        streams.get_records(ShardIterator="nothing")
