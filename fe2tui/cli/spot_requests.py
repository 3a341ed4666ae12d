"""``requests``: the spot requests of the region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import print_json
from fe2tui.cli.run import CommandRun
from fe2tui.model.documents import iso_time
from fe2tui.model.text import DASH, age, table_lines

if TYPE_CHECKING:
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.spot_requests import RequestWithInstance

_COLUMNS = ("REQUEST", "KIND", "STATE", "NAME", "INSTANCE", "TYPE", "ZONE", "FOR", "MEANS")


@click.command()
@click.option("--long", "-l", is_flag=True, help="A table with types, zones, ages and what each state means.")
@click.pass_obj
def requests(options: GlobalOptions, long: bool) -> None:
    """List the spot requests with their instances, one a line: first those that may still launch one."""
    from fe2tui.tasks.spot_requests import read_spot_requests

    async def read(ctx: Context) -> tuple[str, list[RequestWithInstance]]:
        return ctx.session.region, await read_spot_requests(ctx)

    region, found = CommandRun(options).run(read)
    if options.json:
        print_json([_request_document(each) for each in found])
    elif found:
        click.echo("\n".join(_request_table(found) if long else map(repr, found)))
    if not found:
        click.echo(f"No spot requests in {region}.", err=True)


def _request_document(found: RequestWithInstance) -> dict[str, Any]:
    """A spot request as JSON. ``words`` says what its state means, ``status_message`` is AWS's own sentence."""
    request, instance = found.request, found.instance
    return {
        "id": request.id,
        "state": request.state,
        "type": request.type,
        "status_code": request.status_code,
        "status_message": request.status_words,
        "status_at": iso_time(request.status_at),
        "words": found.words,
        "interruption": request.interruption or None,
        "created_at": iso_time(request.created_at),
        "instance_type": request.instance_type,
        "zone": request.zone or None,
        "instance_id": request.instance_id,
        "instance_name": instance.name if instance else None,
        "instance_state": str(instance.state) if instance else None,
        "tags": dict(request.tags),
    }


def _request_table(found: list[RequestWithInstance]) -> list[str]:
    from fe2tui.tasks.context import utc_now

    now = utc_now()
    rows = [
        (
            each.request.id,
            each.request.type,
            each.request.state,
            (each.instance.name if each.instance else "") or DASH,
            each.request.instance_id or DASH,
            each.request.instance_type or DASH,
            each.request.zone or DASH,
            age(now - each.request.status_at) if each.request.status_at else DASH,
            each.words,
        )
        for each in found
    ]
    return table_lines(_COLUMNS, rows, right=("FOR",))
