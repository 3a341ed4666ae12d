"""Deregister: says what goes with the images, and wants the name typed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fe2tui.cli.ending import complain
from fe2tui.cli.options import Asked
from fe2tui.cli.work.asking import ask
from fe2tui.cli.work.freezes import tell_of_freezes
from fe2tui.cli.work.power import show_outcomes
from fe2tui.cli.work.reading import told
from fe2tui.cli.work.working import Working
from fe2tui.errors import InterruptedByUser, ReadOnlyError
from fe2tui.model.progress import Outcome
from fe2tui.model.words import DASH, listed, plural, visible
from fe2tui.tasks import deregister as task
from fe2tui.tasks.context import Context
from fe2tui.tasks.image_names import find_own_images
from fe2tui.tasks.reading import read_images


def deregister(asked: Asked, names: Sequence[str]) -> int:
    """Deregister images, once it was agreed to; the exit status."""

    working = Working(asked)

    async def work(ctx: Context) -> list[Outcome]:
        outcomes = await _deregister(ctx, asked, names)
        working.clear()
        await tell_of_freezes(ctx)
        return outcomes

    return show_outcomes(asked, working.run(work))


async def _deregister(ctx: Context, asked: Asked, names: Sequence[str]) -> list[Outcome]:
    if ctx.session.read_only:
        raise ReadOnlyError("This session may only read: nothing can be deregistered.", "Leave --read-only out.")
    fleet = told(await read_images(ctx, disabled=True))
    among = await find_own_images(ctx, fleet.images.values(), names)
    impact = task.image_impact(fleet, among, ctx.clock())
    for line in _sheet(impact):
        complain(line)
    if not asked.yes:
        wanted = impact.confirmation
        question = f"Type {visible(wanted)} to deregister {'it' if len(impact.going) == 1 else 'them'}: "
        typed = await ask(question, otherwise="Say --yes if it is meant.")
        if typed not in (wanted, visible(wanted)):
            raise InterruptedByUser("That was not it: nothing was deregistered.")
    return await task.deregister(ctx, [each.id for each in among])


def _sheet(impact: task.ImageImpact) -> Iterator[str]:
    yield f"Deregister {plural(len(impact.going), 'image')}"
    for row in impact.rows:
        yield f"  {visible(row.image.name) or DASH}  {row.image.id}  {visible(row.state_words)}"
        for snapshot in row.snapshots:
            yield f"    {visible(snapshot.words)}"
        if row.instances:
            yield f"    made from it: {listed([visible(one.label) for one in row.instances])}"
    for sentence in impact.sentences:
        yield visible(sentence)
