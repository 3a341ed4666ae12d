"""What there is: instances, one of them, its address."""

from __future__ import annotations

import click

from fe2tui.cli.options import Asked
from fe2tui.cli.work.output import instance_document, instance_line, print_json
from fe2tui.cli.work.reading import read_fleet, read_instances, read_one
from fe2tui.cli.work.working import Working
from fe2tui.errors import NoAddressError
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.money import hourly_cost, monthly_cost
from fe2tui.model.words import DASH, age, dollars, table
from fe2tui.tasks.context import Context, utc_now
from fe2tui.tasks.names import resolve
from fe2tui.tasks.taken import Interruptions, interruptions


def show_all(asked: Asked, *, everything: bool, long: bool) -> None:
    """Print the instances of the region; terminated ones only if ``everything`` is wanted."""

    async def read(ctx: Context) -> tuple[Fleet, list[Instance], Interruptions]:
        fleet = await (read_fleet if asked.json or long else read_instances)(ctx)
        shown = [each for each in fleet.instances.values() if everything or each.state is not State.TERMINATED]
        shown.sort(key=lambda each: (each.name.casefold(), each.id))
        return fleet, shown, await interruptions(ctx, shown)

    fleet, shown, taken = Working(asked).run(read)
    if asked.json:
        print_json([instance_document(each, fleet, taken) for each in shown])
    elif shown:
        click.echo("\n".join(_long(shown, fleet, taken) if long else (instance_line(each, taken) for each in shown)))
    if not shown:
        click.echo(f"No instances in {fleet.place.region}.", err=True)


def show_one(asked: Asked, name: str) -> None:
    """Print one instance."""

    async def read(ctx: Context) -> tuple[Fleet, Instance, Interruptions]:
        fleet = await (read_fleet if asked.json else read_instances)(ctx)
        found = resolve(fleet, name)
        return fleet, found, await interruptions(ctx, [found])

    fleet, found, taken = Working(asked).run(read)
    if asked.json:
        print_json(instance_document(found, fleet, taken))
    else:
        click.echo(instance_line(found, taken))


def show_address(asked: Asked, name: str) -> None:
    """Print an instance's address. Raises NoAddressError."""
    working = Working(asked)
    found = working.run(lambda ctx: read_one(ctx, name))
    address = found.private_ip if working.settings.use_private_address else found.public_ip
    if address is None:
        kind = "private" if working.settings.use_private_address else "public"
        raise NoAddressError(f"{found.label} ({found.id}) is {found.state}: it has no {kind} address.", _remedy(found))
    if asked.json:
        print_json({"id": found.id, "name": found.name, "public_ip": found.public_ip, "private_ip": found.private_ip})
    else:
        click.echo(address)


def _remedy(instance: Instance) -> str:
    """What to do for an instance without an address, in its state."""
    if instance.state.is_gone:
        return "It is no more; `fe2 instances` lists those that are."
    if instance.state is State.RUNNING:
        return "Is it in a subnet that gives public addresses?"
    return "It will get one when it runs." if instance.state is State.PENDING else "Start it first."


_HEADS = ("NAME", "ID", "STATE", "TYPE", "ZONE", "ADDRESS", "UP", "$/H", "$/MONTH")
_TAKEN = "INTERRUPTED"  # a column that is there when one was


def _long(shown: list[Instance], fleet: Fleet, taken: Interruptions) -> list[str]:
    now = utc_now()
    rows = [
        (
            each.name or DASH,
            each.id,
            f"{each.state} spot" if each.is_spot else str(each.state),
            each.type,
            each.zone_letter,
            each.public_ip or DASH,
            age(now - each.launched_at) if each.launched_at and each.state is State.RUNNING else DASH,
            dollars(hourly_cost(each, fleet).total, 3),
            dollars(monthly_cost(each, fleet)),
            *([taken.get(each.id, "")] if taken else []),
        )
        for each in shown
    ]
    heads = (*_HEADS, _TAKEN) if taken else _HEADS
    return table(heads, rows, right=("UP", "$/H", "$/MONTH")) if rows else []
