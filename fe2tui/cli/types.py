"""``types``, ``price-demand``, ``change-type``: instance types and their prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from fe2tui.cli.completion import InstanceName, TypeName
from fe2tui.cli.exit_status import print_error, print_message
from fe2tui.cli.main import FilterCommand
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import print_json
from fe2tui.cli.prompts import confirm, confirm_effects, is_interactive
from fe2tui.cli.read import print_instance, print_problems, type_catalogues
from fe2tui.cli.run import CommandRun
from fe2tui.errors import DeniedError, NotFoundError, StartAfterChangeError, StateError
from fe2tui.model.text import DASH, dollars, plural, shell_word, table_lines, visible

if TYPE_CHECKING:
    from fe2tui.model.fleet import Problem
    from fe2tui.model.instance import Instance
    from fe2tui.model.instance_type import InstanceType, TypeCatalogue
    from fe2tui.model.on_demand_prices import OnDemandPrice
    from fe2tui.model.type_filter import TypeScope
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.type_catalogue import TypeCatalogueCache

_TYPE_COLUMNS = ("TYPE", "VCPU", "GIB", "GPU", "GPU GB", "ARCH", "NETWORK", "DISK GB", "$/H", "SPOT $/H")
_SORTS = ["type", "vcpu", "mem", "gpu", "gpumem", "arch", "net", "disk", "price", "spot"]


@click.command(cls=FilterCommand)
@click.argument("filters", nargs=-1, metavar="[FILTER]...", type=TypeName())
@click.option("--sort", type=click.Choice(_SORTS), default="type", help="Column to sort by; prices cheapest first.")
@click.pass_obj
def types(options: GlobalOptions, filters: tuple[str, ...], sort: str) -> None:
    """List the region's instance types with their size and price.

    FILTER is as in the dashboard: words, `'vcpu>=8'`, `'mem>=32'`, `gpu:a10g`, `'gpumem>=24'`, `arch:arm64`,
    `'price<1.5'`, `'spot<0.5'`, `family:m5`, `zone:2a`, `'net>=10'`, `'disk>0'`, free, current, burstable, metal,
    gpu (NVIDIA and AMD), accel (Inferentia, Trainium, Gaudi …).
    The lowest spot prices are shown for up to 100 types.
    """
    from fe2tui.model.type_filter import TYPE_LANGUAGE
    from fe2tui.tasks import types as tasks

    text = " ".join(filters)
    TYPE_LANGUAGE.parse_complete(text)

    async def work(ctx: Context) -> None:
        problems: list[Problem] = []
        async with type_catalogues() as catalogues:
            found, scope = await tasks.find_types(ctx, text, catalogues, problems, sort=sort)
            print_problems(problems, scope.prices)
            if options.json:
                print_json([_type_document(one, scope) for one in found])
            elif found:
                click.echo("\n".join(_type_table(found, scope)))
            if not found:
                click.echo(f"No type in {ctx.session.region} matches.", err=True)
            elif len(found) > tasks.MAX_SPOT_TYPES and not scope.prices.spot and not options.json:
                click.echo(
                    f"{plural(len(found), 'type')}: spot prices are shown for up to {tasks.MAX_SPOT_TYPES}, "
                    "or for all types that a filter such as 'spot<0.5' leaves.",
                    err=True,
                )

    CommandRun(options).run(work)


@click.command("price-demand")
@click.argument("family", type=TypeName(family=True))
@click.pass_obj
def price_demand(options: GlobalOptions, family: str) -> None:
    """Print the on-demand price per hour of each type of a family, smallest first, or of one type."""
    from fe2tui.model.fleet import Prices
    from fe2tui.tasks import types as tasks

    async def work(ctx: Context) -> None:
        problems: list[Problem] = []
        async with type_catalogues() as catalogues:
            found = await tasks.price_demand(ctx, family, catalogues, problems)
            print_problems(
                problems, Prices(on_demand={one.type: one.per_hour for one in found if one.per_hour is not None})
            )
            if options.json:
                print_json(
                    [{"name": one.type, "price_per_hour": one.per_hour, "words": one.words or None} for one in found]
                )
            else:
                click.echo("\n".join(_price_lines(found)))

    CommandRun(options).run(work)


@click.command("change-type")
@click.argument("name", type=InstanceName())
@click.argument("type_name", metavar="TYPE", type=TypeName())
@click.option("--stop", is_flag=True, help="Stop a running instance for the change, and start it again.")
@click.option("--start", is_flag=True, help="Start the instance afterwards even if it was stopped.")
@click.option("--wait/--no-wait", default=True, help="Whether to wait until ssh answers on a started instance.")
@click.pass_obj
def change_type(options: GlobalOptions, name: str, type_name: str, stop: bool, start: bool, wait: bool) -> None:
    """Change the type of a stopped instance. Prints first how that changes its price.

    Asks first if it costs more afterwards, or is started. Without a terminal it refuses then, except with --yes.
    A stopped instance stays stopped without --start, as in fastec2. It keeps its disks and its name.
    """
    from fe2tui.tasks import change_type as task

    command = CommandRun(options)
    to = type_name.strip().lower()

    async def work(ctx: Context) -> Instance:
        async with type_catalogues() as catalogues:
            known = await _agree_on_change(ctx, options, name, to, stop, start, catalogues)
            try:
                return await task.change_type(
                    ctx, known.id, to, stop=stop, start=start or None, wait=wait, catalogues=catalogues, known=known
                )
            except StartAfterChangeError as error:
                command.clear_progress()
                return await _offer_old_type(ctx, options, known, error)

    print_instance(options, command.run(work))


def _price_lines(found: Sequence[OnDemandPrice]) -> list[str]:
    """``m5.large  0.096``: all with the decimals of the price that has most."""
    places = max(one.places for one in found)
    names = max(len(one.type) for one in found)
    amounts = [dollars(one.per_hour, places) for one in found]
    width = max(map(len, amounts))
    return [
        f"{one.type:<{names}}  {amount:>{width}}{f'  {one.words}' if one.words else ''}"
        for one, amount in zip(found, amounts, strict=True)
    ]


def _type_document(one: InstanceType, scope: TypeScope) -> dict[str, Any]:
    """A type as JSON. Memory is GiB, local disks GB; prices are dollars an hour."""
    return {
        "name": one.name,
        "vcpu": one.vcpus,
        "memory_gib": one.memory / 1024,
        "gpus": one.gpus,
        "gpu_name": one.gpu_name or None,
        "gpu_memory_gib": one.gpu_memory / 1024 if one.gpu_memory else None,
        "accelerators": one.accelerators,
        "accelerator_name": one.accelerator_name or None,
        "architectures": list(one.architectures),
        "network": one.network,
        "local_disk_gb": one.local_disk,
        "price_per_hour": scope.on_demand_price(one),
        "spot_lowest": scope.lowest_spot_price(one),
        "zones": list(scope.zones.get(one.name, ())),
    }


def _type_table(found: Sequence[InstanceType], scope: TypeScope) -> list[str]:
    rows = [
        (
            one.name,
            str(one.vcpus),
            f"{one.memory / 1024:,.1f}".removesuffix(".0"),
            one.devices_text or DASH,
            str(one.device_gigabytes or DASH),
            " ".join(name for name in one.architectures if name != "i386") or DASH,
            one.network_text or DASH,
            f"{one.local_disk:,}" if one.local_disk else DASH,
            dollars(scope.on_demand_price(one), 4),
            dollars(scope.lowest_spot_price(one), 4),
        )
        for one in found
    ]
    return table_lines(_TYPE_COLUMNS, rows, right=("VCPU", "GIB", "GPU GB", "DISK GB", "$/H", "SPOT $/H"))


async def _agree_on_change(
    ctx: Context,
    options: GlobalOptions,
    name: str,
    to: str,
    stop: bool,
    start: bool,
    catalogues: TypeCatalogueCache,
) -> Instance:
    """Print what the change does, and ask if it costs more or AWS replaces the instance. Returns the instance.

    Raises the error if the type cannot be changed.
    """
    import asyncio

    from fe2tui.aws.ec2_fleets import with_ec2_fleet_types
    from fe2tui.model.fleet import Fleet, Prices
    from fe2tui.model.instance import State
    from fe2tui.tasks import change_type as task
    from fe2tui.tasks.context import require_writable
    from fe2tui.tasks.names import find_instance
    from fe2tui.tasks.read_fleet import read_or_problem, read_prices

    require_writable(ctx, "no type can be changed")
    problems: list[Problem] = []
    instance, catalogue, prices = await asyncio.gather(
        find_instance(ctx, name),
        _read_type_catalogue(ctx, to, catalogues),
        read_or_problem("prices", read_prices(ctx, problems), problems),
    )
    (instance,) = await with_ec2_fleet_types(ctx.session, [instance])
    is_refused = instance.state in (State.RUNNING, State.PENDING) and not stop
    fleet = Fleet(ctx.session.location, ctx.clock(), {instance.id: instance})
    plan = task.plan_type_change(instance, to, catalogue, replace(fleet, prices=prices) if prices else fleet)
    if plan.error is not None:
        raise plan.error if plan.new is not None else NotFoundError(plan.error.summary, plan.error.remedy)
    print_problems(problems, prices or Prices())
    for sentence in plan.sentences[:1] if is_refused else plan.sentences:
        print_message(visible(sentence))
    if is_refused:
        label = visible(instance.label)
        word = shell_word(instance.name, instance.id)
        raise StateError(
            f"{label} is {instance.state}, and its type can only be changed while it is stopped.",
            f"fe2 change-type {word} {to} --stop stops it, changes it and starts it again.",
        )
    if plan.needs_agreement(start or None):
        question = f"Change {instance.label} from {instance.type} to {to}?"
        await confirm_effects(question, (), yes=options.yes, refused="Nothing was changed.")
    return instance


async def _read_type_catalogue(ctx: Context, to: str, catalogues: TypeCatalogueCache) -> TypeCatalogue | None:
    """The region's types, read again if a stored catalogue lacks this one; None without permission to read them."""
    try:
        found = await catalogues.get(ctx)
        return found if to in found.types else await catalogues.get(ctx, fresh=True)
    except DeniedError:
        return None


async def _offer_old_type(
    ctx: Context, options: GlobalOptions, instance: Instance, error: StartAfterChangeError
) -> Instance:
    """Ask whether to change back to the old type. Returns the instance, or raises the error with the commands."""
    from fe2tui.tasks import change_type as task

    label = visible(instance.label)
    if not options.yes and is_interactive():
        print_error("fe2", error)
        if await confirm(f"Change {label} back to {error.old_type} and start it?", default=True, remedy=""):
            return await task.revert_type(ctx, error.instance_id, error.old_type)
        error.summary, error.remedy = f"{label} is left stopped, as {error.new_type}.", ""
        raise error
    word = shell_word(instance.name, instance.id)
    error.remedy = (
        f"fe2 change-type {word} {error.old_type} --start changes it back and starts it; "
        f"fe2 start {word} tries again to start it as {error.new_type}."
    )
    raise error
