"""What the tests share: clients set up by environment variables alone (see
test/withgramme), and tables that go when their test ends."""

import os
import uuid

import boto3
import pytest
from botocore.config import Config

REGION = os.environ["AWS_REGION"]
ACCOUNT = os.environ["GRAMME_ACCOUNT"]
ONCE = Config(retries={"total_max_attempts": 1})  # answer with the first error


def definitions(*names):
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def key_schema(*names):
    return [{"AttributeName": name, "KeyType": role} for name, role in zip(names, ("HASH", "RANGE"))]


# Sort key Line, local index ByDate (keys only), global index ByCustomer (all attributes).
INDEXED = {
    "AttributeDefinitions": definitions("OrderId", "Line", "OrderDate", "CustomerId"),
    "KeySchema": key_schema("OrderId", "Line"),
    "LocalSecondaryIndexes": [
        {
            "IndexName": "ByDate",
            "KeySchema": key_schema("OrderId", "OrderDate"),
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "ByCustomer",
            "KeySchema": key_schema("CustomerId"),
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
}


def table_arn(name):
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"


@pytest.fixture
def client():
    """A client as a program on AWS makes one."""
    return boto3.client("dynamodb", config=ONCE)


@pytest.fixture
def create_table():
    """A function that creates a table, waits until it is active, and returns its name."""
    created = []

    def create(client, **changes):
        arguments = {
            "TableName": f"t-{uuid.uuid4()}",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": definitions("OrderId"),
            "KeySchema": key_schema("OrderId"),
        } | changes
        name = arguments["TableName"]
        client.create_table(**arguments)
        created.append((client, name))
        client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
        return name

    yield create
    for client, name in created:
        client.delete_table(TableName=name)


@pytest.fixture
def table(client, create_table):
    """The name of a table with the partition key OrderId."""
    return create_table(client)


@pytest.fixture
def orders(table):
    """The same table as boto3's resource: Python values instead of typed attributes."""
    return boto3.resource("dynamodb").Table(table)
