"""TransactWriteItems and TransactGetItems: all or nothing, reasons, tokens, many clients."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError


def order(id):
    return {"OrderId": {"S": id}}


def adding(table, id, amount):
    """An action that adds to what was paid of an order."""
    return {
        "Update": {
            "TableName": table,
            "Key": order(id),
            "UpdateExpression": "ADD Paid :n",
            "ExpressionAttributeValues": {":n": {"N": str(amount)}},
        }
    }


def read(client, table, id):
    return client.get_item(TableName=table, Key=order(id), ConsistentRead=True).get("Item")


def test_all_kinds_of_actions(client, table):
    client.put_item(TableName=table, Item=order("old"))
    answer = client.transact_write_items(
        ReturnConsumedCapacity="TOTAL",
        TransactItems=[
            {"Put": {"TableName": table, "Item": order("new")}},
            adding(table, "sum", 5),
            {"Delete": {"TableName": table, "Key": order("old")}},
            {
                "ConditionCheck": {
                    "TableName": table,
                    "Key": order("none"),
                    "ConditionExpression": "attribute_not_exists(OrderId)",
                }
            },
        ],
    )
    assert answer["ConsumedCapacity"] == [{"TableName": table, "CapacityUnits": 8.0, "WriteCapacityUnits": 8.0}]
    answer = client.transact_get_items(
        TransactItems=[{"Get": {"TableName": table, "Key": order(id)}} for id in ("new", "sum", "old")]
    )
    assert answer["Responses"] == [{"Item": order("new")}, {"Item": order("sum") | {"Paid": {"N": "5"}}}, {}]


def test_cancelled(client, table):
    client.put_item(TableName=table, Item=order("a"))
    with pytest.raises(client.exceptions.TransactionCanceledException) as raised:
        client.transact_write_items(
            TransactItems=[
                adding(table, "b", 1),
                {
                    "Put": {
                        "TableName": table,
                        "Item": order("a"),
                        "ConditionExpression": "attribute_not_exists(OrderId)",
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                },
            ]
        )
    assert raised.value.response["CancellationReasons"] == [
        {"Code": "None"},
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": order("a")},
    ]
    assert raised.value.response["Error"]["Message"].endswith("[None, ConditionalCheckFailed]")
    assert read(client, table, "b") is None


def test_item_twice(client, table):
    with pytest.raises(ClientError, match="Transaction request cannot include multiple operations on one item"):
        client.transact_write_items(TransactItems=[adding(table, "a", 1), adding(table, "a", 2)])


def test_token(client, table):
    def pay(amount):
        client.transact_write_items(ClientRequestToken=table[:36], TransactItems=[adding(table, "a", amount)])

    pay(5)
    pay(5)
    assert read(client, table, "a")["Paid"] == {"N": "5"}
    with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
        pay(6)


def test_many_at_once(client, table):
    def work(_):
        done = 0
        while done < 10:
            try:
                client.transact_write_items(TransactItems=[adding(table, "a", 1), adding(table, "b", 1)])
                done += 1
            except client.exceptions.TransactionCanceledException:
                pass

    with ThreadPoolExecutor(5) as clients:
        list(clients.map(work, range(5)))
    assert [read(client, table, id)["Paid"]["N"] for id in ("a", "b")] == ["50", "50"]
