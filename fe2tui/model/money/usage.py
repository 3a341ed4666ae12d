"""Money that goes out evenly over a stretch of time: what all sums over the past are made of.

Dollars an hour times the seconds that lie in a window, and of disks dollars a month times its share of the calendar
month: the parts of a window add up to the whole, and nothing is ever negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from fe2tui.model.calendar import month_of
from fe2tui.model.fleet import Fleet, InstanceUsage, Prices, VolumeUsage
from fe2tui.model.instance import Instance, State
from fe2tui.model.money.rates import (
    ADDRESS_PER_HOUR,
    instance_per_hour,
    is_billed_by_spot_history,
    sum_if_known,
    volume_per_month,
)
from fe2tui.model.money.spot_usage import NO_SPOT_HISTORY, ChangingRate, SpotHistoryByType, rate_periods
from fe2tui.model.volume import Volume

MINIMUM_BILLED_TIME = timedelta(seconds=60)
FREE_IF_INTERRUPTED_WITHIN = timedelta(hours=1)
"""A shorter run that AWS ends is not billed: Overview of Amazon EC2 Spot Instances, "How Spot Instances Work"."""

BEFORE_EC2 = datetime(2006, 1, 1, tzinfo=UTC)  # before there was EC2
_HOUR = Decimal(3_600_000_000)  # microseconds
_MICROSECOND = timedelta(microseconds=1)
_NOTHING = Decimal(0)
_RUNNING_STATES = (State.RUNNING, State.PENDING)

CostPart = Literal["machine", "disk", "address", "snapshots"]


class Charge(NamedTuple):
    """Dollars an hour (None: not known) from a moment on, until another or until today; a ``Meter`` has them change.

    With ``monthly`` they are dollars for a whole calendar month, of however many days: so EBS bills a GB-month.
    Source: EBS pricing, its example of 12 hours in a month of 30 days.
    """

    part: CostPart
    rate: Decimal | ChangingRate | None
    starts_at: datetime
    ends_at: datetime | None = None
    is_monthly: bool = False

    def cost_between(self, since: datetime, until: datetime) -> Decimal | None:
        """Dollars between two moments; None when there are some and their rate is not known."""
        ends = until if self.ends_at is None or self.ends_at > until else self.ends_at
        begins = self.starts_at if self.starts_at > since else since
        if ends <= begins:
            return _NOTHING
        if self.rate is None:
            return None
        if isinstance(self.rate, ChangingRate):
            return self.rate.amount_between(begins, ends) / _HOUR
        if not self.is_monthly:
            return self.rate * ((ends - begins) // _MICROSECOND) / _HOUR
        months = _NOTHING
        while begins < ends:
            start, end = month_of(begins)
            part_ends = min(end, ends)
            months += Decimal((part_ends - begins) // _MICROSECOND) / ((end - start) // _MICROSECOND)
            begins = part_ends
        return self.rate * months

    def rate_per_hour(self, at: datetime) -> Decimal | None:
        """Dollars an hour at a moment at which it goes on."""
        if isinstance(self.rate, ChangingRate):
            return self.rate.at(at)
        if self.rate is None or not self.is_monthly:
            return self.rate
        start, end = month_of(at)
        return self.rate * _HOUR / ((end - start) // _MICROSECOND)

    def is_active(self, at: datetime) -> bool:
        """Whether it goes on at a moment."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    def changes_after(self, at: datetime) -> bool:
        """Whether it begins or ends later than a moment, so that what it costs a second changes by itself."""
        changes_at = self.rate.times[-1] if isinstance(self.rate, ChangingRate) else self.starts_at
        return changes_at > at or (self.ends_at is not None and self.ends_at > at)


def instance_usage_charges(usage: InstanceUsage, spot_history: SpotHistoryByType = NO_SPOT_HISTORY) -> Iterable[Charge]:
    """The machine and its address. A machine that ran is paid for at least 60 seconds, unless AWS took it back.

    That of a spot machine follows the market's prices by type, ``histories`` (``Fleet.spot_history``). Of a run that
    nobody saw nothing is known; one whose end was not seen counts until it was last seen running.
    """
    if usage.has_unknown_length:
        yield Charge("machine", None, usage.started_at, usage.ended_before)
        return
    ends = usage.ended_at
    if not usage.is_address_only:
        if ends is not None and ends - usage.started_at < MINIMUM_BILLED_TIME:
            ends = usage.started_at + MINIMUM_BILLED_TIME
        periods = () if _is_free_of_charge(usage) else rate_periods(usage, ends, spot_history)
        for begins, until, rate in periods:
            yield Charge("machine", rate, begins, until)
    if usage.has_address:
        yield Charge("address", ADDRESS_PER_HOUR, usage.started_at, ends)


def _is_free_of_charge(usage: InstanceUsage) -> bool:
    if not usage.was_interrupted or usage.ended_at is None or usage.ended_before is not None:
        return False
    return usage.ended_at - usage.started_at < FREE_IF_INTERRUPTED_WITHIN


def volume_usage_charge(usage: VolumeUsage) -> Charge:
    """A stretch of a disk's life."""
    return Charge("disk", usage.per_month, usage.started_at, usage.ended_at, is_monthly=True)


def instance_usage_of(instance: Instance, fleet: Fleet) -> tuple[InstanceUsage, ...]:
    """The stretches in which the instance ran, or rested with an address: those recorded, and those EC2 tells of.

    A price recorded while it ran counts before today's; one that was not known then is today's.
    """
    recorded = {run.started_at: run for run in fleet.instance_usage.get(instance.id, ())}
    for usage in _usage_from_ec2_times(instance, fleet):
        recorded.setdefault(usage.started_at, usage)
    return tuple(_with_price(recorded[key], instance, fleet.prices) for key in sorted(recorded))


def _usage_from_ec2_times(instance: Instance, fleet: Fleet) -> Iterable[InstanceUsage]:
    """What EC2's own times tell of: the last run, and the rest after it with an address."""
    start, has_address = instance.launched_at, bool(instance.public_ip)
    if start is None:
        return
    begun = usage_since(instance, start, fleet.prices)
    if instance.state in _RUNNING_STATES:
        yield replace(begun, seen_at=start)
    elif (stopped := instance.changed_state_at) is not None:
        yield replace(begun, ended_at=stopped, was_interrupted=instance.was_interrupted)
        if has_address and instance.state is State.STOPPED and stopped > start:
            yield address_only_usage(instance, stopped)
    else:
        yield replace(begun, ended_at=start, ended_before=max(fleet.seen_at, start))


def usage_since(instance: Instance, since: datetime, prices: Prices) -> InstanceUsage:
    """A run of the instance as it is, which nobody has seen the end of."""
    return InstanceUsage(
        instance.id,
        instance.name,
        instance.type,
        since,
        None,
        instance_per_hour(instance, prices),
        bool(instance.public_ip),
        zone=instance.zone,
        is_spot=is_billed_by_spot_history(instance),
    )


def last_name(usages: Sequence[InstanceUsage]) -> str:
    """What the instance of these runs was called last; empty if it never was anything."""
    return next((usage.name for usage in reversed(usages) if usage.name), "")


def address_only_usage(instance: Instance, since: datetime) -> InstanceUsage:
    """The stretch of one that is stopped and keeps its address."""
    return InstanceUsage(instance.id, instance.name, "", since, None, _NOTHING, True)


def _with_price(usage: InstanceUsage, instance: Instance, prices: Prices) -> InstanceUsage:
    if (
        not usage.zone and not usage.is_address_only and is_billed_by_spot_history(instance)
    ):  # written down before that was
        usage = replace(usage, zone=instance.zone, is_spot=True)
    if usage.price_per_hour is not None:
        return usage
    then = instance if usage.type == instance.type else replace(instance, type=usage.type)
    return replace(usage, price_per_hour=instance_per_hour(then, prices))


def volume_usage_of(
    volume: Volume, fleet: Fleet, instance_id: str, attached_at: datetime | None = None
) -> Sequence[VolumeUsage]:
    """The stretches of a disk: those recorded, else the one that its age tells of, for what it is attached to.

    Empty when nothing tells how old it is.
    """
    recorded = fleet.volume_usage.get(volume.id)
    if recorded:
        return [_with_volume_price(usage, volume, fleet) for usage in recorded]
    begun = volume.created_at or attached_at
    if begun is None:
        return ()
    return (
        VolumeUsage(
            volume.id, instance_id, volume.size, volume.type, begun, per_month=volume_per_month(volume, fleet.prices)
        ),
    )


def _with_volume_price(usage: VolumeUsage, volume: Volume, fleet: Fleet) -> VolumeUsage:
    if usage.per_month is not None or (usage.size, usage.type) != (volume.size, volume.type):
        return usage
    return replace(usage, per_month=volume_per_month(volume, fleet.prices))


def charges_of(instance: Instance, fleet: Fleet) -> list[Charge]:
    """All that an instance cost and costs: its runs, its address, its disks while they were its own."""
    flows = [
        flow
        for usage in instance_usage_of(instance, fleet)
        for flow in instance_usage_charges(usage, fleet.spot_history)
    ]
    seen = set()
    for attachment in instance.attachments:
        volume = fleet.volumes.get(attachment.volume_id)
        usages = volume_usage_of(volume, fleet, instance.id, attachment.attached_at) if volume is not None else ()
        if not usages and attachment.volume_id not in fleet.volume_usage:
            flows.append(Charge("disk", None, BEFORE_EC2))
        seen.add(attachment.volume_id)
        flows += [volume_usage_charge(stretch) for stretch in usages if stretch.instance_id == instance.id]
    for usage in _volume_usage_by_instance(_IdentityKey(fleet.volume_usage)).get(instance.id, ()):
        if usage.volume_id not in seen or usage.volume_id not in fleet.volumes:
            flows.append(volume_usage_charge(usage))
    return flows


class _IdentityKey:
    """A mapping that equals only itself, so that what was made of it can be kept as long as it is in use."""

    __slots__ = ("mapping",)

    def __init__(self, mapping: Mapping[str, tuple[VolumeUsage, ...]]) -> None:
        self.mapping = mapping

    def __hash__(self) -> int:
        return id(self.mapping)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _IdentityKey) and self.mapping is other.mapping


@lru_cache(maxsize=2)
def _volume_usage_by_instance(disks: _IdentityKey) -> Mapping[str, Sequence[VolumeUsage]]:
    found: dict[str, list[VolumeUsage]] = {}
    for usages in list(disks.mapping.values()):
        for usage in usages:
            if usage.instance_id:
                found.setdefault(usage.instance_id, []).append(usage)
    return found


def usage_cost(
    usage: InstanceUsage, since: datetime, until: datetime, spot_history: SpotHistoryByType = NO_SPOT_HISTORY
) -> Decimal | None:
    """Dollars for the part of a run between two moments, its public address included.

    A run is paid for at least 60 seconds. The parts of a run add up to the whole. ``histories`` as ``flows_of_run`` has
    them.
    """
    return sum_if_known(flow.cost_between(since, until) for flow in instance_usage_charges(usage, spot_history))


def cost_between(instance: Instance, fleet: Fleet, since: datetime, until: datetime) -> Decimal | None:
    """Dollars that an instance, its disks and its address cost between two moments, as far as they are known."""
    return sum_if_known(flow.cost_between(since, until) for flow in charges_of(instance, fleet))


def known_cost_between(instance: Instance, fleet: Fleet, since: datetime, until: datetime) -> tuple[Decimal, bool]:
    """The dollars of ``cost_between`` that are known, and whether those are all.

    They are not all either where nobody saw the end of a run, and the time after it was last seen is not known.
    """
    known, is_all = Decimal(0), True
    for usage in fleet.instance_usage.get(instance.id, ()):
        if (
            usage.ended_before is not None
            and usage.ended_at is not None
            and usage.ended_before > since
            and usage.ended_at < until
        ):
            is_all = False
    for flow in charges_of(instance, fleet):
        amount = flow.cost_between(since, until)
        if amount is None:
            is_all = False
        else:
            known += amount
    return known, is_all


def cost_to_date(instance: Instance, fleet: Fleet, now: datetime) -> Decimal | None:
    """Dollars since it was made, as far as is known: earlier runs that nobody recorded are not in."""
    return cost_between(instance, fleet, BEFORE_EC2, now)


def cost_since_start(instance: Instance, fleet: Fleet, now: datetime) -> Decimal | None:
    """Dollars since it was last started: machine, address and disks; None before it ever was."""
    started = instance.launched_at
    return None if started is None else cost_between(instance, fleet, started, now)
