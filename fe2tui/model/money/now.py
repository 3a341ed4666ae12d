"""What things cost an hour now, and a month if left as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from fe2tui.model.fleet import Fleet, Prices
from fe2tui.model.instance import Instance, State
from fe2tui.model.volume import Volume

HOURS_A_MONTH = 730  # AWS's own month
ADDRESS_PER_HOUR = Decimal("0.005")
LINUX, SHARED = "Linux/UNIX", "default"  # EC2's PlatformDetails and Tenancy

# Source: the EBS price page. What the price of a GiB has in it, and up to where io2's first price of an IOPS holds.
GP3_IOPS, GP3_THROUGHPUT = 3_000, 125
IO2_FIRST_IOPS = 32_000


class HourlyCost(NamedTuple):
    """Dollars an hour now, by part. ``machine`` is zero while it does not run."""

    machine: Decimal | None
    disk: Decimal | None
    address: Decimal

    @property
    def total(self) -> Decimal | None:
        """The sum, or None as soon as one part is not known."""
        if self.machine is None or self.disk is None:
            return None
        return self.machine + self.disk + self.address

    @property
    def known(self) -> Decimal:
        """The sum of the parts that are known: at least so much."""
        return (self.machine or Decimal(0)) + (self.disk or Decimal(0)) + self.address


def machine_price(instance: Instance, prices: Prices) -> Decimal | None:
    """Dollars an hour for the machine alone while it runs; spot at the zone's present price.

    Known for Linux on shared hardware only: those are the prices that are read.
    """
    if instance.platform != LINUX or instance.tenancy != SHARED:
        return None
    if instance.is_spot:
        return prices.spot.get((instance.type, instance.zone))
    return prices.on_demand.get(instance.type)


def follows_market(instance: Instance) -> bool:
    """Whether what its runs cost is told by the spot market's history, which is read of Linux on shared hardware."""
    return instance.is_spot and instance.platform == LINUX and instance.tenancy == SHARED


def is_taken_back(instance: Instance) -> bool:
    """Whether its last run was ended by AWS, to have its spot capacity back."""
    is_over = instance.state not in (State.PENDING, State.RUNNING)
    return is_over and instance.is_spot and instance.state_reason.startswith("Server.SpotInstance")


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum, or None as soon as one is not known."""
    found = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        found += amount
    return found


def disk_rate(volume: Volume, prices: Prices) -> Decimal | None:
    """Dollars a month for a volume, all in: its GiB, and the IOPS and MiB/s that are paid for by themselves.

    None when a price is not known; that of io2's IOPS beyond the first 32,000 never is.
    """
    price = prices.storage.get(volume.type)
    if price is None:
        return None
    found = price * volume.size
    for count, rate in _provisioned(volume, prices):
        if count is None or (count and rate is None):
            return None
        found += count * (rate or 0)
    return found


def _provisioned(volume: Volume, prices: Prices) -> Iterable[tuple[int | None, Decimal | None]]:
    """What is paid for beside the GiB: how much of it, and dollars a month for one."""
    iops = prices.iops.get(volume.type)
    if volume.type == "gp3":
        yield max(0, (volume.iops or GP3_IOPS) - GP3_IOPS), iops
        yield max(0, (volume.throughput or GP3_THROUGHPUT) - GP3_THROUGHPUT), prices.throughput.get(volume.type)
    elif volume.type == "io1":
        yield volume.iops, iops
    elif volume.type == "io2":
        yield volume.iops, iops if (volume.iops or 0) <= IO2_FIRST_IOPS else None


def disk_per_month(volumes: Iterable[Volume], prices: Prices) -> Decimal | None:
    """Dollars a month for these volumes, all in."""
    return total(disk_rate(volume, prices) for volume in volumes)


def _volumes(instance: Instance, fleet: Fleet) -> tuple[Volume, ...] | None:
    volumes = fleet.volumes_of(instance)
    return volumes if len(volumes) == len(instance.attachments) else None


def hourly_cost(instance: Instance, fleet: Fleet) -> HourlyCost:
    """What the instance costs an hour in the state it is in.

    A public address costs also while the instance is stopped: one that it keeps then is an Elastic IP.
    """
    volumes = _volumes(instance, fleet)
    disk = None if volumes is None else disk_per_month(volumes, fleet.prices)
    per_hour = None if disk is None else disk / HOURS_A_MONTH
    if instance.state is State.TERMINATED:
        return HourlyCost(Decimal(0), Decimal(0), Decimal(0))
    address = ADDRESS_PER_HOUR if instance.public_ip else Decimal(0)
    if instance.state not in (State.RUNNING, State.PENDING):
        return HourlyCost(Decimal(0), per_hour, address if instance.state is State.STOPPED else Decimal(0))
    return HourlyCost(machine_price(instance, fleet.prices), per_hour, address)


def has_address_running(instance: Instance, fleet: Fleet) -> bool | None:
    """Whether the instance has a public address while it runs; None if it has none now and was never seen running.

    EC2 releases the address of an instance that stops, unless it is an Elastic IP, and gives it another at the next
    start. Source: EC2 user guide, "Amazon EC2 instance IP addressing".
    """
    if instance.public_ip:
        return True
    seen = [run for run in fleet.runs.get(instance.id, ()) if not run.is_rest and run.seen_at is not None]
    return seen[-1].has_address if seen else None


def running_cost(instance: Instance, fleet: Fleet) -> HourlyCost:
    """What the instance costs an hour while it runs, whatever state it is in now.

    The address is in only where ``has_address_running`` is sure of it.
    """
    cost = hourly_cost(replace(instance, state=State.RUNNING), fleet)
    return cost._replace(address=ADDRESS_PER_HOUR if has_address_running(instance, fleet) else Decimal(0))


def monthly_cost(instance: Instance, fleet: Fleet) -> Decimal | None:
    """What it costs in a month of 730 hours if it stays as it is."""
    hour = hourly_cost(instance, fleet).total
    return None if hour is None else hour * HOURS_A_MONTH


def saving(instance: Instance, prices: Prices) -> Decimal | None:
    """The share of the on-demand price that a spot instance saves at present, 0 to 1."""
    spot, full = machine_price(instance, prices), prices.on_demand.get(instance.type)
    if not instance.is_spot or spot is None or not full:
        return None
    return 1 - spot / full
