"""Everything in a location at one moment, and the difference of two moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from fe2tui.model.image import Image
from fe2tui.model.instance import Instance, InstanceStatus
from fe2tui.model.location import Location, local_zone_group
from fe2tui.model.spot import SpotHistory, SpotRequest
from fe2tui.model.volume import Snapshot, Volume


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of a region, in dollars. A price that is not here is not known, and never guessed.

    ``on_demand`` is per hour by type (Linux, shared tenancy), ``spot`` per hour by type and zone, ``storage`` per
    GiB and month by volume type, ``iops`` and ``throughput`` per provisioned IOPS and MiB/s a month by volume type
    (of io2's IOPS by ``IO2_IOPS_TIERS``), ``snapshot`` per GiB and month. ``several`` are types for which the Price
    List has more than one price. ``local_zones`` has the prices of Local Zones, by their group (``us-east-1-chi-1``).
    ``read_at`` is when on-demand prices were read from the Price List.
    """

    on_demand: Mapping[str, Decimal] = field(default_factory=dict)
    spot: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    storage: Mapping[str, Decimal] = field(default_factory=dict)
    read_at: datetime | None = None
    iops: Mapping[str, Decimal] = field(default_factory=dict)
    throughput: Mapping[str, Decimal] = field(default_factory=dict)
    snapshot: Decimal | None = None
    several: frozenset[str] = frozenset()
    local_zones: Mapping[str, Prices] = field(default_factory=dict)

    def in_zone(self, zone: str) -> Prices:
        """The prices that count in a zone: the region's, or those of its Local Zone; none where these are unknown."""
        group = local_zone_group(zone)
        return self.local_zones.get(group, _NO_PRICES) if group else self


_NO_PRICES = Prices()


@dataclass(frozen=True, slots=True)
class InstanceUsage:
    """One run of an instance, as far as it was seen, or a time in which it was stopped and kept its address.

    Also a time in which an Elastic IP was associated with nothing, as far as it was seen (``is_idle_address``).

    ``price_per_hour`` is dollars for the instance alone, at first sight; ``price_changes`` are later on-demand prices,
    each from when it was read, earliest first. A usage of the address alone has an empty type and a price of zero. A
    spot price changes during a run: where ``Fleet.spot_history`` has the type and ``zone``, its
    prices count instead. ``is_spot`` is true only for Linux on shared hardware, which those prices are for.
    ``seen_at`` is when a fleet with the running instance was recorded, which is not every fleet; None: never.
    ``ended_before`` is set if neither fe2tui nor EC2 knows the end: the run ended between ``ended_at``, when it was
    last seen running, and ``ended_before``. ``was_interrupted``: AWS ended the run.
    """

    instance_id: str
    name: str
    type: str
    started_at: datetime
    ended_at: datetime | None = None
    price_per_hour: Decimal | None = None
    has_address: bool = False
    seen_at: datetime | None = field(default=None, compare=False)
    ended_before: datetime | None = None
    zone: str = ""
    is_spot: bool = False
    was_interrupted: bool = False
    price_changes: tuple[tuple[datetime, Decimal], ...] = ()

    @property
    def is_address_only(self) -> bool:
        return not self.type

    @property
    def is_idle_address(self) -> bool:
        """Whether it is of an Elastic IP that was associated with nothing: ``instance_id`` is its allocation id."""
        return self.is_address_only and not self.instance_id.startswith("i-")

    @property
    def has_unknown_length(self) -> bool:
        """Whether the run was never seen, and EC2 does not say how long it was."""
        return self.ended_before is not None and self.seen_at is None


@dataclass(frozen=True, slots=True)
class VolumeUsage:
    """A time in which a volume cost the same, as far as it was seen.

    ``per_month`` is dollars for a calendar month, at the price known when this usage was first seen; None where none
    was. ``instance_id`` is the instance that it was attached to; empty for none. ``ended_before`` is set if fe2tui did
    not see when it was deleted, detached or changed: at a moment before this one and after the last look before.
    """

    volume_id: str
    instance_id: str
    size: int  # GiB
    type: str
    started_at: datetime
    ended_at: datetime | None = None
    per_month: Decimal | None = None
    ended_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class IdleAddress:
    """An Elastic IP that is associated with nothing. ``id`` is its allocation id."""

    id: str
    address: str
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return self.tags.get("Name", "") or self.address


class PublicImage(NamedTuple):
    """The newest image of a well-known family; ``word`` is the family's name (ubuntu, amazon, debian, dlami)."""

    word: str
    title: str  # Ubuntu 24.04 LTS
    image: Image


class Problem(NamedTuple):
    """One part of a fleet that could not be read: what happened, what to do, and AWS's code."""

    part: str  # instances, volumes, prices, spot, spot history, metrics, images, snapshots, addresses, status checks
    summary: str
    remedy: str = ""
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Fleet:
    """A location at one moment. All mappings are by id, in the order of ids, if not said otherwise.

    ``instances`` has terminated instances as long as EC2 shows them. ``problems`` names the parts whose last read
    failed; such a part still has what was read last.
    ``cpu`` is per cent of CPU used, by instance, oldest first, one figure for each five minutes of the last six hours.
    ``images`` and ``snapshots`` are the account's own; ``public_images`` are the newest of well-known families.
    ``idle_addresses`` are Elastic IPs that are associated with nothing: they cost all the same. ``addresses_read_at``
    is when AWS returned them; None where they are those of an earlier run.
    ``instance_usage`` and ``volume_usage`` are earliest first. ``spot_history`` has the spot prices, by type, for the
    runs of this month's spot instances. ``statuses`` has the instances with failed status checks or scheduled events.
    """

    location: Location
    seen_at: datetime
    instances: Mapping[str, Instance] = field(default_factory=dict)
    volumes: Mapping[str, Volume] = field(default_factory=dict)
    prices: Prices = field(default_factory=Prices)
    instance_usage: Mapping[str, tuple[InstanceUsage, ...]] = field(default_factory=dict)
    cpu: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    image_names: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, Image] = field(default_factory=dict)
    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)
    public_images: tuple[PublicImage, ...] = ()
    idle_addresses: tuple[IdleAddress, ...] = ()
    volume_usage: Mapping[str, tuple[VolumeUsage, ...]] = field(default_factory=dict)
    requests: Mapping[str, SpotRequest] = field(default_factory=dict)
    spot_history: Mapping[str, SpotHistory] = field(default_factory=dict)
    statuses: Mapping[str, InstanceStatus] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    account: str = ""
    addresses_read_at: datetime | None = None

    @property
    def is_moving(self) -> bool:
        return any(instance.state.is_moving for instance in self.instances.values())

    def instances_named(self, name: str) -> tuple[Instance, ...]:
        """The instances with that Name or id. Those that are terminated count only if there is no other."""
        found = [i for i in self.instances.values() if name in (i.name, i.id)]
        living = [i for i in found if not i.state.is_gone]
        return tuple(living or found)

    def name_of(self, instance: Instance) -> str:
        """Its name. One that is terminated has none, so that the name is free: then the last name that was seen."""
        if instance.name or not instance.state.is_gone:
            return instance.name
        return next((usage.name for usage in reversed(self.instance_usage.get(instance.id, ())) if usage.name), "")

    def volumes_of(self, instance: Instance) -> tuple[Volume, ...]:
        """The volumes that were read of those attached to an instance, in the order of its attachments."""
        return tuple(self.volumes[a.volume_id] for a in instance.attachments if a.volume_id in self.volumes)


class FleetDiff(NamedTuple):
    """The ids of the instances that differ between two fleets."""

    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()


def diff(before: Fleet | None, after: Fleet) -> FleetDiff:
    """Which instances are new, gone, or different in any field. Objects that both fleets share cost nothing."""
    if before is None or before.location != after.location:
        return FleetDiff(added=frozenset(after.instances))
    old, new = before.instances, after.instances
    changed = frozenset(
        key
        for key, instance in new.items()
        if (was := old.get(key)) is not None and was is not instance and was != instance
    )
    # Key by key: the difference of two large sets would block every other thread.
    added = frozenset([key for key in new if key not in old])
    has_lost = len(new) - len(added) < len(old)
    return FleetDiff(added, frozenset([key for key in old if key not in new] if has_lost else ()), changed)
