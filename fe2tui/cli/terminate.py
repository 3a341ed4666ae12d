"""``terminate``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from fe2tui.cli.completion import InstanceName
from fe2tui.cli.exit_status import print_message
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.power import print_outcomes
from fe2tui.cli.prompts import confirm_impact
from fe2tui.cli.read import read_fleet_and_report
from fe2tui.cli.run import CommandRun
from fe2tui.model.progress import Outcome

if TYPE_CHECKING:
    from fe2tui.tasks.context import Context


@click.command()
@click.argument("names", nargs=-1, required=True, type=InstanceName())
@click.option("--wait/--no-wait", default=False, help="Whether to return only when they are gone.")
@click.pass_obj
def terminate(options: GlobalOptions, names: tuple[str, ...], wait: bool) -> int:
    """Terminate instances. Shows what is lost and what stays, and asks for the name, or for the count of several."""
    return run_terminate(options, names, wait=wait)


def run_terminate(options: GlobalOptions, names: Sequence[str], *, wait: bool) -> int:
    """Terminate instances after a confirmation. Returns the exit status."""

    async def work(ctx: Context) -> list[Outcome]:
        return await _confirm_and_terminate(ctx, options, names, wait)

    return print_outcomes(options, CommandRun(options).run(work))


async def _confirm_and_terminate(
    ctx: Context, options: GlobalOptions, names: Sequence[str], wait: bool
) -> list[Outcome]:
    from fe2tui.tasks import terminate as task
    from fe2tui.tasks.context import require_writable
    from fe2tui.tasks.impact import terminate_impact
    from fe2tui.tasks.names import resolve_instances

    require_writable(ctx, "nothing can be terminated")
    fleet = await read_fleet_and_report(ctx)
    among = resolve_instances(fleet, names)
    ids = [each.id for each in among]
    protected = await task.protected_ids(ctx, ids)
    impact = terminate_impact(fleet, among, now=ctx.clock(), protected=protected)
    if not impact.affected:
        print_message("Nothing will be done.")
        surviving = await task.surviving_requests(ctx, among)
        outcomes = []
        for row in impact.rows:
            if row.skip_error is not None and row.id in surviving:
                row.skip_error.remedy = surviving[row.id]
            outcomes.append(
                Outcome(row.id, row.label, row.skip_error.summary if row.skip_error else "", row.skip_error)
            )
        return outcomes
    await confirm_impact(impact, yes=options.yes)
    known = {each.id: each for each in among}
    return await task.terminate(ctx, ids, wait=wait, known=known, protected=protected)
