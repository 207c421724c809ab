// Time to live: enabling it, items that expire, refusals.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DescribeTimeToLiveCommand, UpdateTimeToLiveCommand } from "@aws-sdk/client-dynamodb";
import { GetCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { createTable, documents, newClient } from "./gramme.js";

const AttributeName = "ExpiresAt";
const update = (client, TableName, Enabled, changes = {}) =>
  client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { AttributeName, Enabled, ...changes } }));

/** Waits until an item has expired. */
async function untilGone(client, TableName, Key) {
  const end = Date.now() + 30_000;
  while ((await client.send(new GetCommand({ TableName, Key, ConsistentRead: true }))).Item) {
    assert.ok(Date.now() < end, `${JSON.stringify(Key)} has not expired`);
  }
}

test("items expire, and a saved one lives on", async (t) => {
  const client = newClient(t);
  const docs = documents(client);
  const TableName = await createTable(t, client);
  const now = Math.floor(Date.now() / 1000);
  const put = (OrderId, ExpiresAt) => docs.send(new PutCommand({ TableName, Item: { OrderId, ExpiresAt } }));
  await put("older", now - 60);

  assert.deepEqual((await update(client, TableName, true)).TimeToLiveSpecification, { AttributeName, Enabled: true });
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  assert.deepEqual(TimeToLiveDescription, { TimeToLiveStatus: "ENABLED", AttributeName });
  await untilGone(docs, TableName, { OrderId: "older" });

  await put("saved", now + 3600);
  await put("soon", now + 1);
  await docs.send(new UpdateCommand({ TableName, Key: { OrderId: "saved" }, UpdateExpression: "REMOVE ExpiresAt" }));
  await untilGone(docs, TableName, { OrderId: "soon" });
  const { Item } = await docs.send(new GetCommand({ TableName, Key: { OrderId: "saved" } }));
  assert.deepEqual(Item, { OrderId: "saved" });
});

test("a change that is none, or comes too soon, is refused", async (t) => {
  const client = newClient(t, { maxAttempts: 1 });
  const TableName = await createTable(t, client);
  const refused = (message, ...change) =>
    assert.rejects(update(client, TableName, ...change), { name: "ValidationException", message });
  await refused("TimeToLive is already disabled", false);
  await update(client, TableName, true);
  await refused("TimeToLive is already enabled", true);
  await refused("TimeToLive is active on a different AttributeName: current AttributeName is ExpiresAt", true, { AttributeName: "x" });
  await refused("Time to live has been modified multiple times within a fixed interval", false);
});
