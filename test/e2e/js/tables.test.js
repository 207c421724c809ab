// Tables: their life, what DescribeTable says, lists in pages, tags, changes.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateTableCommand, DeleteTableCommand, DescribeTableCommand, ListTablesCommand, ListTagsOfResourceCommand,
  paginateListTables, ResourceInUseException, ResourceNotFoundException, TagResourceCommand, UntagResourceCommand,
  UpdateTableCommand, waitUntilTableExists, waitUntilTableNotExists,
} from "@aws-sdk/client-dynamodb";
import { createTable, definitions, indexed, keySchema, newClient, tableArn } from "./gramme.js";

const wait = (client) => ({ client, maxWaitTime: 30, minDelay: 1 });

test("a table is created, in use, and deleted", async (t) => {
  const client = newClient(t);
  const TableName = "js-life";
  const create = new CreateTableCommand({
    TableName, AttributeDefinitions: definitions("OrderId"), KeySchema: keySchema("OrderId"),
    ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 3 },
  });
  const created = await client.send(create);
  assert.equal(created.TableDescription.TableStatus, "CREATING");
  await waitUntilTableExists(wait(client), { TableName });

  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  assert.equal(Table.TableStatus, "ACTIVE");
  assert.equal(Table.TableId, created.TableDescription.TableId);
  assert.equal(Table.ProvisionedThroughput.ReadCapacityUnits, 5);
  assert.equal(Table.ProvisionedThroughput.WriteCapacityUnits, 3);
  await assert.rejects(client.send(create), ResourceInUseException);

  const deleted = await client.send(new DeleteTableCommand({ TableName }));
  assert.equal(deleted.TableDescription.TableStatus, "DELETING");
  await waitUntilTableNotExists(wait(client), { TableName });
  await assert.rejects(client.send(new DescribeTableCommand({ TableName })), (error) => {
    assert.ok(error instanceof ResourceNotFoundException);
    assert.equal(error.message, `Requested resource not found: Table: ${TableName} not found`);
    return true;
  });
});

test("DescribeTable tells keys, indexes and counts", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client, indexed);
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  assert.equal(Table.TableArn, tableArn(TableName));
  assert.match(Table.TableId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.ok(Math.abs(Table.CreationDateTime - Date.now()) < 60_000, `made ${Table.CreationDateTime}`);
  assert.equal(Table.BillingModeSummary.BillingMode, "PAY_PER_REQUEST");
  assert.deepEqual(Table.KeySchema, keySchema("OrderId", "Line"));
  assert.equal(Table.AttributeDefinitions.length, 4);
  assert.equal(Table.ItemCount, 0);
  assert.equal(Table.TableSizeBytes, 0);
  assert.equal(Table.DeletionProtectionEnabled, false);

  const [local] = Table.LocalSecondaryIndexes;
  assert.equal(local.IndexArn, `${tableArn(TableName)}/index/ByDate`);
  assert.deepEqual(local.KeySchema, keySchema("OrderId", "OrderDate"));
  assert.equal(local.Projection.ProjectionType, "KEYS_ONLY");

  const [global] = Table.GlobalSecondaryIndexes;
  assert.equal(global.IndexStatus, "ACTIVE");
  assert.deepEqual(global.KeySchema, keySchema("CustomerId"));
  assert.equal(global.Projection.ProjectionType, "ALL");
});

test("ListTables comes in pages", async (t) => {
  const client = newClient(t, { region: "ap-south-1" });
  const names = ["Baskets", "Customers", "Orders", "Payments", "orders"]; // upper case sorts first
  for (const TableName of names) await createTable(t, client, { TableName });
  const pages = [];
  for await (const page of paginateListTables({ client, pageSize: 2 }, {})) pages.push(page.TableNames);
  assert.deepEqual(pages, [names.slice(0, 2), names.slice(2, 4), names.slice(4)]);

  const elsewhere = await newClient(t, { region: "ap-south-2" }).send(new ListTablesCommand({}));
  assert.deepEqual(elsewhere.TableNames, []);
});

test("tags", async (t) => {
  const client = newClient(t);
  const ResourceArn = tableArn(await createTable(t, client));
  const tags = async () => {
    const { Tags } = await client.send(new ListTagsOfResourceCommand({ ResourceArn }));
    return Object.fromEntries((Tags ?? []).map(({ Key, Value }) => [Key, Value]));
  };
  await client.send(
    new TagResourceCommand({ ResourceArn, Tags: [{ Key: "team", Value: "shop" }, { Key: "stage", Value: "test" }] }),
  );
  await client.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: "stage", Value: "live" }] }));
  assert.deepEqual(await tags(), { team: "shop", stage: "live" });
  await client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["team", "absent"] }));
  assert.deepEqual(await tags(), { stage: "live" });
});

test("UpdateTable changes billing and protection", async (t) => {
  const client = newClient(t);
  const TableName = await createTable(t, client);
  const update = async (change) => {
    await client.send(new UpdateTableCommand({ TableName, ...change }));
    await waitUntilTableExists(wait(client), { TableName });
  };
  await update({
    BillingMode: "PROVISIONED", ProvisionedThroughput: { ReadCapacityUnits: 20, WriteCapacityUnits: 10 },
  });
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  assert.equal(Table.BillingModeSummary.BillingMode, "PROVISIONED");
  assert.equal(Table.ProvisionedThroughput.ReadCapacityUnits, 20);

  await update({ DeletionProtectionEnabled: true });
  await assert.rejects(client.send(new DeleteTableCommand({ TableName })), {
    name: "ValidationException",
    message: "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
  });
  await update({ DeletionProtectionEnabled: false });
});
