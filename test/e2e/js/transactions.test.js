// TransactWriteItems and TransactGetItems: all or nothing, reasons, tokens, many clients.
import assert from "node:assert/strict";
import { test } from "node:test";
import { GetItemCommand, PutItemCommand, TransactGetItemsCommand, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { createTable, documents, newClient } from "./gramme.js";

const order = (id) => ({ OrderId: { S: id } });

/** An action that adds to what was paid of an order. */
const adding = (TableName, id, amount) => ({
  Update: {
    TableName,
    Key: order(id),
    UpdateExpression: "ADD Paid :n",
    ExpressionAttributeValues: { ":n": { N: String(amount) } },
  },
});

const read = async (client, TableName, id) =>
  (await client.send(new GetItemCommand({ TableName, Key: order(id), ConsistentRead: true }))).Item;

test("all four kinds of actions happen together", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  await client.send(new PutItemCommand({ TableName, Item: order("old") }));
  const out = await client.send(
    new TransactWriteItemsCommand({
      ReturnConsumedCapacity: "INDEXES",
      TransactItems: [
        { Put: { TableName, Item: order("new"), ConditionExpression: "attribute_not_exists(OrderId)" } },
        adding(TableName, "sum", 5),
        { Delete: { TableName, Key: order("old") } },
        { ConditionCheck: { TableName, Key: order("none"), ConditionExpression: "attribute_not_exists(OrderId)" } },
      ],
    }),
  );
  assert.deepEqual(out.ConsumedCapacity, [
    { TableName, CapacityUnits: 8, WriteCapacityUnits: 8, Table: { CapacityUnits: 8, WriteCapacityUnits: 8 } },
  ]);
  const { Responses } = await client.send(
    new TransactGetItemsCommand({
      TransactItems: ["new", "sum", "old"].map((id) => ({ Get: { TableName, Key: order(id) } })),
    }),
  );
  assert.deepEqual(
    Responses.map((r) => r.Item),
    [order("new"), { ...order("sum"), Paid: { N: "5" } }, undefined],
  );
});

test("a cancelled transaction says why, and changes nothing", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  await client.send(new PutItemCommand({ TableName, Item: order("a") }));
  const request = {
    TransactItems: [
      adding(TableName, "b", 1),
      {
        Put: {
          TableName,
          Item: order("a"),
          ConditionExpression: "attribute_not_exists(OrderId)",
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
      },
    ],
  };
  await assert.rejects(client.send(new TransactWriteItemsCommand(request)), (err) => {
    assert.equal(err.name, "TransactionCanceledException");
    assert.deepEqual(err.CancellationReasons, [
      { Code: "None" },
      { Code: "ConditionalCheckFailed", Message: "The conditional request failed", Item: order("a") },
    ]);
    return true;
  });
  assert.equal(await read(client, TableName, "b"), undefined);
});

test("a token makes a request happen once", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const request = (n) => ({ ClientRequestToken: `token of ${TableName}`.slice(0, 36), TransactItems: [adding(TableName, "a", n)] });
  await client.send(new TransactWriteItemsCommand(request(5)));
  await client.send(new TransactWriteItemsCommand(request(5)));
  assert.deepEqual(await read(client, TableName, "a"), { ...order("a"), Paid: { N: "5" } });
  await assert.rejects(client.send(new TransactWriteItemsCommand(request(6))), {
    name: "IdempotentParameterMismatchException",
  });
});

test("many clients at once lose nothing", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const document = documents(client);
  const add = (OrderId) => ({
    Update: { TableName, Key: { OrderId }, UpdateExpression: "ADD Paid :n", ExpressionAttributeValues: { ":n": 1 } },
  });
  const work = async () => {
    for (let done = 0; done < 10; ) {
      try {
        await document.send(new TransactWriteCommand({ TransactItems: [add("a"), add("b")] }));
        done++;
      } catch (err) {
        assert.equal(err.name, "TransactionCanceledException");
      }
    }
  };
  await Promise.all(Array.from({ length: 5 }, work));
  for (const id of ["a", "b"]) assert.equal((await read(client, TableName, id)).Paid.N, "50");
});
