"""Everything about one instance or image, as the blocks of its full-screen details."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fe2tui.errors import Fe2Error
from fe2tui.model.calendar import month_start
from fe2tui.model.documents import json_text
from fe2tui.model.fleet import Fleet
from fe2tui.model.image import Image
from fe2tui.model.instance import Attachment, Instance, InstanceAttributes, State
from fe2tui.model.instance_group import instance_group
from fe2tui.model.interruption import request_text
from fe2tui.model.money.rates import hourly_cost, instance_per_hour, monthly_cost, spot_saving, volume_per_month
from fe2tui.model.money.unknown import NOT_INCLUDED, no_price_reason, stale_prices_text, unseen_usage_sentences
from fe2tui.model.money.usage import BEFORE_EC2, known_cost_between
from fe2tui.model.text import DASH, age, dollars, local_time, time_phrase, visible
from fe2tui.tasks.describe import Description
from fe2tui.tasks.protection import shutdown_text
from fe2tui.tui.commands import COMMANDS_BY_ID, key_label
from fe2tui.tui.interruption_news import spot_request_of
from fe2tui.tui.panes import images
from fe2tui.tui.panes.activity import activity_row
from fe2tui.tui.panes.details import Fact
from fe2tui.tui.panes.full_text import Block
from fe2tui.tui.panes.images import ImageRowScope
from fe2tui.tui.panes.instance_columns import InstanceRowScope, state_text
from fe2tui.tui.panes.instance_details import alert_facts, cpu_facts, ssh_facts, tunnel_fact

if TYPE_CHECKING:
    from fe2tui.tui.tunnel_keeper import KeptTunnels

READING = (Fact("", "Reading …", "ink-dim"),)


def instance_blocks(
    instance: Instance,
    scope: InstanceRowScope,
    description: Description | None,
    keys: Mapping[str, str],
    *,
    has_host_key: bool,
    reads_cpu: bool,
    tunnels: Sequence[KeptTunnels] = (),
) -> list[Block]:
    """``description`` is None while it is read. ``keys`` are by command id."""
    fleet, now = scope.fleet, scope.now
    spot = list(_spot_facts(instance, fleet, now))
    ssh = [*_unlabelled(ssh_facts(instance, fleet, has_host_key)), *(tunnel_fact(kept, now) for kept in tunnels)]
    return [
        Block("Instance", list(_instance_facts(instance, scope, reads_cpu, _key("keep", keys)))),
        Block("Cost", list(_cost_facts(instance, fleet, now))),
        _command_block("SSH", ssh, "connect", "Connect", keys),
        Block("Network", list(_network_facts(instance))),
        Block("Disks", list(_disk_facts(instance, fleet, now))),
        Block("Image", list(_image_facts(instance, fleet, now))),
        *([Block("Spot request", spot)] if spot else []),
        Block("Status checks and scheduled events", list(_status_facts(instance, scope, description))),
        _command_block("Protection", list(_protection_facts(description)), "protection", "Change", keys),
        _command_block("Tags", list(_tag_facts(instance.tags)), "tags", "Edit", keys),
        *_read_blocks(description, now),
        _command_block("Console output", [_console_fact(keys)], "console", "Open", keys),
        _json_block(description),
    ]


def image_blocks(
    image: Image, scope: ImageRowScope, description: Description | None, keys: Mapping[str, str]
) -> list[Block]:
    facts = [*images.alert_facts(image), *images.property_facts(image, scope), *images.origin_facts(image, scope)]
    facts += images.owner_facts(image, scope)
    blocks = [
        _command_block("Image", facts, "launch", "Launch", keys),
        Block("Cost", list(images.cost_facts(image, scope))),
        Block("Snapshots", _unlabelled(images.snapshot_facts(image, scope))),
        Block("Instances", _unlabelled(images.instance_facts(image, scope))),
        Block("Tags", list(_tag_facts(image.tags))),
    ]
    return [
        *(block for block in blocks if block.facts),
        *_read_blocks(description, scope.now),
        _json_block(description),
    ]


def _command_block(title: str, facts: list[Fact], command: str, word: str, keys: Mapping[str, str]) -> Block:
    return Block(title, facts, command=command, key=_key(command, keys), word=word)


def _unlabelled(facts: Iterable[Fact]) -> list[Fact]:
    return [fact._replace(label="") for fact in facts]


def _key(command: str, keys: Mapping[str, str]) -> str:
    return key_label(keys.get(command, COMMANDS_BY_ID[command].key))


def _instance_facts(instance: Instance, scope: InstanceRowScope, reads_cpu: bool, keep_key: str) -> Iterator[Fact]:
    fleet, now = scope.fleet, scope.now
    yield from alert_facts(instance, scope, keep_key)
    yield Fact("Id", instance.id)
    note = scope.notes.get(instance.id)
    yield Fact("State", state_text(instance) + (f" · {note}" if note else ""))
    platform = "" if instance.platform == "Linux/UNIX" else visible(instance.platform)
    yield Fact("Type", _joined(visible(instance.type), visible(instance.architecture), platform, instance.lifecycle))
    tenancy = "" if instance.tenancy == "default" else f"{visible(instance.tenancy)} tenancy"
    yield Fact("Zone", _joined(instance.zone, tenancy))
    if instance.launched_at is not None:
        yield Fact("Started", f"{age(now - instance.launched_at)} ago ({local_time(instance.launched_at, now)})")
    ended_at = instance.changed_state_at
    if ended_at is not None and instance.state not in (State.PENDING, State.RUNNING):
        word = "Terminated" if instance.state.is_gone else "Stopped"
        yield Fact(word, f"{age(now - ended_at)} ago ({local_time(ended_at, now)})")
    if (group := instance_group(instance)) is not None:
        yield Fact("Group", f"{visible(group.text.removeprefix('the '))}, {group.after_stop}")
    yield Fact("Key pair", visible(instance.key_name or "") or "none")
    if instance.boot_mode:
        yield Fact("Boot mode", visible(instance.boot_mode))
    if instance.hibernation:
        yield Fact("Hibernation", "enabled")
    yield from cpu_facts(instance, fleet, reads_cpu)


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part) or DASH


def _cost_facts(instance: Instance, fleet: Fleet, now: datetime) -> Iterator[Fact]:
    cost = hourly_cost(instance, fleet)
    yield Fact("Instance", f"{dollars(cost.instance, 4, sign='$')} an hour")
    yield Fact("Disks", f"{dollars(cost.volumes, 4, sign='$')} an hour")
    if cost.address:
        yield Fact("IPv4 address", f"{dollars(cost.address, 4, sign='$')} an hour")
    yield Fact("Together", f"{_least(cost.known, cost.total is not None, 4)} an hour")
    if instance.launched_at is not None:
        yield Fact("Since its start", _least(*known_cost_between(instance, fleet, instance.launched_at, now)))
    first = month_start(now)
    yield Fact(f"In {first:%B}", _least(*known_cost_between(instance, fleet, first, now)))
    yield Fact("So far", _least(*known_cost_between(instance, fleet, BEFORE_EC2, now)))
    month = monthly_cost(instance, fleet)
    yield Fact("A month", f"{dollars(month, sign='$')} in this state, of 730 hours")
    if instance.state is State.STOPPED and not instance.is_interrupted:
        price = dollars(instance_per_hour(instance, fleet.prices), 3, sign="$")
        yield Fact("Saves", f"{price} an hour for the instance while it is stopped")
    elif (saved := spot_saving(instance, fleet.prices)) is not None and not instance.state.is_gone:
        yield Fact(
            "Saves", f"{saved * 100:.0f} % against {dollars(fleet.prices.on_demand.get(instance.type), 3)} on demand"
        )
    if cost.instance is None:
        yield Fact("", f"Price unknown: {no_price_reason(instance, fleet)}.", "ink-dim")
    if stale := stale_prices_text(fleet, now):
        yield Fact("", f"On-demand {stale}.", "ink-dim")
    for sentence in unseen_usage_sentences(instance, fleet):
        yield Fact("", sentence, "ink-dim")
    yield Fact("", NOT_INCLUDED, "ink-dim")


def _least(known: Any, is_all: bool, places: int = 2) -> str:
    return f"{'' if is_all else '≥'}{dollars(known, places, sign='$')}" if known or is_all else DASH


def _network_facts(instance: Instance) -> Iterator[Fact]:
    addresses = {"Public": instance.public_ip, "IPv6": instance.ipv6, "Private": instance.private_ip}
    for name, address in addresses.items():
        if address:
            yield Fact(name, address)
    if instance.public_dns:
        yield Fact("DNS name", visible(instance.public_dns))
    for group, group_name in instance.security_groups:
        yield Fact("Security group", f"{visible(group_name)} ({group})")
    if instance.vpc_id:
        yield Fact("VPC", _joined(instance.vpc_id, instance.subnet_id or ""))
    if instance.instance_profile:
        yield Fact("Role", visible(instance.instance_profile))
    if not any(addresses.values()):
        yield Fact("", "no address", "ink-dim")


def _disk_facts(instance: Instance, fleet: Fleet, now: datetime) -> Iterator[Fact]:
    for attachment in instance.attachments:
        yield from _attachment_facts(attachment, fleet, now)
    if not instance.attachments:
        yield Fact("", "none", "ink-dim")


def _attachment_facts(attachment: Attachment, fleet: Fleet, now: datetime) -> Iterator[Fact]:
    fate = f"{'deleted' if attachment.delete_on_termination else 'kept'} when it is terminated"
    volume = fleet.volumes.get(attachment.volume_id)
    if volume is None:
        yield Fact(visible(attachment.device), f"{attachment.volume_id}, {fate}")
        return
    month = volume_per_month(volume, fleet.prices)
    yield Fact(visible(attachment.device), _joined(volume.id, visible(volume.name)))
    speed = [f"{volume.iops:,} IOPS" if volume.iops else "", f"{volume.throughput} MiB/s" if volume.throughput else ""]
    encrypted = "encrypted" if volume.encrypted else "not encrypted"
    yield Fact("", _joined(f"{volume.size:,} GiB {visible(volume.type)}", *speed, encrypted, visible(volume.state)))
    yield Fact("", _joined(f"{dollars(month, sign='$')} a month", fate))
    created = f"created {age(now - volume.created_at)} ago" if volume.created_at is not None else ""
    source = f"from {visible(volume.snapshot_id)}" if volume.snapshot_id else ""
    if created or source:
        yield Fact("", " ".join(part for part in (created, source) if part), "ink-dim")


def _image_facts(instance: Instance, fleet: Fleet, now: datetime) -> Iterator[Fact]:
    public = {each.image.id: each.image for each in fleet.public_images}
    image = fleet.images.get(instance.image_id) or public.get(instance.image_id)
    name = image.name if image is not None else fleet.image_names.get(instance.image_id, "")
    yield Fact("Id", instance.image_id or DASH)
    if name:
        yield Fact("Name", visible(name))
    if image is None:
        if not name:
            yield Fact("", "Its image does not exist any more, or was not read.", "ink-dim")
        return
    created = f"{age(now - image.created_at)} ago" if image.created_at is not None else ""
    yield Fact("Created", created or DASH)
    yield Fact("Owner", "yours" if image.id in fleet.images else visible(image.owner_id))
    if image.description:
        yield Fact("About", visible(image.description))


def _spot_facts(instance: Instance, fleet: Fleet, now: datetime) -> Iterator[Fact]:
    if not instance.spot_request_id:
        return
    yield Fact("Id", instance.spot_request_id)
    request = spot_request_of(instance, fleet)
    if request is None:
        yield Fact("", "not read", "ink-dim")
        return
    yield Fact("Type", _joined(visible(request.type), f"interruption: {visible(request.interruption) or DASH}"))
    text = request_text(request, instance if request.instance_id == instance.id else None)
    yield Fact("State", f"{visible(request.state)}: {text}")
    when = time_phrase(request.status_at, now)
    yield Fact("Status", visible(_joined(f"{request.status_code}{when}", request.status_words)))
    if request.created_at is not None:
        yield Fact("Created", f"{age(now - request.created_at)} ago")


def _status_facts(instance: Instance, scope: InstanceRowScope, description: Description | None) -> Iterator[Fact]:
    if description is None:
        yield from READING
    elif isinstance(description.checks, Fe2Error):
        yield from _error_facts(description.checks)
    else:
        for name, result in (description.checks or {}).items():
            yield Fact(name, visible(result), "state-trouble" if result == "impaired" else "foreground")
        if not description.checks:
            yield Fact("", "EC2 checks running instances only.", "ink-dim")
    status = scope.fleet.statuses.get(instance.id)
    for event in status.events if status is not None else ():
        yield Fact("Event", f"▲ {visible(event.code)}{time_phrase(event.not_before, scope.now)}", "state-trouble")


def _protection_facts(description: Description | None) -> Iterator[Fact]:
    attributes = description.attributes if description is not None else None
    if attributes is None:
        yield from READING
    elif isinstance(attributes, InstanceAttributes):
        yield Fact("Termination", f"protection is {'on' if attributes.termination_protected else 'off'}")
        yield Fact("Stop", f"protection is {'on' if attributes.stop_protected else 'off'}")
        is_lost = attributes.shutdown_behavior == "terminate"
        words = shutdown_text(attributes.shutdown_behavior)
        yield Fact("Shutdown", words, "state-trouble" if is_lost else "foreground")
    else:
        yield from _error_facts(attributes)


def _tag_facts(tags: Mapping[str, str]) -> Iterator[Fact]:
    for key, value in sorted(tags.items()):
        yield Fact("", f"{visible(key)} = {visible(value)}")
    if not tags:
        yield Fact("", "none", "ink-dim")


def _read_blocks(description: Description | None, now: datetime) -> Iterator[Block]:
    facts = []
    for activity in description.activities if description is not None else ():
        row = activity_row(activity, now)
        facts.append(Fact(row.at, f"{row.title}: {row.text}" if row.text else row.title))
        if row.remedy:
            facts.append(Fact("", f"→ {row.remedy}", "ink-dim"))
    nothing = "Nothing was done to it from this computer." if description is not None else "Reading …"
    yield Block("Activity", facts or [Fact("", nothing, "ink-dim")])


def _console_fact(keys: Mapping[str, str]) -> Fact:
    return Fact("", f"{_key('console', keys) or 'enter'} reads and follows it; it can be searched there.", "ink-dim")


def _json_block(description: Description | None) -> Block:
    title = "JSON, as EC2 describes it"
    if description is None:
        return Block(title, READING)
    if isinstance(description.document, Fe2Error):
        return Block(title, list(_error_facts(description.document)))
    return Block(title, lines=json_text(description.document, indent=2).splitlines())


def _error_facts(error: Fe2Error) -> Iterator[Fact]:
    yield Fact("", visible(error.summary), "state-trouble")
    if error.remedy:
        yield Fact("", visible(error.remedy), "ink-dim")
