"""Regions."""

from __future__ import annotations

import click

from fe2tui.cli.options import Asked, place_of
from fe2tui.errors import NotFoundError, UsageError
from fe2tui.model.regions import REGIONS, find_region, short_name


@click.command()
@click.argument("text", required=False)
@click.pass_obj
def region(asked: Asked, text: str | None) -> None:
    """Print the region whose name contains TEXT.

    `fe2 region Ohio` prints us-east-2. Without TEXT: the region in use.
    """
    found = place_of(asked).region if text is None else find_region(text)
    if not found and text is None:
        raise UsageError(
            "No region is set.",
            "Say --region Ohio, or set AWS_REGION, or region in config.toml, or run `aws configure`.",
        )
    if not found:
        raise NotFoundError(f"No region's name contains “{text}”.", "`fe2 regions` lists them.")
    if asked.json:
        from fe2tui.cli.work.output import print_json

        print_json({"id": found, "name": REGIONS.get(found, found)})
    else:
        click.echo(found)


@click.command()
@click.pass_obj
def regions(asked: Asked) -> None:
    """List the regions that this account can use."""
    from fe2tui.aws.session import regions as enabled
    from fe2tui.cli.work.output import print_json
    from fe2tui.cli.work.working import Working

    found = sorted(Working(asked).run(lambda ctx: enabled(ctx.session), anywhere=True))
    if asked.json:
        print_json([{"id": each, "name": REGIONS.get(each, each), "short_name": short_name(each)} for each in found])
        return
    for each in found:
        click.echo(f"{each:<16}{REGIONS.get(each, '')}".rstrip())
