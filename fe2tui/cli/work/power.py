"""Start, stop and reboot, one or many."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import click

from fe2tui.cli.ending import complain, say_error
from fe2tui.cli.options import Asked
from fe2tui.cli.work.asking import agrees
from fe2tui.cli.work.output import outcome_document, print_json
from fe2tui.cli.work.reading import read_instances
from fe2tui.cli.work.working import Working
from fe2tui.errors import InterruptedByUser
from fe2tui.model.instance import Instance, State
from fe2tui.model.progress import Outcome
from fe2tui.model.words import listed, visible
from fe2tui.tasks import power
from fe2tui.tasks.context import Context
from fe2tui.tasks.names import resolve_all
from fe2tui.tasks.reading import with_costs

Act = Callable[[Context, Sequence[str]], Awaitable[list[Outcome]]]
_AT_REST = (State.STOPPED, State.STOPPING)


def start(asked: Asked, names: Sequence[str], *, wait: bool) -> int:
    """Start instances, after saying on stderr what they cost while they run; the exit status."""
    return _act(asked, names, lambda ctx, ids: power.start(ctx, ids, wait=wait), says_costs=True)


def stop(asked: Asked, names: Sequence[str], *, force: bool, wait: bool) -> int:
    """Stop instances, after asking if it is by force; the exit status."""
    question = "Force off {}? What they have not written to disk is lost." if force else ""
    return _act(asked, names, lambda ctx, ids: power.stop(ctx, ids, force=force, wait=wait), question)


def reboot(asked: Asked, names: Sequence[str], *, wait: bool) -> int:
    """Reboot instances; the exit status."""
    return _act(asked, names, lambda ctx, ids: power.reboot(ctx, ids, wait=wait))


def _act(asked: Asked, names: Sequence[str], act: Act, question: str = "", *, says_costs: bool = False) -> int:
    working = Working(asked)

    async def work(ctx: Context) -> list[Outcome]:
        fleet = await read_instances(ctx)
        among = resolve_all(fleet, names)
        if says_costs and not ctx.session.read_only:
            stopped = [each for each in among if each.state in _AT_REST and not each.is_interrupted]
            seen = await with_costs(ctx, fleet, stopped) if stopped else fleet
            working.clear()
            for line in power.start_costs(stopped, seen, ctx.clock()):
                complain(line)
        if question and not asked.yes:
            left = await power.not_to_stop(ctx, among)
            await _confirmed(question, [each for each in among if each.id not in left])
        return await act(ctx, [each.id for each in among])

    return show_outcomes(asked, working.run(work))


async def _confirmed(question: str, among: Sequence[Instance]) -> None:
    if not among:
        return
    labels = listed([visible(each.label) for each in among])
    if not await agrees(question.format(labels), default=False, otherwise="Say --yes if it is meant."):
        raise InterruptedByUser("Left as it was.")


def show_outcomes(asked: Asked, outcomes: Sequence[Outcome]) -> int:
    """Print what came of each instance; the exit status is that of the first that went wrong."""
    if asked.json:
        print_json([outcome_document(each) for each in outcomes])
    for outcome in outcomes:
        if outcome.error:
            named = outcome.error.summary.startswith(outcome.label)
            say_error("fe2" if named else visible(outcome.label), outcome.error)
        elif not asked.json:
            words = outcome.words.removeprefix(f"{outcome.label} ")
            click.echo(f"{visible(outcome.label)} ({outcome.subject}): {visible(words)}")
    return next((each.error.exit_code for each in outcomes if each.error), 0)
