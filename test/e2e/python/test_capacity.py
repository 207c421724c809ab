"""Consumed capacity and item collection metrics."""

from conftest import INDEXED

KEY = {"OrderId": {"S": "1"}}


def test_capacity_of_items(client, table):
    item = KEY | {"Note": {"S": "x" * 4100}}  # 5 write units, 2 read units
    nothing = {"OrderId": {"S": "none"}}
    steps = [
        (client.put_item, {"Item": item}, 5),
        (client.get_item, {"Key": KEY, "ConsistentRead": True}, 2),
        (client.get_item, {"Key": KEY}, 1),
        (client.get_item, {"Key": nothing}, 0.5),
        (client.update_item, {"Key": KEY, "UpdateExpression": "REMOVE Note"}, 5),  # the larger of before and after
        (client.delete_item, {"Key": KEY}, 1),
    ]
    for call, arguments, units in steps:
        answer = call(TableName=table, ReturnConsumedCapacity="TOTAL", **arguments)
        assert answer["ConsumedCapacity"] == {"TableName": table, "CapacityUnits": units}
    assert "ConsumedCapacity" not in client.get_item(TableName=table, Key=KEY)


def test_capacity_of_indexes(client, create_table):
    table = create_table(client, **INDEXED)

    def put(customer):
        item = KEY | {"Line": {"S": "1"}, "OrderDate": {"S": "2026-11-23"}, "CustomerId": {"S": customer}}
        return client.put_item(TableName=table, Item=item, ReturnConsumedCapacity="INDEXES")["ConsumedCapacity"]

    one = {"CapacityUnits": 1.0}
    assert put("c1") == {
        "TableName": table,
        "CapacityUnits": 3.0,
        "Table": one,
        "LocalSecondaryIndexes": {"ByDate": one},
        "GlobalSecondaryIndexes": {"ByCustomer": one},
    }
    assert put("c1") == {"TableName": table, "CapacityUnits": 1.0, "Table": one}
    assert put("c2") == {
        "TableName": table,
        "CapacityUnits": 3.0,
        "Table": one,
        "GlobalSecondaryIndexes": {"ByCustomer": {"CapacityUnits": 2.0}},
    }


def test_item_collection_metrics_come_from_tables_with_a_local_index(client, create_table, table):
    def put(table, item):
        return client.put_item(TableName=table, Item=item, ReturnItemCollectionMetrics="SIZE")

    indexed = create_table(client, **INDEXED)
    assert put(indexed, KEY | {"Line": {"S": "1"}})["ItemCollectionMetrics"] == {
        "ItemCollectionKey": KEY,
        "SizeEstimateRangeGB": [0.0, 1.0],
    }
    assert "ItemCollectionMetrics" not in put(table, KEY)
