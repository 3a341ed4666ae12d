"""What things cost an hour now, and a month if they stay as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from fe2tui.model.fleet import Fleet, Prices
from fe2tui.model.image import Image, image_snapshot_ids
from fe2tui.model.instance import Instance, State
from fe2tui.model.spot import saving
from fe2tui.model.volume import GP3_IOPS, GP3_THROUGHPUT, IO2_IOPS_TIERS, Snapshot, Volume

HOURS_A_MONTH = 730  # AWS's own month
ADDRESS_PER_HOUR = Decimal("0.005")
LINUX, SHARED = "Linux/UNIX", "default"  # EC2's PlatformDetails and Tenancy


class HourlyCost(NamedTuple):
    """Dollars an hour now, by part. ``instance`` is zero while it does not run."""

    instance: Decimal | None
    volumes: Decimal | None
    address: Decimal

    @property
    def total(self) -> Decimal | None:
        if self.instance is None or self.volumes is None:
            return None
        return self.instance + self.volumes + self.address

    @property
    def known(self) -> Decimal:
        return (self.instance or Decimal(0)) + (self.volumes or Decimal(0)) + self.address


def instance_per_hour(instance: Instance, prices: Prices) -> Decimal | None:
    """Dollars an hour for the instance alone while it runs; for spot, the zone's price now.

    Known for Linux on shared hardware only: no other prices are read.
    """
    if instance.platform != LINUX or instance.tenancy != SHARED:
        return None
    if instance.is_spot:
        return prices.spot.get((instance.type, instance.zone))
    return prices.in_zone(instance.zone).on_demand.get(instance.type)


def is_billed_by_spot_history(instance: Instance) -> bool:
    """Whether the spot price history has the price of its runs: it is read for Linux on shared hardware."""
    return instance.is_spot and instance.platform == LINUX and instance.tenancy == SHARED


def sum_if_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    found = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        found += amount
    return found


def volume_per_month(volume: Volume, prices: Prices) -> Decimal | None:
    """Dollars a month for a volume: its GiB, and the IOPS and MiB/s that have a price of their own.

    None when a price is not known.
    """
    prices = prices.in_zone(volume.zone)
    price = prices.storage.get(volume.type)
    if price is None:
        return None
    found = price * volume.size
    for count, rate in _provisioned_amounts(volume, prices):
        if count is None or (count and rate is None):
            return None
        found += count * (rate or 0)
    return found


def _provisioned_amounts(volume: Volume, prices: Prices) -> Iterable[tuple[int | None, Decimal | None]]:
    iops = prices.iops.get(volume.type)
    if volume.type == "gp3":
        yield max(0, (volume.iops or GP3_IOPS) - GP3_IOPS), iops
        yield max(0, (volume.throughput or GP3_THROUGHPUT) - GP3_THROUGHPUT), prices.throughput.get(volume.type)
    elif volume.type == "io1":
        yield volume.iops, iops
    elif volume.type == "io2":
        if volume.iops is None:
            yield None, None
            return
        begins = 0
        for tier, until in IO2_IOPS_TIERS:
            ends = volume.iops if until is None else min(volume.iops, until)
            yield max(0, ends - begins), prices.iops.get(tier)
            begins = max(begins, ends)


def volumes_per_month(volumes: Iterable[Volume], prices: Prices) -> Decimal | None:
    return sum_if_known(volume_per_month(volume, prices) for volume in volumes)


def hourly_cost(instance: Instance, fleet: Fleet) -> HourlyCost:
    """What the instance costs an hour in its present state.

    A public address that a stopped instance keeps is an Elastic IP, and costs, too.
    """
    volumes = fleet.volumes_of(instance)
    disk = volumes_per_month(volumes, fleet.prices) if len(volumes) == len(instance.attachments) else None
    per_hour = None if disk is None else disk / HOURS_A_MONTH
    if instance.state is State.TERMINATED:
        return HourlyCost(Decimal(0), Decimal(0), Decimal(0))
    address = ADDRESS_PER_HOUR if instance.public_ip else Decimal(0)
    if instance.state not in (State.RUNNING, State.PENDING):
        return HourlyCost(Decimal(0), per_hour, address if instance.state is State.STOPPED else Decimal(0))
    return HourlyCost(instance_per_hour(instance, fleet.prices), per_hour, address)


def has_address_running(instance: Instance, fleet: Fleet) -> bool | None:
    """Whether the instance has a public address while it runs; None if it has none now and was never seen running.

    EC2 releases the address of an instance that stops, unless it is an Elastic IP, and gives it another at the next
    start. Source: EC2 user guide, "Amazon EC2 instance IP addressing".
    """
    if instance.public_ip:
        return True
    usages = fleet.instance_usage.get(instance.id, ())
    seen = [usage for usage in usages if not usage.is_address_only and usage.seen_at is not None]
    return seen[-1].has_address if seen else None


def running_cost(instance: Instance, fleet: Fleet) -> HourlyCost:
    """What the instance costs an hour while it runs, whatever its state is now.

    The address counts only where ``has_address_running`` is true.
    """
    cost = hourly_cost(replace(instance, state=State.RUNNING), fleet)
    return cost._replace(address=ADDRESS_PER_HOUR if has_address_running(instance, fleet) else Decimal(0))


def monthly_cost(instance: Instance, fleet: Fleet) -> Decimal | None:
    """Dollars for a month of 730 hours in its present state."""
    hour = hourly_cost(instance, fleet).total
    return None if hour is None else hour * HOURS_A_MONTH


def spot_saving(instance: Instance, prices: Prices) -> Decimal | None:
    """The share of the on-demand price that a spot instance saves now, at most 1; None where not known."""
    spot = instance_per_hour(instance, prices) if instance.is_spot else None
    return saving(spot, prices.in_zone(instance.zone).on_demand.get(instance.type))


ARCHIVE_PRICE_SHARE = Decimal("0.25")  # of the standard tier's price, in every region


def snapshot_per_month(snapshot: Snapshot, prices: Prices) -> Decimal | None:
    """Dollars a month for one snapshot, at most; None without a price. A pending one may grow to its volume's size."""
    if prices.snapshot is None:
        return None
    is_whole = snapshot.stored is not None and snapshot.state != "pending"
    size = Decimal(snapshot.stored or 0) if is_whole else Decimal(snapshot.volume_size)
    return size * prices.snapshot * (ARCHIVE_PRICE_SHARE if snapshot.archived else 1)


def snapshots_per_month(snapshots: Iterable[Snapshot], prices: Prices) -> Decimal | None:
    """Dollars a month for these snapshots together, at most; None as soon as one is not known."""
    return sum_if_known(snapshot_per_month(snapshot, prices) for snapshot in snapshots)


def image_per_month(image: Image, fleet: Fleet) -> Decimal | None:
    """Dollars a month for an image's snapshots, at most; zero for another account's public image.

    None where a snapshot or its price is not known. A snapshot that two images share counts for both.
    """
    if image.id not in fleet.images:
        return Decimal(0) if image.public else None
    behind = image_snapshot_ids(image, fleet.snapshots)
    if not behind or any(one not in fleet.snapshots for one in behind):
        return None
    return snapshots_per_month((fleet.snapshots[one] for one in behind), fleet.prices)
