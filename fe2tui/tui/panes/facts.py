"""Everything useful about one instance, as labelled lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from fe2tui.model.fleet import Fleet
from fe2tui.model.image import login_user
from fe2tui.model.instance import KEEP_TAG, PORT_TAG, USER_TAG, Instance, State
from fe2tui.model.money import (
    LEFT_OUT,
    cost_so_far,
    disk_per_month,
    hourly_cost,
    machine_price,
    monthly_cost,
    saving,
)
from fe2tui.model.words import DASH, age, dollars, local_time, plural, visible
from fe2tui.tui.columns import needs_you, state_words, time_up

_ENDED = (State.STOPPING, State.STOPPED, State.SHUTTING_DOWN, State.TERMINATED)
_SHOWN_ABOVE = ("Name",)


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what it labels. ``ink`` is a theme variable; an empty label goes on with the one before."""

    label: str
    text: str
    ink: str = "foreground"


def left(instance: Instance, fleet: Fleet, now: datetime, *, is_known: bool = False) -> list[Fact]:
    """How to reach it, how it came to be, what it is made of. ``is_known``: its host key is."""
    return [
        *_attention(instance, fleet, now),
        *_reach(instance, fleet, is_known),
        *_made(instance, fleet, now),
        *_disks(instance, fleet),
    ]


def right(instance: Instance, fleet: Fleet, now: datetime) -> list[Fact]:
    """What it costs, its tags, where it stands in the network."""
    return [
        *_money(instance, fleet, now),
        *_tags(instance),
        *_network(instance),
        Fact("", f"Cost is {LEFT_OUT}.", "ink-dim"),
    ]


def _attention(instance: Instance, fleet: Fleet, now: datetime) -> Iterator[Fact]:
    if instance.is_interrupted:
        yield Fact(
            "Look", f"▲ AWS took its capacity back; only AWS can start it again, in {instance.zone}.", "state-trouble"
        )
    elif needs_you(instance, now):
        so_far = cost_so_far(instance, fleet, now)
        spent = f", {dollars(so_far, sign='$')} so far" if so_far is not None else ""
        words = f"▲ on for {time_up(instance, now)}{spent}; if that is meant, tag it {KEEP_TAG}"
        yield Fact("Look", words, "state-trouble")
    if instance.state_reason and instance.state in _ENDED and not instance.is_interrupted:
        yield Fact("Why", visible(instance.state_reason), "ink-dim")


def _reach(instance: Instance, fleet: Fleet, is_known: bool) -> Iterator[Fact]:
    user = instance.tags.get(USER_TAG) or login_user(fleet.image_names.get(instance.image_id, ""))
    port = instance.tags.get(PORT_TAG, "")
    where = f" -p {visible(port)}" if port and port != "22" else ""
    key = f" · key {visible(instance.key_name)}" if instance.key_name else " · no key pair"
    key += " · host key known" if is_known else ""
    if instance.address and instance.state in (State.RUNNING, State.PENDING):
        yield Fact("Reach", f"ssh{where} {visible(user)}@{instance.address}{key}")
    else:
        yield Fact("Reach", f"no address now · user {visible(user)}{key}", "ink-dim")


def _made(instance: Instance, fleet: Fleet, now: datetime) -> Iterator[Fact]:
    image = fleet.image_names.get(instance.image_id, "").rpartition("/")[2]
    words = f"from {visible(image)} ({instance.image_id})" if image else f"from {instance.image_id or DASH}"
    if instance.launched_at:
        words += f", started {age(now - instance.launched_at)} ago ({local_time(instance.launched_at, now)})"
    yield Fact("Made", words)
    kind = [state_words(instance), visible(instance.type), visible(instance.architecture), instance.zone]
    yield Fact("Is", " · ".join(part for part in (*kind, _bought(instance)) if part))


def _bought(instance: Instance) -> str:
    if instance.is_spot:
        return f"spot {instance.spot_request_id or ''}".strip()
    return instance.lifecycle


def _disks(instance: Instance, fleet: Fleet) -> Iterator[Fact]:
    label = "Disks"
    for attachment in instance.attachments:
        volume = fleet.volumes.get(attachment.volume_id)
        kept = "deleted with it" if attachment.delete_on_termination else "kept when it is terminated"
        if volume is None:
            what = attachment.volume_id
        else:
            name = f" {visible(volume.name)}" if volume.name else ""
            month = dollars(disk_per_month((volume,), fleet.prices), sign="$")
            what = f"{volume.size} GiB {visible(volume.type)}{name}, {month} a month"
        yield Fact(label, f"{visible(attachment.device)} {what}, {kept}")
        label = ""
    if not instance.attachments and not instance.state.is_gone:
        yield Fact("Disks", "none", "ink-dim")


def _money(instance: Instance, fleet: Fleet, now: datetime) -> Iterator[Fact]:
    cost = hourly_cost(instance, fleet)
    parts = [("machine", cost.machine), ("disk", cost.disk), ("IPv4", cost.address)]
    named = [f"{name} {dollars(amount, 4)}" for name, amount in parts if amount is None or amount]
    said = " + ".join(named)
    if cost.total is None:
        yield Fact("Cost", f"{said or DASH} an hour; not all prices are known", "ink-dim")
    elif cost.total:
        total = f" = {dollars(cost.total, 4, sign='$')}" if len(named) > 1 else ""
        yield Fact("Cost", f"{said}{total} an hour")
    else:
        yield Fact("Cost", "nothing any more")
    so_far, month = cost_so_far(instance, fleet, now), monthly_cost(instance, fleet)
    yield Fact("", f"{dollars(so_far, sign='$')} so far · {dollars(month, sign='$')} a month if left as it is")
    saved = saving(instance, fleet.prices)
    if saved is not None:
        full = dollars(fleet.prices.on_demand.get(instance.type), 3)
        yield Fact("Saves", f"{saved * 100:.0f} % against {full} on demand")
    elif instance.state is State.STOPPED:
        price = dollars(machine_price(instance, fleet.prices), 3, sign="$")
        yield Fact("Saves", f"{price} an hour for the machine while it is stopped")


def _tags(instance: Instance) -> Iterator[Fact]:
    tags = [
        f"{visible(key)}={visible(value)}" for key, value in sorted(instance.tags.items()) if key not in _SHOWN_ABOVE
    ]
    yield Fact("Tags", " · ".join(tags) or "none", "foreground" if tags else "ink-dim")


def _network(instance: Instance) -> Iterator[Fact]:
    named = {"public": instance.public_ip, "private": instance.private_ip, "IPv6": instance.ipv6}
    addresses = [f"{name} {address}" for name, address in named.items() if address]
    yield Fact("Net", " · ".join(addresses) or "no address", "foreground" if addresses else "ink-dim")
    groups = [f"{visible(name)} ({group})" for group, name in instance.security_groups]
    where = [part for part in (instance.vpc_id, instance.subnet_id) if part]
    if groups:
        yield Fact("", f"{plural(len(groups), 'group')[2:]}: {', '.join(groups)}", "foreground")
    if where:
        yield Fact("", " · ".join(where), "ink-dim")
    if instance.instance_profile:
        yield Fact("Role", visible(instance.instance_profile))
