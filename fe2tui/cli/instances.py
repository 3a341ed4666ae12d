"""``instances``, ``instance``, ``ip``: what is running, and where."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from fe2tui.cli.completion import InstanceName
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import instance_line, print_json
from fe2tui.cli.read import print_fleet_problems, read_fleet_with_statuses
from fe2tui.cli.run import CommandRun
from fe2tui.errors import NoAddressError
from fe2tui.model.documents import instance_document
from fe2tui.model.text import DASH, age, cell_width, dollars, fit, table_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fe2tui.model.fleet import Fleet
    from fe2tui.model.instance import Instance
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.spot_requests import InterruptionTexts

_COLUMNS = ("NAME", "ID", "STATE", "TYPE", "ZONE", "ADDRESS", "UP")
_COST_COLUMNS = ("$/H", "$/MONTH")
_LEFT_OUT_FIRST = ("UP", "ZONE", "ADDRESS", "TYPE")


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also terminated instances, as long as EC2 shows them.")
@click.option("--long", "-l", is_flag=True, help="In columns, and with their costs.")
@click.pass_obj
def instances(options: GlobalOptions, everything: bool, long: bool) -> None:
    """List the instances, one a line.

    On a terminal in columns, else as NAME (ID STATE): ADDRESS.
    """
    from fe2tui.model.instance import State
    from fe2tui.tasks.read_fleet import read_instances, with_statuses
    from fe2tui.tasks.spot_requests import read_interruptions

    async def read(ctx: Context) -> tuple[Fleet, list[Instance], InterruptionTexts]:
        reading = read_fleet_with_statuses(ctx) if options.json or long else with_statuses(ctx, read_instances(ctx))
        fleet = await reading
        shown = [each for each in fleet.instances.values() if everything or each.state is not State.TERMINATED]
        shown.sort(key=lambda each: (each.name.casefold(), each.id))
        return fleet, shown, await read_interruptions(ctx, shown, fleet.requests)

    fleet, shown, interruptions = CommandRun(options).run(read)
    if options.json:
        print_json([instance_document(each, fleet, interruptions) for each in shown])
    elif shown:
        notes = {**_troubles(shown, fleet), **interruptions}
        if long:
            lines = _instance_table(shown, fleet, interruptions)
        elif sys.stdout.isatty():
            lines = _terminal_table(shown, notes)
        else:
            lines = [instance_line(each, notes) for each in shown]
        click.echo("\n".join(lines))
    if not shown:
        click.echo(f"No instances in {fleet.location.region}.", err=True)


@click.command()
@click.argument("name", type=InstanceName())
@click.pass_obj
def instance(options: GlobalOptions, name: str) -> None:
    """Print one instance, by its name or id."""
    import asyncio

    from fe2tui.tasks.names import resolve_instance
    from fe2tui.tasks.read_fleet import read_named_fleet, read_named_instances, with_status_of
    from fe2tui.tasks.spot_requests import read_interruptions

    async def read(ctx: Context) -> tuple[Fleet, Instance, InterruptionTexts]:
        fleet = await (read_named_fleet if options.json else read_named_instances)(ctx, [name])
        print_fleet_problems(fleet)
        found = resolve_instance(fleet, name)
        fleet, interruptions = await asyncio.gather(
            with_status_of(ctx, fleet, found), read_interruptions(ctx, [found], fleet.requests)
        )
        return fleet, found, interruptions

    fleet, found, interruptions = CommandRun(options).run(read)
    if options.json:
        print_json(instance_document(found, fleet, interruptions))
    else:
        click.echo(instance_line(found, {**_troubles([found], fleet), **interruptions}))


@click.command()
@click.argument("name", type=InstanceName())
@click.pass_obj
def ip(options: GlobalOptions, name: str) -> None:
    """Print an instance's public address (IPv4, else IPv6), or its private one if use_private_address is set."""
    from fe2tui.tasks.names import resolve_instance
    from fe2tui.tasks.read_fleet import read_named_instances

    command = CommandRun(options)

    async def read(ctx: Context) -> Instance:
        return resolve_instance(await read_named_instances(ctx, [name]), name)

    found = command.run(read)
    address = found.private_ip if command.settings.use_private_address else found.public_address
    if address is None:
        kind = "private" if command.settings.use_private_address else "public"
        raise NoAddressError(
            f"{found.label} ({found.id}) is {found.state}: it has no {kind} address.", _address_remedy(found)
        )
    if options.json:
        addresses = {"public_ip": found.public_ip, "private_ip": found.private_ip, "ipv6": found.ipv6}
        print_json({"id": found.id, "name": found.name, **addresses})
    else:
        click.echo(address)


def _address_remedy(instance: Instance) -> str:
    from fe2tui.model.instance import State

    if instance.state.is_gone:
        return "`fe2 instances` lists the instances that exist."
    if instance.state is State.RUNNING:
        return "Check whether its subnet assigns public addresses."
    return "It gets one when it runs." if instance.state is State.PENDING else "Start it first."


def _troubles(shown: Iterable[Instance], fleet: Fleet) -> dict[str, str]:
    """What is wrong with those of the instances that something is wrong with, by id."""
    from fe2tui.model.instance_trouble import trouble_of

    now = datetime.now(UTC)
    return {one.id: trouble.text for one in shown if (trouble := trouble_of(one, fleet, now)) is not None}


def _instance_table(shown: list[Instance], fleet: Fleet, interruptions: InterruptionTexts) -> list[str]:
    from fe2tui.model.money.rates import hourly_cost, monthly_cost

    now = datetime.now(UTC)
    troubles = _troubles(shown, fleet)
    rows = [
        (
            *_facts(each, now),
            dollars(hourly_cost(each, fleet).total, 3),
            dollars(monthly_cost(each, fleet)),
            *([interruptions.get(each.id, "")] if interruptions else []),
            *([troubles.get(each.id, "")] if troubles else []),
        )
        for each in shown
    ]
    notes = [*(["INTERRUPTED"] if interruptions else []), *(["TROUBLE"] if troubles else [])]
    heads = (*_COLUMNS, *_COST_COLUMNS, *notes)
    return table_lines(heads, rows, right=("UP", *_COST_COLUMNS))


def _terminal_table(shown: list[Instance], notes: Mapping[str, str]) -> list[str]:
    """Without costs, and with as many columns as the terminal has space for."""
    now, width = datetime.now(UTC), shutil.get_terminal_size().columns

    def table(left_out: tuple[str, ...]) -> list[str]:
        kept = [number for number, name in enumerate(_COLUMNS) if name not in left_out]
        rows = [[facts[number] for number in kept] for facts in (_facts(each, now) for each in shown)]
        if notes:
            rows = [[*row, notes.get(each.id, "")] for row, each in zip(rows, shown, strict=True)]
        heads = [_COLUMNS[number] for number in kept] + (["ALERT"] if notes else [])
        return table_lines(heads, rows, right=("UP",))

    forms = (table(_LEFT_OUT_FIRST[:count]) for count in range(len(_LEFT_OUT_FIRST) + 1))
    return fit(width, forms, lambda lines: max(map(cell_width, lines)))


def _facts(each: Instance, now: datetime) -> tuple[str, ...]:
    from fe2tui.model.instance import State

    return (
        each.name or DASH,
        each.id,
        f"{each.state} spot" if each.is_spot else str(each.state),
        each.type,
        each.zone_letter,
        each.public_address or DASH,
        age(now - each.launched_at) if each.launched_at and each.state is State.RUNNING else DASH,
    )
