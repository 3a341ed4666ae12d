"""EC2's rules for tags, and the calls that read and change them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fe2tui.demo.account import Region
from fe2tui.demo.api import Call, answers
from fe2tui.demo.errors import Refusal, invalid_value, missing
from fe2tui.demo.lists import matcher, page
from fe2tui.demo.protocols import UNSPEAKABLE, tag_parameters
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


def checked_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags, if EC2 takes them: keys to 128 characters, values to 256, at most 50, no control characters.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html
    """
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            raise invalid_value("Tag keys starting with 'aws:' are reserved for internal use")
        if not 0 < len(key) <= 128:
            raise invalid_value("Tag key exceeds the maximum length of 128 characters")
        if len(value) > 256:
            raise invalid_value("Tag value exceeds the maximum length of 256 characters")
        if UNSPEAKABLE.search(key + value):
            raise invalid_value("Tag keys and values cannot contain control characters")
    if len(tags) > 50:
        raise Refusal("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
    return dict(tags)


def asked_tags(params: Mapping[str, Any], kind: str) -> dict[str, str]:
    """The tags that a creating call gives to what it creates."""
    return checked_tags(tag_parameters(params.get("TagSpecification"), kind))


def _tagged(region: Region, ids: list[str]) -> list[Taggable]:
    records = {identity: record for _, identity, record in region.taggables()}
    for identity in ids:
        if identity not in records:
            kind, noun = _NOT_FOUND.get(identity.partition("-")[0], ("InvalidID", "ID"))
            raise Refusal(f"{kind}.NotFound", f"The {noun} '{identity}' does not exist")
    return [records[identity] for identity in ids]


def _changed(record: Taggable, tags: dict[str, str]) -> None:
    record.tags = tags
    if isinstance(record, Instance):
        record.touch()


@answers("CreateTags")
def create_tags(call: Call) -> Mapping[str, Any]:
    """All or none: a wrong id or tag changes nothing."""
    ids = call.texts("ResourceId")
    if not ids:
        raise missing("resourceIdSet")
    new = {tag["Key"]: tag.get("Value", "") for tag in call.params.get("Tag", ())}
    if not new:
        raise missing("tagSet")
    records = _tagged(call.region, ids)
    merged = [checked_tags({**record.tags, **new}) for record in records]
    for record, tags in zip(records, merged, strict=True):
        _changed(record, tags)
    return {"return": True}


@answers("DeleteTags")
def delete_tags(call: Call) -> Mapping[str, Any]:
    """A tag given with a value goes only if it has that value."""
    ids = call.texts("ResourceId")
    if not ids:
        raise missing("resourceIdSet")
    wanted = call.params.get("Tag")
    for record in _tagged(call.region, ids):
        kept = dict(record.tags)
        for tag in wanted if wanted is not None else [{"Key": key} for key in record.tags]:
            if "Value" not in tag or kept.get(tag["Key"]) == tag["Value"]:
                kept.pop(tag["Key"], None)
        _changed(record, kept)
    return {"return": True}


@dataclass(slots=True)
class _Tag:
    serial: int
    kind: str
    identity: str
    key: str
    value: str


@answers("DescribeTags")
def describe_tags(call: Call) -> Mapping[str, Any]:
    """Every tag of every resource, one item each."""
    found: list[_Tag] = []
    for kind, identity, record in call.region.taggables():
        for key, value in record.tags.items():
            found.append(_Tag(len(found), kind, identity, key, value))
    matches = matcher(
        call.params.get("Filter"),
        {
            "key": lambda tag: tag.key,
            "resource-id": lambda tag: tag.identity,
            "resource-type": lambda tag: tag.kind,
            "value": lambda tag: tag.value,
        },
    )
    shown, token = page([tag for tag in found if matches(tag)], call.params)
    rows = [{"resourceId": tag.identity, "resourceType": tag.kind, "key": tag.key, "value": tag.value} for tag in shown]
    return {"tagSet": rows, "nextToken": token}
