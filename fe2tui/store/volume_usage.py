"""What volumes were, and what they cost a month.

A usage begins when a volume is created, grows, changes its type, is attached elsewhere, or its price changes. It ends
when the next one begins or the volume is deleted. A change counts from when it was first seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

from fe2tui.model.fleet import Fleet, Prices, VolumeUsage
from fe2tui.model.instance import Attachment, State
from fe2tui.model.location import Location
from fe2tui.model.money.rates import volume_per_month
from fe2tui.model.volume import Volume
from fe2tui.store.encoding import from_micros, maybe_micros, maybe_moment, to_micros
from fe2tui.store.usage import LocationUsage, UsageTable

_ATTACHED_AT_LAUNCH = timedelta(minutes=5)
"""A volume attached so soon after its creation was created by a launch: it was never unattached."""

_Owners = Mapping[str, tuple[str, Attachment]]


class _SeenVolume(NamedTuple):
    """A volume as it was last seen, with its instance and its dollars a month. The same one needs no second look."""

    volume: Volume
    owner: str
    attached_at: datetime | None
    per_month: Decimal | None


@dataclass(slots=True)
class _KnownUsage(LocationUsage[VolumeUsage]):
    seen: Mapping[str, _SeenVolume] = field(default_factory=dict)
    prices: Prices = field(default_factory=Prices)


class VolumeUsageTable(UsageTable[VolumeUsage, _KnownUsage]):
    """The usage of volumes, by location. If several processes see the same fleet, one of them writes what is new."""

    _TABLE: ClassVar[str] = "disk_runs"
    _KNOWN: ClassVar = _KnownUsage
    _PREFIX: ClassVar[str] = "disks"
    _COLUMNS: ClassVar[str] = "volume, started_at, ended_at, instance, size, type, per_month"
    _ON_CONFLICT: ClassVar[str] = (
        "ended_at = excluded.ended_at, instance = excluded.instance, size = excluded.size, type = excluded.type,"
        " per_month = excluded.per_month"
    )

    def record(self, fleet: Fleet, *, whole: bool = True) -> None:
        """Begin, continue or end the usage of a fleet's volumes. Looks only at volumes that changed.

        ``whole``: a volume that is not in the fleet no longer exists; else only the fleet's volumes are touched.
        """
        owners = _owners(fleet)
        with self._lock:
            known = self._known(fleet.location)
            is_unread = bool(owners) and not fleet.volumes  # attached, but not there
            if is_unread or known.was_seen_after(fleet.seen_at):
                return
            seen = _seen_volumes(known, fleet, owners)
            self._save(
                fleet.location,
                lambda known: _changed_usage(known, seen, fleet, owners, whole),
                fleet.seen_at if whole else None,
            )
            if whole:
                known.seen, known.prices = seen, fleet.prices
            else:
                known.seen = {**known.seen, **seen}

    def end(self, location: Location, ends: Mapping[str, datetime]) -> None:
        """These volumes were deleted, each at its moment. Those that are not known, or have ended, stay as they are."""

        def changes(known: _KnownUsage) -> list[VolumeUsage]:
            latest = {key: known.usage[key][-1] for key in ends if key in known.usage}
            return [
                replace(last, ended_at=max(ends[key], last.started_at))
                for key, last in latest.items()
                if last.ended_at is None
            ]

        with self._lock:
            self._save(location, changes, None)
            known = self._known(location)
            known.seen = {key: one for key, one in known.seen.items() if key not in ends}

    def _usage(self, row: Sequence[Any]) -> VolumeUsage:
        key, started, ended, instance, size, type_name, dollars = row
        per_month = None if dollars is None else Decimal(dollars)
        return VolumeUsage(key, instance, size, type_name, from_micros(started), maybe_moment(ended), per_month)

    def _row(self, usage: VolumeUsage) -> Sequence[Any]:
        times = to_micros(usage.started_at), maybe_micros(usage.ended_at)
        dollars = None if usage.per_month is None else str(usage.per_month)
        return usage.volume_id, *times, usage.instance_id, usage.size, usage.type, dollars


def _owners(fleet: Fleet) -> _Owners:
    return {
        attachment.volume_id: (instance.id, attachment)
        for instance in fleet.instances.values()
        if instance.state is not State.TERMINATED
        for attachment in instance.attachments
    }


def _seen_volumes(known: _KnownUsage, fleet: Fleet, owners: _Owners) -> Mapping[str, _SeenVolume]:
    prices, before, seen = fleet.prices, known.seen, {}
    same_prices = known.prices is prices or all(
        was is now or was == now for was, now in zip(_volume_prices(known.prices), _volume_prices(prices), strict=True)
    )
    for key, volume in fleet.volumes.items():
        owner, attachment = owners.get(key, ("", None))
        one = before.get(key)
        if one is None or one.volume is not volume or one.owner != owner or not same_prices:
            one = _SeenVolume(
                volume, owner, attachment.attached_at if attachment else None, volume_per_month(volume, prices)
            )
        seen[key] = one
    return seen


def _volume_prices(prices: Prices) -> tuple[Mapping[str, Decimal], ...]:
    return prices.storage, prices.iops, prices.throughput


def _changed_usage(
    known: _KnownUsage, seen: Mapping[str, _SeenVolume], fleet: Fleet, owners: _Owners, whole: bool
) -> list[VolumeUsage]:
    changed: list[VolumeUsage] = []
    for key, one in seen.items():
        if known.seen.get(key) is one:
            continue
        usages = known.usage.get(key, ())
        changed += _next_usage(usages[-1], one, known, fleet) if usages else _first_usage(one, fleet)
    if not whole:
        return changed
    # Only what this process has seen before: its list may not have a volume yet that another process wrote.
    for key in (known.seen or known.usage).keys() - fleet.volumes.keys() - owners.keys():
        last = known.usage[key][-1] if key in known.usage else None
        if last is not None and last.ended_at is None:
            changed.append(replace(last, ended_at=_detached_at(last, known.seen_at or fleet.seen_at, fleet)))
    return changed


def _first_usage(one: _SeenVolume, fleet: Fleet) -> list[VolumeUsage]:
    volume, attached = one.volume, one.attached_at
    created = min(volume.created_at or attached or fleet.seen_at, fleet.seen_at)
    first = VolumeUsage(volume.id, one.owner, volume.size, volume.type, created, None, one.per_month)
    if not one.owner or attached is None or attached - created < _ATTACHED_AT_LAUNCH:
        return [first]
    return [replace(first, instance_id="", ended_at=attached), replace(first, started_at=attached)]


def _next_usage(last: VolumeUsage, one: _SeenVolume, known: _KnownUsage, fleet: Fleet) -> list[VolumeUsage]:
    volume = one.volume
    is_same = (last.size, last.type, last.instance_id) == (volume.size, volume.type, one.owner)
    if is_same and _is_same_rate(last, one, fleet):
        continued = replace(last, ended_at=None, per_month=one.per_month if last.per_month is None else last.per_month)
        return [continued] if continued != last else []
    at = fleet.seen_at
    if one.owner and one.owner != last.instance_id and one.attached_at is not None:
        at = min(at, max(one.attached_at, known.seen_at or one.attached_at))
    elif last.instance_id and not one.owner:
        at = _detached_at(last, at, fleet)
    fresh = VolumeUsage(volume.id, one.owner, volume.size, volume.type, max(at, last.started_at), None, one.per_month)
    return [fresh] if fresh.started_at == last.started_at else [replace(last, ended_at=fresh.started_at), fresh]


def _is_same_rate(last: VolumeUsage, one: _SeenVolume, fleet: Fleet) -> bool:
    if one.per_month is None:
        # prices that were not read say nothing; so many IOPS that they have no price do
        return last.per_month is None or one.volume.type not in fleet.prices.iops
    return last.per_month is None or last.per_month == one.per_month


def _detached_at(last: VolumeUsage, otherwise: datetime, fleet: Fleet) -> datetime:
    """When a volume was detached: when its instance was terminated, where EC2 tells it."""
    instance = fleet.instances.get(last.instance_id)
    ended = instance.changed_state_at if instance is not None and instance.state is State.TERMINATED else None
    return max(min(ended or otherwise, fleet.seen_at), last.started_at)
