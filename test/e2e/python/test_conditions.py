"""Conditional writes, the SDK's class for a failed one, optimistic locking."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from boto3.dynamodb.conditions import Attr

KEY = {"OrderId": "1"}


def failed(orders):
    """Expects the SDK's class for a failed condition."""
    condition_failed = orders.meta.client.exceptions.ConditionalCheckFailedException
    return pytest.raises(condition_failed, match="The conditional request failed$")


def test_put_if_absent(orders):
    absent = Attr("OrderId").not_exists()
    orders.put_item(Item=KEY | {"Status": "open"}, ConditionExpression=absent)
    with failed(orders):
        orders.put_item(Item=KEY | {"Status": "open"}, ConditionExpression=absent)


def test_delete_under_a_condition(orders):
    orders.put_item(Item=KEY | {"Status": "open"})
    with failed(orders):
        orders.delete_item(Key=KEY, ConditionExpression=Attr("Status").eq("cancelled"))
    orders.delete_item(Key=KEY, ConditionExpression=Attr("Status").eq("open"))
    assert "Item" not in orders.get_item(Key=KEY)


@pytest.mark.parametrize(
    "condition, holds",
    [
        (Attr("Status").eq("open"), True),
        (Attr("Status").ne("open"), False),
        (Attr("Version").between(4, 5), True),
        (Attr("Version").is_in([4]), False),
        (Attr("Version").gt(4) & ~Attr("Version").gt(5), True),
        (Attr("Version").attribute_type("N"), True),
        (Attr("Status").begins_with("o"), True),
        (Attr("Tags").contains("gift"), True),
        (Attr("Status").size().eq(4), True),
        (Attr("Absent").ne(4), True),
        (Attr("Absent").eq(4) | Attr("Version").lt(5), False),
        (Attr("Address.City").eq("Ulm"), True),
    ],
)
def test_conditions(orders, condition, holds):
    orders.put_item(
        Item=KEY | {"Status": "open", "Version": 5, "Tags": {"gift"}, "Address": {"City": "Ulm"}}
    )
    if holds:
        orders.delete_item(Key=KEY, ConditionExpression=condition)
        return
    with failed(orders):
        orders.delete_item(Key=KEY, ConditionExpression=condition)


@pytest.mark.parametrize("key, rv, carried", [("1", "ALL_OLD", True), ("1", "NONE", False), ("2", "ALL_OLD", False)])
def test_a_failed_condition_carries_the_item(client, table, key, rv, carried):
    stored = {"OrderId": {"S": "1"}, "Status": {"S": "open"}, "Version": {"N": "3"}}
    client.put_item(TableName=table, Item=stored)
    common = {
        "TableName": table,
        "ConditionExpression": "Version = :seven",
        "ExpressionAttributeValues": {":seven": {"N": "7"}},
        "ReturnValuesOnConditionCheckFailure": rv,
    }
    key = {"OrderId": {"S": key}}
    calls = [
        lambda: client.put_item(Item=key, **common),
        lambda: client.update_item(Key=key, UpdateExpression="SET Version = :seven", **common),
        lambda: client.delete_item(Key=key, **common),
    ]
    for call in calls:
        with pytest.raises(client.exceptions.ConditionalCheckFailedException) as error:
            call()
        assert error.value.response.get("Item") == (stored if carried else None)


def test_optimistic_locking(orders):
    """Writers that read, change, and write back under the version they read
    lose no update and see no other error than the failed condition."""
    writers, changes_each = 8, 10
    condition_failed = orders.meta.client.exceptions.ConditionalCheckFailedException
    orders.put_item(Item=KEY | {"Version": 0, "Amount": 0})

    def add_to_amount(n):
        item = orders.get_item(Key=KEY, ConsistentRead=True)["Item"]
        orders.update_item(
            Key=KEY,
            UpdateExpression="SET Version = :next, Amount = :amount",
            ConditionExpression=Attr("Version").eq(item["Version"]),
            ExpressionAttributeValues={":next": item["Version"] + 1, ":amount": item["Amount"] + n},
        )

    def writer(_):
        conflicts = changed = 0
        while changed < changes_each:
            try:
                add_to_amount(3)
                changed += 1
            except condition_failed:
                conflicts += 1
        return conflicts

    with ThreadPoolExecutor(writers) as pool:
        conflicts = sum(pool.map(writer, range(writers)))
    done = writers * changes_each
    item = orders.get_item(Key=KEY, ConsistentRead=True)["Item"]
    assert item == KEY | {"Version": done, "Amount": done * 3}
    print(f"{done} changes, {conflicts} conflicts")
