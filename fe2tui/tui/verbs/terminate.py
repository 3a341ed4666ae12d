"""Terminate, after showing what will be lost."""

from __future__ import annotations

import asyncio

from fe2tui.model.instance import Instance
from fe2tui.model.progress import Outcome
from fe2tui.tasks import terminate as task
from fe2tui.tasks.context import Context
from fe2tui.tui.forms.impact import ImpactSheet, LeftOut
from fe2tui.tui.verbs.meant import Left, Meant, meant, tell_nothing_to_do
from fe2tui.tui.view import View

PATIENCE = 4.0  # seconds for asking which are protected; EC2 refuses those in any case


async def terminate(view: View) -> None:
    """Show the impact sheet for the instances meant, and terminate them when the right words are typed."""
    fleet = view.desk.fleet or view.fleet
    those = meant(view, lambda one: f"it is {one.state.value.replace('-', ' ')} already" if one.state.is_gone else None)
    if fleet is None or not those.instances:
        tell_nothing_to_do(view, those, "terminate")
        return
    those, protected = await _without_protected(view, those)
    if not those.instances:
        tell_nothing_to_do(view, those, "terminate")
        return
    ctx = view.context()
    sheet = ImpactSheet(
        task.impact(fleet, those.instances, now=ctx.clock(), protected=protected),
        left_out=[LeftOut(left.instance.label, left.reason) for left in those.left],
    )
    ids = await view.ask(sheet)
    if ids:
        _run(view, those, list(ids))


async def _without_protected(view: View, those: Meant) -> tuple[Meant, frozenset[str] | None]:
    """Those that EC2 would not refuse, as far as it told in time."""
    try:
        async with asyncio.timeout(PATIENCE):
            protected = await task.protected_ids(view.context(), those.ids)
    except TimeoutError:
        return those, None
    if not protected:
        return those, protected

    def reason(instance: Instance) -> Left:
        return Left(instance, "protected against termination")

    left = tuple(reason(instance) for instance in those.instances if instance.id in protected)
    rest = tuple(instance for instance in those.instances if instance.id not in protected)
    return Meant(rest, (*those.left, *left)), protected


def _run(view: View, those: Meant, ids: list[str]) -> None:
    async def work(ctx: Context) -> list[Outcome]:
        return [*await task.terminate(ctx, ids), *(left.outcome for left in those.left)]

    view.run_task(f"Terminate {those.words}", work, subjects=those.instances)
