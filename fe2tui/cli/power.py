"""``start``, ``stop``, ``reboot``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import click

from fe2tui.cli.completion import InstanceName
from fe2tui.cli.exit_status import print_error, print_message
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import outcome_document, print_json
from fe2tui.cli.prompts import confirm
from fe2tui.cli.run import CommandRun
from fe2tui.errors import InterruptedByUser
from fe2tui.model.progress import Outcome
from fe2tui.model.text import join_words, visible

if TYPE_CHECKING:
    from fe2tui.model.instance import Instance
    from fe2tui.tasks import power
    from fe2tui.tasks.batch import Results
    from fe2tui.tasks.context import Context

    PowerAction = Callable[[Context, power.Known, Results | None], Awaitable[list[Outcome]]]
    """Gets the instances by id, and which of them cannot be stopped, if that was looked up."""

_names = click.argument("names", nargs=-1, required=True, type=InstanceName())
_WAIT = "Whether to return only when it is done."


@click.command()
@_names
@click.option("--wait/--no-wait", default=True, help=_WAIT)
@click.pass_obj
def start(options: GlobalOptions, names: tuple[str, ...], wait: bool) -> int:
    """Start instances and wait until ssh answers."""
    return run_start(options, names, wait=wait)


@click.command()
@_names
@click.option("--force", is_flag=True, help="Do not let their systems shut down. May lose what is not on disk yet.")
@click.option("--wait/--no-wait", default=False, help=_WAIT)
@click.pass_obj
def stop(options: GlobalOptions, names: tuple[str, ...], force: bool, wait: bool) -> int:
    """Stop instances and return at once. Their disks stay, and go on costing."""
    return run_stop(options, names, force=force, wait=wait)


@click.command()
@_names
@click.option("--wait/--no-wait", default=True, help=_WAIT)
@click.pass_obj
def reboot(options: GlobalOptions, names: tuple[str, ...], wait: bool) -> int:
    """Reboot instances and wait until ssh answers again."""
    return run_reboot(options, names, wait=wait)


def run_start(options: GlobalOptions, names: Sequence[str], *, wait: bool) -> int:
    """Start instances, after saying on stderr what they cost while they run; the exit status."""
    from fe2tui.tasks import power

    return _run_action(
        options, names, lambda ctx, known, _: power.start(ctx, [*known], wait=wait, known=known), says_costs=True
    )


def run_stop(options: GlobalOptions, names: Sequence[str], *, force: bool, wait: bool) -> int:
    """Stop instances, after asking if it is by force; the exit status."""
    from fe2tui.tasks import power

    question = "Force off {}? Data not yet written to disk is lost." if force else ""

    async def act(ctx: Context, known: power.Known, unstoppable: Results | None) -> list[Outcome]:
        return await power.stop(ctx, [*known], force=force, wait=wait, known=known, unstoppable=unstoppable)

    return _run_action(options, names, act, question)


def run_reboot(options: GlobalOptions, names: Sequence[str], *, wait: bool) -> int:
    """Reboot instances; the exit status."""
    from fe2tui.tasks import power

    return _run_action(options, names, lambda ctx, known, _: power.reboot(ctx, [*known], wait=wait, known=known))


def _run_action(
    options: GlobalOptions, names: Sequence[str], act: PowerAction, question: str = "", *, says_costs: bool = False
) -> int:
    from fe2tui.model.instance import State
    from fe2tui.tasks import power
    from fe2tui.tasks.names import resolve_instances
    from fe2tui.tasks.read_fleet import read_instances, with_costs

    working = CommandRun(options)

    async def work(ctx: Context) -> list[Outcome]:
        fleet = await read_instances(ctx)
        among = resolve_instances(fleet, names)
        if says_costs and not ctx.session.read_only:
            stopped = [
                each for each in among if each.state in (State.STOPPED, State.STOPPING) and not each.is_interrupted
            ]
            seen = await with_costs(ctx, fleet, stopped) if stopped else fleet
            working.clear_progress()
            for line in power.start_cost_lines(stopped, seen, ctx.clock()):
                print_message(line)
        unstoppable: Results | None = None
        if question and not options.yes:
            unstoppable = await power.find_unstoppable(ctx, among)
            await _confirm_force_off(question, [each for each in among if each.id not in unstoppable])
        return await act(ctx, {each.id: each for each in among}, unstoppable)

    return print_outcomes(options, working.run(work))


async def _confirm_force_off(question: str, among: Sequence[Instance]) -> None:
    if not among:
        return
    labels = join_words([visible(each.label) for each in among])
    if not await confirm(question.format(labels), default=False, otherwise="Say --yes if it is meant."):
        raise InterruptedByUser("Left as it was.")


def print_outcomes(options: GlobalOptions, outcomes: Sequence[Outcome]) -> int:
    """Print what came of each instance; the exit status is that of the first that went wrong."""
    if options.json:
        print_json([outcome_document(each) for each in outcomes])
    for outcome in outcomes:
        if outcome.error:
            named = outcome.error.summary.startswith(outcome.label)
            print_error("fe2" if named else visible(outcome.label), outcome.error)
        elif not options.json:
            words = outcome.words.removeprefix(f"{outcome.label} ")
            click.echo(f"{visible(outcome.label)} ({outcome.subject}): {visible(words)}")
    return next((each.error.exit_code for each in outcomes if each.error), 0)
