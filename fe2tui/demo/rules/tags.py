"""Tags: what EC2 allows, and CreateTags, DeleteTags, DescribeTags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

from fe2tui.demo.account import Region
from fe2tui.demo.api import Call, operation
from fe2tui.demo.describe import Getter, select
from fe2tui.demo.errors import ApiError, find, invalid_value, missing_parameter
from fe2tui.demo.protocols import NOT_IN_XML
from fe2tui.demo.records import Instance, Record

_TAGGABLE = {
    "i": ("instance", "instances", "InvalidInstanceID", "instance ID"),
    "vol": ("volume", "volumes", "InvalidVolume", "volume"),
    "snap": ("snapshot", "snapshots", "InvalidSnapshot", "snapshot"),
    "ami": ("image", "images", "InvalidAMIID", "image ID"),
    "sir": ("spot-instances-request", "spot_requests", "InvalidSpotInstanceRequestID", "spot instance request ID"),
    "eipalloc": ("elastic-ip", "addresses", "InvalidAllocationID", "allocation ID"),
    "vpc": ("vpc", "vpcs", "InvalidVpcID", "vpc ID"),
    "subnet": ("subnet", "subnets", "InvalidSubnetID", "subnet ID"),
    "sg": ("security-group", "security_groups", "InvalidGroup", "security group"),
    "key": ("key-pair", "key_pairs", "InvalidKeyPair", "key pair"),
}
"""What can have tags, by the prefix of its id: resource type, the region's table, the error of an unknown id, noun."""


def valid_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """A copy of the tags. Raises ApiError for what EC2 does not allow.

    Keys have up to 128 characters, values up to 256; 50 tags at most; no control characters.
    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html
    """
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            raise invalid_value("Tag keys starting with 'aws:' are reserved for internal use")
        if not 0 < len(key) <= 128:
            raise invalid_value("Tag key exceeds the maximum length of 128 characters")
        if len(value) > 256:
            raise invalid_value("Tag value exceeds the maximum length of 256 characters")
        if NOT_IN_XML.search(key + value):
            raise invalid_value("Tag keys and values cannot contain control characters")
    if len(tags) > 50:
        raise ApiError("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
    return dict(tags)


def requested_tags(params: Mapping[str, Any], kind: str) -> dict[str, str]:
    """The tags that a creating call has for resources of one type. Raises ApiError."""
    specifications = [one for one in params.get("TagSpecification") or () if one.get("ResourceType") == kind]
    return valid_tags({tag["Key"]: tag.get("Value", "") for one in specifications for tag in one.get("Tag", ())})


def _taggable_records(region: Region) -> Iterator[tuple[str, Record]]:
    """(resource type, record) of everything that can have tags."""
    for resource_type, table, _, _ in _TAGGABLE.values():
        for record in getattr(region, table).values():
            yield resource_type, record


def _named_records(call: Call) -> list[Record]:
    ids = call.texts("ResourceId")
    if not ids:
        raise missing_parameter("resourceIdSet")
    records = {record.id: record for _, record in _taggable_records(call.region)}
    for identity in ids:
        *_, kind, noun = _TAGGABLE.get(identity.partition("-")[0], ("InvalidID", "ID"))
        find(records, identity, kind, noun)
    return [records[identity] for identity in ids]


def _set_tags(record: Record, tags: dict[str, str]) -> None:
    record.tags = tags
    if isinstance(record, Instance):
        record.touch()


@operation("CreateTags")
def create_tags(call: Call) -> Mapping[str, Any]:
    """Tags all resources, or none if an id or a tag is wrong."""
    records = _named_records(call)
    new = {tag["Key"]: tag.get("Value", "") for tag in call.params.get("Tag", ())}
    if not new:
        raise missing_parameter("tagSet")
    merged = [valid_tags({**record.tags, **new}) for record in records]
    for record, tags in zip(records, merged, strict=True):
        _set_tags(record, tags)
    return {"return": True}


@operation("DeleteTags")
def delete_tags(call: Call) -> Mapping[str, Any]:
    """A tag that is named with a value is deleted only if it has that value."""
    wanted = call.params.get("Tag")
    for record in _named_records(call):
        tags = dict(record.tags)
        for tag in wanted if wanted is not None else [{"Key": key} for key in record.tags]:
            if "Value" not in tag or tags.get(tag["Key"]) == tag["Value"]:
                tags.pop(tag["Key"], None)
        _set_tags(record, tags)
    return {"return": True}


@operation("DescribeTags")
def describe_tags(call: Call) -> Mapping[str, Any]:
    rows = [
        {"resourceId": record.id, "resourceType": kind, "key": key, "value": value}
        for kind, record in _taggable_records(call.region)
        for key, value in record.tags.items()
    ]
    shown, token = select(rows, call.params, _FILTERS, key="")
    return {"tagSet": shown, "nextToken": token}


_FILTERS: dict[str, Getter] = {
    "key": itemgetter("key"),
    "resource-id": itemgetter("resourceId"),
    "resource-type": itemgetter("resourceType"),
    "value": itemgetter("value"),
}
