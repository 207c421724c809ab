// DynamoDB Streams: a stream read field by field, to its end, and its errors.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  PutItemCommand,
  UpdateTableCommand,
} from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-dynamodb-streams";
import { createTable, newClient, region } from "./gramme.js";

/** Clients, a table with a stream, and the stream's ARN. */
async function streamed(t, StreamViewType = "NEW_AND_OLD_IMAGES") {
  const client = newClient(t);
  const streams = new DynamoDBStreamsClient({});
  t.after(() => streams.destroy());
  const TableName = await createTable(t, client, { StreamSpecification: { StreamEnabled: true, StreamViewType } });
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  return { client, streams, TableName, StreamArn: Table.LatestStreamArn };
}

/** Reads the stream's shards, parents before children, as far as they go. */
async function readAll(streams, StreamArn) {
  const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn }));
  const records = [];
  let open = 0;
  for (const { ShardId } of StreamDescription.Shards) {
    const begin = await streams.send(
      new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" }),
    );
    let ShardIterator = begin.ShardIterator;
    for (let more = true; more && ShardIterator; ) {
      const page = await streams.send(new GetRecordsCommand({ ShardIterator, Limit: 2 }));
      records.push(...page.Records);
      more = page.Records.length > 0;
      ShardIterator = page.NextShardIterator;
    }
    if (ShardIterator) open++;
  }
  return { records, open };
}

test("a record, field by field", async (t) => {
  const { client, streams, TableName, StreamArn } = await streamed(t);
  await client.send(new PutItemCommand({ TableName, Item: { OrderId: { S: "1" }, Cover: { B: new Uint8Array([0, 1]) } } }));
  await client.send(new PutItemCommand({ TableName, Item: { OrderId: { S: "1" }, Paid: { BOOL: true } } }));
  await client.send(new DeleteItemCommand({ TableName, Key: { OrderId: { S: "1" } } }));
  await client.send(new DeleteItemCommand({ TableName, Key: { OrderId: { S: "1" } } })); // nothing any more
  const { records, open } = await readAll(streams, StreamArn);
  assert.equal(open, 1);
  assert.deepEqual(
    records.map((r) => r.eventName),
    ["INSERT", "MODIFY", "REMOVE"],
  );
  const { eventID, dynamodb, ...rest } = records[1];
  assert.deepEqual(rest, { eventName: "MODIFY", eventVersion: "1.1", eventSource: "aws:dynamodb", awsRegion: region });
  assert.match(eventID, /^[0-9a-f]{32}$/);
  const { SequenceNumber, ApproximateCreationDateTime, ...change } = dynamodb;
  assert.match(SequenceNumber, /^[1-9]\d{20,39}$/);
  assert.equal(ApproximateCreationDateTime.getMilliseconds(), 0);
  assert.ok(Date.now() - ApproximateCreationDateTime < 60_000);
  assert.deepEqual(change, {
    Keys: { OrderId: { S: "1" } },
    NewImage: { OrderId: { S: "1" }, Paid: { BOOL: true } },
    OldImage: { OrderId: { S: "1" }, Cover: { B: new Uint8Array([0, 1]) } },
    SizeBytes: 8 + 13 + 15,
    StreamViewType: "NEW_AND_OLD_IMAGES",
  });
});

test("batches, and a stream that is disabled", async (t) => {
  const { client, streams, TableName, StreamArn } = await streamed(t, "KEYS_ONLY");
  const ids = ["1", "2", "3", "4", "5"];
  const puts = ids.map((id) => ({ PutRequest: { Item: { OrderId: { S: id }, Note: { S: "n" } } } }));
  await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: puts } }));
  await client.send(new UpdateTableCommand({ TableName, StreamSpecification: { StreamEnabled: false } }));
  const { records, open } = await readAll(streams, StreamArn);
  assert.equal(open, 0);
  assert.deepEqual(records.map((r) => r.dynamodb.Keys.OrderId.S).sort(), ids);
  assert.ok(records.every((r) => r.dynamodb.NewImage === undefined && r.dynamodb.StreamViewType === "KEYS_ONLY"));
  const { Streams } = await streams.send(new ListStreamsCommand({ TableName }));
  assert.deepEqual(
    Streams.map((s) => s.StreamArn),
    [StreamArn],
  );
});

test("refusals have the SDK's types", async (t) => {
  const { streams, StreamArn } = await streamed(t);
  await assert.rejects(streams.send(new DescribeStreamCommand({ StreamArn: `${StreamArn}0` })), ResourceNotFoundException);
  await assert.rejects(streams.send(new GetRecordsCommand({ ShardIterator: "nothing" })), { name: "ValidationException" });
});
