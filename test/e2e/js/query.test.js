// Query and Scan: pages, ranges, filters, indexes, parallel scans.
import assert from "node:assert/strict";
import { test } from "node:test";
import { paginateQuery, paginateScan, PutItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";
import { paginateQuery as paginateDocuments } from "@aws-sdk/lib-dynamodb";
import { createTable, documents, indexed, newClient } from "./gramme.js";

const numbered = (prefix, from, to) =>
  Array.from({ length: to - from }, (_, n) => prefix + String(from + n).padStart(3, "0"));

/** Puts lines of one order, each with a date and a customer, the dates the other way round than the lines. */
async function fillOrders(client, TableName, id, lines) {
  for (let n = 0; n < lines; n++) {
    const Item = {
      OrderId: { S: id },
      Line: { S: String(n).padStart(3, "0") },
      OrderDate: { S: `2026-${String(lines - n).padStart(3, "0")}` },
      CustomerId: { S: `c${n % 3}` },
      Note: { S: `note ${n}` },
    };
    await client.send(new PutItemCommand({ TableName, Item }));
  }
}

/** A query for the items of one partition key. */
const of = (TableName, attribute, value) => ({
  TableName,
  KeyConditionExpression: `${attribute} = :v`,
  ExpressionAttributeValues: { ":v": { S: value } },
});

/** All pages of a query. The SDK's paginator writes to the input it is given, so it gets one of its own. */
const queryPages = (client, pageSize, input) => paginateQuery({ client, pageSize }, { ...input });

/** All pages: the values of an attribute, and how many pages there were. */
async function all(pages, attribute) {
  const found = { values: [], pages: 0 };
  for await (const page of pages) {
    found.values.push(...page.Items.map((item) => item[attribute].S ?? item[attribute]));
    found.pages++;
  }
  return found;
}

test("a query comes page by page, in both directions", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client, indexed);
  await fillOrders(client, TableName, "o-1", 25);
  await fillOrders(client, TableName, "o-2", 3);
  const query = of(TableName, "OrderId", "o-1");
  const lines = numbered("", 0, 25);

  assert.deepEqual(await all(queryPages(client, undefined, query), "Line"), { values: lines, pages: 1 });
  assert.deepEqual(await all(queryPages(client, 10, query), "Line"), { values: lines, pages: 3 });
  const backwards = { ...query, ScanIndexForward: false };
  assert.deepEqual(await all(queryPages(client, 5, backwards), "Line"), {
    values: lines.toReversed(),
    pages: 6, // the last one is empty
  });
});

test("a range of the sort key, a filter and a projection", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client, indexed);
  await fillOrders(client, TableName, "o-1", 25);
  const got = await client.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: "OrderId = :id AND #line BETWEEN :from AND :to",
      FilterExpression: "CustomerId = :customer",
      ProjectionExpression: "#line, Note",
      ExpressionAttributeNames: { "#line": "Line" },
      ExpressionAttributeValues: {
        ":id": { S: "o-1" },
        ":from": { S: "010" },
        ":to": { S: "019" },
        ":customer": { S: "c1" },
      },
    }),
  );
  assert.deepEqual(
    got.Items,
    ["010", "013", "016", "019"].map((line) => ({ Line: { S: line }, Note: { S: `note ${Number(line)}` } })),
  );
  assert.deepEqual([got.Count, got.ScannedCount], [4, 10]);
});

test("local and global indexes", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client, indexed);
  await fillOrders(client, TableName, "o-1", 12);
  await fillOrders(client, TableName, "o-2", 12);

  const local = { ...of(TableName, "OrderId", "o-1"), IndexName: "ByDate" };
  const dates = numbered("2026-", 1, 13);
  assert.deepEqual(await all(queryPages(client, 5, local), "OrderDate"), { values: dates, pages: 3 });
  const whole = await client.send(new QueryCommand({ ...local, Select: "ALL_ATTRIBUTES", Limit: 1 }));
  assert.equal(whole.Items[0].Note.S, "note 11"); // which the index does not hold

  const global = { ...of(TableName, "CustomerId", "c1"), IndexName: "ByCustomer" };
  assert.deepEqual(await all(queryPages(client, 3, global), "OrderId"), {
    values: [...Array(4).fill("o-1"), ...Array(4).fill("o-2")],
    pages: 3,
  });
  await assert.rejects(client.send(new QueryCommand({ ...global, ConsistentRead: true })), {
    name: "ValidationException",
    message: "Consistent reads are not supported on global secondary indexes",
  });
});

test("documents come page by page", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client, indexed);
  await fillOrders(client, TableName, "o-1", 7);
  const query = {
    TableName,
    KeyConditionExpression: "OrderId = :id AND begins_with(Line, :p)",
    ExpressionAttributeValues: { ":id": "o-1", ":p": "00" },
  };
  const found = await all(paginateDocuments({ client: documents(client), pageSize: 3 }, query), "Line");
  assert.deepEqual(found, { values: numbered("", 0, 7), pages: 3 });
});

test("a scan comes page by page, whole or in segments", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const ids = numbered("o-", 0, 50);
  for (const id of ids) {
    await client.send(new PutItemCommand({ TableName, Item: { OrderId: { S: id } } }));
  }
  const whole = await all(paginateScan({ client, pageSize: 7 }, { TableName }), "OrderId");
  assert.deepEqual(whole.values.sort(), ids);

  const TotalSegments = 4;
  const parts = await Promise.all(
    [0, 1, 2, 3].map((Segment) => all(paginateScan({ client, pageSize: 7 }, { TableName, Segment, TotalSegments }), "OrderId")),
  );
  assert.deepEqual(parts.flatMap((part) => part.values).sort(), ids);
});
