"""Clients of the demo cloud, which check every reply of EC2 against the SDK's model."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from fe2tui.demo import Cloud


def _unknown(node: ET.Element, shape: Any, path: str) -> Iterator[str]:
    """The elements of a reply that EC2's model does not have; the SDK's parser would ignore them."""
    if shape.type_name == "structure":
        members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for child in node:
            name = child.tag.rpartition("}")[2]
            if name == "requestId" and path == "":
                continue
            if name == "return" and "return" not in members:
                continue
            if name not in members:
                yield f"{path}/{name}"
            else:
                yield from _unknown(child, members[name], f"{path}/{name}")
    elif shape.type_name == "list":
        for child in node:
            yield from _unknown(child, shape.member, f"{path}[]")


def _check_names(operation_model: Any, response_dict: Any, **_: Any) -> None:
    if response_dict["status_code"] < 300 and operation_model.output_shape is not None:
        try:
            root = ET.fromstring(response_dict["body"])
        except ET.ParseError:
            return  # The SDK's own parser reports this next.
        unknown = set(_unknown(root, operation_model.output_shape, ""))
        assert not unknown, f"{operation_model.name} answers {unknown}"


def make_client(cloud: Cloud, service: str, region: str = "us-east-2", **changes: Any) -> Any:
    """A client without retries."""
    session = boto3.Session(cloud.keys.access_key, changes.pop("secret", cloud.keys.secret), region_name=region)
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=changes.pop("read_timeout", 20))
    make: Any = session.client
    client = make(service, endpoint_url=cloud.endpoint, config=config, **changes)
    if service == "ec2":
        client.meta.events.register("before-parse.ec2", _check_names)
    return client


@pytest.fixture
def client() -> Callable[..., Any]:
    """Creates clients of a cloud."""
    return make_client


@pytest.fixture(scope="session")
def ec2(cloud: Cloud) -> Any:
    """EC2 of the shared cloud, for reading and for changes that leave no trace."""
    return make_client(cloud, "ec2")


@pytest.fixture
def bare(fresh_cloud: Callable[..., Cloud]) -> Cloud:
    """An empty cloud of the test's own."""
    return fresh_cloud(scene=False)


@pytest.fixture
def own(bare: Cloud) -> Any:
    """EC2 of an empty cloud of the test's own."""
    return make_client(bare, "ec2")


@pytest.fixture
def launch() -> Callable[..., Any]:
    """Launches an instance and returns it as the reply has it."""

    def run(ec2: Any, architecture: str = "x86_64", **changes: Any) -> Any:
        params = {"InstanceType": "m5.large", "KeyName": "default", "MinCount": 1, "MaxCount": 1, **changes}
        if "ImageId" not in params:
            params["ImageId"] = newest_ubuntu(ec2, architecture)
        reply = ec2.run_instances(**params)["Instances"]
        return reply[0] if len(reply) == 1 else reply

    return run


def newest_ubuntu(ec2: Any, architecture: str = "x86_64") -> str:
    """The id of the newest Ubuntu image."""
    filters = [{"Name": "architecture", "Values": [architecture]}, {"Name": "name", "Values": ["*resolute*"]}]
    images = ec2.describe_images(Owners=["099720109477"], Filters=filters)["Images"]
    return str(max(images, key=lambda image: image["CreationDate"])["ImageId"])


@pytest.fixture
def ubuntu() -> Callable[..., str]:
    """Finds the id of the newest Ubuntu image."""
    return newest_ubuntu


def look(ec2: Any, instance_id: str) -> Any:
    """The instance as DescribeInstances shows it."""
    return ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


@pytest.fixture
def state() -> Callable[[Any, str], str]:
    """The name of an instance's state."""
    return lambda ec2, instance_id: str(look(ec2, instance_id)["State"]["Name"])


@pytest.fixture
def describe() -> Callable[[Any, str], Any]:
    """Describes an instance."""
    return look


class ErrorReply:
    """The code, message and HTTP status of an error."""

    def __init__(self, error: ClientError) -> None:
        self.code = error.response["Error"]["Code"]
        self.message = error.response["Error"]["Message"]
        self.status = error.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture
def error_of() -> Callable[..., ErrorReply]:
    """Calls a function and returns its error. Fails if the call succeeds."""

    def call(function: Callable[..., Any], **params: Any) -> ErrorReply:
        with pytest.raises(ClientError) as caught:
            function(**params)
        return ErrorReply(caught.value)

    return call
