"""What things cost between two moments: by the second, from the runs and disks that were seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from fe2tui.model.fleet import Fleet, Run
from fe2tui.model.instance import Instance, State
from fe2tui.model.money.now import ADDRESS_PER_HOUR, HOURS_A_MONTH, machine_price

SHORTEST_RUN = timedelta(seconds=60)
_HOUR = Decimal(3600)


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


def _seconds(span: timedelta) -> Decimal:
    return Decimal(span // timedelta(microseconds=1)) / 1_000_000
