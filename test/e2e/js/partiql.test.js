// PartiQL: ExecuteStatement, BatchExecuteStatement and ExecuteTransaction.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BatchExecuteStatementCommand,
  ExecuteStatementCommand,
  ExecuteTransactionCommand,
} from "@aws-sdk/client-dynamodb";
import {
  BatchExecuteStatementCommand as BatchCommand,
  ExecuteStatementCommand as StatementCommand,
  ExecuteTransactionCommand as TransactionCommand,
} from "@aws-sdk/lib-dynamodb";
import { createTable, documents, indexed, newClient } from "./gramme.js";

test("a statement of each kind", async (t) => {
  const client = newClient(t);
  const table = await createTable(t, client, indexed);
  const run = (Statement, ...Parameters) =>
    client.send(new ExecuteStatementCommand({ Statement, ...(Parameters.length && { Parameters }) }));

  const insert = `INSERT INTO "${table}" VALUE {'OrderId':'o','Line':?,'CustomerId':'c','Paid':1,'Parts':['x',{'n':2}]}`;
  assert.deepEqual((await run(insert, { S: "1" })).Items, []);
  await run(insert, { S: "2" });
  await assert.rejects(run(insert, { S: "2" }), { name: "DuplicateItemException", message: "Duplicate primary key exists in table" });

  const { Items } = await run(
    `UPDATE "${table}" SET Paid = Paid + 2 REMOVE Parts[0] WHERE OrderId = 'o' AND Line = '2' RETURNING MODIFIED NEW *`,
  );
  assert.deepEqual(Items, [{ Paid: { N: "3" } }]);
  await assert.rejects(run(`UPDATE "${table}" SET Paid = 0 WHERE OrderId = 'o' AND Line = '2' AND Paid < 3`), {
    name: "ConditionalCheckFailedException",
  });

  assert.deepEqual((await run(`SELECT Line, Parts[0].n FROM "${table}" WHERE OrderId = 'o' ORDER BY Line DESC`)).Items, [
    { Line: { S: "2" }, n: { N: "2" } },
    { Line: { S: "1" } },
  ]);
  assert.deepEqual((await run(`SELECT Line FROM "${table}"."ByCustomer" WHERE CustomerId IN ['c','d'] AND Paid > 1`)).Items, [
    { Line: { S: "2" } },
  ]);
  const deleted = await run(`DELETE FROM "${table}" WHERE OrderId = 'o' AND Line = '1' RETURNING ALL OLD *`);
  assert.equal(deleted.Items[0].Line.S, "1");
  await assert.rejects(run(`DELETE FROM "${table}" WHERE OrderId = 'o'`), {
    name: "ValidationException",
    message: "Where clause does not contain a mandatory equality on all key attributes",
  });
  await assert.rejects(run(`SLECT * FROM "${table}"`), {
    message: "Statement wasn't well formed, can't be processed: Expected data manipulation",
  });
});

test("plain values by the document client, page by page", async (t) => {
  const client = newClient(t);
  const docs = documents(client);
  const table = await createTable(t, client, indexed);
  for (let line = 0; line < 7; line++) {
    await docs.send(
      new StatementCommand({
        Statement: `INSERT INTO "${table}" VALUE {'OrderId':?,'Line':?,'Info':?}`,
        Parameters: ["o", String(line), { line, half: line / 2, tags: new Set(["a", "b"]), none: null, yes: true }],
      }),
    );
  }
  const lines = [];
  let NextToken;
  do {
    const page = await docs.send(
      new StatementCommand({
        Statement: `SELECT Info FROM "${table}" WHERE OrderId = ? AND Info.line <> ?`,
        Parameters: ["o", 3],
        Limit: 2,
        NextToken,
      }),
    );
    lines.push(...page.Items.map((i) => i.Info.line));
    NextToken = page.NextToken;
    assert.equal(NextToken === undefined, page.LastEvaluatedKey === undefined);
  } while (NextToken);
  assert.deepEqual(lines, [0, 1, 2, 4, 5, 6]);
});

test("a batch, whose members fail by themselves", async (t) => {
  const client = newClient(t);
  const docs = documents(client);
  const table = await createTable(t, client);
  const { Responses } = await client.send(
    new BatchExecuteStatementCommand({
      Statements: [
        { Statement: `INSERT INTO "${table}" VALUE {'OrderId':'a','n':1}` },
        { Statement: `UPDATE "${table}" SET n = 1 WHERE OrderId = 'none'` },
        { Statement: `DELETE FROM "${table}"` },
      ],
    }),
  );
  assert.deepEqual(
    Responses.map((r) => [r.TableName, r.Error?.Code]),
    [
      [table, undefined],
      [table, "ConditionalCheckFailed"],
      [undefined, "ValidationError"],
    ],
  );
  const read = await docs.send(
    new BatchCommand({
      Statements: ["a", "b"].map((id) => ({ Statement: `SELECT n FROM "${table}" WHERE OrderId = ?`, Parameters: [id] })),
    }),
  );
  assert.deepEqual(
    read.Responses.map((r) => r.Item),
    [{ n: 1 }, undefined],
  );
});

test("a transaction, all or nothing", async (t) => {
  const client = newClient(t);
  const docs = documents(client);
  const table = await createTable(t, client);
  await docs.send(
    new TransactionCommand({
      TransactStatements: [
        { Statement: `INSERT INTO "${table}" VALUE {'OrderId':?,'n':?}`, Parameters: ["a", 1] },
        { Statement: `INSERT INTO "${table}" VALUE {'OrderId':?,'n':?}`, Parameters: ["b", 2] },
      ],
    }),
  );
  await assert.rejects(
    client.send(
      new ExecuteTransactionCommand({
        TransactStatements: [
          { Statement: `EXISTS(SELECT * FROM "${table}" WHERE OrderId = 'a' AND n = 2)` },
          { Statement: `UPDATE "${table}" SET n = 9 WHERE OrderId = 'b'` },
        ],
      }),
    ),
    (err) => {
      assert.equal(err.name, "TransactionCanceledException");
      assert.deepEqual(
        err.CancellationReasons.map((r) => r.Code),
        ["ConditionalCheckFailed", "None"],
      );
      return true;
    },
  );
  const { Responses } = await docs.send(
    new TransactionCommand({
      TransactStatements: ["a", "b", "c"].map((id) => ({
        Statement: `SELECT n FROM "${table}" WHERE OrderId = ?`,
        Parameters: [id],
      })),
    }),
  );
  assert.deepEqual(
    Responses.map((r) => r.Item),
    [{ n: 1 }, { n: 2 }, undefined],
  );
});
