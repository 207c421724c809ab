"""Query and Scan: pages, ranges, filters, indexes, parallel scans."""

from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from conftest import INDEXED


def numbered(form, start, stop):
    return [form % n for n in range(start, stop)]


@pytest.fixture
def lines(client, create_table):
    """A table with two indexes, and a function that fills it."""
    table = boto3.resource("dynamodb").Table(create_table(client, **INDEXED))

    def fill(order, count):
        """Puts lines of one order, the dates the other way round than the lines."""
        for n in range(count):
            table.put_item(
                Item={
                    "OrderId": order,
                    "Line": "%03d" % n,
                    "OrderDate": "2026-%03d" % (count - n),
                    "CustomerId": "c%d" % (n % 3),
                    "Note": "note %d" % n,
                }
            )

    return table, fill


def read_all(client, operation, attribute, page_size=None, **arguments):
    """All pages: the values of an attribute, and how many pages there were."""
    config = {"PageSize": page_size} if page_size else {}
    pages = list(client.get_paginator(operation).paginate(PaginationConfig=config, **arguments))
    return [item[attribute]["S"] for page in pages for item in page["Items"]], len(pages)


def of(table, attribute, value):
    """A query for the items of one partition key."""
    return {
        "TableName": table.name,
        "KeyConditionExpression": f"{attribute} = :v",
        "ExpressionAttributeValues": {":v": {"S": value}},
    }


def test_a_query_comes_page_by_page_in_both_directions(client, lines):
    table, fill = lines
    fill("o-1", 25)
    fill("o-2", 3)
    query = of(table, "OrderId", "o-1")
    want = numbered("%03d", 0, 25)
    assert read_all(client, "query", "Line", **query) == (want, 1)
    assert read_all(client, "query", "Line", 10, **query) == (want, 3)
    # Pages of 5 end just where the items do: the last page is empty.
    assert read_all(client, "query", "Line", 5, **query, ScanIndexForward=False) == (want[::-1], 6)


def test_a_token_goes_on_where_the_last_page_ended(client, lines):
    table, fill = lines
    fill("o-1", 10)
    paginator = client.get_paginator("query")
    query = of(table, "OrderId", "o-1")
    first = paginator.paginate(**query, PaginationConfig={"MaxItems": 4, "PageSize": 3}).build_full_result()
    assert [item["Line"]["S"] for item in first["Items"]] == numbered("%03d", 0, 4)
    rest = paginator.paginate(**query, PaginationConfig={"StartingToken": first["NextToken"]}).build_full_result()
    assert [item["Line"]["S"] for item in rest["Items"]] == numbered("%03d", 4, 10)


def test_a_range_of_the_sort_key_a_filter_and_a_projection(lines):
    table, fill = lines
    fill("o-1", 25)
    got = table.query(
        KeyConditionExpression=Key("OrderId").eq("o-1") & Key("Line").between("010", "019"),
        FilterExpression=Attr("CustomerId").eq("c1"),
        ProjectionExpression="Line, Note",
    )
    assert got["Items"] == [{"Line": "%03d" % n, "Note": f"note {n}"} for n in (10, 13, 16, 19)]
    assert (got["Count"], got["ScannedCount"]) == (4, 10)


def test_a_local_index(client, lines):
    table, fill = lines
    fill("o-1", 12)
    query = of(table, "OrderId", "o-1") | {"IndexName": "ByDate"}
    assert read_all(client, "query", "OrderDate", 5, **query) == (numbered("2026-%03d", 1, 13), 3)
    assert "Note" not in client.query(**query)["Items"][0]
    whole = client.query(**query, Select="ALL_ATTRIBUTES", Limit=1, ReturnConsumedCapacity="INDEXES")
    assert whole["Items"][0]["Note"] == {"S": "note 11"}
    assert whole["ConsumedCapacity"]["Table"] == {"CapacityUnits": 0.5}
    assert whole["ConsumedCapacity"]["LocalSecondaryIndexes"] == {"ByDate": {"CapacityUnits": 0.5}}


def test_a_global_index(client, lines):
    table, fill = lines
    fill("o-1", 12)
    fill("o-2", 12)
    query = of(table, "CustomerId", "c1") | {"IndexName": "ByCustomer"}
    assert read_all(client, "query", "OrderId", 3, **query) == (["o-1"] * 4 + ["o-2"] * 4, 3)
    with pytest.raises(ClientError, match="Consistent reads are not supported on global secondary indexes"):
        client.query(**query, ConsistentRead=True)


def test_the_old_parameters(client, lines):
    table, fill = lines
    fill("o-1", 6)
    got = client.query(
        TableName=table.name,
        KeyConditions={
            "OrderId": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "o-1"}]},
            "Line": {"ComparisonOperator": "GE", "AttributeValueList": [{"S": "002"}]},
        },
        QueryFilter={"Note": {"ComparisonOperator": "CONTAINS", "AttributeValueList": [{"S": "4"}]}},
        AttributesToGet=["Note"],
    )
    assert got["Items"] == [{"Note": {"S": "note 4"}}]
    assert got["ScannedCount"] == 4


def test_a_scan_comes_page_by_page_whole_or_in_segments(client, table):
    want = numbered("o-%03d", 0, 50)
    for order in want:
        client.put_item(TableName=table, Item={"OrderId": {"S": order}})
    whole, _ = read_all(client, "scan", "OrderId", 7, TableName=table)
    assert sorted(whole) == want

    def segment(n):
        return read_all(client, "scan", "OrderId", 7, TableName=table, Segment=n, TotalSegments=4)[0]

    with ThreadPoolExecutor() as threads:
        parts = threads.map(segment, range(4))
    assert sorted(order for part in parts for order in part) == want
