"""The metadata of an instance. Source: Amazon EC2 User Guide, "Instance metadata categories"."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime

from fe2tui.demo import spot_requests
from fe2tui.demo.account import ACCOUNT_ID, Region
from fe2tui.demo.records import Instance

_ROOT = "/latest/meta-data/"
_DOCUMENT = "/latest/dynamic/instance-identity/document"


def read(region: Region, instance: Instance, path: str) -> str | None:
    """The text at a path such as `/latest/meta-data/instance-id`, the names in a folder, or None."""
    if path == _DOCUMENT:
        return json.dumps(_document(region, instance), indent=2)
    if path in ("/latest/meta-data", "/latest", "/latest/"):
        return "meta-data/\ndynamic/" if path.rstrip("/") == "/latest" else _listing(region, instance, "")
    if not path.startswith(_ROOT):
        return None
    below = path.removeprefix(_ROOT)
    item = _ITEMS.get(below.rstrip("/"))
    if item is not None:
        return item(region, instance)
    return _listing(region, instance, f"{below.rstrip('/')}/" if below else "")


def _listing(region: Region, instance: Instance, folder: str) -> str | None:
    names = [name for name, item in _ITEMS.items() if name.startswith(folder) and item(region, instance) is not None]
    below = [name.removeprefix(folder).partition("/") for name in names]
    return "\n".join(dict.fromkeys(f"{name}{slash}" for name, slash, _ in below)) or None


def _action(region: Region, instance: Instance) -> str | None:
    """The interruption notice; None (404) while there is none."""
    notice = instance.notice
    return json.dumps({"action": notice[0], "time": _stamp(notice[1])}) if notice else None


def _termination_time(region: Region, instance: Instance) -> str | None:
    """The older form of the notice; only if the instance will be terminated."""
    return _stamp(instance.notice[1]) if instance.notice and instance.notice[0] == "terminate" else None


def _rebalance(region: Region, instance: Instance) -> str | None:
    return json.dumps({"noticeTime": _stamp(instance.rebalance_at)}) if instance.rebalance_at is not None else None


def _document(region: Region, instance: Instance) -> Mapping[str, str]:
    return {
        "accountId": ACCOUNT_ID,
        "architecture": instance.architecture,
        "availabilityZone": instance.zone,
        "imageId": instance.image_id,
        "instanceId": instance.id,
        "instanceType": instance.type,
        "pendingTime": _stamp(instance.launched_at),
        "privateIp": instance.private_ip,
        "region": region.name,
    }


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


_ITEMS: Mapping[str, Callable[[Region, Instance], str | None]] = {
    "ami-id": lambda region, one: one.image_id,
    "ami-launch-index": lambda region, one: str(one.launch_index),
    "events/recommendations/rebalance": _rebalance,
    "instance-id": lambda region, one: one.id,
    "instance-life-cycle": lambda region, one: "spot" if spot_requests.request_of(region, one) else "on-demand",
    "instance-type": lambda region, one: one.type,
    "local-ipv4": lambda region, one: one.private_ip,
    "placement/availability-zone": lambda region, one: one.zone,
    "placement/region": lambda region, one: region.name,
    "public-ipv4": lambda region, one: one.public_ip,
    "spot/instance-action": _action,
    "spot/termination-time": _termination_time,
}
