"""How long a read takes to reach the screen when one instance in a hundred changed."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from dataclasses import replace
from datetime import timedelta
from unittest import mock

from fe2tui.aws.session import Choice
from fe2tui.demo import Cloud, Options
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import State
from fe2tui.model.money.account import AccountTracker
from fe2tui.settings import Settings
from fe2tui.tui.app import Dashboard
from fe2tui.tui.fleet_watch import FleetSeen
from tests.bench.figures import Figure
from tests.tui.fleets import many

ROUNDS = 7


def _next(fleet: Fleet, turn: int) -> Fleet:
    """The same fleet a moment later, one in a hundred of its instances changed."""
    instances = dict(fleet.instances)
    for number, (key, instance) in enumerate(fleet.instances.items()):
        if number % 100 == turn % 100:
            state = State.STOPPED if instance.state is State.RUNNING else State.RUNNING
            instances[key] = replace(instance, state=state)
    return replace(fleet, instances=instances, seen_at=fleet.seen_at + timedelta(seconds=1))


async def _applied(app: Dashboard, fleet: Fleet) -> float:
    main, tracker = app.controller.main_screen, AccountTracker()
    totals = tracker.update(fleet, app.clock())
    started = time.perf_counter()
    main.post_message(FleetSeen(fleet, totals))
    while (snapshot := main.instances.model.rows.snapshot) is None or snapshot.fleet is not fleet:
        await asyncio.sleep(0.001)
    drawn = asyncio.Event()
    main.instances.table.call_after_refresh(drawn.set)
    await drawn.wait()
    return time.perf_counter() - started


async def _rounds(size: int) -> list[float]:
    app = Dashboard(Choice(), Settings(slow_seconds=600, quick_seconds=600))
    async with app.run_test(size=(120, 36)) as pilot:
        while app.screen.id != "main" or app.controller.fleet is None:
            await pilot.pause(0.05)
        fleet = replace(many(size), location=app.controller.session.location)
        await _applied(app, fleet)
        times = []
        for turn in range(ROUNDS + 1):
            await pilot.pause(0.5)
            fleet = _next(fleet, turn)
            times.append(await _applied(app, fleet))
    return times[1:]


def applying(size: int) -> Figure:
    """From the message that a read is there to the frame that shows it."""
    with Cloud(Options.instant(scene=False)) as cloud, mock.patch.dict(os.environ, cloud.environment):
        times = asyncio.run(_rounds(size))
    return Figure(f"{size:,} rows: 1 % changed, message to frame", statistics.median(times) * 1000, "ms")
