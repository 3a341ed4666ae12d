"""What something costs an hour, so far, a month.

An honest total: the machine by the second while it runs (60 s at least a start), its disks by the GiB and month also
while it is stopped, and $0.005 an hour for a public IPv4 address. Traffic, CPU credits, snapshots and provisioned IOPS
are left out. Source: the EC2, EBS and VPC price pages. All amounts are US dollars as Decimal; None is "not known".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from fe2tui.model.fleet import Fleet, Prices, Run
from fe2tui.model.instance import Instance, State
from fe2tui.model.volume import Volume

HOURS_A_MONTH = 730  # AWS's own month
ADDRESS_PER_HOUR = Decimal("0.005")
SHORTEST_RUN = timedelta(seconds=60)
LEFT_OUT = "without traffic, CPU credits, snapshots and provisioned IOPS"
LINUX, SHARED = "Linux/UNIX", "default"  # EC2's PlatformDetails and Tenancy
_HOUR = Decimal(3600)


@dataclass(frozen=True, slots=True)
class HourlyCost:
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


def machine_price(instance: Instance, prices: Prices) -> Decimal | None:
    """Dollars an hour for the machine alone while it runs; spot at the zone's present price.

    Known for Linux on shared hardware only: those are the prices that are read.
    """
    if instance.platform != LINUX or instance.tenancy != SHARED:
        return None
    if instance.is_spot:
        return prices.spot.get((instance.type, instance.zone))
    return prices.on_demand.get(instance.type)


def disk_per_month(volumes: Iterable[Volume], prices: Prices) -> Decimal | None:
    """Dollars a month for these volumes' GiB."""
    total = Decimal(0)
    for volume in volumes:
        price = prices.storage.get(volume.type)
        if price is None:
            return None
        total += price * volume.size
    return total


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


def monthly_cost(instance: Instance, fleet: Fleet) -> Decimal | None:
    """What it costs in a month of 730 hours if it stays as it is."""
    total = hourly_cost(instance, fleet).total
    return None if total is None else total * HOURS_A_MONTH


def runs_of(instance: Instance, fleet: Fleet) -> tuple[Run, ...]:
    """The stretches in which the instance ran: those recorded, and the one that EC2's own times tell of.

    A price recorded while it ran counts before today's; one that was not known then is today's.
    """
    recorded = {run.started_at: run for run in fleet.runs.get(instance.id, ())}
    start, price = instance.launched_at, machine_price(instance, fleet.prices)
    if start is not None and start not in recorded:
        runs = instance.state in (State.RUNNING, State.PENDING)
        ended = None if runs else instance.changed_state_at
        if runs or ended is not None:
            has_address = bool(instance.public_ip)
            recorded[start] = Run(instance.id, instance.name, instance.type, start, ended, price, has_address)
    return tuple(_priced(recorded[key], instance, price) for key in sorted(recorded))


def _priced(run: Run, instance: Instance, price: Decimal | None) -> Run:
    if run.price_per_hour is not None or run.type != instance.type:
        return run
    return replace(run, price_per_hour=price)


def run_cost(run: Run, since: datetime, until: datetime) -> Decimal | None:
    """Dollars for the part of a run between two moments, its public address included.

    A run is paid for at least 60 seconds. The parts of a run add up to the whole.
    """
    ended = max(run.ended_at or until, run.started_at + SHORTEST_RUN)
    span = min(ended, until) - max(run.started_at, since)
    if span <= timedelta(0):
        return Decimal(0)
    if run.price_per_hour is None:
        return None
    hour_price = run.price_per_hour + (ADDRESS_PER_HOUR if run.has_address else 0)
    return hour_price * _seconds(span) / _HOUR


def cost_between(instance: Instance, fleet: Fleet, since: datetime, until: datetime) -> Decimal | None:
    """Dollars that an instance, its disks and its address cost between two moments, as far as they are known.

    Of a terminated instance its runs are known, its disks no longer.
    """
    total = Decimal(0)
    for run in runs_of(instance, fleet):
        cost = run_cost(run, since, until)
        if cost is None:
            return None
        total += cost
    if instance.state is State.TERMINATED:
        return total
    if instance.state is State.STOPPED and instance.public_ip and (stopped := instance.changed_state_at):
        total += ADDRESS_PER_HOUR * _seconds(max(until - max(stopped, since), timedelta(0))) / _HOUR
    for attachment in instance.attachments:
        volume = fleet.volumes.get(attachment.volume_id)
        price = fleet.prices.storage.get(volume.type) if volume else None
        made = (volume.created_at if volume else None) or attachment.attached_at
        if volume is None or price is None or made is None:
            return None
        span = max(until - max(made, since), timedelta(0))
        total += price * volume.size / HOURS_A_MONTH * _seconds(span) / _HOUR
    return total


def cost_so_far(instance: Instance, fleet: Fleet, now: datetime) -> Decimal | None:
    """Dollars since it was made, as far as is known: earlier runs that nobody recorded are not in."""
    return cost_between(instance, fleet, datetime(2006, 1, 1, tzinfo=UTC), now)


def saving(instance: Instance, prices: Prices) -> Decimal | None:
    """The share of the on-demand price that a spot instance saves at present, 0 to 1."""
    spot, full = machine_price(instance, prices), prices.on_demand.get(instance.type)
    if not instance.is_spot or spot is None or not full:
        return None
    return 1 - spot / full


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span // timedelta(microseconds=1)) / 1_000_000
