"""BatchWriteItem and BatchGetItem, with the client, the resource and its batch writer."""

import boto3
import pytest
from botocore.exceptions import ClientError

from conftest import INDEXED


def order(number):
    return {"OrderId": {"S": number}}


def test_puts_and_deletions_in_two_tables_and_reads_of_both(client, create_table):
    orders, lines = create_table(client), create_table(client, **INDEXED)
    client.put_item(TableName=orders, Item=order("old"))
    line = order("1") | {"Line": {"S": "1"}, "OrderDate": {"S": "2026-11-23"}, "CustomerId": {"S": "c"}}
    written = client.batch_write_item(
        RequestItems={
            orders: [{"PutRequest": {"Item": order("new")}}, {"DeleteRequest": {"Key": order("old")}}],
            lines: [{"PutRequest": {"Item": line}}],
        },
        ReturnConsumedCapacity="INDEXES",
        ReturnItemCollectionMetrics="SIZE",
    )
    assert written["UnprocessedItems"] == {}
    assert written["ConsumedCapacity"] == [
        {"TableName": orders, "CapacityUnits": 2, "Table": {"CapacityUnits": 2}},
        {
            "TableName": lines,
            "CapacityUnits": 3,
            "Table": {"CapacityUnits": 1},
            "LocalSecondaryIndexes": {"ByDate": {"CapacityUnits": 1}},
            "GlobalSecondaryIndexes": {"ByCustomer": {"CapacityUnits": 1}},
        },
    ]
    assert written["ItemCollectionMetrics"] == {
        lines: [{"ItemCollectionKey": order("1"), "SizeEstimateRangeGB": [0, 1]}]
    }

    read = client.batch_get_item(
        RequestItems={
            orders: {"Keys": [order("new"), order("old")], "ConsistentRead": True},
            lines: {
                "Keys": [order("1") | {"Line": {"S": "1"}}],
                "ProjectionExpression": "#c",
                "ExpressionAttributeNames": {"#c": "CustomerId"},
            },
        },
        ReturnConsumedCapacity="TOTAL",
    )
    assert read["Responses"] == {orders: [order("new")], lines: [{"CustomerId": {"S": "c"}}]}
    assert read["UnprocessedKeys"] == {}
    assert read["ConsumedCapacity"] == [
        {"TableName": orders, "CapacityUnits": 2},
        {"TableName": lines, "CapacityUnits": 0.5},
    ]


def test_the_batch_writer(orders):
    with orders.batch_writer() as batch:
        for n in range(60):
            batch.put_item(Item={"OrderId": f"o-{n}", "N": n})
    with orders.batch_writer() as batch:
        for n in range(0, 60, 2):
            batch.delete_item(Key={"OrderId": f"o-{n}"})
        batch.put_item(Item={"OrderId": "last", "N": 60})
    assert sorted(item["N"] for item in orders.scan()["Items"]) == [*range(1, 60, 2), 60]


def test_the_batch_writer_keeps_the_last_of_a_key(orders):
    with orders.batch_writer(overwrite_by_pkeys=["OrderId"]) as batch:
        for n in range(30):
            batch.put_item(Item={"OrderId": f"o-{n % 3}", "N": n})
    assert sorted(item["N"] for item in orders.scan()["Items"]) == [27, 28, 29]


def test_the_batch_writer_refuses_a_key_that_comes_twice(orders):
    with pytest.raises(ClientError, match="Provided list of item keys contains duplicates"):
        with orders.batch_writer() as batch:
            batch.put_item(Item={"OrderId": "1"})
            batch.delete_item(Key={"OrderId": "1"})
    assert orders.scan()["Count"] == 0


def test_more_than_one_answer_holds(orders):
    numbers = [f"o-{n}" for n in range(50)]
    with orders.batch_writer() as batch:
        for number in numbers:
            batch.put_item(Item={"OrderId": number, "Note": "n" * 399_000})
    resource = boto3.resource("dynamodb")
    left = {orders.name: {"Keys": [{"OrderId": n} for n in numbers], "ProjectionExpression": "OrderId, Note"}}
    found, calls = [], 0
    while left:
        answer = resource.batch_get_item(RequestItems=left)
        found += [item["OrderId"] for item in answer["Responses"][orders.name]]
        left, calls = answer["UnprocessedKeys"], calls + 1
    assert (sorted(found), calls) == (sorted(numbers), 2)


def test_a_batch_with_an_unknown_table_writes_nothing(client, table):
    requests = [{"PutRequest": {"Item": order("1")}}]
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="Requested resource not found"):
        client.batch_write_item(RequestItems={table: requests, "NoSuchTable": requests})
    assert client.batch_get_item(RequestItems={table: {"Keys": [order("1")]}})["Responses"] == {table: []}
