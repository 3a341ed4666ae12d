"""Spot requests: each with its machine, waited for, and cancelled without surprise."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from fe2tui.aws import instances as aws
from fe2tui.aws.spot_requests import all_requests, cancel_spot_requests, described, spot_request
from fe2tui.errors import CapacityError, NotFoundError, StateError, UsageError
from fe2tui.model.instance import Instance, State
from fe2tui.model.interruption import ALIVE, request_words, waits_for_aws
from fe2tui.model.spot import SpotRequest
from fe2tui.model.words import visible
from fe2tui.tasks.context import Context
from fe2tui.tasks.names import find
from fe2tui.tasks.record import recorded, unbroken

_RESTING = (State.STOPPING, State.STOPPED)
_OF_A_FILTER = 200  # ids, what EC2 takes in one


@dataclass(frozen=True, slots=True, repr=False)
class Requested:
    """A spot request and the machine it has, if EC2 shows one."""

    request: SpotRequest
    instance: Instance | None = None

    def __repr__(self) -> str:
        """As the shell shows it: ``sir-8k2d91ab (persistent active): spot1 (i-0b39947b710d05337 running)``."""
        asked = self.request
        return f"{asked.id} ({asked.type} {asked.state}): {self.machine}"

    @property
    def machine(self) -> str:
        """``spot1 (i-0b39947b710d05337 running)``, or that it has none."""
        if self.instance is None:
            return self.request.instance_id or "no machine"
        return f"{visible(self.instance.name) or '–'} ({self.instance.id} {self.instance.state})"

    @property
    def words(self) -> str:
        """What its state means."""
        return request_words(self.request, self.instance)


async def requests(ctx: Context) -> list[Requested]:
    """All spot requests of the region: those that may still make a machine first, then the newest first.

    The store keeps them, for Tab.
    """
    found = await all_requests(ctx.session)
    await asyncio.to_thread(_keep, ctx, found)
    ids = list(dict.fromkeys(one.instance_id for one in found if one.instance_id))
    machines: dict[str, Instance] = {}
    for start in range(0, len(ids), _OF_A_FILTER):
        some = await aws.describe(ctx.session, filters={"instance-id": ids[start : start + _OF_A_FILTER]})
        machines |= {one.id: one for one in some}
    found.sort(key=lambda one: one.id)
    found.sort(key=lambda one: one.created_at.timestamp() if one.created_at else 0.0, reverse=True)
    found.sort(key=lambda one: one.state not in ALIVE)
    return [Requested(one, machines.get(one.instance_id or "")) for one in found]


def _keep(ctx: Context, found: list[SpotRequest]) -> None:
    """With the fleet last seen, if there was one: that stays as old as it is."""
    last = ctx.store.fleets.last(ctx.session.place)
    if last is not None:
        ctx.store.fleets.save(replace(last, requests={one.id: one for one in found}))


async def find_request(ctx: Context, request_id: str) -> SpotRequest:
    """The request of that id. Raises UsageError (empty id), NotFoundError."""
    if not request_id.strip():
        raise UsageError("No spot request was named.", "`fe2 requests` lists them.")
    found = await spot_request(ctx.session, request_id) if request_id.startswith("sir-") else None
    if found is None:
        raise NotFoundError(
            f"There is no spot request {request_id} in {ctx.session.region}.",
            "EC2 forgets ended ones after a while. `fe2 requests` lists those there are.",
        )
    return found


async def describe_request(ctx: Context, request_id: str) -> tuple[dict[str, Any], str]:
    """All that EC2 tells of a request, under EC2's own names, and what its state means. Raises as ``find_request``."""
    request = await find_request(ctx, request_id)
    told, machine = await asyncio.gather(described(ctx.session, request.id), _machine_of(ctx, request))
    return told, request_words(request, machine)


async def request_of_instance(ctx: Context, name: str) -> SpotRequest:
    """The request behind the instance of that name or id.

    Raises NotFoundError where it was not bought on the spot market or EC2 has forgotten its request, and what finding
    an instance raises.
    """
    instance = await find(ctx, name)
    if not instance.is_spot or not instance.spot_request_id:
        raise NotFoundError(
            f"{instance.label} ({instance.id}) is {instance.lifecycle}: there is no spot request behind it.",
            "Only spot instances have one; `fe2 requests` lists them.",
        )
    return await find_request(ctx, instance.spot_request_id)


async def cancel_request(ctx: Context, request_id: str, *, terminate: bool = False) -> str:
    """Cancel a request, so that AWS launches nothing more for it; what that means for its machine, in words.

    A running machine runs on. EC2 terminates a stopped one when its request is cancelled (User Guide, "Terminate a Spot
    Instance"): that is done only if ``terminate`` says so, and is a StateError otherwise. Raises NotFoundError.
    """
    request = await find_request(ctx, request_id)
    if request.state not in ALIVE:
        return f"{request.id} is {request.state} already"
    machine = await _machine_of(ctx, request)
    if machine is not None and machine.state in _RESTING and not terminate:
        raise _would_terminate(machine, request)
    with recorded(ctx, "cancel request", machine.label if machine else request.id, machine.id if machine else "") as it:
        await unbroken(cancel_spot_requests(ctx.session, [request.id]), ctx.pace.unbroken)
        it.words = f"{request.id} is cancelled: {_what_follows(machine)}"
    return it.words


async def wait_until_fulfilled(ctx: Context, request_id: str, *, timeout: float = 600.0) -> SpotRequest:
    """Wait until a request has its machine; ``timeout`` is seconds.

    Raises CapacityError when it has none by then, StateError when it never will have one, NotFoundError.
    """
    deadline = asyncio.get_running_loop().time() + timeout
    said = ""
    while True:
        request = await find_request(ctx, request_id)
        if request.state == "active" and request.instance_id:
            return request
        words = request_words(request)
        if request.state not in ALIVE:
            raise StateError(f"{request.id} will have no machine: {words}.", code=request.status_code or None)
        if asyncio.get_running_loop().time() >= deadline:
            raise CapacityError(
                f"{request.id} has no machine yet: {words}.",
                "Wait longer, launch another type or zone, or buy it on demand.",
                code=request.status_code or None,
            )
        if words != said:
            ctx.step("wait", "spot", words, subject=request.id)
            said = words
        await asyncio.sleep(ctx.pace.spot_poll)


async def _machine_of(ctx: Context, request: SpotRequest) -> Instance | None:
    """The machine that a request has; None if EC2 shows none (any more)."""
    if not request.instance_id:
        return None
    return next(iter(await aws.describe(ctx.session, filters={"instance-id": [request.instance_id]})), None)


def _would_terminate(machine: Instance, request: SpotRequest) -> StateError:
    way = "Only AWS can start it again." if waits_for_aws(machine, request) else "Start it first, and it runs on."
    return StateError(
        f"{machine.label} is {machine.state}: cancelling its request {request.id} would terminate it, disk and all.",
        f"{way} If that is meant: fe2 terminate {machine.id}",
    )


def _what_follows(machine: Instance | None) -> str:
    if machine is None or machine.state.is_gone:
        return "AWS launches nothing for it any more"
    if machine.state in _RESTING:
        return f"AWS terminates {machine.label}, which was {machine.state}"
    return f"{machine.label} runs on, and cannot be stopped any more, only terminated"
