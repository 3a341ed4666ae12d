"""``launch``: with values by position, as in ``fe2 launch base ubuntu 50 m5.large``, or by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from fe2tui.cli.completion import ImageName, TypeName
from fe2tui.cli.exit_status import print_error, print_message
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.prompts import confirm, confirm_effects, is_interactive
from fe2tui.cli.read import print_instance
from fe2tui.cli.run import CommandRun
from fe2tui.errors import FieldError, InterruptedByUser, NoCapacityError, UsageError
from fe2tui.model.text import dollars, join_words, percent, plural, visible

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from fe2tui.model.instance import Instance
    from fe2tui.model.launch import LaunchRequest, ZonePrice
    from fe2tui.model.spot import Market
    from fe2tui.tasks import launch as task
    from fe2tui.tasks.context import Context

_POSITIONS = ("name", "image", "disk", "type", "key", "group", "iops", "spot")
_OPTIONS = {"key_name": "key", "security_group": "group", "market": "spot", "tags": "tag"}
"""Options that have another name than their field of ``LaunchRequest``."""
_OMITTED = "-"
_MAX_RETRY = 7 * 24 * 60  # minutes
_PRICES_WAIT = 5.0  # seconds at most for prices, which are read once a day: the cost is printed before the launch
_COMPARED_PRICES_WAIT = 20.0  # seconds where they decide: on-demand against spot prices, or whether to try again later


class PositionalValue(click.ParamType[str]):
    """A value by its position: Tab offers images at the image's position, types at the type's."""

    name = "value"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        free = [place for place in _POSITIONS if ctx.params.get(place) is None]
        at = len(ctx.params.get("values") or ())
        position = free[at] if at < len(free) else ""
        kinds: dict[str, click.ParamType[str]] = {
            "image": ImageName(words=True),
            "type": TypeName(),
            "spot": click.Choice(("spot", "one-time", "on-demand")),
        }
        return kinds[position].shell_complete(ctx, param, incomplete) if position in kinds else []


@click.command()
@click.argument(
    "values", nargs=-1, type=PositionalValue(), metavar="[NAME] [IMAGE] [DISK] [TYPE] [KEY] [GROUP] [IOPS] [SPOT]"
)
@click.option("--name", help="A name that no other instance has.")
@click.option(
    "--image",
    "--ami",
    type=ImageName(words=True),
    metavar="TEXT",
    help="ubuntu, amazon, debian, dlami, the name of an image of yours, or an id.",
)
@click.option("--disk", metavar="GIB", help="Size of the root disk; default: the image's.")
@click.option("--type", type=TypeName(), metavar="TEXT", help="Instance type: t3.micro, m5.large …")
@click.option("--key", help="Key pair; default: one whose private key is on this computer.")
@click.option("--group", help="Security group; default: “ssh”, which opens port 22 to your address only.")
@click.option("--iops", type=int, help="IOPS of the root disk; default: the image's, or 3,000.")
@click.option("--spot", "is_spot", is_flag=True, help="A spot instance that is stopped when AWS interrupts it.")
@click.option("--one-time", is_flag=True, help="A spot instance that is terminated when AWS interrupts it.")
@click.option("--on-demand", is_flag=True, help="An on-demand instance, as without --spot.")
@click.option(
    "--retry",
    type=click.IntRange(1, _MAX_RETRY),
    metavar="MINUTES",
    help="If no zone has capacity: try again every minute for this long.",
)
@click.option("--zone", help="Availability zone; default: the cheapest that offers the type and has capacity.")
@click.option("--subnet", help="Subnet id; needed in accounts without a default VPC.")
@click.option("--address", metavar="CIDR", help="Addresses that may reach port 22 of a new security group.")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A further tag; can be repeated.")
@click.option("--import-key", is_flag=True, help="Import your public key if no key pair can be used.")
@click.option("--create-key", is_flag=True, help="Create a key pair if none can be used.")
@click.option("--wait/--no-wait", default=True, help="Whether to wait until ssh answers.")
@click.pass_obj
def launch(
    options: GlobalOptions, /, values: tuple[str, ...], tags: tuple[str, ...], import_key: bool, create_key: bool,
    wait: bool, is_spot: bool, one_time: bool, on_demand: bool, retry: int | None, **named: str | int | None,
) -> None:  # fmt: skip
    """Launch an instance and wait until ssh answers.

    Values go by position, by name, or both:
    `fe2 launch base ubuntu 50 m5.large` is `fe2 launch base --image ubuntu --type m5.large --disk 50`.
    A dash (-) stands for the default. SPOT is spot, one-time or on-demand. With --retry it may be launched later: fe2
    asks first, or needs --yes.
    """
    request = launch_request(
        {
            **named, "values": values, "tags": tags, "import_key": import_key, "create_key": create_key,
            "is_spot": is_spot, "one_time": one_time, "on_demand": on_demand,
        }
    )  # fmt: skip
    until = timedelta(minutes=retry) if retry else None
    from fe2tui.tasks import launch as task
    from fe2tui.tasks.context import require_writable

    async def work(ctx: Context) -> Instance:
        require_writable(ctx, "nothing can be launched")
        for outcome in await task.recover_launches(ctx):
            print_message(f"An earlier launch: {visible(outcome.label)}: {visible(outcome.words)}")
            if outcome.error:
                print_error(visible(outcome.label), outcome.error)
        prices_wait = _COMPARED_PRICES_WAIT if request.is_spot or until is not None else _PRICES_WAIT
        known = task.LaunchLookups(replace(ctx, pace=replace(ctx.pace, prices=prices_wait)))
        try:
            plan = await _agree_on_launch(ctx, request, known)
            if until is not None:
                question = f"Launch {request.name} as soon as AWS has capacity, within {plural(retry or 0, 'minute')}?"
                await confirm_effects(question, (), yes=options.yes, refused="Nothing was launched.")
                return await task.launch_when_capacity(
                    ctx, plan.request, until=until, wait=wait, shared_lookups=known, plan=plan
                )
            return await task.launch(ctx, plan.request, wait=wait, shared_lookups=known, plan=plan)
        except NoCapacityError as error:
            if until is None:
                error.remedy = f"{error.remedy} --retry 30 tries again every minute for 30 minutes."
            raise
        finally:
            known.close()

    print_instance(options, CommandRun(options).run(work))


def launch_request(params: Mapping[str, Any], required: Sequence[str] = ("name", "image", "type")) -> LaunchRequest:
    """The request of a command line, from the values of its parameters. Raises UsageError."""
    if params["import_key"] and params["create_key"]:
        raise UsageError("--import-key and --create-key cannot be combined.", "Choose one.")
    is_spot = params["is_spot"] or params["one_time"]
    if params["on_demand"] and is_spot:
        raise UsageError("--on-demand cannot be combined with --spot or --one-time.", "Choose one.")
    market: Market | None = "on-demand" if params["on_demand"] else None
    if is_spot:
        market = "spot-once" if params["one_time"] else "spot"
    key_action = "import" if params["import_key"] else "create" if params["create_key"] else "use"
    return _request(params["values"], params, market, params["tags"], key_action, required)


def _request(
    values: Sequence[str],
    named: Mapping[str, Any],
    market: Market | None,
    tags: Sequence[str],
    key_action: str,
    required: Sequence[str],
) -> LaunchRequest:
    from fe2tui.model.launch import LaunchRequest, parse_market

    given = {position: named[position] for position in _POSITIONS if named.get(position) is not None}
    free = [place for place in _POSITIONS if place not in given]
    if len(values) > len(free):
        raise UsageError(f"There are too many values: “{values[len(free)]}”.", "See fe2 launch --help.")
    given.update(zip(free, values, strict=False))
    missing = [place for place in required if not str(given.get(place, "")).strip()]
    if missing:
        raise UsageError(f"Missing: {join_words(missing)}.", "Write it as fe2 launch base ubuntu 50 m5.large")
    if (by_position := given.get("spot")) is not None:
        if market and market != parse_market(by_position):
            raise UsageError(f"“{by_position}” contradicts the option for the same.", "Leave one of them out.")
        market = parse_market(by_position)
    return LaunchRequest(
        name=str(given.get("name", "")),
        image=str(given.get("image", "")),
        type=str(given.get("type", "")),
        disk=_number("disk", given.get("disk")),
        key_name=_text(given.get("key")) or None,
        key_action=key_action,
        security_group=_text(given.get("group")) or "ssh",
        iops=_number("iops", given.get("iops")),
        zone=_text(named["zone"]),
        subnet_id=_text(named["subnet"]),
        address=_text(named["address"]),
        tags=dict(map(_tag, tags)),
        market=market or "on-demand",
    )


def _text(value: str | int | None) -> str | None:
    return str(value) if value not in (None, _OMITTED) else None


def _number(field: str, value: str | int | None) -> int | None:
    if value in (None, _OMITTED):
        return None
    try:
        return int(value)
    except ValueError:
        remedy = "The order is NAME IMAGE DISK TYPE: fe2 launch base ubuntu 50 m5.large"
        raise FieldError(field, f"{field}: “{value}” is not a whole number.", remedy) from None


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise FieldError("tags", f"“{text}” is not a tag.", "Write it as --tag project=vision")
    return key, value


async def _agree_on_launch(ctx: Context, request: LaunchRequest, known: task.LaunchLookups) -> task.LaunchPlan:
    """Print what the launch costs. Returns the plan. Raises its first error after printing the others."""
    from fe2tui.tasks import launch as task

    plan = await _plan(ctx, request, known)
    request = plan.request
    if plan.error_for("key_name") and request.key_action == "use" and is_interactive():
        request = await _ask_for_key(request, plan)
        plan = await task.plan_launch(ctx, request, known)
    if plan.errors:
        for error in plan.errors[1:]:
            print_error(_OPTIONS.get(error.field, error.field), error)
        error = plan.errors[0]
        if error.field == "key_name" and request.key_action == "use":
            error.remedy = f"{error.remedy} --import-key or --create-key does that here."
        raise error
    for warning in plan.warnings:
        print_message(visible(warning))
    if request.is_spot:
        print_message(_price_sentence(plan))
        print_message(plan.purchase_text)
    print_message(plan.cost_text or "Price unknown.")
    return plan


def _price_sentence(plan: task.LaunchPlan) -> str:
    known = [one for one in plan.zone_prices if one.price is not None]
    parts = [_zone_price_text(one, plan, is_cheapest=one is known[0]) for one in known]
    without = [one.zone for one in plan.zone_prices if one.is_offered and one.price is None]
    lacking = [one.zone for one in plan.zone_prices if not one.is_offered]
    parts += [f"no spot price in {join_words(without)}"] if known and without else []
    parts += [f"not offered in {join_words(lacking)}"] if lacking else []
    spot = "; ".join(parts) if known else "spot prices are unknown"
    return f"On demand {dollars(plan.on_demand_per_hour, 4, sign='$')} an hour; {spot}."


def _zone_price_text(one: ZonePrice, plan: task.LaunchPlan, *, is_cheapest: bool) -> str:
    from fe2tui.model.spot import saving

    saved = saving(one.price, plan.on_demand_per_hour)
    saves = f"saves {percent(float(saved))}" if saved is not None else ""
    marks = [word for word in ("cheapest" if is_cheapest else "", saves) if word]
    return f"spot {dollars(one.price, 4, sign='$')} in {one.zone}" + (f" ({', '.join(marks)})" if marks else "")


async def _plan(ctx: Context, request: LaunchRequest, known: task.LaunchLookups) -> task.LaunchPlan:
    """The plan for a request. A key pair is only imported or created if none can be used."""
    from fe2tui.tasks import launch as task

    if request.key_action != "use":
        plan = await task.plan_launch(ctx, replace(request, key_action="use"), known)
        if plan.key_choices is not None and not plan.error_for("key_name"):
            return plan
    return await task.plan_launch(ctx, request, known)


async def _ask_for_key(request: LaunchRequest, plan: task.LaunchPlan) -> LaunchRequest:
    """Ask whether to import or create a key pair. Returns the request with it, or as it was if that does not help."""
    offer = plan.key_choices
    if offer is None or (request.key_name and offer.find(request.key_name)):
        return request
    error = plan.error_for("key_name")
    print_message(visible(error.summary) if error else "")
    own = offer.importable[0] if offer.importable else None
    name = request.key_name or (own.name if own else offer.free_name)
    if own and await confirm(f"Import {visible(own.source)} as “{visible(name)}”?", default=True, remedy=""):
        return replace(request, key_action="import", key_public=own.public, key_name=name)
    name = request.key_name or offer.free_name
    if await confirm(f"Create a key pair “{visible(name)}”?", default=True, remedy=""):
        return replace(request, key_action="create", key_name=name)
    raise InterruptedByUser("Nothing was launched: connecting needs a key pair.")
