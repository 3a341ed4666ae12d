"""What commands read of a region; what could not be read is said on stderr."""

from __future__ import annotations

from fe2tui.cli.ending import complain
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance
from fe2tui.model.words import visible
from fe2tui.tasks import reading
from fe2tui.tasks.context import Context
from fe2tui.tasks.names import resolve
from fe2tui.tasks.reading import read_instances

_PARTS = {"volumes": "the disks", "spot": "spot prices", "addresses": "idle addresses"}


async def read_fleet(ctx: Context) -> Fleet:
    """All instances of the region with their disks and prices."""
    return told(await reading.read_fleet(ctx))


async def read_one(ctx: Context, name: str) -> Instance:
    """The instance with that Name or id."""
    return resolve(await read_instances(ctx), name)


def told(fleet: Fleet) -> Fleet:
    """A fleet, after saying what could not be read of it."""
    for problem in fleet.problems:
        is_old = problem.part == "prices" and bool(fleet.prices.on_demand)
        code = f" ({problem.code})" if problem.code else ""
        words = " ".join(part for part in (f"{problem.summary}{code}", problem.remedy) if part)
        what = "newer prices" if is_old else _PARTS.get(problem.part, problem.part)
        complain(f"Without {what}: {visible(words)}")
    return fleet


__all__ = ["read_fleet", "read_instances", "read_one", "told"]
