"""Launch: the form, then the task, and the new row under the cursor."""

from __future__ import annotations

from dataclasses import replace

from fe2tui.model.instance import Instance
from fe2tui.model.launch import LaunchRequest
from fe2tui.model.progress import Progress
from fe2tui.model.words import visible
from fe2tui.tasks import launch as task
from fe2tui.tasks.context import Context
from fe2tui.tasks.launch import Lookups
from fe2tui.tui.forms.launch import LaunchForm
from fe2tui.tui.forms.launch_lists import Sources
from fe2tui.tui.verbs.from_image import First, first
from fe2tui.tui.verbs.sources import source_of
from fe2tui.tui.view import View


async def launch(view: View, machine: str | None = None) -> None:
    """Ask what to launch, and launch it; its row is selected as soon as AWS has it.

    In the images the form begins with the one that is meant. ``machine`` is the type to begin with, of those chosen.
    """
    start = first(view) if machine is None else First(machine=machine)
    ctx = view.context()
    known = Lookups(ctx, view.desk.catalogues, view.desk.spot_prices)
    sources = Sources(
        plan=lambda request: task.plan(ctx, request, known),
        types=known.types,
        images=known.own_images,
        keys=known.keys,
        groups=known.group_names,
        address=known.address,
        on_demand=view.fleet.prices.on_demand if view.fleet is not None else {},
        shelf=source_of(view),
    )
    form = LaunchForm(sources, region=view.region, clock=ctx.clock, first=start)
    request = await view.ask(form)
    if request is None:
        known.close()
    else:
        _run(view, request, known)


def _run(view: View, request: LaunchRequest, known: Lookups) -> None:
    async def work(ctx: Context) -> Instance:
        selected: set[str] = set()

        def report(step: Progress) -> None:
            ctx.report(step)
            if step.subject.startswith("i-") and step.subject not in selected:
                selected.add(step.subject)
                view.nudge()
                view.select(step.subject)

        try:
            return await task.launch(replace(ctx, report=report), request, known=known)
        finally:
            known.close()

    view.run_task(f"Launch {visible(request.name)}", work, done=_done)


def _done(instance: Instance) -> str:
    return f"{visible(instance.label)} is ready: c connects."
