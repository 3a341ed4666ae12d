"""``cost``: what the region costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fe2tui.cli.main import FilterCommand
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import print_json
from fe2tui.cli.run import CommandRun
from fe2tui.model.documents import cost_document

if TYPE_CHECKING:
    from fe2tui.model.fleet import Fleet
    from fe2tui.model.other_regions import RegionCount
    from fe2tui.tasks.context import Context


@click.command(cls=FilterCommand)
@click.argument("filters", nargs=-1, metavar="[FILTER]...")
@click.pass_obj
def cost(options: GlobalOptions, filters: tuple[str, ...]) -> None:
    """Print what the region costs: per hour now, today, this month so far, and per month at this rate.

    A row is an instance with its disks and address. Days and months are UTC, as AWS bills them. Below the table stands
    what the sums leave out, and what is unknown; a sum in which an amount is missing has a ≥. The last line is what was
    counted in other regions; `fe2 regions --count` counts again.

    FILTER leaves only matching rows, and their sums: words, `tag:project=vision`, `kind:disk`, `cost>0.1` (dollars an
    hour), `month>50` (dollars a month at this rate), `spent>20` (dollars this month).
    """
    from fe2tui.model.cost_filter import COST_LANGUAGE
    from fe2tui.model.money.account import account_cost
    from fe2tui.model.other_regions import sum_elsewhere
    from fe2tui.tasks.context import utc_now
    from fe2tui.tasks.other_regions import stored_counts
    from fe2tui.tasks.read_fleet import read_whole_fleet

    query = COST_LANGUAGE.parse_complete(" ".join(filters))

    async def work(ctx: Context) -> tuple[Fleet, list[RegionCount]]:
        fleet = await read_whole_fleet(ctx)
        return fleet, await stored_counts(ctx)

    fleet, counts = CommandRun(options).run(work)
    counts = [one for one in counts if one.region != fleet.location.region]
    total = account_cost(fleet, utc_now())
    if query.tests:
        total = total.matching(query)
    if options.json:
        print_json(cost_document(total, fleet, counts))
        return
    click.echo(str(total))
    if not total.rows and query.tests:
        click.echo("Nothing that costs matches.", err=True)
    elsewhere = sum_elsewhere(counts, fleet.location.region)
    if elsewhere is not None:
        click.echo(f"Elsewhere: {elsewhere.sentence(utc_now())}.")
