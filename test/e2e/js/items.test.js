// Items: round trips, put, get, update, delete, what they return, the old parameters.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DeleteItemCommand, GetItemCommand, PutItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { DeleteCommand, GetCommand, NumberValue, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { createTable, documents, newClient } from "./gramme.js";

const bytes = (...b) => Uint8Array.from(b);

/** Sets have no order: put their members in one. */
function sortSets(item) {
  for (const value of Object.values(item)) {
    value.SS?.sort();
    value.NS?.sort();
    value.BS?.sort(Buffer.compare);
  }
  return item;
}

test("all ten attribute types come back", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const Item = {
    OrderId: { S: "types" },
    S: { S: 'Grüße, 世界 🚲 " \\ \u0000\u001f' },
    SEmpty: { S: "" },
    N: { N: "12345678901234567890123456789012345678" },
    NSmall: { N: "-0.00000000000000000000000000000000000000000000000012345" },
    B: { B: bytes(0, 1, 2, 0xfe, 0xff) },
    SS: { SS: ["a", "b", "ü"] },
    NS: { NS: ["-1", "0", "98765432109876543210987654321098765432"] },
    BS: { BS: [bytes(0), bytes(0, 0), bytes(255)] },
    BOOL: { BOOL: true },
    NULL: { NULL: true },
    L: { L: [{ N: "1" }, { S: "two" }, { L: [] }] },
    M: { M: { deep: { M: { er: { BOOL: false } } }, none: { M: {} } } },
  };
  await client.send(new PutItemCommand({ TableName, Item }));
  const got = await client.send(new GetItemCommand({ TableName, Key: { OrderId: { S: "types" } }, ConsistentRead: true }));
  assert.deepEqual(sortSets(got.Item), Item);
});

test("documents come back as JavaScript values", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const doc = documents(client);
  const Item = {
    OrderId: "1",
    Amount: 1234.56,
    Paid: false,
    Refund: null,
    Tags: new Set(["gift"]),
    Photo: bytes(1, 2, 3),
    Articles: [{ name: "lamp", quantity: 2 }, { name: "bulb", quantity: 6 }],
    Address: { City: "Ulm", Zip: "89073" },
  };
  await doc.send(new PutCommand({ TableName, Item }));
  const got = await doc.send(new GetCommand({ TableName, Key: { OrderId: "1" } }));
  assert.deepEqual(got.Item, Item);
});

test("numbers of 38 digits survive a document client that wraps them", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const doc = documents(client, { unmarshallOptions: { wrapNumbers: true } });
  const exact = "0.12345678901234567890123456789012345678";
  await doc.send(new PutCommand({ TableName, Item: { OrderId: "1", Amount: NumberValue.from(exact) } }));
  const got = await doc.send(new GetCommand({ TableName, Key: { OrderId: "1" } }));
  assert.equal(got.Item.Amount.toString(), exact);
});

test("numbers come back in canonical form", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const forms = [["1.0", "1"], ["01", "1"], ["+1", "1"], [".1E1", "1"], ["1.50e-3", "0.0015"], ["-0", "0"], ["1e3", "1000"]];
  for (const [given, want] of forms) {
    await client.send(new PutItemCommand({ TableName, Item: { OrderId: { S: "n" }, Amount: { N: given } } }));
    const got = await client.send(new GetItemCommand({ TableName, Key: { OrderId: { S: "n" } } }));
    assert.equal(got.Item.Amount.N, want, given);
  }
});

test("put replaces, delete removes, both return the old item", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const doc = documents(client);
  const Key = { OrderId: "1" };
  const first = { OrderId: "1", Status: "open", Note: "ring twice" };
  const second = { OrderId: "1", Status: "sent" };
  const ReturnValues = "ALL_OLD";

  assert.equal((await doc.send(new GetCommand({ TableName, Key }))).Item, undefined);
  assert.equal((await doc.send(new PutCommand({ TableName, Item: first, ReturnValues }))).Attributes, undefined);
  assert.deepEqual((await doc.send(new PutCommand({ TableName, Item: second, ReturnValues }))).Attributes, first);
  assert.deepEqual((await doc.send(new GetCommand({ TableName, Key }))).Item, second);
  assert.deepEqual((await doc.send(new DeleteCommand({ TableName, Key, ReturnValues }))).Attributes, second);
  assert.equal((await doc.send(new DeleteCommand({ TableName, Key, ReturnValues }))).Attributes, undefined);
});

test("an update expression changes what it names", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const doc = documents(client);
  await doc.send(
    new PutCommand({
      TableName,
      Item: {
        OrderId: "1", Status: "open", Version: 1, Note: "x", Articles: ["lamp", "bulb", "wire"],
        Tags: new Set(["gift", "fragile"]), Address: { City: "Ulm", Zip: "89073" },
      },
    }),
  );
  const updated = await doc.send(
    new UpdateCommand({
      TableName,
      Key: { OrderId: "1" },
      UpdateExpression:
        "SET #s = :sent, Version = Version + :one, Address.City = :city, Articles = list_append(Articles, :more), " +
        "Amount = if_not_exists(Amount, :zero) REMOVE Note, Address.Zip ADD Points :five DELETE Tags :gift",
      ExpressionAttributeNames: { "#s": "Status" },
      ExpressionAttributeValues: {
        ":sent": "sent", ":one": 1, ":city": "Bonn", ":more": ["fuse"], ":zero": 0, ":five": 5, ":gift": new Set(["gift"]),
      },
      ReturnValues: "ALL_NEW",
    }),
  );
  assert.deepEqual(updated.Attributes, {
    OrderId: "1", Status: "sent", Version: 2, Amount: 0, Points: 5, Articles: ["lamp", "bulb", "wire", "fuse"],
    Tags: new Set(["fragile"]), Address: { City: "Bonn" },
  });
});

test("update returns what ReturnValues asks for", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const doc = documents(client);
  const before = { OrderId: "1", Status: "open", Version: 1 };
  const wanted = {
    NONE: undefined,
    ALL_OLD: before,
    ALL_NEW: { ...before, Version: 2 },
    UPDATED_OLD: { Version: 1 },
    UPDATED_NEW: { Version: 2 },
  };
  for (const [ReturnValues, want] of Object.entries(wanted)) {
    await doc.send(new PutCommand({ TableName, Item: before }));
    const updated = await doc.send(
      new UpdateCommand({
        TableName, Key: { OrderId: "1" }, ReturnValues,
        UpdateExpression: "ADD Version :one", ExpressionAttributeValues: { ":one": 1 },
      }),
    );
    assert.deepEqual(updated.Attributes, want, ReturnValues);
  }
});

test("the parameters from before expressions work", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const Key = { OrderId: { S: "1" } };
  await client.send(
    new PutItemCommand({ TableName, Item: { ...Key, Status: { S: "open" }, Note: { S: "x" }, Version: { N: "1" } } }),
  );
  const updated = await client.send(
    new UpdateItemCommand({
      TableName, Key,
      AttributeUpdates: {
        Status: { Action: "PUT", Value: { S: "sent" } },
        Version: { Action: "ADD", Value: { N: "1" } },
        Note: { Action: "DELETE" },
      },
      Expected: {
        Version: { Value: { N: "1" } },
        Status: { ComparisonOperator: "BEGINS_WITH", AttributeValueList: [{ S: "op" }] },
        Refund: { Exists: false },
      },
      ReturnValues: "ALL_NEW",
    }),
  );
  assert.deepEqual(updated.Attributes, { ...Key, Status: { S: "sent" }, Version: { N: "2" } });

  const got = await client.send(new GetItemCommand({ TableName, Key, AttributesToGet: ["Version", "Nothing"] }));
  assert.deepEqual(got.Item, { Version: { N: "2" } });

  await assert.rejects(
    client.send(
      new DeleteItemCommand({
        TableName, Key, ConditionalOperator: "OR",
        Expected: { Version: { Value: { N: "7" } }, Status: { Value: { S: "open" } } },
      }),
    ),
    { name: "ConditionalCheckFailedException" },
  );
});
