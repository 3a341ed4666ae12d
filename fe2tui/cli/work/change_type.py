"""Another type for an instance: what it changes is said first; what AWS has no room for is offered back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from shlex import quote

import click

from fe2tui.cli.ending import complain, say_error
from fe2tui.cli.options import Asked
from fe2tui.cli.work.asking import agrees, somebody_there
from fe2tui.cli.work.output import instance_document, instance_line, print_json
from fe2tui.cli.work.reading import catalogues, read_fleet
from fe2tui.cli.work.working import Working
from fe2tui.errors import DeniedError, NotFoundError, ReadOnlyError, StartAfterChangeError, StateError
from fe2tui.model.catalogue import Catalogue
from fe2tui.model.fleet import Fleet, Problem
from fe2tui.model.instance import Instance, State
from fe2tui.model.words import visible
from fe2tui.tasks import change_type as task
from fe2tui.tasks.catalogue import Catalogues
from fe2tui.tasks.context import Context
from fe2tui.tasks.names import find
from fe2tui.tasks.reading import read_prices, softly


def change_type(asked: Asked, name: str, to: str, *, stop: bool, start: bool, wait: bool) -> None:
    """Change it and print it. Raises StateError for one that runs and is not to be stopped."""

    working = Working(asked)
    to = to.strip().lower()

    async def work(ctx: Context) -> Instance:
        async with catalogues() as known:
            instance = await _agreed(ctx, name, to, stop, known)
            try:
                return await task.change_type(
                    ctx, instance.id, to, stop=stop, start=True if start else None, wait=wait, known=known
                )
            except StartAfterChangeError as error:
                working.clear()
                return await _back(ctx, asked, instance, error)

    changed = working.run(work)
    if asked.json:
        fleet = Working(asked).run(read_fleet)
        print_json(instance_document(changed, replace(fleet, instances={changed.id: changed})))
    else:
        click.echo(instance_line(changed))


async def _agreed(ctx: Context, name: str, to: str, stop: bool, known: Catalogues) -> Instance:
    """The instance, once what changes was said. Raises what stands in the way."""
    if ctx.session.read_only:
        raise ReadOnlyError("This session may only read: no type can be changed.", "Leave --read-only out.")
    problems: list[Problem] = []
    instance, catalogue, prices = await asyncio.gather(
        find(ctx, name), _catalogue(ctx, to, known), softly("prices", read_prices(ctx, problems), problems)
    )
    refused = instance.state in (State.RUNNING, State.PENDING) and not stop
    if catalogue is not None:
        fleet = Fleet(ctx.session.place, ctx.clock(), {instance.id: instance})
        plan = task.plan_change(instance, to, catalogue, replace(fleet, prices=prices) if prices else fleet)
        if plan.new is None and plan.error is not None:
            raise NotFoundError(plan.error.summary, plan.error.remedy)
        if plan.error is not None:
            raise plan.error
        for sentence in plan.sentences[:1] if refused else plan.sentences:
            complain(visible(sentence))
    if refused:
        label = visible(instance.label)
        raise StateError(
            f"{label} is {instance.state}: its type can only change while it is stopped.",
            f"fe2 change-type {quote(label)} {to} --stop stops it, changes it and starts it again.",
        )
    return instance


async def _catalogue(ctx: Context, to: str, known: Catalogues) -> Catalogue | None:
    """The region's types; read anew where an old catalogue does not have this one; None where it may not be read."""
    try:
        found = await known.get(ctx)
        return found if to in found.types else await known.get(ctx, fresh=True)
    except DeniedError:
        return None


async def _back(ctx: Context, asked: Asked, instance: Instance, error: StartAfterChangeError) -> Instance:
    """The instance with its old type, if that is agreed to; else the error, with how to have it back."""
    label = visible(instance.label)
    if not asked.yes and somebody_there():
        say_error("fe2", error)
        if await agrees(f"Change {label} back to {error.old_type} and start it?", default=True, otherwise=""):
            return await task.change_back(ctx, error.instance_id, error.old_type)
        error.summary, error.remedy = f"{label} is left stopped, as {error.new_type}.", ""
        raise error
    error.remedy = (
        f"fe2 change-type {quote(label)} {error.old_type} --start has it back as it was; "
        f"fe2 start {quote(label)} tries again to start it as {error.new_type}."
    )
    raise error
