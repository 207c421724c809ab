"""PartiQL: ExecuteStatement, BatchExecuteStatement and ExecuteTransaction."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from conftest import INDEXED


def execute(client, statement, *parameters, **more):
    if parameters:
        more["Parameters"] = list(parameters)
    return client.execute_statement(Statement=statement, **more)


def test_statements_of_each_kind(client, create_table):
    table = create_table(client, **INDEXED)
    insert = f"INSERT INTO \"{table}\" VALUE {{'OrderId':'o','Line':?,'CustomerId':'c','Paid':1,'To':{{'City':'Bonn'}}}}"
    for line in "12":
        assert execute(client, insert, {"S": line})["Items"] == []
    with pytest.raises(client.exceptions.DuplicateItemException, match="Duplicate primary key exists in table"):
        execute(client, insert, {"S": "1"})

    where = "WHERE OrderId = 'o' AND Line = '2'"
    answer = execute(client, f'UPDATE "{table}" SET Paid = Paid + 1 SET "To".Zip = 53111 {where} RETURNING MODIFIED NEW *')
    assert answer["Items"] == [{"Paid": {"N": "2"}, "To": {"M": {"Zip": {"N": "53111"}}}}]
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as raised:
        execute(client, f'UPDATE "{table}" SET Paid = 0 {where} AND Paid > 2', ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert raised.value.response["Item"]["Paid"] == {"N": "2"}

    answer = execute(client, f'SELECT Line, "To".Zip FROM "{table}" WHERE OrderId = ? ORDER BY Line DESC', {"S": "o"}, ReturnConsumedCapacity="TOTAL", ConsistentRead=True)
    assert answer["Items"] == [{"Line": {"S": "2"}, "Zip": {"N": "53111"}}, {"Line": {"S": "1"}}]
    assert answer["ConsumedCapacity"] == {"TableName": table, "CapacityUnits": 1.0}
    answer = execute(client, f"SELECT Line FROM \"{table}\".\"ByCustomer\" WHERE CustomerId = 'c' AND Paid IN [2, 3]")
    assert answer["Items"] == [{"Line": {"S": "2"}}]
    answer = execute(client, f'DELETE FROM "{table}" {where} RETURNING ALL OLD *')
    assert answer["Items"][0]["Line"] == {"S": "2"}


@pytest.mark.parametrize(
    "statement, message",
    [
        ("SLECT 1", "Statement wasn't well formed, can't be processed: Expected data manipulation"),
        ('SELECT COUNT(*) FROM "{t}"', "Unexpected path component at 1:8:5"),
        ('SELECT * FROM "{t}" WHERE a < TRUE', "operator or function: <, operand type: BOOL"),
        ('SELECT * FROM "{t}" WHERE a = ?', "Number of parameters in request and statement don't match."),
        ("UPDATE \"{t}\" SET a = 1 WHERE b = 'c'", "Where clause does not contain a mandatory equality on all key attributes"),
        ("DELETE FROM \"{t}\" WHERE OrderId = 'a' RETURNING ALL NEW *", "Only RETURNING ALL OLD"),
        ('SELECT * FROM "{t}"."none"', "The table does not have the specified index"),
    ],
)
def test_refused(client, table, statement, message):
    with pytest.raises(ClientError) as raised:
        execute(client, statement.format(t=table))
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    assert message in raised.value.response["Error"]["Message"]


def pages(client, **request):
    while True:
        page = client.execute_statement(**request)
        yield page
        if "NextToken" not in page:
            return
        request["NextToken"] = page["NextToken"]


def test_pages(client, table):
    for i in range(12):
        client.put_item(TableName=table, Item={"OrderId": {"S": str(i)}, "n": {"N": str(i % 2)}})
    request = {"Statement": f'SELECT OrderId FROM "{table}" WHERE n = ?', "Parameters": [{"N": "1"}], "Limit": 5}
    found = list(pages(client, **request))
    assert len(found) == 3
    assert sum(len(page["Items"]) for page in found) == 6
    assert all(("LastEvaluatedKey" in page) == ("NextToken" in page) for page in found)
    with pytest.raises(ClientError, match="NextToken does not match request"):
        client.execute_statement(**request | {"Parameters": [{"N": "0"}], "NextToken": found[0]["NextToken"]})
    with pytest.raises(ClientError, match="Invalid NextToken"):
        client.execute_statement(**request | {"NextToken": "mine"})


def test_batch(client, table):
    answer = client.batch_execute_statement(
        Statements=[
            {"Statement": f"INSERT INTO \"{table}\" VALUE {{'OrderId':'a'}}"},
            {"Statement": f"DELETE FROM \"{table}\" WHERE OrderId = 'b' AND n = 1"},
            {"Statement": "INSERT INTO none VALUE {'a':1}"},
        ]
    )
    assert answer["Responses"] == [
        {"TableName": table},
        {"TableName": table, "Error": {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}},
        {"TableName": "none", "Error": {"Code": "ResourceNotFound", "Message": "Requested resource not found"}},
    ]
    reads = [{"Statement": f'SELECT * FROM "{table}" WHERE OrderId = ?', "Parameters": [{"S": id}]} for id in "ab"]
    answer = client.batch_execute_statement(Statements=reads)
    assert answer["Responses"] == [{"TableName": table, "Item": {"OrderId": {"S": "a"}}}, {"TableName": table}]
    with pytest.raises(ClientError, match="Read and write requests together in the same batch is not supported."):
        client.batch_execute_statement(Statements=reads + [{"Statement": f"DELETE FROM \"{table}\" WHERE OrderId = 'z'"}])


def test_transaction(client, table):
    client.put_item(TableName=table, Item={"OrderId": {"S": "a"}, "n": {"N": "1"}})
    with pytest.raises(client.exceptions.TransactionCanceledException) as raised:
        client.execute_transaction(
            TransactStatements=[
                {"Statement": f"INSERT INTO \"{table}\" VALUE {{'OrderId':'a'}}"},
                {
                    "Statement": f"EXISTS(SELECT * FROM \"{table}\" WHERE OrderId = 'b' AND n IS MISSING)",
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                },
                {"Statement": f"INSERT INTO \"{table}\" VALUE {{'OrderId':'c'}}"},
            ]
        )
    assert [r["Code"] for r in raised.value.response["CancellationReasons"]] == ["DuplicateItem", "ConditionalCheckFailed", "None"]
    client.execute_transaction(
        TransactStatements=[
            {"Statement": f"UPDATE \"{table}\" SET n = n + 1 WHERE OrderId = 'a' AND n = 1"},
            {"Statement": f"INSERT INTO \"{table}\" VALUE {{'OrderId':'b'}}"},
        ]
    )
    answer = client.execute_transaction(
        TransactStatements=[{"Statement": f"SELECT n FROM \"{table}\" WHERE OrderId = '{id}'"} for id in "abc"]
    )
    assert answer["Responses"] == [{"Item": {"n": {"N": "2"}}}, {"Item": {}}, {}]


def test_many_clients_insert_one_key(client, table):
    def insert(i):
        try:
            execute(client, f"INSERT INTO \"{table}\" VALUE {{'OrderId':'one','by':{i}}}")
            return True
        except client.exceptions.DuplicateItemException:
            return False

    with ThreadPoolExecutor(8) as many:
        assert sum(many.map(insert, range(24))) == 1
