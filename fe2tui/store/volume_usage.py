"""What volumes were, and what they cost a month.

A usage begins when a volume is created, grows, changes its type, is attached elsewhere, or its price changes. It ends
when the next one begins or the volume is deleted. A change counts from when it was first seen, a deletion from the last
look before. Where more than five minutes lie between the two looks and EC2 does not tell the moment, ``ended_before``
says that it was not seen.
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

_NEGLIGIBLE_GAP = timedelta(minutes=5)

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
    _COLUMNS: ClassVar[str] = "volume, started_at, ended_at, instance, size, type, per_month, gone_by"
    _ON_CONFLICT: ClassVar[str] = (
        "ended_at = excluded.ended_at, instance = excluded.instance, size = excluded.size, type = excluded.type,"
        " per_month = excluded.per_month, gone_by = excluded.gone_by"
    )

    def record(self, fleet: Fleet, *, whole: bool = True) -> None:
        """Begin, continue or end the usage of a fleet's volumes. Looks only at volumes that changed.

        ``whole``: a volume that is not in the fleet no longer exists; else only the fleet's volumes are touched.
        """
        owners = _owners(fleet)
        with self._lock:
            location = self._shared_location(fleet.location, fleet.account)
            known = self._known(location)
            is_unread = bool(owners) and not fleet.volumes  # attached, but not there
            if is_unread or known.was_seen_after(fleet.seen_at):
                return
            seen = _seen_volumes(known, fleet, owners)
            self._save(
                location,
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
            location = self._shared_location(location)
            self._save(location, changes, None)
            known = self._known(location)
            known.seen = {key: one for key, one in known.seen.items() if key not in ends}

    def _usage(self, row: Sequence[Any]) -> VolumeUsage:
        key, started, ended, instance, size, type_name, dollars, gone_by = row
        per_month = None if dollars is None else Decimal(dollars)
        times = from_micros(started), maybe_moment(ended)
        return VolumeUsage(key, instance, size, type_name, *times, per_month, maybe_moment(gone_by))

    def _row(self, usage: VolumeUsage) -> Sequence[Any]:
        times = to_micros(usage.started_at), maybe_micros(usage.ended_at)
        dollars = None if usage.per_month is None else str(usage.per_month)
        gone_by = maybe_micros(usage.ended_before)
        return usage.volume_id, *times, usage.instance_id, usage.size, usage.type, dollars, gone_by


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
            looked_at = known.seen_at or fleet.seen_at
            ended_at = _detached_at(last, fleet) or max(min(looked_at, fleet.seen_at), last.started_at)
            is_unseen = _detached_at(last, fleet) is None and _is_gap(known, fleet)
            changed.append(replace(last, ended_at=ended_at, ended_before=fleet.seen_at if is_unseen else None))
    return changed


def _is_gap(known: _KnownUsage, fleet: Fleet) -> bool:
    """Whether so much time lies between the last look and this one that its cost should be mentioned."""
    return known.seen_at is not None and fleet.seen_at - known.seen_at > _NEGLIGIBLE_GAP


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
        per_month = one.per_month if last.per_month is None else last.per_month
        continued = replace(last, ended_at=None, ended_before=None, per_month=per_month)
        return [continued] if continued != last else []
    at, detached_at = fleet.seen_at, _detached_at(last, fleet)
    is_resized = (last.size, last.type) != (volume.size, volume.type) or _has_other_speed(known, volume)
    is_unseen = is_resized or last.instance_id != one.owner
    if one.owner and one.owner != last.instance_id and one.attached_at is not None:
        at = min(at, max(one.attached_at, known.seen_at or one.attached_at))
        is_unseen = is_resized or bool(last.instance_id)
    elif last.instance_id and not one.owner and detached_at is not None:
        at, is_unseen = detached_at, is_resized
    fresh = VolumeUsage(volume.id, one.owner, volume.size, volume.type, max(at, last.started_at), None, one.per_month)
    if fresh.started_at == last.started_at:
        return [fresh]
    ended_before = fleet.seen_at if is_unseen and _is_gap(known, fleet) else None
    return [replace(last, ended_at=fresh.started_at, ended_before=ended_before), fresh]


def _has_other_speed(known: _KnownUsage, volume: Volume) -> bool:
    """Whether the volume's IOPS or throughput were changed. One that this process has not seen before: not known."""
    before = known.seen.get(volume.id)
    return before is not None and (before.volume.iops, before.volume.throughput) != (volume.iops, volume.throughput)


def _is_same_rate(last: VolumeUsage, one: _SeenVolume, fleet: Fleet) -> bool:
    if one.per_month is None:
        # prices that were not read say nothing; so many IOPS that they have no price do
        return last.per_month is None or one.volume.type not in fleet.prices.iops
    return last.per_month is None or last.per_month == one.per_month


def _detached_at(last: VolumeUsage, fleet: Fleet) -> datetime | None:
    """When a volume was detached: when its instance was terminated, where EC2 tells it; else None."""
    instance = fleet.instances.get(last.instance_id)
    ended = instance.changed_state_at if instance is not None and instance.state is State.TERMINATED else None
    return None if ended is None else max(min(ended, fleet.seen_at), last.started_at)
