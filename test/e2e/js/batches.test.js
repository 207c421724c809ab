// BatchWriteItem and BatchGetItem, with typed attributes and with documents.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BatchGetItemCommand, BatchWriteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { BatchGetCommand, BatchWriteCommand } from "@aws-sdk/lib-dynamodb";
import { createTable, documents, indexed, newClient } from "./gramme.js";

const order = (id) => ({ OrderId: { S: id } });

/** Reads until no key is left, as AWS tells its users to do: the items of a table, and how many calls it took. */
async function getAll(client, TableName, settings) {
  const got = { items: [], calls: 0 };
  for (let left = { [TableName]: settings }; Object.keys(left).length > 0; got.calls++) {
    const answer = await client.send(new BatchGetCommand({ RequestItems: left }));
    got.items.push(...answer.Responses[TableName]);
    left = answer.UnprocessedKeys;
  }
  return got;
}

test("puts and deletions in two tables, and reads of both", async (t) => {
  const client = newClient(t);
  const orders = await createTable(t, client);
  const lines = await createTable(t, client, indexed);
  await client.send(new PutItemCommand({ TableName: orders, Item: order("old") }));
  const line = { ...order("1"), Line: { S: "1" }, OrderDate: { S: "2026-11-23" }, CustomerId: { S: "c" } };
  const written = await client.send(
    new BatchWriteItemCommand({
      RequestItems: {
        [orders]: [{ PutRequest: { Item: order("new") } }, { DeleteRequest: { Key: order("old") } }],
        [lines]: [{ PutRequest: { Item: line } }],
      },
      ReturnConsumedCapacity: "INDEXES",
      ReturnItemCollectionMetrics: "SIZE",
    }),
  );
  assert.deepEqual(written.UnprocessedItems, {});
  assert.deepEqual(written.ConsumedCapacity, [
    { TableName: orders, CapacityUnits: 2, Table: { CapacityUnits: 2 } },
    {
      TableName: lines,
      CapacityUnits: 3,
      Table: { CapacityUnits: 1 },
      LocalSecondaryIndexes: { ByDate: { CapacityUnits: 1 } },
      GlobalSecondaryIndexes: { ByCustomer: { CapacityUnits: 1 } },
    },
  ]);
  assert.deepEqual(written.ItemCollectionMetrics, {
    [lines]: [{ ItemCollectionKey: order("1"), SizeEstimateRangeGB: [0, 1] }],
  });

  const read = await client.send(
    new BatchGetItemCommand({
      RequestItems: {
        [orders]: { Keys: [order("new"), order("old")], ConsistentRead: true },
        [lines]: { Keys: [{ ...order("1"), Line: { S: "1" } }], ProjectionExpression: "#c", ExpressionAttributeNames: { "#c": "CustomerId" } },
      },
      ReturnConsumedCapacity: "TOTAL",
    }),
  );
  assert.deepEqual(read.Responses, { [orders]: [order("new")], [lines]: [{ CustomerId: { S: "c" } }] });
  assert.deepEqual(read.UnprocessedKeys, {});
  assert.deepEqual(read.ConsumedCapacity, [
    { TableName: orders, CapacityUnits: 2 },
    { TableName: lines, CapacityUnits: 0.5 },
  ]);
});

test("documents, more than one answer holds", async (t) => {
  const client = documents(newClient(t));
  const TableName = await createTable(t, client);
  const ids = Array.from({ length: 50 }, (_, n) => `o-${n}`);
  const Note = "n".repeat(399_000);
  for (const some of [ids.slice(0, 25), ids.slice(25)]) {
    const RequestItems = { [TableName]: some.map((OrderId) => ({ PutRequest: { Item: { OrderId, Note } } })) };
    const { UnprocessedItems } = await client.send(new BatchWriteCommand({ RequestItems }));
    assert.deepEqual(UnprocessedItems, {});
  }
  const Keys = ids.map((OrderId) => ({ OrderId }));
  const whole = await getAll(client, TableName, { Keys, ConsistentRead: true });
  assert.equal(whole.calls, 2);
  assert.deepEqual(new Set(whole.items.map((item) => item.OrderId)), new Set(ids));
  const part = await getAll(client, TableName, { Keys, AttributesToGet: ["OrderId"] });
  assert.equal(part.calls, 1);
  assert.deepEqual(new Set(part.items.map((item) => item.OrderId)), new Set(ids));
});

test("a batch that is refused writes nothing", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const twice = { [TableName]: [{ PutRequest: { Item: order("1") } }, { DeleteRequest: { Key: order("1") } }] };
  await assert.rejects(client.send(new BatchWriteItemCommand({ RequestItems: twice })), {
    name: "ValidationException",
    message: "Provided list of item keys contains duplicates",
  });
  const elsewhere = { [TableName]: [{ PutRequest: { Item: order("1") } }], NoSuchTable: [{ PutRequest: { Item: order("1") } }] };
  await assert.rejects(client.send(new BatchWriteItemCommand({ RequestItems: elsewhere })), {
    name: "ResourceNotFoundException",
    message: "Requested resource not found",
  });
  const read = await client.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [order("1")] } } }));
  assert.deepEqual(read.Responses, { [TableName]: [] });
});
