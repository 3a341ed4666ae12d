"""The details of an instance, as labelled facts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from fe2tui import paths
from fe2tui.model.cpu import DATAPOINT_PERIOD, DATAPOINTS_PER_HOUR, IDLE_AFTER, IDLE_PERCENT, idle_time
from fe2tui.model.fleet import Fleet
from fe2tui.model.image import login_user
from fe2tui.model.instance import KEEP_TAG, PORT_TAG, USER_TAG, Instance, State
from fe2tui.model.instance_group import instance_group
from fe2tui.model.instance_trouble import trouble_of
from fe2tui.model.interruption import request_text
from fe2tui.model.money.alerts import Alert
from fe2tui.model.money.rates import hourly_cost, instance_per_hour, monthly_cost, spot_saving, volumes_per_month
from fe2tui.model.money.unknown import NOT_INCLUDED, no_price_reason, stale_prices_text, unseen_usage_sentences
from fe2tui.model.money.usage import BEFORE_EC2, cost_since_start, known_cost_between
from fe2tui.model.spot import SpotRequest
from fe2tui.model.text import DASH, age, dollars, local_time, plural, visible
from fe2tui.tui.interruption_news import spot_request_of
from fe2tui.tui.panes.details import Fact, RowDetails
from fe2tui.tui.panes.instance_columns import InstanceRowScope, state_category, state_text, uptime

if TYPE_CHECKING:
    from fe2tui.tui.services import Services
    from fe2tui.tui.tunnel_keeper import KeptTunnels

_ENDED_STATES = (State.STOPPING, State.STOPPED, State.SHUTTING_DOWN, State.TERMINATED)
_HIDDEN_TAGS = ("Name",)


def instance_details(
    instance: Instance,
    scope: InstanceRowScope,
    *,
    has_host_key: bool,
    reads_cpu: bool,
    tunnels: Sequence[KeptTunnels] = (),
    keep_key: str = "",
) -> RowDetails:
    """``keep_key`` is the key that tags it ``fe2:keep``; empty for none."""
    return RowDetails(
        visible(scope.fleet.name_of(instance)) or "no name",
        instance.id,
        left_facts(instance, scope, has_host_key=has_host_key, tunnels=tunnels, keep_key=keep_key),
        right_facts(instance, scope, reads_cpu=reads_cpu),
    )


def left_facts(
    instance: Instance,
    scope: InstanceRowScope,
    *,
    has_host_key: bool = False,
    tunnels: Sequence[KeptTunnels] = (),
    keep_key: str = "",
) -> list[Fact]:
    return [
        *alert_facts(instance, scope, keep_key),
        *ssh_facts(instance, scope.fleet, has_host_key),
        *(tunnel_fact(kept, scope.now) for kept in tunnels),
        *_launch_facts(instance, scope.fleet, scope.now),
        *_volume_facts(instance, scope.fleet),
    ]


def right_facts(instance: Instance, scope: InstanceRowScope, *, reads_cpu: bool = True) -> list[Fact]:
    """The cost, the CPU, the tags and the network. ``reads_cpu``: whether CPU figures are read from CloudWatch."""
    return [
        *_cost_facts(instance, scope.fleet, scope.now),
        *cpu_facts(instance, scope.fleet, reads_cpu),
        *_tag_facts(instance),
        *_network_facts(instance),
        Fact("", NOT_INCLUDED, "ink-dim"),
    ]


def alert_facts(instance: Instance, scope: InstanceRowScope, keep_key: str = "") -> Iterator[Fact]:
    alert, texts = scope.alert(instance), scope.trouble(instance)
    if texts:
        text = texts[0]
        if (found := trouble_of(instance, scope.fleet, scope.now)) is not None and texts == found.forms:
            yield Fact("Alert", f"▲ {text[:1].upper()}{text[1:]}. {found.remedy}", "state-trouble")
            return
        only_aws = f" Only AWS can start it again, in {instance.zone}." if instance.is_interrupted else ""
        yield Fact("Alert", f"▲ {text[:1].upper()}{text[1:]}.{only_aws}", "state-trouble")
    elif alert is not None:
        spent = cost_since_start(instance, scope.fleet, scope.now)
        parts = [
            f"running for {uptime(instance, scope.fleet, scope.now)}",
            f"{dollars(spent, sign='$')} since its start" if spent else "",
        ]
        if alert is Alert.COSTLY:
            parts.reverse()
        text = ", ".join(part for part in parts if part)
        with_key = f" (key {keep_key})" if keep_key else ""
        remedy = f"Stop it if it is not needed, or tag it {KEEP_TAG}=yes{with_key} to end this alert."
        yield Fact("Alert", f"▲ {text}. {remedy}", f"state-{state_category(instance, scope)}")
    if instance.state_reason and instance.state in _ENDED_STATES:
        yield Fact("Why", visible(instance.state_reason), "ink-dim")


def ssh_facts(instance: Instance, fleet: Fleet, has_host_key: bool) -> Iterator[Fact]:
    if instance.is_windows and not instance.tags.get(USER_TAG):
        where = f": Remote Desktop to {instance.address}, port 3389" if instance.address else ", has no address"
        yield Fact("RDP", f"runs Windows{where}")
        return
    user = instance.tags.get(USER_TAG) or login_user(fleet.image_names.get(instance.image_id, ""))
    port = instance.tags.get(PORT_TAG, "")
    port_option = f" -p {visible(port)}" if port and port != "22" else ""
    key = f" · key {visible(instance.key_name)}" if instance.key_name else " · no key pair"
    key += " · host key known" if has_host_key else ""
    if instance.address and instance.state in (State.RUNNING, State.PENDING):
        yield Fact("SSH", f"ssh{port_option} {visible(user)}@{instance.address}{key}")
    else:
        yield Fact("SSH", f"no address · user {visible(user)}{key}", "ink-dim")


def tunnel_fact(kept: KeptTunnels, now: datetime) -> Fact:
    is_closed = kept.status.error is not None
    return Fact("Tunnel", f"{kept.ports_text} · {kept.state_text(now)}", "state-trouble" if is_closed else "foreground")


def _launch_facts(instance: Instance, fleet: Fleet, now: datetime) -> Iterator[Fact]:
    image = fleet.image_names.get(instance.image_id, "").rpartition("/")[2]
    text = f"{visible(image)} ({instance.image_id})" if image else instance.image_id or DASH
    if instance.launched_at:
        text += f", started {age(now - instance.launched_at)} ago ({local_time(instance.launched_at, now)})"
    yield Fact("Image", text)
    parts = [state_text(instance), visible(instance.type), visible(instance.architecture), instance.zone]
    yield Fact("State", " · ".join(part for part in (*parts, instance.lifecycle) if part))
    if (group := instance_group(instance)) is not None:
        yield Fact("Group", f"{visible(group.text.removeprefix('the '))}, {group.after_stop}")
    if instance.spot_request_id:
        yield Fact("Spot", _spot_request_text(instance, spot_request_of(instance, fleet)))


def _spot_request_text(instance: Instance, request: SpotRequest | None) -> str:
    if request is None:
        return instance.spot_request_id or DASH
    text = request_text(request, instance if request.instance_id == instance.id else None)
    return f"{request.id} {visible(request.type)}, {visible(request.state)}: {text}"


def _volume_facts(instance: Instance, fleet: Fleet) -> Iterator[Fact]:
    label = "Disks"
    for attachment in instance.attachments:
        volume = fleet.volumes.get(attachment.volume_id)
        fate = f"{'deleted' if attachment.delete_on_termination else 'kept'} when it is terminated"
        if volume is None:
            text = attachment.volume_id
        else:
            name = f" {visible(volume.name)}" if volume.name else ""
            month = dollars(volumes_per_month((volume,), fleet.prices), sign="$")
            text = f"{volume.size} GiB {visible(volume.type)}{name}, {month} a month"
        yield Fact(label, f"{visible(attachment.device)} {text}, {fate}")
        label = ""
    if not instance.attachments and not instance.state.is_gone:
        yield Fact("Disks", "none", "ink-dim")


def _cost_facts(instance: Instance, fleet: Fleet, now: datetime) -> Iterator[Fact]:
    cost = hourly_cost(instance, fleet)
    parts = [("machine", cost.instance), ("disk", cost.volumes), ("IPv4", cost.address)]
    named = [f"{name} {dollars(amount, 4)}" for name, amount in parts if amount is None or amount]
    parts_text = " + ".join(named)
    if cost.total is None:
        yield Fact("Cost", f"{parts_text or DASH} an hour; the rest is unknown", "ink-dim")
    elif cost.total:
        total = f" = {dollars(cost.total, 4, sign='$')}" if len(named) > 1 else ""
        yield Fact("Cost", f"{parts_text}{total} an hour")
    else:
        yield Fact("Cost", "nothing")
    if cost.instance is None:
        yield Fact("", f"Price unknown: {no_price_reason(instance, fleet)}.", "ink-dim")
    if stale := stale_prices_text(fleet, now):
        yield Fact("", f"On-demand {stale}.", "ink-dim")
    known, is_all = known_cost_between(instance, fleet, BEFORE_EC2, now)  # what the column SO FAR shows
    so_far = f"{'' if is_all else '≥'}{dollars(known, sign='$')}" if known or is_all else DASH
    month, run = monthly_cost(instance, fleet), cost_since_start(instance, fleet, now)
    spent = [f"{dollars(run, sign='$')} since its start"] if run is not None and (run != known or not is_all) else []
    spent += [f"{so_far} so far", f"{dollars(month, sign='$')} a month in this state"]
    yield Fact("", " · ".join(spent))
    for sentence in unseen_usage_sentences(instance, fleet):
        yield Fact("", sentence, "ink-dim")
    if instance.state is State.STOPPED and not instance.is_interrupted:
        price = dollars(instance_per_hour(instance, fleet.prices), 3, sign="$")
        yield Fact("Saves", f"{price} an hour for the machine while it is stopped")
    elif (saved := spot_saving(instance, fleet.prices)) is not None and not instance.state.is_gone:
        full = dollars(fleet.prices.on_demand.get(instance.type), 3)
        is_running = instance.state in (State.PENDING, State.RUNNING)
        when = "" if is_running else ", when it runs again"
        yield Fact("Saves", f"{saved * 100:.0f} % against {full} on demand{when}")


def cpu_facts(instance: Instance, fleet: Fleet, reads_cpu: bool) -> Iterator[Fact]:
    if instance.state is not State.RUNNING:
        return
    figures = fleet.cpu.get(instance.id, ())
    if not figures:
        if not reads_cpu:
            yield Fact("CPU", "not read; the command CPU (ctrl+p) turns it on and says what it costs", "ink-dim")
        return
    idle = idle_time(figures)
    if idle < IDLE_AFTER:
        yield Fact("CPU", f"{figures[-1]:.0f} % now, peak {max(figures[-DATAPOINTS_PER_HOUR:]):.0f} % in the last hour")
        return
    since = f"at least {age(idle)}" if len(figures) * DATAPOINT_PERIOD == idle else age(idle)
    hour = hourly_cost(instance, fleet).total
    cost = f", at {dollars(hour, 3, sign='$')} an hour" if hour else ""
    yield Fact("Idle", f"▲ CPU under {IDLE_PERCENT} % for {since}{cost}", "state-trouble")


def _tag_facts(instance: Instance) -> Iterator[Fact]:
    tags = [
        f"{visible(key)}={visible(value)}" for key, value in sorted(instance.tags.items()) if key not in _HIDDEN_TAGS
    ]
    yield Fact("Tags", " · ".join(tags) or "none", "foreground" if tags else "ink-dim")


def _network_facts(instance: Instance) -> Iterator[Fact]:
    named = {"public": instance.public_ip, "private": instance.private_ip, "IPv6": instance.ipv6}
    addresses = [f"{name} {address}" for name, address in named.items() if address]
    yield Fact("Net", " · ".join(addresses) or "no address", "foreground" if addresses else "ink-dim")
    groups = [f"{visible(name)} ({group})" for group, name in instance.security_groups]
    network_ids = [part for part in (instance.vpc_id, instance.subnet_id) if part]
    if groups:
        yield Fact("", f"{plural(len(groups), 'group')[2:]}: {', '.join(groups)}", "foreground")
    if network_ids:
        yield Fact("", " · ".join(network_ids), "ink-dim")
    if instance.instance_profile:
        yield Fact("Role", visible(instance.instance_profile))


class HostKeyCache:
    """Whether the ssh host keys of instances are known: answers at once, and looks again after each read."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._fleet: Fleet | None = None
        self._has_key: dict[str, bool] = {}
        self._checked_ids: set[str] = set()

    def has_host_key(self, instance_id: str, fleet: Fleet) -> bool:
        """What was found last; False before the first time."""
        if fleet is not self._fleet:
            self._fleet = fleet
            self._checked_ids.clear()
        if instance_id not in self._checked_ids:
            self._checked_ids.add(instance_id)
            self._services.start_worker(self._check(instance_id), "host keys")
        return self._has_key.get(instance_id, False)

    async def _check(self, instance_id: str) -> None:
        has_key = await asyncio.to_thread(_has_host_key, instance_id)
        if has_key is not self._has_key.get(instance_id, False):
            self._has_key[instance_id] = has_key
            self._services.main_screen.repaint_soon()


def _has_host_key(instance_id: str) -> bool:
    from fe2tui.ssh.hostkeys import HostKeys

    try:
        return bool(HostKeys(paths.known_hosts_file()).known_keys(instance_id))
    except OSError:
        return False
