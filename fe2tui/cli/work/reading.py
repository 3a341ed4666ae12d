"""What commands read of a region; what could not be read is said on stderr."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from fe2tui.cli.ending import complain
from fe2tui.model.fleet import Fleet, Prices, Problem
from fe2tui.model.instance import Instance
from fe2tui.model.words import visible
from fe2tui.tasks import reading
from fe2tui.tasks.catalogue import Catalogues
from fe2tui.tasks.context import Context
from fe2tui.tasks.names import resolve
from fe2tui.tasks.reading import read_instances

_PARTS = {
    "volumes": "the disks",
    "spot": "spot prices",
    "spot history": "spot prices of the past",
    "addresses": "idle addresses",
}
_RENEWAL = 15.0  # seconds, once a day


@asynccontextmanager
async def catalogues() -> AsyncIterator[Catalogues]:
    """The catalogues of types for one command; at its end old ones are renewed for the next."""
    made = Catalogues()
    try:
        yield made
        await made.renewed(_RENEWAL)
    finally:
        made.close()


async def read_fleet(ctx: Context) -> Fleet:
    """All instances of the region with their disks and prices."""
    return told(await reading.read_fleet(ctx))


async def read_one(ctx: Context, name: str) -> Instance:
    """The instance with that Name or id."""
    return resolve(await read_instances(ctx), name)


def told(fleet: Fleet) -> Fleet:
    """A fleet, after saying what could not be read of it."""
    tell(fleet.problems, fleet.prices)
    return fleet


def tell(problems: Iterable[Problem], prices: Prices) -> None:
    """Say what could not be read, why, and what to do about it."""
    for problem in problems:
        is_old = problem.part == "prices" and bool(prices.on_demand)
        code = f" ({problem.code})" if problem.code else ""
        words = " ".join(part for part in (f"{problem.summary}{code}", problem.remedy) if part)
        what = "newer prices" if is_old else _PARTS.get(problem.part, problem.part)
        complain(f"Without {what}: {visible(words)}")


__all__ = ["catalogues", "read_fleet", "read_instances", "read_one", "tell", "told"]
