"""``instances``, ``instance``, ``ip``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fe2tui.cli.completion import InstanceName
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import instance_document, instance_line, print_json
from fe2tui.cli.read import read_fleet_and_report, read_instance
from fe2tui.cli.run import CommandRun
from fe2tui.errors import NoAddressError
from fe2tui.model.text import DASH, age, dollars, table_lines

if TYPE_CHECKING:
    from fe2tui.model.fleet import Fleet
    from fe2tui.model.instance import Instance
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.spot_requests import InterruptionTexts


@click.command()
@click.option("--all", "everything", is_flag=True, help="Terminated ones too, as long as EC2 shows them.")
@click.option("--long", "-l", is_flag=True, help="A table with types, zones, ages and costs.")
@click.pass_obj
def instances(options: GlobalOptions, everything: bool, long: bool) -> None:
    """List the instances, one a line."""

    show_instances(options, everything=everything, long=long)


@click.command()
@click.argument("name", type=InstanceName())
@click.pass_obj
def instance(options: GlobalOptions, name: str) -> None:
    """Print one instance, by its name or id."""

    show_instance(options, name)


@click.command()
@click.argument("name", type=InstanceName())
@click.pass_obj
def ip(options: GlobalOptions, name: str) -> None:
    """Print an instance's address.

    The public one, or the private one if the settings say use_private_address.
    """

    show_address(options, name)


def show_instances(options: GlobalOptions, *, everything: bool, long: bool) -> None:
    """Print the instances of the region; terminated ones only if ``everything`` is wanted."""
    from fe2tui.model.instance import State
    from fe2tui.tasks.read_fleet import read_instances
    from fe2tui.tasks.spot_requests import read_interruptions

    async def read(ctx: Context) -> tuple[Fleet, list[Instance], InterruptionTexts]:
        fleet = await (read_fleet_and_report if options.json or long else read_instances)(ctx)
        shown = [each for each in fleet.instances.values() if everything or each.state is not State.TERMINATED]
        shown.sort(key=lambda each: (each.name.casefold(), each.id))
        return fleet, shown, await read_interruptions(ctx, shown, fleet.requests)

    fleet, shown, taken = CommandRun(options).run(read)
    if options.json:
        print_json([instance_document(each, fleet, taken) for each in shown])
    elif shown:
        click.echo(
            "\n".join(_instance_table(shown, fleet, taken) if long else (instance_line(each, taken) for each in shown))
        )
    if not shown:
        click.echo(f"No instances in {fleet.location.region}.", err=True)


def show_instance(options: GlobalOptions, name: str) -> None:
    """Print one instance."""
    from fe2tui.tasks.names import resolve_instance
    from fe2tui.tasks.read_fleet import read_instances
    from fe2tui.tasks.spot_requests import read_interruptions

    async def read(ctx: Context) -> tuple[Fleet, Instance, InterruptionTexts]:
        fleet = await (read_fleet_and_report if options.json else read_instances)(ctx)
        found = resolve_instance(fleet, name)
        return fleet, found, await read_interruptions(ctx, [found], fleet.requests)

    fleet, found, taken = CommandRun(options).run(read)
    if options.json:
        print_json(instance_document(found, fleet, taken))
    else:
        click.echo(instance_line(found, taken))


def show_address(options: GlobalOptions, name: str) -> None:
    """Print an instance's address. Raises NoAddressError."""
    working = CommandRun(options)
    found = working.run(lambda ctx: read_instance(ctx, name))
    address = found.private_ip if working.settings.use_private_address else found.public_ip
    if address is None:
        kind = "private" if working.settings.use_private_address else "public"
        raise NoAddressError(
            f"{found.label} ({found.id}) is {found.state}: it has no {kind} address.", _address_remedy(found)
        )
    if options.json:
        print_json({"id": found.id, "name": found.name, "public_ip": found.public_ip, "private_ip": found.private_ip})
    else:
        click.echo(address)


def _address_remedy(instance: Instance) -> str:
    """What to do for an instance without an address, in its state."""
    from fe2tui.model.instance import State

    if instance.state.is_gone:
        return "It is no more; `fe2 instances` lists those that are."
    if instance.state is State.RUNNING:
        return "Is it in a subnet that gives public addresses?"
    return "It will get one when it runs." if instance.state is State.PENDING else "Start it first."


_COLUMNS = ("NAME", "ID", "STATE", "TYPE", "ZONE", "ADDRESS", "UP", "$/H", "$/MONTH")
_INTERRUPTED_COLUMN = "INTERRUPTED"  # a column that is there when one was


def _instance_table(shown: list[Instance], fleet: Fleet, taken: InterruptionTexts) -> list[str]:
    from fe2tui.model.instance import State
    from fe2tui.model.money import hourly_cost, monthly_cost
    from fe2tui.tasks.context import utc_now

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
    heads = (*_COLUMNS, _INTERRUPTED_COLUMN) if taken else _COLUMNS
    return table_lines(heads, rows, right=("UP", "$/H", "$/MONTH")) if rows else []
