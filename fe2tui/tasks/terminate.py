"""Terminate: what will be lost, and then the loss."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from fe2tui.aws import instances as aws
from fe2tui.aws.spot import cancel_spot_requests, spot_requests_by_id
from fe2tui.errors import AwsError, Fe2Error, NotFoundError, ProtectedError, StateError
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Attachment, Instance, State
from fe2tui.model.interruption import LIVE_REQUEST_STATES
from fe2tui.model.money import HOURS_A_MONTH, hourly_cost, volume_per_month
from fe2tui.model.progress import Outcome
from fe2tui.model.text import age, dollars, plural
from fe2tui.tasks import usage_history
from fe2tui.tasks.batch import (
    Results,
    activity_entries,
    call_all_or_each,
    end_entries,
    look_up_instances,
    outcomes,
    unique_ids,
)
from fe2tui.tasks.context import Context, run_to_completion

_MAX_CONCURRENT = 8


@dataclass(frozen=True, slots=True)
class VolumeImpact:
    """What becomes of one disk. ``size`` is GiB, ``monthly`` dollars; None where not known."""

    volume_id: str
    device: str
    name: str
    size: int | None
    is_kept: bool
    per_month: Decimal | None

    @property
    def words(self) -> str:
        """``disk 100 GiB: deleted``, ``disk data 500 GiB: kept, $40.00 a month``."""
        size = f"{self.size:,} GiB" if self.size is not None else self.volume_id
        title = " ".join(part for part in ("disk", self.name, size) if part)
        if not self.is_kept:
            return f"{title}: deleted"
        cost = f"{dollars(self.per_month, sign='$')} a month" if self.per_month is not None else "cost not known"
        return f"{title}: kept, {cost}"


@dataclass(frozen=True, slots=True)
class InstanceImpactRow:
    """What terminating one instance does. ``protected`` is None while it was not asked for."""

    instance: Instance
    state_text: str  # "running 5h 12m"
    volumes: tuple[VolumeImpact, ...]
    per_hour: Decimal | None  # dollars an hour that end
    spot_request_id: str | None
    is_protected: bool | None

    @property
    def skip_reason(self) -> str:
        """Why it is left as it is; empty if it will be terminated."""
        if self.instance.state.is_gone:
            return f"{self.instance.state} already"
        return "protected against termination" if self.is_protected else ""

    @property
    def skip_error(self) -> Fe2Error | None:
        """The same as an error."""
        instance = self.instance
        if instance.state.is_gone:
            return StateError(
                f"{instance.label} ({instance.id}) is {instance.state} already: nothing is done.",
                "EC2 shows it for about an hour more; it costs nothing.",
            )
        return _protected_error(instance) if self.is_protected else None


@dataclass(frozen=True, slots=True)
class TerminationImpact:
    """What terminating does, for the sheet that asks. Dollars; None where a part is not known.

    Amounts, counts and sentences are of those that will be terminated, ``going``; ``rows`` are all that were named.
    ``confirmation`` is what has to be typed: the name of one (its id, if it has none), the count of several.
    """

    rows: tuple[InstanceImpactRow, ...]
    stops_per_hour: Decimal | None
    stays_per_month: Decimal | None
    confirmation: str
    sentences: tuple[str, ...]  # "Their spot request is cancelled first." "Stops $4.05 an hour." …

    @property
    def affected(self) -> tuple[InstanceImpactRow, ...]:
        """Those that will be terminated."""
        return tuple(row for row in self.rows if not row.skip_reason)


def terminate_impact(
    fleet: Fleet, instances: Sequence[Instance], *, now: datetime, protected: Collection[str] | None = None
) -> TerminationImpact:
    """What terminating these would do, as far as the fleet tells; ``protected`` are the ids known to be protected."""
    rows = tuple(_instance_row(fleet, instance, now, protected) for instance in instances)
    going = [row for row in rows if not row.skip_reason]
    kept_volumes = [volume for row in going for volume in row.volumes if volume.is_kept]
    stops = _sum_if_known([row.per_hour for row in going])
    stays = _sum_if_known([disk.per_month for disk in kept_volumes])
    confirmation = going[0].instance.label if len(going) == 1 else str(len(going))
    return TerminationImpact(rows, stops, stays, confirmation, tuple(_sentences(rows, stops, stays, len(kept_volumes))))


def _instance_row(
    fleet: Fleet, instance: Instance, now: datetime, protected: Collection[str] | None
) -> InstanceImpactRow:
    since = instance.launched_at if instance.state in (State.RUNNING, State.PENDING) else instance.changed_state_at
    words = f"{instance.state} {age(now - since)}" if since is not None else str(instance.state)
    volumes = tuple(_volume_impact(fleet, attachment) for attachment in instance.attachments)
    is_protected = None if protected is None else instance.id in protected
    hourly = _ending_per_hour(fleet, instance, volumes)
    request = instance.spot_request_id if instance.is_spot else None
    return InstanceImpactRow(instance, words, volumes, hourly, request, is_protected)


def _volume_impact(fleet: Fleet, attachment: Attachment) -> VolumeImpact:
    volume = fleet.volumes.get(attachment.volume_id)
    return VolumeImpact(
        attachment.volume_id,
        attachment.device,
        volume.name if volume is not None else "",
        volume.size if volume is not None else None,
        not attachment.delete_on_termination,
        None if volume is None else volume_per_month(volume, fleet.prices),
    )


def _ending_per_hour(fleet: Fleet, instance: Instance, disks: Sequence[VolumeImpact]) -> Decimal | None:
    """What stops costing: the machine, its address, and the disks that are deleted."""
    cost = hourly_cost(instance, fleet)
    deleted = _sum_if_known([volume.per_month for volume in disks if not volume.is_kept])
    if cost.instance is None or deleted is None:
        return None
    return cost.instance + cost.address + (deleted / HOURS_A_MONTH)


def _sum_if_known(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _sentences(rows: Sequence[InstanceImpactRow], stops: Decimal | None, stays: Decimal | None, kept: int) -> list[str]:
    going = [row for row in rows if not row.skip_reason]
    requests = sum(1 for row in going if row.spot_request_id)
    whose = "Its" if len(rows) == 1 else "Their"
    sentences = []
    if requests:
        sentences.append(f"{whose} spot {'request is' if requests == 1 else 'requests are'} cancelled first.")
    if protected := [row for row in rows if row.is_protected]:
        who = (
            "It is"
            if len(rows) == 1
            else f"{plural(len(protected), 'instance')} {'is' if len(protected) == 1 else 'are'}"
        )
        sentences.append(f"{who} protected against termination and will be left.")
    if not going:
        return [*sentences, "Nothing will be done."]
    if stops is None:
        sentences.append("What it stops costing is not known.")
    else:
        sentences.append(f"Stops {dollars(stops, 2 if stops >= Decimal('0.1') else 3, sign='$')} an hour.")
    if kept:
        cost = f"{dollars(stays, sign='$')} a month" if stays is not None else "at a price not known"
        stay = "stays and costs on" if kept == 1 else "stay and cost on"
        sentences.append(f"{plural(kept, 'disk')} {stay}: {cost}.")
    return [*sentences, "This cannot be undone."]


async def protected_ids(ctx: Context, ids: Sequence[str]) -> frozenset[str]:
    """Which of these have termination protection: one call each, several at a time.

    One for which that may not be asked counts as not protected: EC2 itself refuses it then.
    """
    gate = asyncio.Semaphore(_MAX_CONCURRENT)

    async def protected(one: str) -> bool:
        async with gate:
            try:
                return await aws.is_termination_protected(ctx.session, one)
            except (AwsError, NotFoundError):
                return False

    flags = await asyncio.gather(*(protected(one) for one in ids))
    return frozenset(one for one, flag in zip(ids, flags, strict=True) if flag)


async def terminate(ctx: Context, ids: Sequence[str], *, wait: bool = False) -> list[Outcome]:
    """Terminate instances: spot requests cancelled first, names freed afterwards. One outcome each.

    An empty list is a UsageError, never "all". Protected ones get a ProtectedError, the others are terminated.
    """
    wanted = unique_ids(ids, "terminate")
    found, results = await look_up_instances(ctx, wanted)
    await usage_history.record_instances(ctx, found.values(), with_volumes=True)
    with activity_entries(ctx, "terminate", found) as entries:
        gone = {key: instance for key, instance in found.items() if instance.state.is_gone}
        results.update(await _already_gone_results(ctx, gone))
        results.update(
            await run_to_completion(_cancel_requests(ctx, _remaining(wanted, results, found)), ctx.pace.completion)
        )
        going = list(_remaining(wanted, results, found))
        results.update(await run_to_completion(_terminate(ctx, going, found), ctx.pace.completion))
        _note_cancelled_requests(results, [found[key] for key in going])
        end_entries(ctx, entries, {key: result for key, result in results.items() if isinstance(result, Fe2Error)})
        if wait and (accepted := [key for key in going if not isinstance(results[key], Fe2Error)]):
            for key in accepted:
                entries[key].left_behind = "AWS had accepted it: it is being terminated."
            await aws.wait_for_states(
                ctx.session, accepted, [State.TERMINATED], interval=ctx.pace.poll, timeout=ctx.pace.states
            )
            results.update({key: str(results[key]).replace("terminating", "terminated") for key in accepted})
        end_entries(ctx, entries, results)
    await _record_end(ctx, [found[key] for key in going if not isinstance(results[key], Fe2Error)])
    return outcomes(wanted, results, found)


def _note_cancelled_requests(results: Results, instances: Sequence[Instance]) -> None:
    """Those that were not terminated after all, though their request is cancelled."""
    for instance in instances:
        error = results[instance.id]
        if isinstance(error, Fe2Error) and instance.is_spot and instance.spot_request_id:
            own_error = copy(error)  # one error may be that of several instances
            more = "Its spot request is cancelled already, so it cannot be stopped any more: terminate it again."
            own_error.remedy = f"{error.remedy} {more}".strip()
            results[instance.id] = own_error


async def _record_end(ctx: Context, instances: Sequence[Instance]) -> None:
    """Into the books: the runs are over, and the disks that go with their instances."""
    now = ctx.clock()
    seen = await usage_history.read_and_record(ctx, [one.id for one in instances])
    at = {one.id: (seen[one.id].changed_state_at if one.id in seen else None) or now for one in instances}
    deleted = {
        attachment.volume_id: at[one.id]
        for one in instances
        for attachment in one.attachments
        if attachment.delete_on_termination
    }
    if deleted:
        await usage_history.record_volumes_deleted(ctx, deleted)


async def _already_gone_results(ctx: Context, gone: Mapping[str, Instance]) -> Results:
    """Nothing is done for these."""
    outlived = await surviving_requests(ctx, gone.values())
    words_by_id = {key: f"is {instance.state} already" for key, instance in gone.items()}
    return {key: f"{words}. {outlived[key]}" if key in outlived else words for key, words in words_by_id.items()}


async def surviving_requests(ctx: Context, instances: Iterable[Instance]) -> dict[str, str]:
    """By id, of those that are gone and whose persistent spot request is not: that AWS launches another, and the end.

    No call where none of them is a spot instance that is gone.
    """
    spot = {one.id: one.spot_request_id for one in instances if one.state.is_gone and one.is_spot}
    request_ids = list(dict.fromkeys(request for request in spot.values() if request))
    try:
        requests = {one.id: one for one in await spot_requests_by_id(ctx.session, request_ids)}
    except AwsError:
        return {}
    found = {key: requests[request] for key, request in spot.items() if request in requests}
    return {
        key: f"But its spot request goes on, and AWS launches another for it: fe2 get-request {one.id} - cancel"
        for key, one in found.items()
        if one.is_persistent and one.state in LIVE_REQUEST_STATES and one.instance_id != key
    }


def _remaining(wanted: Sequence[str], results: Results, found: Mapping[str, Instance]) -> dict[str, Instance]:
    return {key: found[key] for key in wanted if key not in results}


async def _cancel_requests(ctx: Context, instances: Mapping[str, Instance]) -> Results:
    """Cancel the requests behind spot instances, or AWS would launch others in their place. Whose could not be.

    A protected instance keeps its request: it is going to stay.
    """
    spot = {key: one.spot_request_id for key, one in instances.items() if one.is_spot and one.spot_request_id}
    if not spot:
        return {}
    protected = await protected_ids(ctx, list(spot))
    refused: Results = {key: _protected_error(instances[key]) for key in protected}
    by_request = {request: key for key, request in spot.items() if key not in protected}

    async def cancel(requests: Sequence[str]) -> None:
        await cancel_spot_requests(ctx.session, requests)

    for request, error in (await call_all_or_each(list(by_request), cancel)).items():
        key = by_request[request]
        if error is None:
            ctx.report_step(
                "terminate", "spot request", f"{request} is cancelled", subject=key, label=instances[key].label
            )
        elif not isinstance(error, NotFoundError):
            refused[key] = error
    return refused


def _protected_error(instance: Instance) -> ProtectedError:
    return ProtectedError(
        f"{instance.label} ({instance.id}) is protected against termination.",
        "Take the protection off first: aws ec2 modify-instance-attribute --no-disable-api-termination "
        f"--instance-id {instance.id}",
        code="OperationNotPermitted",
    )


async def _terminate(ctx: Context, ids: Sequence[str], instances: Mapping[str, Instance]) -> Results:
    errors = await call_all_or_each(ids, lambda some: aws.terminate_instances(ctx.session, some))
    results: Results = {
        key: _protected_error(instances[key]) if isinstance(error, ProtectedError) else error
        for key, error in errors.items()
        if error is not None
    }
    accepted = [key for key, error in errors.items() if error is None]
    for key in accepted:
        ctx.report_step("terminate", "requested", "terminating", subject=key, label=instances[key].label)
    gate = asyncio.Semaphore(_MAX_CONCURRENT)

    async def free(one: str) -> str:
        if not instances[one].name:
            return "terminating"
        async with gate:
            try:
                await aws.delete_name_tag(ctx.session, one)
            except Fe2Error as error:
                return f"terminating; its name could not be freed: {error.summary}"
        return "terminating"

    words = await asyncio.gather(*(free(one) for one in accepted))
    return {**results, **dict(zip(accepted, words, strict=True))}
