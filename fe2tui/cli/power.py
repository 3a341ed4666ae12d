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
    from fe2tui.model.fleet import Fleet
    from fe2tui.model.instance import Instance
    from fe2tui.tasks.context import Context

    PowerAction = Callable[[Context, Fleet, Sequence[Instance]], Awaitable[list[Outcome]]]

_names = click.argument("names", nargs=-1, required=True, type=InstanceName())


@click.command()
@_names
@click.option("--wait/--no-wait", default=True, help="Whether to wait until ssh answers.")
@click.pass_obj
def start(options: GlobalOptions, names: tuple[str, ...], wait: bool) -> int:
    """Start instances and wait until ssh answers. Prints first what they cost while they run."""
    from fe2tui.model.instance import State
    from fe2tui.tasks import power
    from fe2tui.tasks.read_fleet import with_costs

    command = CommandRun(options)

    async def act(ctx: Context, fleet: Fleet, among: Sequence[Instance]) -> list[Outcome]:
        if not ctx.session.read_only:
            startable = (State.STOPPED, State.STOPPING)
            stopped = [each for each in among if each.state in startable and not each.is_interrupted]
            priced = await with_costs(ctx, fleet, stopped) if stopped else fleet
            command.clear_progress()
            for line in power.start_cost_lines(stopped, priced, ctx.clock()):
                print_message(line)
        known = {each.id: each for each in among}
        return await power.start(ctx, [*known], wait=wait, known=known)

    return _act_on_instances(command, names, act)


@click.command()
@_names
@click.option("--force", is_flag=True, help="Skip the shutdown of the operating system. Unwritten data is lost.")
@click.option("--wait/--no-wait", default=False, help="Whether to wait until they are stopped.")
@click.pass_obj
def stop(options: GlobalOptions, names: tuple[str, ...], force: bool, wait: bool) -> int:
    """Stop instances and return at once. Their disks stay and keep costing."""
    from fe2tui.tasks import power

    async def act(ctx: Context, fleet: Fleet, among: Sequence[Instance]) -> list[Outcome]:
        unstoppable = None
        if force and not options.yes:
            unstoppable = await power.find_unstoppable(ctx, among)
            await _confirm_force([each for each in among if each.id not in unstoppable])
        known = {each.id: each for each in among}
        return await power.stop(ctx, [*known], force=force, wait=wait, known=known, unstoppable=unstoppable)

    return _act_on_instances(CommandRun(options), names, act)


@click.command()
@_names
@click.option("--wait/--no-wait", default=True, help="Whether to wait until ssh answers.")
@click.pass_obj
def reboot(options: GlobalOptions, names: tuple[str, ...], wait: bool) -> int:
    """Reboot instances and wait until ssh answers again."""
    from fe2tui.tasks import power

    async def act(ctx: Context, fleet: Fleet, among: Sequence[Instance]) -> list[Outcome]:
        known = {each.id: each for each in among}
        return await power.reboot(ctx, [*known], wait=wait, known=known)

    return _act_on_instances(CommandRun(options), names, act)


def _act_on_instances(command: CommandRun, names: Sequence[str], act: PowerAction) -> int:
    from fe2tui.tasks.names import resolve_instances
    from fe2tui.tasks.read_fleet import read_instances

    async def work(ctx: Context) -> list[Outcome]:
        fleet = await read_instances(ctx)
        return await act(ctx, fleet, resolve_instances(fleet, names))

    return print_outcomes(command.options, command.run(work))


async def _confirm_force(among: Sequence[Instance]) -> None:
    if not among:
        return
    question = f"Force off {join_words([visible(each.label) for each in among])}? Data not yet written to disk is lost."
    if not await confirm(question, default=False, remedy="Add --yes to do it without this question."):
        raise InterruptedByUser("Nothing was stopped.")


def print_outcomes(options: GlobalOptions, outcomes: Sequence[Outcome]) -> int:
    """Print the result for each instance or image. Returns the exit status of the first error, else 0."""
    if options.json:
        print_json([outcome_document(each) for each in outcomes])
    for outcome in outcomes:
        if outcome.error:
            is_named = outcome.error.summary.startswith(outcome.label)
            print_error("fe2" if is_named else visible(outcome.label), outcome.error)
        elif not options.json:
            words = outcome.words.removeprefix(f"{outcome.label} ")
            click.echo(f"{visible(outcome.label)} ({outcome.subject}): {visible(words)}")
    return next((each.error.exit_code for each in outcomes if each.error), 0)
