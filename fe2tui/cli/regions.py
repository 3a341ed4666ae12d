"""Regions."""

from __future__ import annotations

import click

from fe2tui.cli.options import GlobalOptions, location_of
from fe2tui.errors import NotFoundError, UsageError


@click.command()
@click.argument("text", required=False)
@click.pass_obj
def region(options: GlobalOptions, text: str | None) -> None:
    """Print the region whose name contains TEXT.

    `fe2 region Ohio` prints us-east-2. Without TEXT: the region in use.
    """
    from fe2tui.model.location import REGIONS, find_region

    found = location_of(options).region if text is None else find_region(text)
    if not found and text is None:
        raise UsageError(
            "No region is set.",
            "Say --region Ohio, or set AWS_REGION, or region in config.toml, or run `aws configure`.",
        )
    if not found:
        raise NotFoundError(f"No region's name contains “{text}”.", "`fe2 regions` lists them.")
    if options.json:
        from fe2tui.cli.output import print_json

        print_json({"id": found, "name": REGIONS.get(found, found)})
    else:
        click.echo(found)


@click.command()
@click.pass_obj
def regions(options: GlobalOptions) -> None:
    """List the regions that this account can use."""
    from fe2tui.aws.session import enabled_regions as enabled
    from fe2tui.cli.output import print_json
    from fe2tui.cli.run import CommandRun
    from fe2tui.model.location import REGIONS, short_region_name

    found = sorted(CommandRun(options).run(lambda ctx: enabled(ctx.session), any_region=True))
    if options.json:
        print_json(
            [{"id": each, "name": REGIONS.get(each, each), "short_name": short_region_name(each)} for each in found]
        )
        return
    for each in found:
        click.echo(f"{each:<16}{REGIONS.get(each, '')}".rstrip())
