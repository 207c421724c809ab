"""Writes botocore.jsonl: requests signed by botocore, for vectors_test.go.

    python3 record.py > botocore.jsonl
"""

import datetime
import json
from unittest import mock

import botocore
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

NOW = datetime.datetime(2026, 11, 3, 7, 8, 9, tzinfo=datetime.timezone.utc)
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
JSON = [("Content-Type", "application/x-amz-json-1.0"), ("X-Amz-Target", "DynamoDB_20120810.GetItem")]
LOCAL = "http://localhost:8000/"

CASES = [
    dict(name="get item", headers=JSON, body='{"TableName":"Music"}'),
    dict(name="empty body", headers=JSON),
    dict(name="utf-8 body", headers=JSON, body='{"TableName":"Käse 🧀"}'),
    dict(name="default port", url="http://dynamodb.eu-west-1.amazonaws.com/", headers=JSON, body="{}"),
    dict(name="https default port", url="https://db.example.com:443/", headers=JSON, body="{}"),
    dict(name="ipv6 host", url="http://[::1]:8000/", headers=JSON, body="{}"),
    dict(name="region of our own", region="localhost", headers=JSON, body="{}"),
    dict(name="long secret", secret="s" * 100, headers=JSON, body="{}"),
    dict(name="session token", token="FwoGZXIvYXdzE+/=EXAMPLE//token==", headers=JSON, body="{}"),
    dict(name="spaces in a value", headers=JSON + [("X-Note", "  a   b    c ")], body="{}"),
    dict(name="spaces in quotes", headers=JSON + [("X-Note", '"a   b"  c')], body="{}"),
    dict(name="empty value", headers=JSON + [("X-Note", "")], body="{}"),
    dict(name="repeated header", headers=JSON + [("X-Note", "b"), ("X-Note", "a "), ("x-note", "c,d")], body="{}"),
    dict(name="odd names", headers=JSON + [("x-UPPER-lower", "1"), ("X_Under", "2"), ("x--y", "3"), ("X-1", "4")], body="{}"),
    dict(name="content-encoding", headers=JSON + [("Content-Encoding", "gzip")], body="not really"),
    dict(name="declared hash", headers=JSON + [("X-Amz-Content-SHA256", "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")], body="{}"),
    dict(name="unsigned payload", headers=JSON + [("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD")], body="{}"),
    dict(name="sorted query", method="GET", url=LOCAL + "?b=2&a=1&a=0&A=3"),
    dict(name="query without values", method="GET", url=LOCAL + "?acl=&b=&a="),
    dict(name="encoded query", method="GET", url=LOCAL + "?a=b%20c%2Fd%3D%2B&%C3%A9=1"),
    dict(name="plain path", method="GET", url=LOCAL + "2015-03-31/functions/f"),
    dict(name="encoded path", method="GET", url=LOCAL + "2015-03-31/functions/a%3Ab%20c/x~y"),
    dict(name="dots in the path", method="GET", url=LOCAL + "a/./b/../c//d/"),
    dict(name="dots above the root", method="GET", url=LOCAL + "../../a/.."),
    dict(name="presigned", form="query", headers=JSON),
    dict(name="presigned token", form="query", token="FwoGZXIvYXdzE+/=", method="GET"),
    dict(name="presigned with a query", form="query", method="GET", url=LOCAL + "?b=2&a=1%202"),
    dict(name="s3 path", service="s3", method="GET", url=LOCAL + "bucket//a/../b%20c%2B%C3%A9/"),
    dict(name="s3 put", service="s3", method="PUT", url=LOCAL + "bucket/key", body="hello"),
    dict(name="s3 presigned", service="s3", form="query", method="GET", url=LOCAL + "bucket/a%20b?versionId=3"),
]


def signer(case):
    s3, query = case.get("service") == "s3", case.get("form") == "query"
    kind = {
        (False, False): auth.SigV4Auth,
        (False, True): auth.SigV4QueryAuth,
        (True, False): auth.S3SigV4Auth,
        (True, True): auth.S3SigV4QueryAuth,
    }[s3, query]
    credentials = Credentials(KEY, case.get("secret", SECRET), case.get("token"))
    return kind(credentials, case.get("service", "dynamodb"), case.get("region", "eu-west-1"))


def record(case):
    request = AWSRequest(case.get("method", "POST"), case.get("url", LOCAL), data=case.get("body", "").encode())
    for name, value in case.get("headers", []):
        request.headers.add_header(name, value)
    signing = signer(case)
    with mock.patch.object(auth, "get_current_datetime", lambda *a, **k: NOW):
        signing.add_auth(request)
    target = request.url.split("/", 3)[3]
    path, _, query = target.partition("?")
    return dict(
        name=case["name"], method=request.method, path="/" + path, query=query,
        host=auth._host_from_url(request.url), headers=list(request.headers.items()), body=(request.body or b"").decode(),
        service=signing._service_name, region=signing._region_name,
        access_key=KEY, secret=case.get("secret", SECRET), token="token" in case,
    )


print(json.dumps({"botocore": botocore.__version__, "date": NOW.strftime("%Y%m%dT%H%M%SZ")}))
for case in CASES:
    print(json.dumps(record(case), ensure_ascii=False))
