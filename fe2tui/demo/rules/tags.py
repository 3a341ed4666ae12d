"""Tags: what EC2 allows, and CreateTags, DeleteTags, DescribeTags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fe2tui.demo.account import Region
from fe2tui.demo.api import Call, operation
from fe2tui.demo.describe import matcher, page
from fe2tui.demo.errors import ApiError, invalid_value, missing_parameter
from fe2tui.demo.protocols import NOT_IN_XML, tag_parameters
from fe2tui.demo.records import Instance, Taggable

_NOT_FOUND = {
    "i": ("InvalidInstanceID", "instance ID"),
    "vol": ("InvalidVolume", "volume"),
    "snap": ("InvalidSnapshot", "snapshot"),
    "ami": ("InvalidAMIID", "image ID"),
    "sir": ("InvalidSpotInstanceRequestID", "spot instance request ID"),
    "eipalloc": ("InvalidAllocationID", "allocation ID"),
    "vpc": ("InvalidVpcID", "vpc ID"),
    "subnet": ("InvalidSubnetID", "subnet ID"),
    "sg": ("InvalidGroup", "security group"),
    "key": ("InvalidKeyPair", "key pair"),
}


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
    return valid_tags(tag_parameters(params.get("TagSpecification"), kind))


def _taggable_records(region: Region) -> Iterator[tuple[str, str, Taggable]]:
    """(resource type, id, record) of everything that can have tags."""
    tables: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("instance", region.instances),
        ("volume", region.volumes),
        ("snapshot", region.snapshots),
        ("image", region.images),
        ("spot-instances-request", region.spot_requests),
        ("elastic-ip", region.addresses),
        ("vpc", region.vpcs),
        ("subnet", region.subnets),
        ("security-group", region.security_groups),
        ("key-pair", {key.id: key for key in region.key_pairs.values()}),
    )
    for resource_type, records in tables:
        for identity, record in records.items():
            yield resource_type, identity, record


def _find_records(region: Region, ids: list[str]) -> list[Taggable]:
    records = {identity: record for _, identity, record in _taggable_records(region)}
    for identity in ids:
        if identity not in records:
            kind, noun = _NOT_FOUND.get(identity.partition("-")[0], ("InvalidID", "ID"))
            raise ApiError(f"{kind}.NotFound", f"The {noun} '{identity}' does not exist")
    return [records[identity] for identity in ids]


def _set_tags(record: Taggable, tags: dict[str, str]) -> None:
    record.tags = tags
    if isinstance(record, Instance):
        record.touch()


@operation("CreateTags")
def create_tags(call: Call) -> Mapping[str, Any]:
    """Tags all resources, or none if an id or a tag is wrong."""
    ids = call.texts("ResourceId")
    if not ids:
        raise missing_parameter("resourceIdSet")
    new = {tag["Key"]: tag.get("Value", "") for tag in call.params.get("Tag", ())}
    if not new:
        raise missing_parameter("tagSet")
    records = _find_records(call.region, ids)
    merged = [valid_tags({**record.tags, **new}) for record in records]
    for record, tags in zip(records, merged, strict=True):
        _set_tags(record, tags)
    return {"return": True}


@operation("DeleteTags")
def delete_tags(call: Call) -> Mapping[str, Any]:
    """A tag that is named with a value is deleted only if it has that value."""
    ids = call.texts("ResourceId")
    if not ids:
        raise missing_parameter("resourceIdSet")
    wanted = call.params.get("Tag")
    for record in _find_records(call.region, ids):
        tags = dict(record.tags)
        for tag in wanted if wanted is not None else [{"Key": key} for key in record.tags]:
            if "Value" not in tag or tags.get(tag["Key"]) == tag["Value"]:
                tags.pop(tag["Key"], None)
        _set_tags(record, tags)
    return {"return": True}


@dataclass(slots=True)
class _Tag:
    serial: int
    kind: str
    identity: str
    key: str
    value: str


@operation("DescribeTags")
def describe_tags(call: Call) -> Mapping[str, Any]:
    all_tags: list[_Tag] = []
    for kind, identity, record in _taggable_records(call.region):
        for key, value in record.tags.items():
            all_tags.append(_Tag(len(all_tags), kind, identity, key, value))
    matches = matcher(
        call.params.get("Filter"),
        {
            "key": lambda tag: tag.key,
            "resource-id": lambda tag: tag.identity,
            "resource-type": lambda tag: tag.kind,
            "value": lambda tag: tag.value,
        },
    )
    shown, token = page([tag for tag in all_tags if matches(tag)], call.params)
    rows = [{"resourceId": tag.identity, "resourceType": tag.kind, "key": tag.key, "value": tag.value} for tag in shown]
    return {"tagSet": rows, "nextToken": token}
