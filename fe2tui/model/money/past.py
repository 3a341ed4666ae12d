"""What things cost between two moments: by the second, from the runs and disks that were seen."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from fe2tui.model.fleet import Fleet, Run
from fe2tui.model.instance import Instance
from fe2tui.model.money.flows import EVER, flows_of, flows_of_run
from fe2tui.model.money.market import NO_HISTORIES, Histories
from fe2tui.model.money.now import total


def run_cost(run: Run, since: datetime, until: datetime, histories: Histories = NO_HISTORIES) -> Decimal | None:
    """Dollars for the part of a run between two moments, its public address included.

    A run is paid for at least 60 seconds. The parts of a run add up to the whole. ``histories`` as ``flows_of_run`` has
    them.
    """
    return total(flow.between(since, until) for flow in flows_of_run(run, histories))


def cost_between(instance: Instance, fleet: Fleet, since: datetime, until: datetime) -> Decimal | None:
    """Dollars that an instance, its disks and its address cost between two moments, as far as they are known."""
    return total(flow.between(since, until) for flow in flows_of(instance, fleet))


def known_between(instance: Instance, fleet: Fleet, since: datetime, until: datetime) -> tuple[Decimal, bool]:
    """The dollars of ``cost_between`` that are known, and whether those are all.

    They are not all either where nobody saw the end of a run, and the time after it was last seen is not known.
    """
    known, is_all = Decimal(0), True
    for run in fleet.runs.get(instance.id, ()):
        if run.gone_by is not None and run.ended_at is not None and run.gone_by > since and run.ended_at < until:
            is_all = False
    for flow in flows_of(instance, fleet):
        amount = flow.between(since, until)
        if amount is None:
            is_all = False
        else:
            known += amount
    return known, is_all


def cost_so_far(instance: Instance, fleet: Fleet, now: datetime) -> Decimal | None:
    """Dollars since it was made, as far as is known: earlier runs that nobody recorded are not in."""
    return cost_between(instance, fleet, EVER, now)


def cost_of_last_run(instance: Instance, fleet: Fleet, now: datetime) -> Decimal | None:
    """Dollars since it was last started: machine, address and disks; None before it ever was."""
    started = instance.launched_at
    return None if started is None else cost_between(instance, fleet, started, now)
