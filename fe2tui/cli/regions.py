"""``region``, ``regions``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fe2tui.cli.exit_status import print_error
from fe2tui.cli.options import GlobalOptions, location_of
from fe2tui.cli.output import print_json
from fe2tui.cli.run import CommandRun

if TYPE_CHECKING:
    from fe2tui.model.other_regions import RegionCount
    from fe2tui.tasks.context import Context


@click.command()
@click.argument("text", required=False)
@click.pass_obj
def region(options: GlobalOptions, text: str | None) -> None:
    """Print the id of the region whose name contains TEXT.

    `fe2 region Ohio` prints us-east-2. Without TEXT: the region in use.
    """
    from fe2tui.model.location import REGIONS, find_region, no_region_error, unknown_region_error

    found = location_of(options).region if text is None else find_region(text)
    if not found:
        raise no_region_error() if text is None else unknown_region_error(text)
    if options.json:
        print_json({"id": found, "name": REGIONS.get(found, found)})
    else:
        click.echo(found)


@click.command()
@click.option("--count", is_flag=True, help="Count what runs in each region now: two calls a region, and its prices.")
@click.pass_obj
def regions(options: GlobalOptions, count: bool) -> None:
    """List the regions that this account can use, with what runs there and costs per hour as it was counted last.

    The dashboard counts the other regions while it is open, slowly; --count counts all of them now. Counted are the
    instances and disks of a region, not its unused addresses and snapshots.
    """
    from fe2tui.aws.session import enabled_regions
    from fe2tui.errors import Fe2Error
    from fe2tui.model.documents import region_count_document
    from fe2tui.model.location import REGIONS, short_region_name
    from fe2tui.tasks.context import utc_now
    from fe2tui.tasks.other_regions import count_regions, stored_counts

    async def work(ctx: Context) -> tuple[list[str], dict[str, RegionCount]]:
        found = sorted(await enabled_regions(ctx.session))
        if count:
            for region, counted in zip(found, await count_regions(ctx, found), strict=True):
                if isinstance(counted, Fe2Error):
                    print_error(f"fe2: {region}", counted)
        return found, {one.region: one for one in await stored_counts(ctx)}

    found, counts = CommandRun(options).run(work, any_region=True)
    if options.json:
        names = [{"id": each, "name": REGIONS.get(each, each), "short_name": short_region_name(each)} for each in found]
        unknown = dict.fromkeys(("counted_at", "running", "per_hour", "at_least", "denied"))
        print_json(
            [{**one, **(region_count_document(counts[one["id"]]) if one["id"] in counts else unknown)} for one in names]
        )
        return
    now = utc_now()
    for each in found:
        counted = counts[each].text(now) if each in counts else ""
        click.echo(f"{each:<16}{REGIONS.get(each, ''):<28}{counted}".rstrip())
