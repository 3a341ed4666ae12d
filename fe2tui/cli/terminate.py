"""``terminate``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from fe2tui.cli.completion import InstanceName
from fe2tui.cli.exit_status import print_message
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.power import print_outcomes
from fe2tui.cli.prompts import ask
from fe2tui.cli.read import read_fleet_and_report
from fe2tui.cli.run import CommandRun
from fe2tui.errors import InterruptedByUser, ReadOnlyError
from fe2tui.model.progress import Outcome
from fe2tui.model.text import DASH, plural, visible
from fe2tui.tasks import terminate as task
from fe2tui.tasks.context import Context
from fe2tui.tasks.names import resolve_instances


@click.command()
@click.argument("names", nargs=-1, required=True, type=InstanceName())
@click.option("--wait/--no-wait", default=False, help="Whether to return only when they are gone.")
@click.pass_obj
def terminate(options: GlobalOptions, names: tuple[str, ...], wait: bool) -> int:
    """Terminate instances. Shows what is lost and what stays, and asks for the name, or for the count of several."""
    work = run_terminate

    return work(options, names, wait=wait)


def run_terminate(options: GlobalOptions, names: Sequence[str], *, wait: bool) -> int:
    """Terminate instances, once it was agreed to; the exit status."""

    async def work(ctx: Context) -> list[Outcome]:
        return await _confirm_and_terminate(ctx, options, names, wait)

    return print_outcomes(options, CommandRun(options).run(work))


async def _confirm_and_terminate(
    ctx: Context, options: GlobalOptions, names: Sequence[str], wait: bool
) -> list[Outcome]:
    if ctx.session.read_only:
        raise ReadOnlyError("This session may only read: nothing can be terminated.", "Leave --read-only out.")
    fleet = await read_fleet_and_report(ctx)
    among = resolve_instances(fleet, names)
    ids = [each.id for each in among]
    impact = task.terminate_impact(fleet, among, now=ctx.clock(), protected=await task.protected_ids(ctx, ids))
    if not impact.affected:
        print_message("Nothing will be done.")
        refused = [(row.instance, row.skip_error) for row in impact.rows]
        outlived = await task.surviving_requests(ctx, among)
        for one, why in refused:
            if why is not None and one.id in outlived:
                why.remedy = outlived[one.id]
        return [Outcome(one.id, one.label, why.summary if why else "", why) for one, why in refused]
    for line in _terminate_impact_lines(impact):
        print_message(line)
    if not options.yes:
        wanted = impact.confirmation
        question = f"Type {visible(wanted)} to terminate {'it' if len(impact.affected) == 1 else 'them'}: "
        typed = await ask(question, otherwise="Say --yes if it is meant.")
        if typed not in (wanted, visible(wanted)):
            raise InterruptedByUser("That was not it: nothing was terminated.")
    return await task.terminate(ctx, ids, wait=wait)


def _terminate_impact_lines(impact: task.TerminationImpact) -> Iterator[str]:
    yield f"Terminate {plural(len(impact.affected), 'instance')}"
    for row in impact.rows:
        left = f"; left: {row.skip_reason}" if row.skip_reason else ""
        yield f"  {visible(row.instance.name) or DASH}  {row.instance.id}  {visible(row.state_text)}{left}"
        for disk in () if row.skip_reason else row.volumes:
            yield f"    {visible(disk.words)}"
    for sentence in impact.sentences:
        yield visible(sentence)
