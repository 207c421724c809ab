"""Time to live: enabling it, items that expire, refusals."""

import time

import boto3
import pytest
from botocore.exceptions import ClientError

ENABLE = {"Enabled": True, "AttributeName": "ExpiresAt"}


def wait_until_gone(table, key):
    """Waits until an item of a table resource has expired."""
    end = time.monotonic() + 30
    while "Item" in table.get_item(Key=key, ConsistentRead=True):
        assert time.monotonic() < end, f"{key} has not expired"


def test_items_expire(client, table):
    status = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert status == {"TimeToLiveStatus": "DISABLED"}
    now = int(time.time())
    orders = boto3.resource("dynamodb").Table(table)
    orders.put_item(Item={"OrderId": "older", "ExpiresAt": now - 60})

    answer = client.update_time_to_live(TableName=table, TimeToLiveSpecification=ENABLE)
    assert answer["TimeToLiveSpecification"] == ENABLE
    status = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert status == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ExpiresAt"}

    stays = [
        {"OrderId": "text", "ExpiresAt": str(now - 60)},
        {"OrderId": "milliseconds", "ExpiresAt": (now - 60) * 1000},
        {"OrderId": "long ago", "ExpiresAt": now - 6 * 366 * 86400},
        {"OrderId": "none"},
    ]
    with orders.batch_writer() as batch:
        for item in stays:
            batch.put_item(Item=item)
        batch.put_item(Item={"OrderId": "soon", "ExpiresAt": now + 1})
    wait_until_gone(orders, {"OrderId": "older"})
    wait_until_gone(orders, {"OrderId": "soon"})
    left = sorted(item["OrderId"] for item in orders.scan()["Items"])
    assert left == sorted(item["OrderId"] for item in stays)


def test_refusals(client, table):
    def refused(text, **specification):
        with pytest.raises(ClientError) as caught:
            client.update_time_to_live(TableName=table, TimeToLiveSpecification=ENABLE | specification)
        assert caught.value.response["Error"] == {"Code": "ValidationException", "Message": text}

    refused("TimeToLive is already disabled", Enabled=False)
    client.update_time_to_live(TableName=table, TimeToLiveSpecification=ENABLE)
    refused("TimeToLive is already enabled")
    refused(
        "TimeToLive is active on a different AttributeName: current AttributeName is ExpiresAt",
        Enabled=False,
        AttributeName="Other",
    )
    refused("Time to live has been modified multiple times within a fixed interval", Enabled=False)
