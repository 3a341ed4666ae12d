"""Launch: agree on what it will cost and which key, then launch and wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import click

from fe2tui.cli.ending import complain, say_error
from fe2tui.cli.options import Asked
from fe2tui.cli.work.asking import agrees, somebody_there
from fe2tui.cli.work.output import instance_document, instance_line, print_json
from fe2tui.cli.work.reading import read_fleet
from fe2tui.cli.work.working import Working
from fe2tui.errors import FieldError, InterruptedByUser, NoCapacityError
from fe2tui.model.instance import Instance
from fe2tui.model.launch import LaunchRequest, ZonePrice
from fe2tui.model.spot import saving
from fe2tui.model.words import dollars, listed, percent, visible
from fe2tui.tasks import launch as task
from fe2tui.tasks.context import Context
from fe2tui.tasks.launch_again import launch_when_room

PRICES_WAIT = 5.0  # seconds: a region's prices are read once a day, and what it costs is to be seen before it does
COMPARED_WAIT = 20.0  # the same where the prices of two markets are to be compared


def launch(asked: Asked, request: LaunchRequest, *, wait: bool, retry: timedelta | None = None) -> None:
    """Launch it and print it; ``retry``: for how long to ask again where no zone has room."""

    async def work(ctx: Context) -> Instance:
        task.refuse_if_read_only(ctx)
        for outcome in await task.recover(ctx):
            complain(f"An earlier launch: {visible(outcome.label)}: {visible(outcome.words)}")
            if outcome.error:
                say_error(visible(outcome.label), outcome.error)
        wait_for_prices = COMPARED_WAIT if request.is_spot else PRICES_WAIT
        known = task.Lookups(replace(ctx, pace=replace(ctx.pace, prices=wait_for_prices)))
        try:
            agreed = await _agreed(ctx, request, known)
            if retry is not None:
                return await launch_when_room(ctx, agreed, until=retry, wait=wait, known=known)
            return await task.launch(ctx, agreed, wait=wait, known=known)
        except NoCapacityError as error:
            if retry is None:
                error.remedy = f"{error.remedy} --retry 30 asks again every minute, for 30 minutes."
            raise
        finally:
            known.close()

    made = Working(asked).run(work)
    if asked.json:
        fleet = Working(asked).run(read_fleet)
        print_json(instance_document(made, replace(fleet, instances={made.id: made})))
    else:
        click.echo(instance_line(made))


async def _agreed(ctx: Context, request: LaunchRequest, known: task.Lookups) -> LaunchRequest:
    """The request as it will be sent. Says what it will cost, and all that is wrong with it, before anything is."""
    plan = await _planned(ctx, request, known)
    request = plan.request
    if plan.error("key_name") and request.key_action == "use" and somebody_there():
        request = await _with_key(request, plan)
        plan = await task.plan(ctx, request, known)
    if plan.errors:
        for error in plan.errors[1:]:
            say_error(error.field, error)
        raise _with_flags(plan.errors[0], request)
    for warning in plan.warnings:
        complain(visible(warning))
    if request.is_spot:
        complain(_prices(plan))
        complain(plan.market_words)
    complain(_cost(plan))
    return request


def _cost(plan: task.LaunchPlan) -> str:
    if plan.cost is None or plan.cost.per_hour is None:
        return "What it costs is not known."
    stopped = dollars(plan.cost.stopped_per_hour, 3, sign="$")
    month = dollars(plan.cost.per_month, sign="$")
    hour = dollars(plan.cost.per_hour, 3, sign="$")
    now = " at the spot price of now" if plan.request.is_spot else ""
    at_rest = "" if plan.request.market == "spot-once" else f", {stopped} while stopped"
    return f"This costs {hour} an hour while it runs{now}{at_rest}; {month} a month if left on."


def _prices(plan: task.LaunchPlan) -> str:
    """The price on demand and each zone's spot price, side by side."""
    known = [one for one in plan.market_prices if one.price is not None]
    parts = [_price(one, plan, is_cheapest=one is known[0]) for one in known]
    without = [one.zone for one in plan.market_prices if one.offered and one.price is None]
    lacking = [one.zone for one in plan.market_prices if not one.offered]
    parts += [f"no spot price in {listed(without)}"] if known and without else []
    parts += [f"not offered in {listed(lacking)}"] if lacking else []
    spot = "; ".join(parts) if known else "spot prices are not known"
    return f"On demand {dollars(plan.on_demand, 4, sign='$')} an hour; {spot}."


def _price(one: ZonePrice, plan: task.LaunchPlan, *, is_cheapest: bool) -> str:
    saved = saving(one.price, plan.on_demand)
    saves = f"saves {percent(float(saved))}" if saved is not None else ""
    marks = [word for word in ("cheapest" if is_cheapest else "", saves) if word]
    return f"spot {dollars(one.price, 4, sign='$')} in {one.zone}" + (f" ({', '.join(marks)})" if marks else "")


async def _planned(ctx: Context, request: LaunchRequest, known: task.Lookups) -> task.LaunchPlan:
    """What the request comes to. A key pair is only imported or created where none can be used."""
    if request.key_action != "use":
        plan = await task.plan(ctx, replace(request, key_action="use"), known)
        if plan.keys is not None and not plan.error("key_name"):
            return plan
    return await task.plan(ctx, request, known)


def _with_flags(error: FieldError, request: LaunchRequest) -> FieldError:
    if error.field == "key_name" and request.key_action == "use":
        error.remedy = f"{error.remedy} --import-key and --create-key do that here."
    return error


async def _with_key(request: LaunchRequest, plan: task.LaunchPlan) -> LaunchRequest:
    """The request with a key pair that will be imported or created, by asking; as it was if that would not help."""
    offer = plan.keys
    if offer is None or (request.key_name and offer.named(request.key_name)):
        return request
    error = plan.error("key_name")
    complain(visible(error.summary) if error else "")
    own = offer.importable[0] if offer.importable else None
    name = request.key_name or (own.name if own else "default")
    if own and await agrees(f"Import {visible(own.source)} as “{visible(name)}”?", default=True, otherwise=""):
        return replace(request, key_action="import", key_public=own.public, key_name=name)
    name = request.key_name or "default"
    if await agrees(f"Create a key pair “{visible(name)}”?", default=True, otherwise=""):
        return replace(request, key_action="create", key_name=name)
    raise InterruptedByUser("Nothing was launched: without a key nobody could connect.")
