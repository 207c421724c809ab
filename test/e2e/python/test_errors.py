"""What the server refuses, in AWS's words and the SDK's classes; signatures."""

import datetime
import os

import boto3
import botocore.auth
import pytest
from botocore.exceptions import ClientError
from conftest import ONCE

KEY = {"OrderId": {"S": "1"}}
INVALID = "One or more parameter values were invalid: "
ENVELOPE = "1 validation error detected: "


def refusal(call, *args, **kwargs):
    """Returns code and whole message of what the server refused."""
    with pytest.raises(ClientError) as error:
        call(*args, **kwargs)
    answer = error.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    return answer["Error"]["Code"], answer["Error"]["Message"]


def test_unknown_table(client):
    missing = client.exceptions.ResourceNotFoundException
    for call, item in [
        (client.get_item, {"Key": KEY}),
        (client.put_item, {"Item": KEY}),
        (client.update_item, {"Key": KEY}),
        (client.delete_item, {"Key": KEY}),
    ]:
        with pytest.raises(missing, match="Requested resource not found$"):
            call(TableName="NoSuchTable", **item)
    with pytest.raises(missing, match="Requested resource not found: Table: NoSuchTable not found$"):
        client.describe_table(TableName="NoSuchTable")


@pytest.mark.parametrize(
    "item, message",
    [
        ({"Status": {"S": "open"}}, INVALID + "Missing the key OrderId in the item"),
        ({"OrderId": {"N": "1"}}, INVALID + "Type mismatch for key OrderId expected: S actual: N"),
        (
            {"OrderId": {"S": ""}},
            "One or more parameter values are not valid. The AttributeValue for a key attribute "
            "cannot contain an empty string value. Key: OrderId",
        ),
        (KEY | {"A": {"N": "9" * 39}}, "Attempting to store more than 38 significant digits in a Number"),
        (KEY | {"A": {"N": "twelve"}}, "The parameter cannot be converted to a numeric value: twelve"),
        (
            KEY | {"A": {"N": "1e126"}},
            "Number overflow. Attempting to store a number with magnitude larger than supported range",
        ),
        (KEY | {"A": {"S": "x" * (400 << 10)}}, "Item size has exceeded the maximum allowed size"),
        (KEY | {"A": {"SS": []}}, ENVELOPE + INVALID + "An string set  may not be empty"),
        (KEY | {"A": {"SS": ["a", "a"]}}, ENVELOPE + INVALID + "Input collection [a, a] contains duplicates."),
    ],
)
def test_items_that_are_refused(client, table, item, message):
    assert refusal(client.put_item, TableName=table, Item=item) == ("ValidationException", message)


@pytest.mark.parametrize("key", [{"OrderId": {"N": "1"}}, {"Id": {"S": "1"}}, KEY | {"Line": {"S": "1"}}, {}])
def test_keys_that_are_refused(client, table, key):
    assert refusal(client.get_item, TableName=table, Key=key) == (
        "ValidationException",
        "The provided key element does not match the schema",
    )


def test_constraints_of_the_model(client, table):
    assert refusal(client.get_item, TableName=table, Key=KEY, ReturnConsumedCapacity="SOME") == (
        "ValidationException",
        ENVELOPE + "Value 'SOME' at 'returnConsumedCapacity' failed to satisfy constraint: "
        "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]",
    )


def signing_with(key, secret):
    return boto3.client("dynamodb", aws_access_key_id=key, aws_secret_access_key=secret, config=ONCE)


def test_wrong_secret():
    client = signing_with(os.environ["AWS_ACCESS_KEY_ID"], "not the secret")
    assert refusal(client.list_tables) == (
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. "
        "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    )


def test_unknown_access_key():
    client = signing_with("AKIDNOBODY", os.environ["AWS_SECRET_ACCESS_KEY"])
    assert refusal(client.list_tables) == (
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )


def test_clock_skew(client, monkeypatch):
    now = botocore.auth.get_current_datetime
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: now() - datetime.timedelta(hours=1))
    code, message = refusal(client.list_tables)
    assert code == "InvalidSignatureException"
    assert message.startswith("Signature expired: ")


def test_environment_is_ours():
    """The tests must never reach for the real AWS."""
    assert os.environ["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
