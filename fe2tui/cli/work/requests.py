"""Spot requests: what there is."""

from __future__ import annotations

from typing import Any

import click

from fe2tui.cli.options import Asked
from fe2tui.cli.work.output import iso, print_json
from fe2tui.cli.work.working import Working
from fe2tui.model.words import DASH, age, table
from fe2tui.tasks.context import Context, utc_now
from fe2tui.tasks.requests import Requested
from fe2tui.tasks.requests import requests as all_requests

_HEADS = ("REQUEST", "KIND", "STATE", "NAME", "INSTANCE", "TYPE", "ZONE", "FOR", "MEANS")


def show_all(asked: Asked, *, long: bool) -> None:
    """Print the spot requests of the region."""

    async def read(ctx: Context) -> tuple[str, list[Requested]]:
        return ctx.session.region, await all_requests(ctx)

    region, found = Working(asked).run(read)
    if asked.json:
        print_json([request_document(each) for each in found])
    elif found:
        click.echo("\n".join(_long(found) if long else map(repr, found)))
    if not found:
        click.echo(f"No spot requests in {region}.", err=True)


def request_document(found: Requested) -> dict[str, Any]:
    """A spot request for programs. ``words`` is what its state means, ``status_message`` AWS's own words."""
    request, machine = found.request, found.instance
    return {
        "id": request.id,
        "state": request.state,
        "type": request.type,
        "status_code": request.status_code,
        "status_message": request.status_words,
        "status_at": iso(request.status_at),
        "words": found.words,
        "interruption": request.interruption or None,
        "created_at": iso(request.created_at),
        "machine_type": request.machine_type,
        "zone": request.zone or None,
        "instance_id": request.instance_id,
        "instance_name": machine.name if machine else None,
        "instance_state": str(machine.state) if machine else None,
        "tags": dict(request.tags),
    }


def _long(found: list[Requested]) -> list[str]:
    now = utc_now()
    rows = [
        (
            each.request.id,
            each.request.type,
            each.request.state,
            (each.instance.name if each.instance else "") or DASH,
            each.request.instance_id or DASH,
            each.request.machine_type or DASH,
            each.request.zone or DASH,
            age(now - each.request.status_at) if each.request.status_at else DASH,
            each.words,
        )
        for each in found
    ]
    return table(_HEADS, rows, right=("FOR",))
