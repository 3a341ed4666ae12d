"""Terminate, after showing what will be lost."""

from __future__ import annotations

import asyncio

from fe2tui.errors import ProtectedError
from fe2tui.model.instance import Instance
from fe2tui.model.progress import Outcome
from fe2tui.model.words import plural, visible
from fe2tui.tasks import terminate as task
from fe2tui.tasks.context import Context
from fe2tui.tui.forms.impact import ImpactSheet
from fe2tui.tui.forms.impact_rows import LeftOut
from fe2tui.tui.forms.loss import of_instances
from fe2tui.tui.forms.trouble import Trouble
from fe2tui.tui.verbs.meant import Left, Meant, meant, tell_nothing_to_do
from fe2tui.tui.view import View

MOST_ASKED = 40  # instances that are asked for one by one, before the sheet is there
PATIENCE = 2.0  # seconds for asking which are protected; EC2 refuses those in any case


async def terminate(view: View) -> None:
    """Show the impact sheet for the instances meant, and terminate them when the right words are typed."""
    fleet = view.desk.fleet or view.fleet
    those = meant(view, lambda one: f"it is {one.state.value.replace('-', ' ')} already" if one.state.is_gone else None)
    if fleet is None or not those.instances:
        tell_nothing_to_do(view, those, "terminate")
        return
    those, protected = await _without_protected(view, those)
    if not those.instances:
        await _say_protected(view, those)
        return
    now = view.context().clock()
    impact = await asyncio.to_thread(task.impact, fleet, those.instances, now=now, protected=protected)
    sheet = ImpactSheet(
        of_instances(impact),
        left_out=[LeftOut(left.instance.label, left.reason) for left in those.left],
    )
    ids = await view.ask(sheet)
    if ids:
        _run(view, those, list(ids))


async def _say_protected(view: View, those: Meant) -> None:
    """A form, not a toast: the name that a person types next must not become commands."""
    one = len(those.left) == 1
    named = visible(those.left[0].instance.label) if one else plural(len(those.left), "instance")
    why = [f"{named} is {those.left[0].reason}."] if one else those.left_words
    error = ProtectedError(
        " ".join(["Nothing was done.", *why]),
        "Take the protection off first, in AWS's console or by its command line, if it is really to go.",
    )
    await view.ask(Trouble(f"Terminate {named}", error))


async def _without_protected(view: View, those: Meant) -> tuple[Meant, frozenset[str] | None]:
    """Those that EC2 would not refuse, as far as it told in time."""
    if len(those.instances) > MOST_ASKED:
        return those, None
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
