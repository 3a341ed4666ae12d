"""``region``, ``regions``."""

from __future__ import annotations

import click

from fe2tui.cli.options import GlobalOptions, location_of
from fe2tui.cli.output import print_json
from fe2tui.cli.run import CommandRun


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
@click.pass_obj
def regions(options: GlobalOptions) -> None:
    """List the regions that this account can use."""
    from fe2tui.aws.session import enabled_regions
    from fe2tui.model.location import REGIONS, short_region_name

    found = sorted(CommandRun(options).run(lambda ctx: enabled_regions(ctx.session), any_region=True))
    if options.json:
        print_json(
            [{"id": each, "name": REGIONS.get(each, each), "short_name": short_region_name(each)} for each in found]
        )
        return
    for each in found:
        click.echo(f"{each:<16}{REGIONS.get(each, '')}".rstrip())
