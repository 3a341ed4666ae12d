"""``terminate``: with a confirmation that shows what is lost."""

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
    from fe2tui.model.instance import Instance
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.impact import Impact


@click.command()
@click.argument("names", nargs=-1, required=True, type=InstanceName())
@click.option("--wait/--no-wait", default=False, help="Whether to wait until they are terminated.")
@click.pass_obj
def terminate(options: GlobalOptions, names: tuple[str, ...], wait: bool) -> int:
    """Terminate instances. Shows what is lost and what stays, and asks for the name, or for the count of several."""
    from fe2tui.tasks import terminate as task
    from fe2tui.tasks.context import require_writable
    from fe2tui.tasks.impact import terminate_impact
    from fe2tui.tasks.names import resolve_instances

    async def work(ctx: Context) -> list[Outcome]:
        require_writable(ctx, "nothing can be terminated")
        fleet = await read_fleet_and_report(ctx)
        among = resolve_instances(fleet, names)
        ids = [each.id for each in among]
        protected = await task.protected_ids(ctx, ids)
        impact = terminate_impact(fleet, among, now=ctx.clock(), protected=protected)
        if not impact.affected:
            print_message("Nothing will be done.")
            return await _skipped_outcomes(ctx, impact, among)
        await confirm_impact(impact, yes=options.yes)
        known = {each.id: each for each in among}
        return await task.terminate(ctx, ids, wait=wait, known=known, protected=protected)

    return print_outcomes(options, CommandRun(options).run(work))


async def _skipped_outcomes(ctx: Context, impact: Impact, among: Sequence[Instance]) -> list[Outcome]:
    """Why each instance is left out. The remedy for a spot request that stays open is to cancel it."""
    from fe2tui.tasks.terminate import surviving_requests

    surviving = await surviving_requests(ctx, among)
    for row in impact.rows:
        if row.skip_error is not None and row.id in surviving:
            row.skip_error.remedy = surviving[row.id]
    return [
        Outcome(row.id, row.label, row.skip_error.summary if row.skip_error else "", row.skip_error)
        for row in impact.rows
    ]
