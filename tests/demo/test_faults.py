"""Faults, as the SDK sees them, and the log of calls."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from fe2tui.demo import Cloud


@pytest.mark.parametrize(
    ("kind", "service", "call", "code", "status"),
    [
        ("throttle", "ec2", "describe_instances", "RequestLimitExceeded", 503),
        ("throttle", "ssm", "describe_instance_information", "ThrottlingException", 400),
        ("throttle", "cloudwatch", "list_metrics", "ThrottlingException", 400),
        ("throttle", "sts", "get_caller_identity", "Throttling", 503),
        ("deny", "ec2", "describe_instances", "UnauthorizedOperation", 403),
        ("deny", "pricing", "describe_services", "AccessDeniedException", 400),
        ("deny", "sts", "get_caller_identity", "AccessDenied", 403),
        ("expired", "ec2", "describe_instances", "RequestExpired", 400),
        ("expired", "sts", "get_caller_identity", "ExpiredToken", 403),
        ("expired", "ssm", "describe_instance_information", "ExpiredTokenException", 400),
        ("expired", "cloudwatch", "list_metrics", "ExpiredTokenException", 400),
    ],
)
def test_each_service_has_errors_in_its_own_form(
    bare: Cloud, client: Any, error_of: Any, kind: str, service: str, call: str, code: str, status: int
) -> None:
    bare.control("/demo/faults", {"kind": kind})
    answer = error_of(getattr(client(bare, service), call))
    assert (answer.code, answer.status) == (code, status)


def test_a_fault_affects_only_its_actions_and_only_so_many_times(bare: Cloud, own: Any, error_of: Any) -> None:
    bare.control("/demo/faults", {"kind": "throttle", "action": "Describe*", "times": 2})
    own.create_security_group(GroupName="g", Description="d")
    assert error_of(own.describe_instances).code == "RequestLimitExceeded"
    assert error_of(own.describe_volumes).code == "RequestLimitExceeded"
    assert own.describe_instances()["Reservations"] == []
    assert bare.control("/demo/faults", method="GET") == []


def test_a_fault_stays_in_force_until_it_is_lifted(bare: Cloud, own: Any, error_of: Any) -> None:
    first = bare.control("/demo/faults", {"kind": "deny", "action": "DescribeInstances"})["id"]
    bare.control("/demo/faults", {"kind": "deny", "action": "DescribeVolumes"})
    for _ in range(3):
        assert error_of(own.describe_instances).code == "UnauthorizedOperation"
    bare.control(f"/demo/faults/{first}", method="DELETE")
    own.describe_instances()
    assert error_of(own.describe_volumes).code == "UnauthorizedOperation"
    bare.control("/demo/faults", method="DELETE")
    own.describe_volumes()


def test_a_fault_can_be_any_error(bare: Cloud, own: Any, launch: Any, error_of: Any) -> None:
    fault = {
        "kind": "refuse",
        "action": "RunInstances",
        "code": "VcpuLimitExceeded",
        "message": "0 vCPUs",
        "status": 400,
    }
    bare.control("/demo/faults", fault)
    answer = error_of(launch, ec2=own)
    assert (answer.code, answer.message) == ("VcpuLimitExceeded", "0 vCPUs")


@pytest.mark.parametrize("params", [{}, {"kind": "flood"}, {"kind": "slow", "colour": "red"}])
def test_an_unknown_fault_is_refused_with_the_list_of_kinds(bare: Cloud, params: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="throttle"):
        bare.control("/demo/faults", params)


def test_a_slow_reply_does_not_delay_other_calls(bare: Cloud, own: Any, client: Any) -> None:
    bare.control("/demo/faults", {"kind": "slow", "seconds": 1.0, "action": "DescribeInstances", "times": 1})
    other = client(bare, "ec2")
    with ThreadPoolExecutor() as pool:
        began = time.monotonic()
        slow = pool.submit(own.describe_instances)
        other.describe_volumes()
        assert time.monotonic() - began < 0.9
        assert slow.result()["Reservations"] == []
    assert time.monotonic() - began >= 1.0


def test_held_calls_are_carried_out_when_the_fault_is_lifted(bare: Cloud, own: Any, client: Any) -> None:
    hold = {"kind": "hold", "action": "CreateSecurityGroup", "times": 1}
    fault = bare.control("/demo/faults", hold)["id"]
    other = client(bare, "ec2")
    with ThreadPoolExecutor() as pool:
        held = pool.submit(own.create_security_group, GroupName="held", Description="d")
        while bare.control("/demo/faults", method="GET")[0]["held"] == 0:
            time.sleep(0.01)
        other.create_security_group(GroupName="second", Description="d")  # the fault is for one call
        names = {group["GroupName"] for group in other.describe_security_groups()["SecurityGroups"]}
        assert "second" in names and "held" not in names and not held.done()
        bare.control(f"/demo/faults/{fault}", method="DELETE")
        assert held.result()["GroupId"]
    assert bare.control("/demo/faults", method="GET") == []


def test_a_silent_endpoint_accepts_connections_and_sends_nothing(bare: Cloud, client: Any) -> None:
    bare.control("/demo/faults", {"kind": "silent", "action": "DescribeInstances", "times": 1})
    hasty = client(bare, "ec2", read_timeout=0.5)
    with pytest.raises(ReadTimeoutError):
        hasty.describe_instances()
    assert hasty.describe_instances()["Reservations"] == []


def test_a_broken_connection_breaks_after_the_call_was_carried_out(bare: Cloud, own: Any) -> None:
    bare.control("/demo/faults", {"kind": "broken", "times": 1})
    with pytest.raises(BotoCoreError, match=r"(?i)connection"):
        own.create_security_group(GroupName="g", Description="d")
    assert own.describe_security_groups(GroupNames=["g"])["SecurityGroups"]


def test_a_malformed_body_is_not_xml(bare: Cloud, own: Any) -> None:
    bare.control("/demo/faults", {"kind": "malformed", "times": 1})
    with pytest.raises(ResponseParserError):
        own.describe_images()
    assert own.describe_images()["Images"]


def test_every_reply_has_the_right_date(bare: Cloud, own: Any, client: Any) -> None:
    from email.utils import parsedate_to_datetime

    bare.control("/demo/faults", {"kind": "expired", "times": 1})
    try:
        own.describe_instances()
    except own.exceptions.ClientError as error:
        headers = error.response["ResponseMetadata"]["HTTPHeaders"]
    assert abs(parsedate_to_datetime(headers["date"]).timestamp() - time.time()) < 5


def test_unknown_credentials_are_refused_by_every_service(bare: Cloud, client: Any, error_of: Any) -> None:
    import boto3

    session = boto3.Session("AKIASOMEBODYELSE0000", "x", region_name="us-east-2")
    codes = {"ec2": "AuthFailure", "sts": "InvalidClientTokenId", "ssm": "UnrecognizedClientException"}
    calls = {"ec2": "describe_instances", "sts": "get_caller_identity", "ssm": "describe_instance_information"}
    for service, code in codes.items():
        make: Any = session.client
        stranger = make(service, endpoint_url=bare.endpoint)
        assert error_of(getattr(stranger, calls[service])).code == code


def test_the_log_has_every_call_with_its_result(bare: Cloud, own: Any, error_of: Any) -> None:
    bare.control("/demo/calls", method="DELETE")
    own.describe_instances(Filters=[{"Name": "instance-state-name", "Values": ["running"]}])
    error_of(own.describe_instances, InstanceIds=["i-00000000000000000"])
    good, bad = bare.control("/demo/calls", method="GET")
    assert (good["service"], good["action"], good["region"], good["status"]) == (
        "ec2",
        "DescribeInstances",
        "us-east-2",
        200,
    )
    assert good["params"]["Filter"] == [{"Name": "instance-state-name", "Value": ["running"]}]
    assert (bad["status"], bad["code"]) == (400, "InvalidInstanceID.NotFound")
    assert abs(good["at"] - time.time()) < 10


def test_the_clients_address_is_one_for_documentation(bare: Cloud) -> None:
    assert bare.control("/demo/address", method="GET").strip() == "203.0.113.7"
    with pytest.raises(ValueError, match="no such address"):
        bare.control("/demo/nothing", method="GET")


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("ec2", "describe_capacity_blocks", {}),
        ("ec2", "get_launch_template_data", {"InstanceId": "i-0123456789abcdef0"}),
        ("ec2", "copy_image", {"Name": "copy", "SourceImageId": "ami-1", "SourceRegion": "us-west-2"}),
        ("sts", "get_federation_token", {"Name": "someone"}),
        ("ssm", "put_parameter", {"Name": "name", "Value": "value"}),
        ("cloudwatch", "list_dashboards", {}),
        ("iam", "list_users", {}),
    ],
)
def test_an_operation_that_the_cloud_does_not_have_is_refused_in_the_protocol_of_its_service(
    cloud: Cloud, client: Any, error_of: Any, service: str, operation: str, params: dict[str, Any]
) -> None:
    answer = error_of(getattr(client(cloud, service), operation), **params)
    name = "".join(part.capitalize() for part in operation.split("_"))
    assert (answer.code, answer.status) == ("UnsupportedOperation", 400)
    assert answer.message == f"The demo cloud does not answer {name}."


def test_a_request_signed_long_ago_has_expired(bare: Cloud) -> None:
    from http.client import HTTPConnection

    credential = f"Credential={bare.keys.access_key}/20200101/us-east-2/ec2/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=0",
        "X-Amz-Date": "20200101T000000Z",
    }
    connection = HTTPConnection("127.0.0.1", int(bare.endpoint.rpartition(":")[2]), timeout=10)
    connection.request("POST", "/", "Action=DescribeInstances&Version=2016-11-15", headers)
    reply = connection.getresponse()
    assert reply.status == 400
    assert b"<Code>RequestExpired</Code>" in reply.read()
    connection.close()
