// Conditional writes, the SDK's class for a failed one, optimistic locking.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ConditionalCheckFailedException, DeleteItemCommand, PutItemCommand, UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { DeleteCommand, GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { createTable, documents, newClient } from "./gramme.js";

/** Checks that promise fails with the SDK's class for a failed condition, and returns it. */
async function conditionFailed(promise) {
  const error = await promise.then(() => assert.fail("the condition held"), (e) => e);
  assert.ok(error instanceof ConditionalCheckFailedException, `got ${error}`);
  assert.equal(error.message, "The conditional request failed");
  assert.equal(error.$metadata.httpStatusCode, 400);
  return error;
}

test("put if absent", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const doc = documents(client);
  const put = new PutCommand({
    TableName, Item: { OrderId: "1", Status: "open" }, ConditionExpression: "attribute_not_exists(OrderId)",
  });
  await doc.send(put);
  await conditionFailed(doc.send(put));
});

test("delete under a condition", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const doc = documents(client);
  const deleteIf = (status) =>
    doc.send(
      new DeleteCommand({
        TableName, Key: { OrderId: "1" }, ConditionExpression: "#s = :s",
        ExpressionAttributeNames: { "#s": "Status" }, ExpressionAttributeValues: { ":s": status },
      }),
    );
  await doc.send(new PutCommand({ TableName, Item: { OrderId: "1", Status: "open" } }));
  await conditionFailed(deleteIf("cancelled"));
  await deleteIf("open");
  assert.equal((await doc.send(new GetCommand({ TableName, Key: { OrderId: "1" } }))).Item, undefined);
});

test("a failed condition carries the item", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const stored = { OrderId: { S: "1" }, Status: { S: "open" }, Version: { N: "3" } };
  await client.send(new PutItemCommand({ TableName, Item: stored }));
  const cases = [
    ["1", "ALL_OLD", stored],
    ["1", "NONE", undefined],
    ["2", "ALL_OLD", undefined],
  ];
  for (const [id, ReturnValuesOnConditionCheckFailure, want] of cases) {
    const Key = { OrderId: { S: id } };
    const common = {
      TableName, ReturnValuesOnConditionCheckFailure,
      ConditionExpression: "Version = :seven", ExpressionAttributeValues: { ":seven": { N: "7" } },
    };
    const commands = [
      new PutItemCommand({ ...common, Item: Key }),
      new UpdateItemCommand({ ...common, Key, UpdateExpression: "SET Version = :seven" }),
      new DeleteItemCommand({ ...common, Key }),
    ];
    for (const command of commands) {
      assert.deepEqual((await conditionFailed(client.send(command))).Item, want);
    }
  }
});

// Writers that read, change, and write back under the version they read lose
// no update and see no other error than the failed condition.
test("optimistic locking", async (t) => {
  const writers = 8;
  const changesEach = 10;
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const doc = documents(client);
  const Key = { OrderId: "1" };
  await doc.send(new PutCommand({ TableName, Item: { ...Key, Version: 0, Amount: 0 } }));

  async function addToAmount(n) {
    const { Item } = await doc.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
    await doc.send(
      new UpdateCommand({
        TableName, Key,
        UpdateExpression: "SET Version = :next, Amount = :amount",
        ConditionExpression: "Version = :seen",
        ExpressionAttributeValues: { ":seen": Item.Version, ":next": Item.Version + 1, ":amount": Item.Amount + n },
      }),
    );
  }
  let conflicts = 0;
  async function writer() {
    for (let changed = 0; changed < changesEach; ) {
      try {
        await addToAmount(3);
        changed++;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        conflicts++;
      }
    }
  }
  await Promise.all(Array.from({ length: writers }, writer));
  const { Item } = await doc.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
  assert.deepEqual(Item, { ...Key, Version: writers * changesEach, Amount: writers * changesEach * 3 });
  t.diagnostic(`${writers * changesEach} changes, ${conflicts} conflicts`);
});
