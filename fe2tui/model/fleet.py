"""All that was seen of a region at one moment, and the difference of two moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from fe2tui.model.image import Image
from fe2tui.model.instance import Instance, State
from fe2tui.model.location import Location
from fe2tui.model.snapshot import Snapshot
from fe2tui.model.spot import SpotHistory, SpotRequest
from fe2tui.model.volume import Volume


@dataclass(frozen=True, slots=True)
class Prices:
    """What things cost in a region, in dollars. What is not in here is not known, and never guessed.

    ``on_demand`` is per hour by type (Linux, shared tenancy), ``spot`` per hour by type and zone, ``storage`` per
    GiB and month by volume type, ``iops`` and ``throughput`` per provisioned IOPS and MiB/s a month by volume type,
    ``snapshot`` per GiB and month. ``several`` are types for which the Price List has more than one price.
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


@dataclass(frozen=True, slots=True)
class InstanceUsage:
    """One stretch of an instance's running, as far as was seen. The price is of the machine alone.

    One that is stopped and keeps its address is paid for that: such a rest has an empty type and a price of zero.
    ``seen_at`` is when it was last noted to be running, which is not at every look; None: it was never seen to run.
    The price of a spot machine changes while it runs: where ``Fleet.spot_history`` tells of its type and ``zone``, that
    counts, and ``price_per_hour``, the one at first sight, only where it does not. ``is_spot`` is of those that these
    prices are for: on Linux and shared hardware.
    ``gone_by`` is for one whose end nobody saw, nor EC2 tells: ``ended_at`` is when it was last seen running then, and
    it ended at an unknown moment before ``gone_by``. ``taken_back``: AWS ended it, to have its capacity back.
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

    @property
    def is_address_only(self) -> bool:
        """Whether it is a stretch of resting with an address."""
        return not self.type

    @property
    def has_unknown_length(self) -> bool:
        """Whether neither anybody saw it run, nor EC2 tells how long it did."""
        return self.ended_before is not None and self.seen_at is None


@dataclass(frozen=True, slots=True)
class VolumeUsage:
    """One stretch of a volume's life in which nothing about its cost changed, as far as was seen.

    ``per_month`` is dollars for a calendar month, at the price known when the stretch was first seen; None where
    none was. ``instance_id`` is what it was attached to; empty for nothing.
    """

    volume_id: str
    instance_id: str
    size: int  # GiB
    type: str
    started_at: datetime
    ended_at: datetime | None = None
    per_month: Decimal | None = None


class PublicImage(NamedTuple):
    """The newest image of a well-known family: ``word`` is what finds it (ubuntu, amazon, debian, dlami)."""

    word: str
    title: str  # Ubuntu 24.04 LTS
    image: Image


class Problem(NamedTuple):
    """One part of a fleet that could not be read: what happened, what to do, AWS's code."""

    part: str  # instances, volumes, prices, spot, spot history, metrics, images, snapshots, addresses
    summary: str
    remedy: str = ""
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Fleet:
    """A region at one moment. In the order of ids; terminated instances are in as long as EC2 shows them.

    ``problems`` names the parts whose last read failed, "instances" among them; their content is then the last that was
    read.
    ``cpu`` is per cent of CPU used, by instance, oldest first, one figure each five minutes of the last six hours.
    ``images`` are the account's own, ``snapshots`` too; ``public_images`` the newest of well-known families.
    ``idle_addresses`` are Elastic IPs that are associated with nothing: they cost all the same.
    ``disks`` are the stretches of volumes' lives, by volume, as ``runs`` are those of instances.
    ``requests`` are the account's spot requests by id; ``spot_history`` the spot prices, by type, over the runs of this
    month's spot machines.
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
    idle_addresses: tuple[str, ...] = ()
    volume_usage: Mapping[str, tuple[VolumeUsage, ...]] = field(default_factory=dict)
    requests: Mapping[str, SpotRequest] = field(default_factory=dict)
    spot_history: Mapping[str, SpotHistory] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    account: str = ""

    @property
    def is_moving(self) -> bool:
        """Whether any instance is in a state that EC2 will leave by itself."""
        return any(instance.state.is_moving for instance in self.instances.values())

    def instances_named(self, name: str) -> tuple[Instance, ...]:
        """The instances with that Name or id, those shutting down or terminated only if there is no other."""
        found = [i for i in self.instances.values() if name in (i.name, i.id)]
        living = [i for i in found if not i.state.is_gone]
        return tuple(living or found)

    def volumes_of(self, instance: Instance) -> tuple[Volume, ...]:
        """The volumes attached to an instance that were read, in the order of its attachments."""
        return tuple(self.volumes[a.volume_id] for a in instance.attachments if a.volume_id in self.volumes)


class FleetDiff(NamedTuple):
    """What became of the instances between two fleets, by id."""

    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether nothing became of any."""
        return not (self.added or self.removed or self.changed)


def diff(before: Fleet | None, after: Fleet) -> FleetDiff:
    """Which instances came, went, or are different in any field. Objects kept from the last read cost nothing."""
    if before is None or before.location != after.location:
        return FleetDiff(added=frozenset(after.instances))
    old, new = before.instances, after.instances
    changed = frozenset(
        key
        for key, instance in new.items()
        if (was := old.get(key)) is not None and was is not instance and was != instance
    )
    # Key by key: the difference of two large sets would hold every other thread up.
    added = frozenset([key for key in new if key not in old])
    has_lost = len(new) - len(added) < len(old)
    return FleetDiff(added, frozenset([key for key in old if key not in new] if has_lost else ()), changed)


class StateCount(NamedTuple):
    """How many instances run, move and rest. Terminated ones do not count."""

    running: int
    moving: int
    stopped: int


def count_states(fleet: Fleet) -> StateCount:
    """The counts in the status line."""
    running = moving = stopped = 0
    for instance in fleet.instances.values():
        state = instance.state
        if state is State.RUNNING:
            running += 1
        elif state is State.STOPPED:
            stopped += 1
        elif state.is_moving:
            moving += 1
    return StateCount(running, moving, stopped)
