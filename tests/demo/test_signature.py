"""Only its owner gets into a demo cloud: calls are signed with its own secret, and web pages are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection
from netrc import netrc
from typing import Any

import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from fe2tui.demo import Cloud


def ask(cloud: Cloud, method: str, target: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
    """Sends a request with these headers as they are."""
    connection = HTTPConnection("127.0.0.1", int(cloud.endpoint.rpartition(":")[2]), timeout=10)
    connection.request(method, target, body, {name.replace("_", "-"): value for name, value in headers.items()})
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    return reply.status, text


def signed(cloud: Cloud, method: str, target: str, body: bytes = b"", **headers: str) -> dict[str, str]:
    """The headers of a request that the SDK signs with the cloud's key."""
    own = {name.replace("_", "-"): value for name, value in headers.items()}
    request = AWSRequest(method, cloud.endpoint + target, headers=own, data=body)
    SigV4Auth(Credentials(cloud.keys.access_key, cloud.keys.secret), "ec2", "us-east-2").add_auth(request)
    return {name.replace("-", "_"): value for name, value in request.headers.items()}


BODY = b"Action=DescribeKeyPairs&Version=2016-11-15"


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("POST", "/", BODY),
        ("GET", f"/?{BODY.decode()}&Filter.1.Name=key-name&Filter.1.Value.1=a%20%2Fb&a-b=1&a=2", b""),
        ("POST", "/", BODY + "&Filter.1.Name=key-name&Filter.1.Value.1=déjà".encode()),
    ],
)
def test_a_request_that_the_sdk_signs_is_answered(bare: Cloud, method: str, target: str, body: bytes) -> None:
    status, text = ask(bare, method, target, body, **signed(bare, method, target, body, X_Two="a   b "))
    assert (status, "<keySet" in text) == (200, True), text


def test_a_request_that_was_changed_after_it_was_signed_is_refused(bare: Cloud) -> None:
    headers = signed(bare, "POST", "/", BODY)
    credential, names, signature = headers["Authorization"].split(", ")
    at = headers["X_Amz_Date"]
    later = f"{at[:-2]}{9 - int(at[-2])}Z"
    for target, body, changed in (
        ("/", BODY.replace(b"Describe", b"Delete"), headers),
        ("/?x=1", BODY, headers),
        ("/", BODY, headers | {"X_Amz_Date": later}),
        ("/", BODY, headers | {"Authorization": f"{credential}, {names}, Signature={'0' * 64}"}),
        ("/", BODY, headers | {"Authorization": f"{credential}, SignedHeaders=x-amz-date, {signature}"}),
        ("/", BODY, headers | {"Authorization": headers["Authorization"].replace("us-east-2", "us-west-2")}),
        ("/", BODY, {name: value for name, value in headers.items() if name != "X_Amz_Date"}),
        ("/", BODY, {}),
    ):
        status, text = ask(bare, "POST", target, body, **changed)
        assert (status, "AuthFailure" in text) == (401, True), text


def test_another_secret_is_refused_in_the_words_of_each_service(bare: Cloud, client: Any, error_of: Any) -> None:
    codes = {"ec2": "AuthFailure", "sts": "SignatureDoesNotMatch", "ssm": "InvalidSignatureException"}
    calls = {"ec2": "describe_vpcs", "sts": "get_caller_identity", "ssm": "describe_parameters"}
    for service, code in codes.items():
        other = client(bare, service, secret="guessed")
        assert error_of(getattr(other, calls[service])).code == code


def test_a_call_of_a_role_needs_its_session_token(bare: Cloud, client: Any, error_of: Any) -> None:
    role = client(bare, "sts").assume_role(RoleArn="arn:aws:iam::123456789012:role/demo", RoleSessionName="me")
    session = botocore.session.Session()
    for token, is_answered in ((role["Credentials"]["SessionToken"], True), ("another", False), (None, False)):
        session.set_credentials(role["Credentials"]["AccessKeyId"], role["Credentials"]["SecretAccessKey"], token)
        ec2: Any = session.create_client("ec2", region_name="us-east-2", endpoint_url=bare.endpoint)
        if is_answered:
            assert ec2.describe_vpcs()["Vpcs"]
        else:
            assert error_of(ec2.describe_vpcs).code == "AuthFailure"


def test_every_cloud_has_keys_of_its_own_and_shows_them_to_its_owner_only(
    fresh_cloud: Callable[..., Cloud], client: Any, error_of: Any
) -> None:
    one, other = fresh_cloud(scene=False), fresh_cloud(scene=False)
    with pytest.raises(ValueError, match="key and secret"):
        ours, one.keys = one.keys, other.keys
        one.control("/demo/calls", method="GET")
    assert error_of(client(one, "ec2").describe_vpcs).code == "AuthFailure"
    files = [path for path in one.folder.rglob("*") if path.is_file() and ours.secret in path.read_text("latin-1")]
    assert {path.name for path in files} == {"credentials", "netrc"}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


@pytest.mark.parametrize("target", ["/demo/faults", "/demo/clock", "/demo/calls", "/demo/ready", "/"])
def test_a_web_page_reaches_nothing(bare: Cloud, target: str) -> None:
    """A page may send simple requests to any address, and its own host name may be made to lead here."""
    body = BODY if target == "/" else json.dumps({"kind": "expired", "advance": 99}).encode()
    key = signed(bare, "POST", target, body) if target == "/" else {"Authorization": bare.keys.authorization}
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}):
        assert ask(bare, "POST", target, body, **(key | headers)) == (403, "")
    assert bare.control("/demo/faults", method="GET") == []


def test_the_file_for_curl_has_the_key_and_the_secret(bare: Cloud) -> None:
    """The README's `curl --netrc-file` sends them."""
    user, _, secret = netrc(bare.home / "netrc").authenticators("127.0.0.1") or ("", "", "")
    assert (user, secret) == (bare.keys.access_key, bare.keys.secret)


@pytest.mark.parametrize("authorization", ["", "Basic ", "Basic dXNlcjpwYXNz", "Bearer é"])
def test_the_control_address_needs_the_key_and_the_secret(bare: Cloud, authorization: str) -> None:
    body = json.dumps({"kind": "expired"}).encode()
    status, text = ask(bare, "POST", "/demo/faults", body, Authorization=authorization)
    assert (status, json.loads(text)) == (403, {"error": "the request has not the key and secret of this demo cloud"})
    assert bare.control("/demo/faults", method="GET") == []
    assert ask(bare, "GET", "/demo/address") == (200, "203.0.113.7\n")
