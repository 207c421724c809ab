"""Tables: their life, what DescribeTable says, lists in pages, tags, changes."""

import datetime
import re

import boto3
import pytest
from conftest import INDEXED, definitions, key_schema, table_arn

QUICK = {"Delay": 1, "MaxAttempts": 30}


def test_a_table_is_created_in_use_and_deleted(client):
    arguments = {
        "TableName": "py-life",
        "AttributeDefinitions": definitions("OrderId"),
        "KeySchema": key_schema("OrderId"),
        "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 3},
    }
    created = client.create_table(**arguments)["TableDescription"]
    assert created["TableStatus"] == "CREATING"
    client.get_waiter("table_exists").wait(TableName="py-life", WaiterConfig=QUICK)

    table = client.describe_table(TableName="py-life")["Table"]
    assert table["TableStatus"] == "ACTIVE"
    assert table["TableId"] == created["TableId"]
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 3
    with pytest.raises(client.exceptions.ResourceInUseException):
        client.create_table(**arguments)

    deleted = client.delete_table(TableName="py-life")["TableDescription"]
    assert deleted["TableStatus"] == "DELETING"
    client.get_waiter("table_not_exists").wait(TableName="py-life", WaiterConfig=QUICK)
    with pytest.raises(
        client.exceptions.ResourceNotFoundException,
        match="Requested resource not found: Table: py-life not found$",
    ):
        client.describe_table(TableName="py-life")


def test_describe_table(client, create_table):
    name = create_table(client, **INDEXED)
    table = client.describe_table(TableName=name)["Table"]
    assert table["TableArn"] == table_arn(name)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", table["TableId"])
    age = datetime.datetime.now(datetime.timezone.utc) - table["CreationDateTime"]
    assert abs(age) < datetime.timedelta(minutes=1)
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["KeySchema"] == key_schema("OrderId", "Line")
    assert len(table["AttributeDefinitions"]) == 4
    assert (table["ItemCount"], table["TableSizeBytes"]) == (0, 0)
    assert table["DeletionProtectionEnabled"] is False

    [local] = table["LocalSecondaryIndexes"]
    assert local["IndexArn"] == table_arn(name) + "/index/ByDate"
    assert local["KeySchema"] == key_schema("OrderId", "OrderDate")
    assert local["Projection"] == {"ProjectionType": "KEYS_ONLY"}

    [index] = table["GlobalSecondaryIndexes"]
    assert index["IndexStatus"] == "ACTIVE"
    assert index["KeySchema"] == key_schema("CustomerId")
    assert index["Projection"] == {"ProjectionType": "ALL"}


def test_list_tables_comes_in_pages(create_table):
    client = boto3.client("dynamodb", region_name="ap-southeast-1")
    names = ["Baskets", "Customers", "Orders", "Payments", "orders"]  # upper case sorts first
    for name in names:
        create_table(client, TableName=name)
    pages = client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2})
    assert [page["TableNames"] for page in pages] == [names[:2], names[2:4], names[4:]]

    elsewhere = boto3.client("dynamodb", region_name="ap-southeast-2")
    assert elsewhere.list_tables()["TableNames"] == []


def test_tags(client, table):
    arn = table_arn(table)

    def tags():
        return {tag["Key"]: tag["Value"] for tag in client.list_tags_of_resource(ResourceArn=arn)["Tags"]}

    assert tags() == {}
    client.tag_resource(
        ResourceArn=arn, Tags=[{"Key": "team", "Value": "shop"}, {"Key": "stage", "Value": "test"}]
    )
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "stage", "Value": "live"}])
    assert tags() == {"team": "shop", "stage": "live"}
    client.untag_resource(ResourceArn=arn, TagKeys=["team", "absent"])
    assert tags() == {"stage": "live"}


def test_update_table(client, table):
    def update(**changes):
        client.update_table(TableName=table, **changes)
        client.get_waiter("table_exists").wait(TableName=table, WaiterConfig=QUICK)

    update(
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 20, "WriteCapacityUnits": 10},
    )
    description = client.describe_table(TableName=table)["Table"]
    assert description["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    assert description["ProvisionedThroughput"]["ReadCapacityUnits"] == 20

    update(DeletionProtectionEnabled=True)
    with pytest.raises(client.exceptions.ClientError, match="currently protected against deletion") as error:
        client.delete_table(TableName=table)
    assert error.value.response["Error"]["Code"] == "ValidationException"
    update(DeletionProtectionEnabled=False)
