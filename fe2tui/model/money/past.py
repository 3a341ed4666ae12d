"""What things cost between two moments: by the second, from the runs and disks that were seen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from fe2tui.model.fleet import Fleet, Run
from fe2tui.model.instance import Instance
from fe2tui.model.money.flows import EVER, Flow, flows_of, flows_of_run


def run_cost(run: Run, since: datetime, until: datetime) -> Decimal | None:
    """Dollars for the part of a run between two moments, its public address included.

    A run is paid for at least 60 seconds. The parts of a run add up to the whole.
    """
    return _sum(flows_of_run(run), since, until)


def cost_between(instance: Instance, fleet: Fleet, since: datetime, until: datetime) -> Decimal | None:
    """Dollars that an instance, its disks and its address cost between two moments, as far as they are known."""
    return _sum(flows_of(instance, fleet), since, until)


def known_between(instance: Instance, fleet: Fleet, since: datetime, until: datetime) -> tuple[Decimal, bool]:
    """The dollars of ``cost_between`` that are known, and whether those are all.

    They are not all either where nobody saw the end of a run, and the time after it was last seen is not known.
    """
    total, is_all = Decimal(0), True
    for run in fleet.runs.get(instance.id, ()):
        if run.gone_by is not None and run.ended_at is not None and run.gone_by > since and run.ended_at < until:
            is_all = False
    for flow in flows_of(instance, fleet):
        amount = flow.between(since, until)
        if amount is None:
            is_all = False
        else:
            total += amount
    return total, is_all


def cost_so_far(instance: Instance, fleet: Fleet, now: datetime) -> Decimal | None:
    """Dollars since it was made, as far as is known: earlier runs that nobody recorded are not in."""
    return cost_between(instance, fleet, EVER, now)


def cost_of_last_run(instance: Instance, fleet: Fleet, now: datetime) -> Decimal | None:
    """Dollars since it was last started: machine, address and disks; None before it ever was."""
    started = instance.launched_at
    return None if started is None else cost_between(instance, fleet, started, now)


def _sum(flows: Iterable[Flow], since: datetime, until: datetime) -> Decimal | None:
    total = Decimal(0)
    for flow in flows:
        amount = flow.between(since, until)
        if amount is None:
            return None
        total += amount
    return total
