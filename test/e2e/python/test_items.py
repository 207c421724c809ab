"""Items: round trips, put, get, update, delete, what they return, the old parameters."""

from decimal import Decimal

import pytest
from boto3.dynamodb.types import Binary

KEY = {"OrderId": {"S": "1"}}


def sort_sets(item):
    """Sets have no order: put their members in one."""
    for value in item.values():
        for kind in ("SS", "NS", "BS"):
            if kind in value:
                value[kind].sort()
    return item


def test_all_ten_attribute_types_come_back(client, table):
    item = {
        "OrderId": {"S": "1"},
        "S": {"S": 'Grüße, 世界 🚲 " \\ \u0000\u001f'},
        "SEmpty": {"S": ""},
        "N": {"N": "12345678901234567890123456789012345678"},
        "NSmall": {"N": "-0.00000000000000000000000000000000000000000000000012345"},
        "B": {"B": b"\x00\x01\x02\xfe\xff"},
        "SS": {"SS": ["a", "b", "ü"]},
        "NS": {"NS": ["-1", "0", "98765432109876543210987654321098765432"]},
        "BS": {"BS": [b"\x00", b"\x00\x00", b"\xff"]},
        "BOOL": {"BOOL": True},
        "NULL": {"NULL": True},
        "L": {"L": [{"N": "1"}, {"S": "two"}, {"L": []}]},
        "M": {"M": {"deep": {"M": {"er": {"BOOL": False}}}, "none": {"M": {}}}},
    }
    client.put_item(TableName=table, Item=item)
    got = client.get_item(TableName=table, Key=KEY, ConsistentRead=True)
    assert sort_sets(got["Item"]) == item


def test_resource_gives_python_values(orders):
    item = {
        "OrderId": "1",
        "Amount": Decimal("0.12345678901234567890123456789012345678"),
        "Paid": False,
        "Refund": None,
        "Tags": {"gift", "fragile"},
        "Points": {Decimal(1), Decimal("2.5")},
        "Photo": Binary(b"\x01\x02\x03"),
        "Articles": [{"name": "lamp", "quantity": Decimal(2)}],
    }
    orders.put_item(Item=item)
    assert orders.get_item(Key={"OrderId": "1"})["Item"] == item


@pytest.mark.parametrize(
    "given, want",
    [("1.0", "1"), ("01", "1"), ("+1", "1"), (".1E1", "1"), ("1.50e-3", "0.0015"), ("-0", "0"), ("1e3", "1000")],
)
def test_numbers_come_back_in_canonical_form(client, table, given, want):
    client.put_item(TableName=table, Item=KEY | {"Amount": {"N": given}})
    assert client.get_item(TableName=table, Key=KEY)["Item"]["Amount"] == {"N": want}


def test_put_replaces_delete_removes_both_return_the_old_item(orders):
    key = {"OrderId": "1"}
    first = {"OrderId": "1", "Status": "open", "Note": "ring twice"}
    second = {"OrderId": "1", "Status": "sent"}
    assert "Item" not in orders.get_item(Key=key)
    assert "Attributes" not in orders.put_item(Item=first, ReturnValues="ALL_OLD")
    assert orders.put_item(Item=second, ReturnValues="ALL_OLD")["Attributes"] == first
    assert orders.get_item(Key=key)["Item"] == second
    assert orders.delete_item(Key=key, ReturnValues="ALL_OLD")["Attributes"] == second
    assert "Attributes" not in orders.delete_item(Key=key, ReturnValues="ALL_OLD")


def test_update_expression(orders):
    orders.put_item(
        Item={
            "OrderId": "1",
            "Status": "open",
            "Version": 1,
            "Note": "x",
            "Articles": ["lamp", "bulb", "wire"],
            "Tags": {"gift", "fragile"},
            "Address": {"City": "Ulm", "Zip": "89073"},
        }
    )
    updated = orders.update_item(
        Key={"OrderId": "1"},
        UpdateExpression="SET #s = :sent, Version = Version + :one, Address.City = :city, "
        "Articles = list_append(Articles, :more), Amount = if_not_exists(Amount, :zero) "
        "REMOVE Note, Address.Zip ADD Points :five DELETE Tags :gift",
        ExpressionAttributeNames={"#s": "Status"},
        ExpressionAttributeValues={
            ":sent": "sent",
            ":one": 1,
            ":city": "Bonn",
            ":more": ["fuse"],
            ":zero": 0,
            ":five": 5,
            ":gift": {"gift"},
        },
        ReturnValues="ALL_NEW",
    )
    assert updated["Attributes"] == {
        "OrderId": "1",
        "Status": "sent",
        "Version": 2,
        "Amount": 0,
        "Points": 5,
        "Articles": ["lamp", "bulb", "wire", "fuse"],
        "Tags": {"fragile"},
        "Address": {"City": "Bonn"},
    }


@pytest.mark.parametrize(
    "values, want",
    [
        ("NONE", None),
        ("ALL_OLD", {"OrderId": "1", "Status": "open", "Version": 1}),
        ("ALL_NEW", {"OrderId": "1", "Status": "open", "Version": 2}),
        ("UPDATED_OLD", {"Version": 1}),
        ("UPDATED_NEW", {"Version": 2}),
    ],
)
def test_update_return_values(orders, values, want):
    orders.put_item(Item={"OrderId": "1", "Status": "open", "Version": 1})
    updated = orders.update_item(
        Key={"OrderId": "1"},
        UpdateExpression="ADD Version :one",
        ExpressionAttributeValues={":one": 1},
        ReturnValues=values,
    )
    assert updated.get("Attributes") == want


def test_parameters_from_before_expressions(client, table):
    client.put_item(
        TableName=table, Item=KEY | {"Status": {"S": "open"}, "Note": {"S": "x"}, "Version": {"N": "1"}}
    )
    updated = client.update_item(
        TableName=table,
        Key=KEY,
        AttributeUpdates={
            "Status": {"Action": "PUT", "Value": {"S": "sent"}},
            "Version": {"Action": "ADD", "Value": {"N": "1"}},
            "Note": {"Action": "DELETE"},
        },
        Expected={
            "Version": {"Value": {"N": "1"}},
            "Status": {"ComparisonOperator": "BEGINS_WITH", "AttributeValueList": [{"S": "op"}]},
            "Refund": {"Exists": False},
        },
        ReturnValues="ALL_NEW",
    )
    assert updated["Attributes"] == KEY | {"Status": {"S": "sent"}, "Version": {"N": "2"}}

    got = client.get_item(TableName=table, Key=KEY, AttributesToGet=["Version", "Nothing"])
    assert got["Item"] == {"Version": {"N": "2"}}

    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        client.delete_item(
            TableName=table,
            Key=KEY,
            Expected={"Version": {"Value": {"N": "7"}}, "Status": {"Value": {"S": "open"}}},
            ConditionalOperator="OR",
        )
