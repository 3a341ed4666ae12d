"""Terminate: says what will be lost, and wants the name typed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fe2tui.cli.ending import complain
from fe2tui.cli.options import Asked
from fe2tui.cli.work.asking import ask
from fe2tui.cli.work.power import show_outcomes
from fe2tui.cli.work.reading import read_fleet
from fe2tui.cli.work.working import Working
from fe2tui.errors import InterruptedByUser, ReadOnlyError
from fe2tui.model.progress import Outcome
from fe2tui.model.words import DASH, plural, visible
from fe2tui.tasks import terminate as task
from fe2tui.tasks.context import Context
from fe2tui.tasks.names import resolve_all


def terminate(asked: Asked, names: Sequence[str], *, wait: bool) -> int:
    """Terminate instances, once it was agreed to; the exit status."""

    async def work(ctx: Context) -> list[Outcome]:
        return await _terminate(ctx, asked, names, wait)

    return show_outcomes(asked, Working(asked).run(work))


async def _terminate(ctx: Context, asked: Asked, names: Sequence[str], wait: bool) -> list[Outcome]:
    if ctx.session.read_only:
        raise ReadOnlyError("This session may only read: nothing can be terminated.", "Leave --read-only out.")
    fleet = await read_fleet(ctx)
    among = resolve_all(fleet, names)
    ids = [each.id for each in among]
    impact = task.impact(fleet, among, now=ctx.clock(), protected=await task.protected_ids(ctx, ids))
    if not impact.going:
        complain("Nothing will be done.")
        refused = [(row.instance, row.refusal) for row in impact.rows]
        outlived = await task.outlived_by(ctx, among)
        for one, why in refused:
            if why is not None and one.id in outlived:
                why.remedy = outlived[one.id]
        return [Outcome(one.id, one.label, why.summary if why else "", why) for one, why in refused]
    for line in _sheet(impact):
        complain(line)
    if not asked.yes:
        wanted = impact.confirmation
        question = f"Type {visible(wanted)} to terminate {'it' if len(impact.going) == 1 else 'them'}: "
        typed = await ask(question, otherwise="Say --yes if it is meant.")
        if typed not in (wanted, visible(wanted)):
            raise InterruptedByUser("That was not it: nothing was terminated.")
    return await task.terminate(ctx, ids, wait=wait)


def _sheet(impact: task.Impact) -> Iterator[str]:
    yield f"Terminate {plural(len(impact.going), 'instance')}"
    for row in impact.rows:
        left = f"; left: {row.left_because}" if row.left_because else ""
        yield f"  {visible(row.instance.name) or DASH}  {row.instance.id}  {visible(row.state_words)}{left}"
        for disk in () if row.left_because else row.disks:
            yield f"    {visible(disk.words)}"
    for sentence in impact.sentences:
        yield visible(sentence)
