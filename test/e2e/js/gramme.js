// What the tests share: clients set up by environment variables alone (see
// test/withgramme), and tables that go when their test ends.
import { randomUUID } from "node:crypto";
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

export const region = process.env.AWS_REGION;
export const account = process.env.GRAMME_ACCOUNT;
export const tableArn = (name) => `arn:aws:dynamodb:${region}:${account}:table/${name}`;

/** A client as a program on AWS makes one, closed after test t. */
export function newClient(t, options = {}) {
  const client = new DynamoDBClient(options);
  t.after(() => client.destroy());
  return client;
}

/** A document client over client: plain JavaScript values instead of typed attributes. */
export function documents(client, options = {}) {
  return DynamoDBDocumentClient.from(client, options);
}

export const definitions = (...names) => names.map((AttributeName) => ({ AttributeName, AttributeType: "S" }));
export const keySchema = (hash, range) => [
  { AttributeName: hash, KeyType: "HASH" },
  ...(range ? [{ AttributeName: range, KeyType: "RANGE" }] : []),
];

/** Creates a table, waits until it is active, deletes it after test t, returns its name. */
export async function createTable(t, client, input = {}) {
  const TableName = input.TableName ?? `t-${randomUUID()}`;
  await client.send(
    new CreateTableCommand({
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: definitions("OrderId"),
      KeySchema: keySchema("OrderId"),
      ...input,
      TableName,
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName });
  t.after(() => client.send(new DeleteTableCommand({ TableName })));
  return TableName;
}

/** Sort key Line, local index ByDate (keys only), global index ByCustomer (all attributes). */
export const indexed = {
  AttributeDefinitions: definitions("OrderId", "Line", "OrderDate", "CustomerId"),
  KeySchema: keySchema("OrderId", "Line"),
  LocalSecondaryIndexes: [
    { IndexName: "ByDate", KeySchema: keySchema("OrderId", "OrderDate"), Projection: { ProjectionType: "KEYS_ONLY" } },
  ],
  GlobalSecondaryIndexes: [
    { IndexName: "ByCustomer", KeySchema: keySchema("CustomerId"), Projection: { ProjectionType: "ALL" } },
  ],
};
