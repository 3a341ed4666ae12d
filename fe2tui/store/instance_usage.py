"""When instances ran, and at what price an hour.

A run is identified by EC2's LaunchTime, which moves on with every start after a stop. Its price is that of the first
sight. If the Price List has another price later, that one counts from when it was read. What a spot price was during a
run comes from the spot price history of the run's type and zone. A stopped instance that keeps its address pays for it:
that is a usage of its own.

A run ends when EC2 says so: by the StateTransitionReason, or by the spot request of an instance that AWS stopped.
Otherwise it ends when it was last seen running, so that unknown time is not billed; ``ended_before`` says that the end
was not seen, unless it was within five minutes. An instance that was stopped when it was first seen, and
for which EC2 does not say since when, ran for an unknown time (``InstanceUsage.has_unknown_length``).

AWS does not report since when an Elastic IP is associated with nothing: that counts from when it was first seen idle,
under its allocation id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from fe2tui.model.fleet import Fleet, InstanceUsage
from fe2tui.model.instance import Instance, State
from fe2tui.model.money.rates import instance_per_hour, is_billed_by_spot_history
from fe2tui.model.money.usage import address_only_usage, usage_since
from fe2tui.store.encoding import decode, encode, from_micros, maybe_micros, maybe_moment, to_micros
from fe2tui.store.usage import LocationUsage, UsageTable

_RUNNING_STATES = (State.PENDING, State.RUNNING)
_NEGLIGIBLE_GAP = timedelta(minutes=5)
_NO_ENDS: Mapping[str, datetime] = {}


@dataclass(slots=True)
class _KnownUsage(LocationUsage[InstanceUsage]):
    """``seen`` are the instances of the last whole fleet. ``recheck`` are computed next time though they are the same:
    they have no price yet, or were recorded apart from a whole fleet. ``prices_read_at`` is of the prices of the last
    whole fleet: with newer ones, all running instances are computed. ``addresses_read_at`` is of the idle addresses
    that were recorded last.
    """

    seen: Mapping[str, Instance] = field(default_factory=dict)
    recheck: set[str] = field(default_factory=set)
    prices_read_at: datetime | None = None
    addresses_read_at: datetime | None = None


class InstanceUsageTable(UsageTable[InstanceUsage, _KnownUsage]):
    """The usage of instances, by location. Two processes that see the same fleet write the same rows."""

    _TABLE: ClassVar[str] = "runs"
    _KNOWN: ClassVar = _KnownUsage
    _PREFIX: ClassVar[str] = "runs"
    _COLUMNS: ClassVar[str] = (
        "instance, started_at, ended_at, name, type, price, has_address, seen_at, gone_by, zone, is_spot, taken_back,"
        " price_changes"
    )
    # the price that is known first stays, so that two processes agree
    _ON_CONFLICT: ClassVar[str] = (
        "ended_at = excluded.ended_at, gone_by = excluded.gone_by, price = COALESCE(price, excluded.price),"
        " has_address = max(has_address, excluded.has_address), seen_at = max(seen_at, excluded.seen_at),"
        " zone = excluded.zone, is_spot = excluded.is_spot, taken_back = excluded.taken_back,"
        " price_changes = excluded.price_changes"
    )

    def record(self, fleet: Fleet, *, whole: bool = True, ends: Mapping[str, datetime] = _NO_ENDS) -> None:
        """Begin, continue or end the runs of a fleet's instances. Looks only at instances that changed.

        ``whole``: an instance that is not in the fleet no longer exists; else only the fleet's instances are touched.
        ``ends`` are the moments, by id, at which instances stopped, where EC2 does not tell them in the instance.
        """
        with self._lock:
            location = self._shared_location(fleet.location, fleet.account)
            known = self._known(location)
            if known.was_seen_after(fleet.seen_at):
                return
            unpriced: set[str] = set()
            self._save(
                location,
                lambda known: _changed_usage(known, fleet, whole, ends, unpriced),
                fleet.seen_at if whole else None,
            )
            if whole:
                known.seen = fleet.instances
                known.recheck = unpriced
                known.prices_read_at = fleet.prices.read_at
                known.addresses_read_at = fleet.addresses_read_at or known.addresses_read_at
            else:
                known.recheck.update(fleet.instances)

    def _usage(self, row: Sequence[Any]) -> InstanceUsage:
        key, started, ended, name, type_name, price, has_address, seen, ended_before, *more = row
        zone, is_spot, interrupted, price_changes = more
        return InstanceUsage(
            key,
            name,
            type_name,
            from_micros(started),
            maybe_moment(ended),
            None if price is None else Decimal(price),
            bool(has_address),
            maybe_moment(seen or None),
            maybe_moment(ended_before),
            zone,
            bool(is_spot),
            bool(interrupted),
            tuple((from_micros(at), Decimal(price)) for at, price in decode(price_changes)),
        )

    def _row(self, usage: InstanceUsage) -> Sequence[Any]:
        return (
            usage.instance_id,
            to_micros(usage.started_at),
            maybe_micros(usage.ended_at),
            usage.name,
            usage.type,
            None if usage.price_per_hour is None else str(usage.price_per_hour),
            int(usage.has_address),
            maybe_micros(usage.seen_at) or 0,
            maybe_micros(usage.ended_before),
            usage.zone,
            int(usage.is_spot),
            int(usage.was_interrupted),
            encode([(to_micros(at), str(price)) for at, price in usage.price_changes]),
        )


def _changed_usage(
    known: _KnownUsage, fleet: Fleet, whole: bool, ends: Mapping[str, datetime], unpriced: set[str]
) -> list[InstanceUsage]:
    """The usage to be written. Adds to ``unpriced`` the running instances whose price is not known yet."""
    changed: list[InstanceUsage] = []
    has_new_prices = known.prices_read_at != fleet.prices.read_at
    for key, instance in fleet.instances.items():
        is_due = key in known.recheck or (has_new_prices and instance.state in _RUNNING_STATES)
        if whole and known.seen.get(key) is instance and not is_due:
            continue
        changed += _usage_of_instance(instance, fleet, known, whole, ends.get(key) or instance.changed_state_at)
        if instance.state in _RUNNING_STATES and instance_per_hour(instance, fleet.prices) is None:
            unpriced.add(key)
    for key in known.usage.keys() - fleet.instances.keys() if whole else ():
        latest = known.usage[key][-1]
        if latest.ended_at is None and not latest.is_idle_address:  # EC2 does not show the instance any more
            changed.append(_end_when_last_seen(latest, known, fleet.seen_at))
    if whole and fleet.addresses_read_at is not None and fleet.addresses_read_at != known.addresses_read_at:
        changed += _idle_address_usage(known, fleet, fleet.addresses_read_at)
    return changed


def _idle_address_usage(known: _KnownUsage, fleet: Fleet, read_at: datetime) -> Iterator[InstanceUsage]:
    """The usage that begins or ends with the idle addresses as they were read at ``read_at``."""
    idle = {one.id: one for one in fleet.idle_addresses}
    for key, one in idle.items():
        ended = [usage.ended_at for usage in known.usage.get(key, ())]
        # Another process may have seen it in use after this one has read the addresses.
        if not ended or (ended[-1] is not None and ended[-1] < read_at):
            yield InstanceUsage(key, one.label, "", read_at, None, Decimal(0), True, seen_at=read_at)
    for key in known.usage.keys() - idle.keys():
        latest = known.usage[key][-1]
        if latest.is_idle_address and latest.ended_at is None:
            yield _end_when_last_seen(latest, known, read_at)


def _usage_of_instance(
    instance: Instance, fleet: Fleet, known: _KnownUsage, whole: bool, stopped_at: datetime | None
) -> list[InstanceUsage]:
    started = instance.launched_at
    if started is None:
        return []
    usages = known.usage.get(instance.id, ())
    earlier = [one for one in usages if one.started_at < started]
    changed = [
        ended for one in earlier if (ended := _end_at_next_start(_with_purchase(one, instance), known, started)) != one
    ]
    recorded = next((one for one in usages if one.started_at == started), None)
    price = instance_per_hour(instance, fleet.prices)
    usage = _with_purchase(recorded, instance) if recorded else usage_since(instance, started, fleet.prices)
    if usage.price_per_hour is None and price is not None and usage.type == instance.type:
        usage = replace(usage, price_per_hour=price)
    if instance.state in _RUNNING_STATES:
        is_first_look = usage.seen_at is None or not whole
        seen_at = max(fleet.seen_at, started) if is_first_look else usage.seen_at
        usage = replace(
            _with_price_change(usage, price, fleet.prices.read_at),
            has_address=usage.has_address or bool(instance.public_ip),
            ended_at=None,
            ended_before=None,
            seen_at=seen_at,
            was_interrupted=False,
        )
        return [*changed, usage] if usage != recorded or is_first_look else changed
    usage = replace(usage, was_interrupted=usage.was_interrupted or instance.was_interrupted)
    if stopped_at is not None and (usage.ended_at is None or usage.ended_before is not None):
        usage = replace(_end_at(usage, stopped_at), ended_before=None)
    elif usage.ended_at is None:
        usage = _end_when_last_seen(usage, known, fleet.seen_at)
    changed += _address_only_usage(instance, usage, usages, known, fleet)
    return [*changed, usage] if usage != recorded else changed


def _with_price_change(usage: InstanceUsage, price: Decimal | None, read_at: datetime | None) -> InstanceUsage:
    """A run with an on-demand price that was read after its last one.

    Prices that another process has read earlier, and still uses, change nothing.
    """
    last_at, last = usage.price_changes[-1] if usage.price_changes else (usage.seen_at, usage.price_per_hour)
    is_newer = last_at is not None and read_at is not None and read_at > last_at
    if usage.is_spot or price is None or last is None or price == last or read_at is None or not is_newer:
        return usage
    return replace(usage, price_changes=(*usage.price_changes, (read_at, price)))


def _address_only_usage(
    instance: Instance, usage: InstanceUsage, usages: Iterable[InstanceUsage], known: _KnownUsage, fleet: Fleet
) -> list[InstanceUsage]:
    """The address since the last run: begins while it is stopped with an address, ends when that is no longer so."""
    recorded = next((one for one in usages if one.is_address_only and one.started_at > usage.started_at), None)
    if instance.state is State.STOPPED and instance.public_ip:
        is_new = recorded is None and usage.ended_at is not None and usage.ended_at > usage.started_at
        return [address_only_usage(instance, usage.ended_at)] if is_new and usage.ended_at is not None else []
    if recorded is None or recorded.ended_at is not None:
        return []
    gone_at = instance.changed_state_at if instance.state.is_gone else None
    return [_end_at(recorded, gone_at or known.seen_at or fleet.seen_at)]


def _with_purchase(usage: InstanceUsage, instance: Instance) -> InstanceUsage:
    """A run with its zone and whether it is spot, which an earlier version did not write."""
    if usage.zone or usage.is_address_only:
        return usage
    return replace(usage, zone=instance.zone, is_spot=is_billed_by_spot_history(instance))


def _end_at_next_start(usage: InstanceUsage, known: _KnownUsage, next_start: datetime) -> InstanceUsage:
    if usage.ended_at is not None:
        # An instance runs once at a time: a demo cloud that is started again has instances of the same ids.
        return replace(usage, ended_at=min(usage.ended_at, next_start))
    return _end_at(usage, next_start) if usage.is_address_only else _end_when_last_seen(usage, known, next_start)


def _end_at(usage: InstanceUsage, at: datetime) -> InstanceUsage:
    return replace(usage, ended_at=max(at, usage.started_at))


def _end_when_last_seen(usage: InstanceUsage, known: _KnownUsage, before: datetime) -> InstanceUsage:
    """A run that ended at an unknown moment before ``before``: it counts until it was last seen running."""
    if usage.is_address_only:
        return _end_at(usage, known.seen_at or before)
    looks = [usage.started_at]
    if usage.seen_at is not None:
        looks += [usage.seen_at, known.seen_at or usage.seen_at]
    ended = max(min(max(looks), before), usage.started_at)
    is_end_unseen = usage.seen_at is None or before - ended > _NEGLIGIBLE_GAP
    return replace(usage, ended_at=ended, ended_before=before if is_end_unseen else None)
