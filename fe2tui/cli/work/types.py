"""What types there are and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from fe2tui.cli.options import Asked
from fe2tui.cli.work.output import print_json
from fe2tui.cli.work.reading import catalogues, tell
from fe2tui.cli.work.working import Working
from fe2tui.model.demand import DemandPrice
from fe2tui.model.fleet import Prices, Problem
from fe2tui.model.machine_type import MachineType
from fe2tui.model.type_query import TYPES, TypesAt
from fe2tui.model.words import DASH, dollars, plural, table
from fe2tui.tasks import types as tasks
from fe2tui.tasks.context import Context

_HEADS = ("TYPE", "VCPU", "GIB", "GPU", "GPU GB", "ARCH", "NETWORK", "DISK GB", "$/H", "SPOT $/H")


def show_types(asked: Asked, filters: Sequence[str], sort: str) -> None:
    """Print the types that fit. Raises QueryError."""
    text = " ".join(filters)
    TYPES.parse_whole(text)

    async def work(ctx: Context) -> None:
        problems: list[Problem] = []
        async with catalogues() as known:
            found, at = await tasks.find_types(ctx, text, known, problems, sort=sort)
            tell(problems, at.prices)
            if asked.json:
                print_json([type_document(one, at) for one in found])
            elif found:
                click.echo("\n".join(_table(found, at)))
            if not found:
                click.echo(f"No type of {ctx.session.region} fits.", err=True)
            elif len(found) > tasks.SPOT_OF and not at.prices.spot and not asked.json:
                click.echo(
                    f"{plural(len(found), 'type')}: spot prices are shown of up to {tasks.SPOT_OF}, "
                    "or of all that a filter such as 'spot<0.5' leaves.",
                    err=True,
                )

    Working(asked).run(work)


def show_prices(asked: Asked, family: str) -> None:
    """Print the prices of a family. Raises NotFoundError."""

    async def work(ctx: Context) -> None:
        problems: list[Problem] = []
        async with catalogues() as known:
            found = await tasks.price_demand(ctx, family, known, problems)
            tell(problems, Prices(on_demand={one.type: one.per_hour for one in found if one.per_hour is not None}))
            if asked.json:
                print_json([price_document(one) for one in found])
            else:
                click.echo("\n".join(_prices(found)))

    Working(asked).run(work)


def price_document(price: DemandPrice) -> dict[str, Any]:
    """A price for programs: dollars an hour, or why there is none."""
    return {"name": price.type, "price_per_hour": price.per_hour, "words": price.words or None}


def _prices(found: Sequence[DemandPrice]) -> list[str]:
    """``m5.large  0.096``: all with as many decimals as the one that has most."""
    places = max(one.places for one in found)
    names = max(len(one.type) for one in found)
    amounts = [dollars(one.per_hour, places) for one in found]
    width = max(map(len, amounts))
    return [
        f"{one.type:<{names}}  {amount:>{width}}{f'  {one.words}' if one.words else ''}"
        for one, amount in zip(found, amounts, strict=True)
    ]


def type_document(one: MachineType, at: TypesAt) -> dict[str, Any]:
    """A type for programs. Sizes are GiB, of GPUs and local disks as their makers count; prices dollars an hour."""
    return {
        "name": one.name,
        "vcpu": one.vcpus,
        "memory_gib": one.memory / 1024,
        "gpus": one.gpus,
        "gpu_name": one.gpu_name or None,
        "gpu_memory_gib": one.gpu_memory / 1024 if one.gpu_memory else None,
        "architectures": list(one.architectures),
        "network": one.network,
        "local_disk_gb": one.local_disk,
        "price_per_hour": at.price(one),
        "spot_lowest": at.spot(one),
        "zones": list(at.zones.get(one.name, ())),
    }


def _table(found: Sequence[MachineType], at: TypesAt) -> list[str]:
    rows = [
        (
            one.name,
            str(one.vcpus),
            f"{one.memory / 1024:,.1f}".removesuffix(".0"),
            _gpus(one),
            str(one.gpu_gigabytes) if one.gpu_memory else DASH,
            " ".join(name for name in one.architectures if name != "i386") or DASH,
            one.network or DASH,
            f"{one.local_disk:,}" if one.local_disk else DASH,
            dollars(at.price(one), 4),
            dollars(at.spot(one), 4),
        )
        for one in found
    ]
    return table(_HEADS, rows, right=("VCPU", "GIB", "GPU GB", "DISK GB", "$/H", "SPOT $/H"))


def _gpus(one: MachineType) -> str:
    if not one.gpus:
        return DASH
    return one.gpu_name if "/" in one.gpu_name else f"{one.gpus} × {one.gpu_name or 'GPU'}"
