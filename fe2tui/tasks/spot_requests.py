"""Spot requests: list them with their instances, wait for them, and cancel them without surprises."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from fe2tui.aws import instances as aws
from fe2tui.aws.session import Session
from fe2tui.aws.spot import (
    all_spot_requests,
    cancel_spot_requests,
    describe_spot_request,
    spot_request,
    spot_requests_by_id,
)
from fe2tui.errors import AwsError, CapacityError, NotFoundError, StateError, UsageError
from fe2tui.model.instance import Instance, State
from fe2tui.model.interruption import LIVE_REQUEST_STATES, interruption_text, is_waiting_for_aws, request_text
from fe2tui.model.spot import SpotRequest
from fe2tui.model.text import visible
from fe2tui.tasks.context import Context, activity_entry, run_to_completion
from fe2tui.tasks.names import find_instance

_Found = TypeVar("_Found")
# No waiting mends these. Source: EC2 user guide, "Get the status of a Spot Instance request".
_NEVER_FULFILLED = ("bad-parameters", "constraint-not-fulfillable")
_STOPPED_STATES = (State.STOPPING, State.STOPPED)


@dataclass(frozen=True, slots=True, repr=False)
class RequestWithInstance:
    """A spot request and its instance, if EC2 shows one."""

    request: SpotRequest
    instance: Instance | None = None

    def __repr__(self) -> str:
        """As the shell shows it: ``sir-8k2d91ab (persistent active): spot1 (i-0b39947b710d05337 running)``."""
        request, instance = self.request, self.instance
        who = request.instance_id or "no instance"
        if instance is not None:
            who = f"{visible(instance.name) or '–'} ({instance.id} {instance.state})"
        return f"{request.id} ({request.type} {request.state}): {who}"

    @property
    def words(self) -> str:
        return request_text(self.request, self.instance)


async def read_spot_requests(ctx: Context) -> list[RequestWithInstance]:
    """All spot requests of the region: those that may still launch an instance first, then the newest first."""
    found = await all_spot_requests(ctx.session)
    await asyncio.to_thread(_save_for_tab, ctx, found)
    ids = [one.instance_id for one in found if one.instance_id]
    instances = {one.id: one for one in await aws.describe_instances(ctx.session, ids)}
    found.sort(key=lambda one: one.id)
    found.sort(key=lambda one: one.created_at.timestamp() if one.created_at else 0.0, reverse=True)
    found.sort(key=lambda one: one.state not in LIVE_REQUEST_STATES)
    return [RequestWithInstance(one, instances.get(one.instance_id or "")) for one in found]


def _save_for_tab(ctx: Context, found: list[SpotRequest]) -> None:
    """Save the requests with the last fleet, if there was one; its age stays."""
    last = ctx.store.fleets.last_fleet(ctx.session.location)
    if last is not None:
        ctx.store.fleets.save(replace(last, requests={one.id: one for one in found}))


async def find_spot_request(ctx: Context, request_id: str) -> SpotRequest:
    """The request of that id. Raises UsageError (empty id), NotFoundError."""
    return await _find(ctx, request_id, spot_request)


async def _find(ctx: Context, request_id: str, read: Callable[[Session, str], Awaitable[_Found | None]]) -> _Found:
    if not request_id.strip():
        raise UsageError("No spot request was named.", "`fe2 requests` lists them.")
    found = await read(ctx.session, request_id) if request_id.startswith("sir-") else None
    if found is None:
        raise NotFoundError(
            f"There is no spot request {request_id} in {ctx.session.region}.",
            "EC2 drops ended requests after a while: `fe2 requests` lists those there are.",
        )
    return found


async def spot_request_details(
    ctx: Context, request_id: str, instance: Instance | None = None
) -> tuple[dict[str, Any], str]:
    """All that EC2 has of a request, under its own names, and what its state means. Raises as ``find_spot_request``."""
    details, request = await _find(ctx, request_id, describe_spot_request)
    if instance is None or instance.id != request.instance_id:
        instance = await _read_instance(ctx, request)
    return details, request_text(request, instance)


async def find_spot_instance(ctx: Context, name: str) -> tuple[Instance, str]:
    """The spot instance of that name or id, and the id of its request. Raises NotFoundError if it is on demand."""
    instance = await find_instance(ctx, name)
    if not instance.is_spot or not instance.spot_request_id:
        raise NotFoundError(
            f"{instance.label} ({instance.id}) is {instance.lifecycle}, and has no spot request.",
            "Only spot instances have one: `fe2 requests` lists them.",
        )
    return instance, instance.spot_request_id


async def cancel_spot_request(ctx: Context, request_id: str, *, terminate: bool = False) -> str:
    """Cancel a request, so that AWS launches nothing more for it. Returns what that means for its instance, in words.

    A running instance runs on. EC2 terminates a stopped one when its request is cancelled (User Guide, "Terminate a
    Spot Instance"): without ``terminate`` that raises StateError. Raises NotFoundError.
    """
    request = await find_spot_request(ctx, request_id)
    if request.state not in LIVE_REQUEST_STATES:
        return f"{request.id} is {request.state} already"
    instance = await _read_instance(ctx, request)
    if instance is not None and instance.state in _STOPPED_STATES and not terminate:
        is_waiting = is_waiting_for_aws(instance, request)
        way = "Only AWS can start it again." if is_waiting else "Start it first, and it runs on."
        raise StateError(
            f"{instance.label} is {instance.state}: cancelling its request {request.id} would terminate it and its "
            "disks.",
            f"{way} To terminate it: fe2 terminate {instance.id}",
        )
    label, subject = (instance.label, instance.id) if instance else (request.id, "")
    with activity_entry(ctx, "cancel request", label, subject) as entry:
        await run_to_completion(cancel_spot_requests(ctx.session, [request.id]), ctx.pace.completion)
        entry.words = f"{request.id} is cancelled: {_consequence_text(instance)}"
    return entry.words


async def wait_until_fulfilled(ctx: Context, request_id: str, *, timeout: float = 600.0) -> SpotRequest:
    """Wait until a request has its instance; ``timeout`` is seconds.

    Raises CapacityError if it has none by then, StateError if it never will, NotFoundError.
    """
    deadline = asyncio.get_running_loop().time() + timeout
    last_text = ""
    while True:
        request = await find_spot_request(ctx, request_id)
        if request.state == "active" and request.instance_id:
            return request
        words = request_text(request)
        if request.state not in LIVE_REQUEST_STATES or request.status_code in _NEVER_FULFILLED:
            raise StateError(
                f"{request.id} gets no instance any more: {words}.", "Launch again.", code=request.status_code or None
            )
        if asyncio.get_running_loop().time() >= deadline:
            raise CapacityError(
                f"{request.id} has no instance yet: {words}.",
                "Wait longer, choose another type or zone, or launch it on demand.",
                code=request.status_code or None,
            )
        if words != last_text:
            ctx.report_step("wait", "spot", words, subject=request.id)
            last_text = words
        await asyncio.sleep(ctx.pace.spot_poll)


async def _read_instance(ctx: Context, request: SpotRequest) -> Instance | None:
    ids = [request.instance_id] if request.instance_id else []
    return next(iter(await aws.describe_instances(ctx.session, ids)), None)


def _consequence_text(instance: Instance | None) -> str:
    if instance is None or instance.state.is_gone:
        return "AWS launches nothing for it any more"
    if instance.state in _STOPPED_STATES:
        return f"AWS terminates {instance.label}, which was {instance.state}"
    return f"{instance.label} runs on, and cannot be stopped any more, only terminated"


def only_aws_restarts_error(instance: Instance) -> StateError:
    return StateError(
        f"AWS interrupted {instance.label} and stopped it: only AWS can start it again.",
        f"It waits for capacity in {instance.zone}. Launch another meanwhile, or terminate it.",
        code=instance.state_reason.partition(":")[0] or None,
    )


def gone_error(instance: Instance, verb: str) -> StateError:
    """The error for changing or using a terminated instance; ``verb`` is what was wanted: ``started``."""
    if instance.was_interrupted:
        words = f"AWS interrupted {instance.label} ({instance.id}) and terminated it: it cannot be {verb}."
        return StateError(words, "Launch another.", code=instance.state_reason.partition(":")[0] or None)
    return StateError(f"{instance.label} ({instance.id}) is {instance.state}, and cannot be {verb}.", "Launch another.")


InterruptionTexts = Mapping[str, str]
"""Why and when AWS interrupted instances, in words, by instance id."""


async def read_interruptions(
    ctx: Context, instances: Iterable[Instance], known: Mapping[str, SpotRequest] | None = None
) -> InterruptionTexts:
    """Why and when AWS interrupted those of the instances that it did: one call for their requests, or none.

    ``known`` are requests that were read a moment ago, by id. Where requests may not be read the words are fewer: the
    instances themselves do not have all of it.
    """
    by_id = dict(known or {})
    interrupted = [each for each in instances if each.was_interrupted]
    ids = [each.spot_request_id for each in interrupted if each.spot_request_id and each.spot_request_id not in by_id]
    with suppress(AwsError):
        by_id |= {one.id: one for one in await spot_requests_by_id(ctx.session, ids)}
    now = ctx.clock()
    words_by_id = {each.id: interruption_text(each, by_id.get(each.spot_request_id or ""), now) for each in interrupted}
    return {key: words for key, words in words_by_id.items() if words}
