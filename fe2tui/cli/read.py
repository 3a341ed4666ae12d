"""What commands read of a region; what could not be read is said on stderr."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fe2tui.cli.exit_status import print_message
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
_RENEWAL_SECONDS = 15.0  # seconds, once a day


@asynccontextmanager
async def type_catalogues() -> AsyncIterator[TypeCatalogueCache]:
    """The catalogues of types for one command; at its end old ones are renewed for the next."""
    from fe2tui.tasks.type_catalogue import TypeCatalogueCache

    made = TypeCatalogueCache()
    try:
        yield made
        await made.wait_for_reads(_RENEWAL_SECONDS)
    finally:
        made.close()


async def read_fleet_and_report(ctx: Context) -> Fleet:
    """All instances of the region with their disks and prices."""
    from fe2tui.tasks import read_fleet

    return print_fleet_problems(await read_fleet.read_fleet(ctx))


async def read_instance(ctx: Context, name: str) -> Instance:
    """The instance with that Name or id."""
    from fe2tui.tasks.names import resolve_instance
    from fe2tui.tasks.read_fleet import read_instances

    return resolve_instance(await read_instances(ctx), name)


def print_fleet_problems(fleet: Fleet) -> Fleet:
    """A fleet, after saying what could not be read of it."""
    print_problems(fleet.problems, fleet.prices)
    return fleet


def print_problems(problems: Iterable[Problem], prices: Prices) -> None:
    """Say what could not be read, why, and what to do about it."""
    for problem in problems:
        is_old = problem.part == "prices" and bool(prices.on_demand)
        code = f" ({problem.code})" if problem.code else ""
        words = " ".join(part for part in (f"{problem.summary}{code}", problem.remedy) if part)
        what = "newer prices" if is_old else _PART_TITLES.get(problem.part, problem.part)
        print_message(f"Without {what}: {visible(words)}")
