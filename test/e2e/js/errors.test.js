// What the server refuses, in AWS's words and the SDK's classes; signatures.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DeleteItemCommand, DescribeTableCommand, DynamoDBServiceException, GetItemCommand, ListTablesCommand, PutItemCommand,
  ResourceNotFoundException, UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { createTable, newClient } from "./gramme.js";

/** Checks the name and the whole message (or, for a RegExp, its form) of what the server refused. */
async function refused(promise, name, message) {
  const error = await promise.then(() => assert.fail(`accepted, want ${name}`), (e) => e);
  assert.ok(error instanceof DynamoDBServiceException, `got ${error}`);
  assert.equal(error.name, name);
  if (message instanceof RegExp) assert.match(error.message, message);
  else assert.equal(error.message, message);
  return error;
}

test("an unknown table", async (t) => {
  const client = newClient(t, { maxAttempts: 1 });
  const TableName = "NoSuchTable";
  const Key = { OrderId: { S: "1" } };
  const commands = [
    new GetItemCommand({ TableName, Key }),
    new PutItemCommand({ TableName, Item: Key }),
    new UpdateItemCommand({ TableName, Key }),
    new DeleteItemCommand({ TableName, Key }),
  ];
  for (const command of commands) {
    const error = await refused(client.send(command), "ResourceNotFoundException", "Requested resource not found");
    assert.ok(error instanceof ResourceNotFoundException);
  }
  await refused(
    client.send(new DescribeTableCommand({ TableName })),
    "ResourceNotFoundException", "Requested resource not found: Table: NoSuchTable not found",
  );
});

test("items that are refused", async (t) => {
  const client = newClient(t, { maxAttempts: 1 });
  const TableName = await createTable(t, client);
  const put = (Item) => client.send(new PutItemCommand({ TableName, Item }));
  const withA = (A) => ({ OrderId: { S: "1" }, A });
  const cases = [
    [{ Status: { S: "open" } }, "One or more parameter values were invalid: Missing the key OrderId in the item"],
    [{ OrderId: { N: "1" } }, "One or more parameter values were invalid: Type mismatch for key OrderId expected: S actual: N"],
    [{ OrderId: { S: "" } },
      "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: OrderId"],
    [withA({ N: "9".repeat(39) }), "Attempting to store more than 38 significant digits in a Number"],
    [withA({ N: "twelve" }), "The parameter cannot be converted to a numeric value: twelve"],
    [withA({ N: "1e126" }), "Number overflow. Attempting to store a number with magnitude larger than supported range"],
    [withA({ S: "x".repeat(400 << 10) }), "Item size has exceeded the maximum allowed size"],
    [withA({ SS: [] }), "1 validation error detected: One or more parameter values were invalid: An string set  may not be empty"],
    [withA({ SS: ["a", "a"] }),
      "1 validation error detected: One or more parameter values were invalid: Input collection [a, a] contains duplicates."],
    [withA({ NULL: false }),
      "1 validation error detected: One or more parameter values were invalid: Null attribute value types must have the value of true"],
  ];
  for (const [item, message] of cases) await refused(put(item), "ValidationException", message);
});

test("keys that are refused", async (t) => {
  const client = newClient(t, { maxAttempts: 1 });
  const TableName = await createTable(t, client);
  for (const Key of [{ OrderId: { N: "1" } }, { Id: { S: "1" } }, { OrderId: { S: "1" }, Line: { S: "1" } }, {}]) {
    await refused(
      client.send(new GetItemCommand({ TableName, Key })),
      "ValidationException", "The provided key element does not match the schema",
    );
  }
});

test("constraints of the model", async (t) => {
  const client = newClient(t, { maxAttempts: 1 });
  const TableName = await createTable(t, client);
  await refused(
    client.send(new GetItemCommand({ TableName, Key: { OrderId: { S: "1" } }, ReturnConsumedCapacity: "SOME" })),
    "ValidationException",
    "1 validation error detected: Value 'SOME' at 'returnConsumedCapacity' failed to satisfy constraint: " +
      "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]",
  );
  await refused(
    client.send(new ListTablesCommand({ Limit: 0 })),
    "ValidationException",
    "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: " +
      "Member must have value greater than or equal to 1",
  );
});

const accessKeyId = process.env.AWS_ACCESS_KEY_ID;
const secretAccessKey = process.env.AWS_SECRET_ACCESS_KEY;

test("a wrong secret", async (t) => {
  const client = newClient(t, { maxAttempts: 1, credentials: { accessKeyId, secretAccessKey: "not the secret" } });
  await refused(
    client.send(new ListTablesCommand({})),
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided. " +
      "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
  );
});

test("an unknown access key", async (t) => {
  const client = newClient(t, { maxAttempts: 1, credentials: { accessKeyId: "AKIDNOBODY", secretAccessKey } });
  await refused(
    client.send(new ListTablesCommand({})),
    "UnrecognizedClientException", "The security token included in the request is invalid.",
  );
});

test("a clock that is an hour slow", async (t) => {
  const hour = 3_600_000;
  const once = newClient(t, { maxAttempts: 1, systemClockOffset: -hour });
  await refused(once.send(new ListTablesCommand({})), "InvalidSignatureException", /^Signature expired: /);

  // The SDK learns the right time from the Date header of the refusal.
  const again = newClient(t, { maxAttempts: 2, systemClockOffset: -hour });
  await again.send(new ListTablesCommand({}));
});
