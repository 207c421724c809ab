// Consumed capacity and item collection metrics.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DeleteItemCommand, GetItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { createTable, indexed, newClient } from "./gramme.js";

test("capacity of items", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const Key = { OrderId: { S: "1" } };
  const Item = { ...Key, Note: { S: "x".repeat(4100) } }; // 5 write units, 2 read units
  const common = { TableName, ReturnConsumedCapacity: "TOTAL" };
  const steps = [
    [new PutItemCommand({ ...common, Item }), 5],
    [new GetItemCommand({ ...common, Key, ConsistentRead: true }), 2],
    [new GetItemCommand({ ...common, Key }), 1],
    [new GetItemCommand({ ...common, Key: { OrderId: { S: "none" } } }), 0.5],
    [new UpdateItemCommand({ ...common, Key, UpdateExpression: "REMOVE Note" }), 5], // the larger of before and after
    [new DeleteItemCommand({ ...common, Key }), 1],
  ];
  for (const [command, CapacityUnits] of steps) {
    const { ConsumedCapacity } = await client.send(command);
    assert.deepEqual(ConsumedCapacity, { TableName, CapacityUnits });
  }
});

test("capacity of indexes", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client, indexed);
  const put = async (customer) => {
    const { ConsumedCapacity } = await client.send(
      new PutItemCommand({
        TableName, ReturnConsumedCapacity: "INDEXES",
        Item: { OrderId: { S: "1" }, Line: { S: "1" }, OrderDate: { S: "2026-11-23" }, CustomerId: { S: customer } },
      }),
    );
    return ConsumedCapacity;
  };
  const one = { CapacityUnits: 1 };
  assert.deepEqual(await put("c1"), {
    TableName, CapacityUnits: 3, Table: one, LocalSecondaryIndexes: { ByDate: one }, GlobalSecondaryIndexes: { ByCustomer: one },
  });
  assert.deepEqual(await put("c1"), { TableName, CapacityUnits: 1, Table: one });
  assert.deepEqual(await put("c2"), {
    TableName, CapacityUnits: 3, Table: one, GlobalSecondaryIndexes: { ByCustomer: { CapacityUnits: 2 } },
  });
});

test("item collection metrics come from tables with a local index", async (t) => {
  const client = newClient(t);
  const put = async (TableName, Item) =>
    (await client.send(new PutItemCommand({ TableName, Item, ReturnItemCollectionMetrics: "SIZE" }))).ItemCollectionMetrics;
  const order = { OrderId: { S: "1" } };
  assert.deepEqual(await put(await createTable(t, client, indexed), { ...order, Line: { S: "1" } }), {
    ItemCollectionKey: order, SizeEstimateRangeGB: [0, 1],
  });
  assert.equal(await put(await createTable(t, client), order), undefined);
});
