"""What several commands read and print. What could not be read is reported on stderr."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING

import click

from fe2tui.cli.exit_status import print_message
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import instance_line, print_json
from fe2tui.cli.run import CommandRun
from fe2tui.model.documents import instance_document
from fe2tui.model.text import visible

if TYPE_CHECKING:
    from fe2tui.model.fleet import Fleet, Prices, Problem
    from fe2tui.model.instance import Instance
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.type_catalogue import TypeCatalogueCache

_PART_TITLES = {
    "volumes": "the disks",
    "spot": "spot prices",
    "spot history": "spot prices of the past",
    "addresses": "idle addresses",
}
_RENEWAL_SECONDS = 15.0  # at most, once a day


@asynccontextmanager
async def type_catalogues() -> AsyncIterator[TypeCatalogueCache]:
    """The catalogues of types for one command. At its end, outdated ones are read again for the next command."""
    from fe2tui.tasks.type_catalogue import TypeCatalogueCache

    with closing(TypeCatalogueCache()) as catalogues:
        yield catalogues
        await catalogues.wait_for_reads(_RENEWAL_SECONDS)


async def read_fleet_and_report(ctx: Context) -> Fleet:
    from fe2tui.tasks import read_fleet

    return print_fleet_problems(await read_fleet.read_fleet(ctx))


async def read_fleet_with_statuses(ctx: Context) -> Fleet:
    from fe2tui.tasks import read_fleet

    return print_fleet_problems(await read_fleet.with_statuses(ctx, read_fleet.read_fleet(ctx)))


def print_instance(options: GlobalOptions, instance: Instance) -> None:
    """Print an instance that the command has launched or changed. As JSON with its costs, which are read for that."""
    if options.json:
        print_json(instance_document(instance, CommandRun(options).run(read_fleet_with_statuses)))
    else:
        click.echo(instance_line(instance))


def print_fleet_problems(fleet: Fleet) -> Fleet:
    """Print which parts of the fleet could not be read. Returns the fleet."""
    print_problems(fleet.problems, fleet.prices)
    return fleet


def print_problems(problems: Iterable[Problem], prices: Prices) -> None:
    """Print what could not be read, why, and what to do. Says "newer prices" while stored prices are in use."""
    for problem in problems:
        is_old = problem.part == "prices" and bool(prices.on_demand)
        code = f" ({problem.code})" if problem.code else ""
        words = " ".join(part for part in (f"{problem.summary}{code}", problem.remedy) if part)
        missing = "newer prices" if is_old else _PART_TITLES.get(problem.part, problem.part)
        print_message(f"Without {missing}: {visible(words)}")
