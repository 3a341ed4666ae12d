"""``types``, ``price-demand``, ``change-type``."""

from __future__ import annotations

import click

from fe2tui.cli.completion import InstanceName, TypeName
from fe2tui.cli.filters import FilterCommand
from fe2tui.cli.options import Asked

_SORTS = ["type", "vcpu", "mem", "gpu", "gpumem", "arch", "net", "disk", "price", "spot"]


@click.command(cls=FilterCommand)
@click.argument("filters", nargs=-1, metavar="[FILTER]...", type=TypeName())
@click.option("--sort", type=click.Choice(_SORTS), default="type", help="By what; prices cheapest first.")
@click.pass_obj
def types(asked: Asked, filters: tuple[str, ...], sort: str) -> None:
    """List the region's instance types, with what they have and cost.

    FILTER is as in the dashboard: words, `'vcpu>=8'`, `'mem>=32'`, `gpu:a10g`, `'gpumem>=24'`, `arch:arm64`,
    `'price<1.5'`, `'spot<0.5'`, `family:m5`, `zone:2a`, `'net>=10'`, `'disk>0'`, free, current, burstable, metal, gpu.
    The lowest spot prices are shown of up to 100 types.
    """
    from fe2tui.cli.work.types import show_types

    show_types(asked, filters, sort)


@click.command("price-demand")
@click.argument("family", type=TypeName(family=True))
@click.pass_obj
def price_demand(asked: Asked, family: str) -> None:
    """Print the on-demand price an hour of each type of a family, smallest first, or of one type."""
    from fe2tui.cli.work.types import show_prices

    show_prices(asked, family)


@click.command("change-type")
@click.argument("name", type=InstanceName())
@click.argument("type_name", metavar="TYPE", type=TypeName())
@click.option("--stop", is_flag=True, help="Stop it for the change if it runs, and start it again.")
@click.option("--start", is_flag=True, help="Start it afterwards also if it was stopped.")
@click.option("--wait/--no-wait", default=True, help="Whether to wait until ssh answers on one that is started.")
@click.pass_obj
def change_type(asked: Asked, name: str, type_name: str, stop: bool, start: bool, wait: bool) -> None:
    """Give a stopped instance another type. Says first what that changes in its price.

    One that was stopped stays so, as fastec2 had it. Its disks and its name stay in any case.
    """
    from fe2tui.cli.work.change_type import change_type as work

    work(asked, name, type_name, stop=stop, start=start, wait=wait)
