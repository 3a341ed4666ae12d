"""Charges: dollars an hour, or a month, from one moment to another. All sums over the past are made of them.

The cost in a window is dollars an hour times the seconds of it; for volumes, dollars a month times its share of the
calendar month. So the parts of a window add up to the whole, and no cost is negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from fe2tui.model.calendar import month_of, month_start
from fe2tui.model.fleet import Fleet, IdleAddress, InstanceUsage, Prices, VolumeUsage
from fe2tui.model.instance import Instance, State
from fe2tui.model.money.rates import (
    ADDRESS_PER_HOUR,
    instance_per_hour,
    is_billed_by_spot_history,
    sum_if_known,
    volume_per_month,
)
from fe2tui.model.money.spot_usage import NO_SPOT_HISTORY, ChangingRate, IdentityKey, SpotHistoryByType, rate_periods
from fe2tui.model.volume import Volume

MINIMUM_BILLED_TIME = timedelta(seconds=60)
FREE_IF_INTERRUPTED_WITHIN = timedelta(hours=1)
"""A shorter run that AWS interrupts is not billed. Source: Overview of Amazon EC2 Spot Instances, "How Spot Instances
Work"."""

BEFORE_EC2 = datetime(2006, 1, 1, tzinfo=UTC)  # before there was EC2
_HOUR = Decimal(3_600_000_000)  # microseconds
_MICROSECOND = timedelta(microseconds=1)
_NOTHING = Decimal(0)
_RUNNING_STATES = (State.RUNNING, State.PENDING)

CostPart = Literal["machine", "disk", "address", "snapshots"]


class Charge(NamedTuple):
    """Dollars an hour (None: not known) from ``starts_at`` to ``ends_at`` (None: until now).

    With ``is_monthly`` the rate is dollars for a whole calendar month, however many days it has, as EBS bills
    GB-months. Source: EBS pricing, the example of 12 hours in a month of 30 days.
    """

    part: CostPart
    rate: Decimal | ChangingRate | None
    starts_at: datetime
    ends_at: datetime | None = None
    is_monthly: bool = False

    def cost_between(self, since: datetime, until: datetime) -> Decimal | None:
        """Dollars between two moments; None when the charge is active there and its rate is not known."""
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
        """Dollars an hour at a moment at which it is active."""
        if isinstance(self.rate, ChangingRate):
            return self.rate.at(at)
        if self.rate is None or not self.is_monthly:
            return self.rate
        start, end = month_of(at)
        return self.rate * _HOUR / ((end - start) // _MICROSECOND)

    def is_active(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    def changes_after(self, at: datetime) -> bool:
        changes_at = self.rate.times[-1] if isinstance(self.rate, ChangingRate) else self.starts_at
        return changes_at > at or (self.ends_at is not None and self.ends_at > at)


def instance_usage_charges(usage: InstanceUsage, spot_history: SpotHistoryByType = NO_SPOT_HISTORY) -> Iterable[Charge]:
    """The charges of a run and of its address. A run costs at least 60 seconds, unless AWS interrupted it early.

    A spot run follows ``spot_history`` (``Fleet.spot_history``). A run of unknown length has an unknown rate; a run
    whose end is not known counts until it was last seen running.
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
    return Charge("disk", usage.per_month, usage.started_at, usage.ended_at, is_monthly=True)


def instance_usage_of(instance: Instance, fleet: Fleet) -> tuple[InstanceUsage, ...]:
    """The usage of an instance: what was recorded, and what EC2's own times say.

    The recorded price of a run counts. Where none was known then, today's price counts.
    """
    recorded = {run.started_at: run for run in fleet.instance_usage.get(instance.id, ())}
    for usage in _usage_from_ec2_times(instance, fleet):
        recorded.setdefault(usage.started_at, usage)
    return tuple(_with_price(recorded[key], instance, fleet.prices) for key in sorted(recorded))


def _usage_from_ec2_times(instance: Instance, fleet: Fleet) -> Iterable[InstanceUsage]:
    """What EC2's own times say: the last run, and the address of a stopped instance since then."""
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
    return next((usage.name for usage in reversed(usages) if usage.name), "")


def address_only_usage(instance: Instance, since: datetime) -> InstanceUsage:
    return InstanceUsage(instance.id, instance.name, "", since, None, _NOTHING, True)


def is_idle_past_unknown(address: IdleAddress, fleet: Fleet, now: datetime) -> bool:
    """Whether fe2tui saw an Elastic IP idle only after this month had begun: AWS does not report since when it is."""
    usages = fleet.instance_usage.get(address.id, ())
    return not usages or usages[0].started_at > month_start(now)


def _with_price(usage: InstanceUsage, instance: Instance, prices: Prices) -> InstanceUsage:
    # an earlier version did not write the zone
    if not usage.zone and not usage.is_address_only and is_billed_by_spot_history(instance):
        usage = replace(usage, zone=instance.zone, is_spot=True)
    if usage.price_per_hour is not None:
        return usage
    then = instance if usage.type == instance.type else replace(instance, type=usage.type)
    return replace(usage, price_per_hour=instance_per_hour(then, prices))


def volume_usage_of(
    volume: Volume, fleet: Fleet, instance_id: str, attached_at: datetime | None = None
) -> Sequence[VolumeUsage]:
    """The usage of a volume: what was recorded, else one usage since its creation, for ``instance_id``.

    Empty when its age is not known.
    """
    recorded = fleet.volume_usage.get(volume.id)
    if recorded:
        return [_with_volume_price(usage, volume, fleet) for usage in recorded]
    begun = volume.created_at or attached_at
    if begun is None:
        return ()
    per_month = volume_per_month(volume, fleet.prices)
    return (VolumeUsage(volume.id, instance_id, volume.size, volume.type, begun, per_month=per_month),)


def _with_volume_price(usage: VolumeUsage, volume: Volume, fleet: Fleet) -> VolumeUsage:
    if usage.per_month is not None or (usage.size, usage.type) != (volume.size, volume.type):
        return usage
    return replace(usage, per_month=volume_per_month(volume, fleet.prices))


def charges_of(instance: Instance, fleet: Fleet) -> list[Charge]:
    """All charges of an instance: its runs, its address, its volumes while they were attached to it."""
    usages = instance_usage_of(instance, fleet)
    runs = [flow for usage in usages for flow in instance_usage_charges(usage, fleet.spot_history)]
    return runs + attached_volume_charges(instance, fleet)


def attached_volume_charges(instance: Instance, fleet: Fleet) -> list[Charge]:
    """The charges of an instance's volumes while they were attached to it."""
    flows: list[Charge] = []
    seen = set()
    for attachment in instance.attachments:
        volume = fleet.volumes.get(attachment.volume_id)
        usages = volume_usage_of(volume, fleet, instance.id, attachment.attached_at) if volume is not None else ()
        if not usages and attachment.volume_id not in fleet.volume_usage:
            flows.append(Charge("disk", None, BEFORE_EC2))
        seen.add(attachment.volume_id)
        flows += [volume_usage_charge(stretch) for stretch in usages if stretch.instance_id == instance.id]
    for usage in _volume_usage_by_instance(IdentityKey(fleet.volume_usage)).get(instance.id, ()):
        if usage.volume_id not in seen or usage.volume_id not in fleet.volumes:
            flows.append(volume_usage_charge(usage))
    return flows


@lru_cache(maxsize=2)
def _volume_usage_by_instance(
    same: IdentityKey[Mapping[str, tuple[VolumeUsage, ...]]],
) -> Mapping[str, Sequence[VolumeUsage]]:
    found: dict[str, list[VolumeUsage]] = {}
    for usages in list(same.value.values()):
        for usage in usages:
            if usage.instance_id:
                found.setdefault(usage.instance_id, []).append(usage)
    return found


def usage_cost(
    usage: InstanceUsage, since: datetime, until: datetime, spot_history: SpotHistoryByType = NO_SPOT_HISTORY
) -> Decimal | None:
    """Dollars for the part of a usage between two moments, its public address included."""
    return sum_if_known(flow.cost_between(since, until) for flow in instance_usage_charges(usage, spot_history))


def cost_between(instance: Instance, fleet: Fleet, since: datetime, until: datetime) -> Decimal | None:
    """Dollars for an instance, its volumes and its address between two moments; None where a part is not known."""
    return sum_if_known(flow.cost_between(since, until) for flow in charges_of(instance, fleet))


def known_cost_between(instance: Instance, fleet: Fleet, since: datetime, until: datetime) -> tuple[Decimal, bool]:
    """The known dollars of ``cost_between``, and whether these are all: not so if the end of a run was not seen."""
    amounts = [flow.cost_between(since, until) for flow in charges_of(instance, fleet)]
    has_unseen_end = any(
        usage.ended_before is not None and usage.ended_before > since and usage.ended_at and usage.ended_at < until
        for usage in fleet.instance_usage.get(instance.id, ())
    )
    known = sum((amount for amount in amounts if amount is not None), _NOTHING)
    return known, None not in amounts and not has_unseen_end


def cost_to_date(instance: Instance, fleet: Fleet, now: datetime) -> Decimal | None:
    """Dollars since the instance was launched first. Runs that were never recorded are not counted."""
    return cost_between(instance, fleet, BEFORE_EC2, now)


def cost_since_start(instance: Instance, fleet: Fleet, now: datetime) -> Decimal | None:
    """Dollars since its last start: instance, address and volumes; None where not known."""
    started = instance.launched_at
    return None if started is None else cost_between(instance, fleet, started, now)
