"""Launch: the form, then the task, and the new row under the cursor; and the ways out where no zone has room."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from textual.content import Content

from fe2tui.errors import Fe2Error, NoCapacityError
from fe2tui.model.instance import Instance
from fe2tui.model.launch import LaunchRequest
from fe2tui.model.progress import Progress
from fe2tui.model.words import visible
from fe2tui.tasks import launch as task
from fe2tui.tasks.context import Context
from fe2tui.tasks.launch import Lookups
from fe2tui.tasks.launch_again import launch_when_room
from fe2tui.tui.forms.launch import LaunchForm
from fe2tui.tui.forms.launch_lists import Sources
from fe2tui.tui.forms.launch_words import cost_line
from fe2tui.tui.forms.no_room import ANY_ZONE, ON_DEMAND, TYPE, WAIT, NoRoom
from fe2tui.tui.verbs.calm import has_form, until_no_form
from fe2tui.tui.verbs.from_image import First, first
from fe2tui.tui.verbs.sources import source_of
from fe2tui.tui.view import View

_USUAL = First()


async def launch(view: View, machine: str | None = None) -> None:
    """Ask what to launch, and launch it; its row is selected as soon as AWS has it.

    In the images the form begins with the one that is meant. ``machine`` is the type to begin with, of those chosen.
    Where no zone has room, the person is asked what to do about it.
    """
    forms = _Forms.of(view)
    request = await view.ask(forms.make(first(view) if machine is None else First(machine=machine)))
    if request is None:
        forms.known.close()
    else:
        _run(view, request, forms)


@dataclass(frozen=True, slots=True)
class _Forms:
    """The forms of one launch: they share what was looked up for it."""

    view: View
    ctx: Context
    known: Lookups

    @classmethod
    def of(cls, view: View) -> _Forms:
        ctx = view.context()
        return cls(view, ctx, Lookups(ctx, view.desk.catalogues, view.desk.spot_prices))

    def make(
        self, begins: First = _USUAL, *, again: LaunchRequest | None = None, picks_type: bool = False
    ) -> LaunchForm:
        view, ctx, known = self.view, self.ctx, self.known
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
        return LaunchForm(
            sources, region=view.region, clock=ctx.clock, first=begins, again=again, picks_type=picks_type
        )


@dataclass(frozen=True, slots=True)
class _Next:
    """What is tried next; with ``patience`` it is tried again and again for that long."""

    request: LaunchRequest
    patience: timedelta | None = None


def _run(view: View, request: LaunchRequest, forms: _Forms) -> None:
    async def work(ctx: Context) -> Instance:
        selected: set[str] = set()

        def report(step: Progress) -> None:
            ctx.report(step)
            if step.subject.startswith("i-") and step.subject not in selected:
                selected.add(step.subject)
                view.nudge()
                view.select(step.subject)

        try:
            return await _to_the_end(replace(ctx, report=report), request, forms)
        finally:
            forms.known.close()

    view.run_task(f"Launch {visible(request.name)}", work, done=_done)


async def _to_the_end(ctx: Context, request: LaunchRequest, forms: _Forms) -> Instance:
    following = _Next(request)
    while True:
        request, patience = following.request, following.patience
        try:
            if patience is not None:
                return await launch_when_room(ctx, request, until=patience, known=forms.known)
            return await task.launch(ctx, request, known=forms.known)
        except NoCapacityError as error:
            # the key pair was made before AWS was asked for a machine
            there = replace(request, key_action="use", key_public=None)
            way_out = await _way_out(ctx, there, error, forms)
            if way_out is None:
                raise
            following = way_out


async def _way_out(ctx: Context, request: LaunchRequest, error: NoCapacityError, forms: _Forms) -> _Next | None:
    """What the person wants instead; None to leave it."""
    view = forms.view
    ctx.step("launch", "no room", f"{error.summary} What now is asked.", label=request.name)
    if has_form(view):
        view.tell(f"Launch {visible(request.name)}: {error.summary}", "warning")
    costs = await _costs(request, forms)
    await until_no_form(view)
    while (chosen := await view.ask(NoRoom(request, error, costs))) is not None:
        if chosen.way == WAIT:
            return _Next(request, chosen.patience)
        form = {
            TYPE: lambda: forms.make(again=replace(request, zone=None), picks_type=True),
            ON_DEMAND: lambda: forms.make(again=replace(request, market="on-demand", zone=None)),
            ANY_ZONE: lambda: forms.make(again=replace(request, zone=None)),
        }[chosen.way]()
        other = await view.ask(form)
        if other is not None:
            return _Next(other)
    return None


async def _costs(request: LaunchRequest, forms: _Forms) -> Content:
    """What the instance will cost, as the launch form says it."""
    try:
        plan = await task.plan(forms.ctx, request, forms.known)
    except Fe2Error:
        return Content("Price unknown.")
    is_known = plan.cost is not None and plan.type is not None and plan.disk is not None
    return cost_line(plan) if is_known else Content("Price unknown.")


def _done(instance: Instance) -> str:
    return f"{visible(instance.label)} is ready: c connects."
