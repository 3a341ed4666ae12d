"""Terminate: cancel the spot requests, terminate the instances, free their names."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from copy import copy
from functools import partial

from fe2tui.aws import instances as aws
from fe2tui.aws.spot import cancel_spot_requests, spot_requests_by_id
from fe2tui.errors import AwsError, Fe2Error, NotFoundError, ProtectedError
from fe2tui.model.instance import Instance, State
from fe2tui.model.interruption import LIVE_REQUEST_STATES
from fe2tui.model.progress import Outcome
from fe2tui.tasks import usage_history
from fe2tui.tasks.batch import (
    Results,
    activity_entries,
    call_all_or_each,
    call_each,
    change_states,
    end_entries,
    look_up_instances,
    outcomes,
    send_change,
    unique_ids,
)
from fe2tui.tasks.context import Context, run_to_completion, wait_for_states
from fe2tui.tasks.impact import protection_error

_MAX_CONCURRENT = 8


async def protected_ids(ctx: Context, ids: Sequence[str]) -> frozenset[str]:
    """Which of these have termination protection: one call each, eight at a time.

    An instance whose attribute may not be read counts as not protected: EC2 itself refuses it then.
    """
    gate = asyncio.Semaphore(_MAX_CONCURRENT)

    async def protected(one: str) -> bool:
        async with gate:
            with suppress(AwsError, NotFoundError):
                return await aws.is_termination_protected(ctx.session, one)
        return False

    flags = await asyncio.gather(*(protected(one) for one in ids))
    return frozenset(one for one, flag in zip(ids, flags, strict=True) if flag)


async def terminate(
    ctx: Context,
    ids: Sequence[str],
    *,
    wait: bool = False,
    known: Mapping[str, Instance] | None = None,
    protected: Collection[str] | None = None,
) -> list[Outcome]:
    """Terminate instances: cancels their spot requests before, and frees their names after. One outcome each.

    No ids raise UsageError: that never means all. A protected instance gets a ProtectedError, the others are
    terminated. ``known`` were recorded with their volumes; ``protected`` is what ``protected_ids`` returned then.
    """
    wanted = unique_ids(ids, "terminate")
    found, results = await look_up_instances(ctx, wanted, known, with_volumes=True)
    labels = {key: one.label for key, one in found.items()}
    seen: dict[str, Instance] | None = None
    with activity_entries(ctx, "terminate", labels) as entries:
        surviving = await surviving_requests(ctx, found.values())
        for key, instance in found.items():
            if instance.state.is_gone:
                results[key] = ". ".join([f"is {instance.state} already", *filter(None, [surviving.get(key)])])
        left = {key: found[key] for key in wanted if key not in results}
        for key, instance in left.items():
            if instance.is_spot:
                entries[key].left_behind = "Its spot request may be cancelled already: terminate it again."
        results.update(await run_to_completion(_cancel_requests(ctx, left, protected), ctx.pace.completion))
        going = [key for key in wanted if key not in results]
        accepted_text = "AWS had accepted it: it is being terminated."
        results.update(await send_change(ctx, entries, going, _terminate(ctx, going, found), accepted_text))
        _add_cancelled_requests(results, [found[key] for key in going])
        end_entries(ctx, entries, {key: result for key, result in results.items() if isinstance(result, Fe2Error)})
        accepted = [key for key in going if not isinstance(results[key], Fe2Error)]
        if wait and accepted:
            for key in accepted:
                entries[key].left_behind = accepted_text
            seen = await wait_for_states(ctx, accepted, State.TERMINATED)
            results.update({key: str(results[key]).replace("terminating", "terminated") for key in accepted})
        end_entries(ctx, entries, results)
    if seen is not None:
        await usage_history.record_instances(ctx, seen.values())
    else:
        seen = await usage_history.read_and_record(ctx, accepted)
    deleted = {
        attachment.volume_id: (seen[key].changed_state_at if key in seen else None) or ctx.clock()
        for key in accepted
        for attachment in found[key].attachments
        if attachment.delete_on_termination
    }
    if deleted:
        await usage_history.record_volumes_deleted(ctx, deleted)
    return outcomes(wanted, results, labels)


async def surviving_requests(ctx: Context, instances: Iterable[Instance]) -> dict[str, str]:
    """For terminated instances whose persistent spot request is still active: that AWS launches another, by id.

    One call if there are terminated spot instances, else none.
    """
    spot = {one.id: one.spot_request_id for one in instances if one.state.is_gone and one.is_spot}
    try:
        requests = {one.id: one for one in await spot_requests_by_id(ctx.session, filter(None, spot.values()))}
    except AwsError:
        return {}
    found = {key: requests[request] for key, request in spot.items() if request in requests}
    return {
        key: f"But its spot request is still active, and AWS launches another: fe2 get-request {one.id} - cancel"
        for key, one in found.items()
        if one.is_persistent and one.state in LIVE_REQUEST_STATES and one.instance_id != key
    }


def _add_cancelled_requests(results: Results, instances: Sequence[Instance]) -> None:
    """Say of spot instances that were not terminated after all that their request is cancelled."""
    for instance in instances:
        error = results[instance.id]
        if isinstance(error, Fe2Error) and instance.is_spot and instance.spot_request_id:
            own_error = copy(error)  # several instances may share one error
            more = "Its spot request is cancelled already, so it cannot be stopped any more: terminate it again."
            own_error.remedy = f"{error.remedy} {more}".strip()
            results[instance.id] = own_error


async def _cancel_requests(
    ctx: Context, instances: Mapping[str, Instance], known_protected: Collection[str] | None
) -> Results:
    """Cancel the requests of spot instances, or AWS would launch others in their place. Returns the errors.

    A protected instance keeps its request, because it is not terminated.
    """
    spot = {key: one.spot_request_id for key, one in instances.items() if one.is_spot and one.spot_request_id}
    if not spot:
        return {}
    protected = await protected_ids(ctx, list(spot)) if known_protected is None else known_protected
    refused: Results = {key: protection_error(instances[key]) for key in spot if key in protected}
    by_request = {request: key for key, request in spot.items() if key not in protected}

    async def cancel(requests: Sequence[str]) -> None:
        await cancel_spot_requests(ctx.session, requests)

    errors = await call_all_or_each(list(by_request), cancel)
    lost = [key for key, error in errors.items() if isinstance(error, AwsError) and error.may_be_done]
    with suppress(Fe2Error):
        found = await spot_requests_by_id(ctx.session, lost)
        errors.update({one.id: None for one in found if one.state not in LIVE_REQUEST_STATES})
    for request, error in errors.items():
        key = by_request[request]
        if error is None:
            ctx.report_step(
                "terminate", "spot request", f"{request} is cancelled", subject=key, label=instances[key].label
            )
        elif not isinstance(error, NotFoundError):
            refused[key] = error
    return refused


async def _terminate(ctx: Context, ids: Sequence[str], instances: Mapping[str, Instance]) -> Results:
    act = partial(aws.terminate_instances, ctx.session)
    errors = await change_states(ctx, instances, ids, act, "terminating")
    results: Results = {
        key: protection_error(instances[key], error.against) if isinstance(error, ProtectedError) else error
        for key, error in errors.items()
        if error is not None
    }
    accepted = [key for key, error in errors.items() if error is None]
    for key in accepted:
        ctx.report_step("terminate", "requested", "terminating", subject=key, label=instances[key].label)

    async def free_name(one: str) -> Fe2Error | None:
        try:
            if instances[one].name:
                await aws.delete_name_tag(ctx.session, one)
        except Fe2Error as error:
            return error
        return None

    for key, error in (await call_each(accepted, free_name)).items():
        results[key] = f"terminating; its name could not be freed: {error.summary}" if error else "terminating"
    return results
