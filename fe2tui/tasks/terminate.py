"""Terminate: what will be lost, and then the loss."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from fe2tui.aws import instances as aws
from fe2tui.aws.spot_requests import cancel_spot_requests, spot_requests
from fe2tui.errors import AwsError, Fe2Error, NotFoundError, ProtectedError, StateError
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Attachment, Instance, State
from fe2tui.model.interruption import ALIVE
from fe2tui.model.money import HOURS_A_MONTH, disk_rate, hourly_cost
from fe2tui.model.progress import Outcome
from fe2tui.model.words import age, dollars, plural
from fe2tui.tasks import books
from fe2tui.tasks.batch import Fates, asked_for, each_or_all, logged, look_up, outcomes, settle
from fe2tui.tasks.context import Context
from fe2tui.tasks.record import unbroken

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class DiskFate:
    """What becomes of one disk. ``size`` is GiB, ``monthly`` dollars; None where not known."""

    volume_id: str
    device: str
    name: str
    size: int | None
    kept: bool
    monthly: Decimal | None

    @property
    def words(self) -> str:
        """``disk 100 GiB: deleted``, ``disk data 500 GiB: kept, $40.00 a month``."""
        size = f"{self.size:,} GiB" if self.size is not None else self.volume_id
        disk = " ".join(part for part in ("disk", self.name, size) if part)
        if not self.kept:
            return f"{disk}: deleted"
        cost = f"{dollars(self.monthly, sign='$')} a month" if self.monthly is not None else "cost not known"
        return f"{disk}: kept, {cost}"


@dataclass(frozen=True, slots=True)
class InstanceImpact:
    """What terminating one instance does. ``protected`` is None while it was not asked for."""

    instance: Instance
    state_words: str  # "running 5h 12m"
    disks: tuple[DiskFate, ...]
    hourly: Decimal | None  # dollars an hour that end
    spot_request_id: str | None
    protected: bool | None

    @property
    def left_because(self) -> str:
        """Why it is left as it is; empty if it will be terminated."""
        if self.instance.state.is_gone:
            return f"{self.instance.state} already"
        return "protected against termination" if self.protected else ""

    @property
    def refusal(self) -> Fe2Error | None:
        """The same as an error."""
        instance = self.instance
        if instance.state.is_gone:
            return StateError(
                f"{instance.label} ({instance.id}) is {instance.state} already: nothing is done.",
                "EC2 shows it for about an hour more; it costs nothing.",
            )
        return _protected(instance) if self.protected else None


@dataclass(frozen=True, slots=True)
class Impact:
    """What terminating does, for the sheet that asks. Dollars; None where a part is not known.

    Amounts, counts and sentences are of those that will be terminated, ``going``; ``rows`` are all that were named.
    ``confirmation`` is what has to be typed: the name of one (its id, if it has none), the count of several.
    """

    rows: tuple[InstanceImpact, ...]
    stops_per_hour: Decimal | None
    stays_per_month: Decimal | None
    confirmation: str
    sentences: tuple[str, ...]  # "Their spot request is cancelled first." "Stops $4.05 an hour." …

    @property
    def going(self) -> tuple[InstanceImpact, ...]:
        """Those that will be terminated."""
        return tuple(row for row in self.rows if not row.left_because)


def impact(
    fleet: Fleet, instances: Sequence[Instance], *, now: datetime, protected: Collection[str] | None = None
) -> Impact:
    """What terminating these would do, as far as the fleet tells; ``protected`` are the ids known to be protected."""
    rows = tuple(_row(fleet, instance, now, protected) for instance in instances)
    going = [row for row in rows if not row.left_because]
    kept = [disk for row in going for disk in row.disks if disk.kept]
    stops = _sum([row.hourly for row in going])
    stays = _sum([disk.monthly for disk in kept])
    confirmation = going[0].instance.label if len(going) == 1 else str(len(going))
    return Impact(rows, stops, stays, confirmation, tuple(_sentences(rows, stops, stays, len(kept))))


def _row(fleet: Fleet, instance: Instance, now: datetime, protected: Collection[str] | None) -> InstanceImpact:
    since = instance.launched_at if instance.state in (State.RUNNING, State.PENDING) else instance.changed_state_at
    words = f"{instance.state} {age(now - since)}" if since is not None else str(instance.state)
    disks = tuple(_fate(fleet, attachment) for attachment in instance.attachments)
    is_protected = None if protected is None else instance.id in protected
    hourly = _ends(fleet, instance, disks)
    request = instance.spot_request_id if instance.is_spot else None
    return InstanceImpact(instance, words, disks, hourly, request, is_protected)


def _fate(fleet: Fleet, attachment: Attachment) -> DiskFate:
    volume = fleet.volumes.get(attachment.volume_id)
    return DiskFate(
        attachment.volume_id,
        attachment.device,
        volume.name if volume is not None else "",
        volume.size if volume is not None else None,
        not attachment.delete_on_termination,
        None if volume is None else disk_rate(volume, fleet.prices),
    )


def _ends(fleet: Fleet, instance: Instance, disks: Sequence[DiskFate]) -> Decimal | None:
    """What stops costing: the machine, its address, and the disks that are deleted."""
    cost = hourly_cost(instance, fleet)
    deleted = _sum([disk.monthly for disk in disks if not disk.kept])
    if cost.machine is None or deleted is None:
        return None
    return cost.machine + cost.address + (deleted / HOURS_A_MONTH)


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def _sentences(rows: Sequence[InstanceImpact], stops: Decimal | None, stays: Decimal | None, kept: int) -> list[str]:
    going = [row for row in rows if not row.left_because]
    requests = sum(1 for row in going if row.spot_request_id)
    whose = "Its" if len(rows) == 1 else "Their"
    said = []
    if requests:
        said.append(f"{whose} spot {'request is' if requests == 1 else 'requests are'} cancelled first.")
    if protected := [row for row in rows if row.protected]:
        who = (
            "It is"
            if len(rows) == 1
            else f"{plural(len(protected), 'instance')} {'is' if len(protected) == 1 else 'are'}"
        )
        said.append(f"{who} protected against termination and will be left.")
    if not going:
        return [*said, "Nothing will be done."]
    if stops is None:
        said.append("What it stops costing is not known.")
    else:
        said.append(f"Stops {dollars(stops, 2 if stops >= Decimal('0.1') else 3, sign='$')} an hour.")
    if kept:
        cost = f"{dollars(stays, sign='$')} a month" if stays is not None else "at a price not known"
        stay = "stays and costs on" if kept == 1 else "stay and cost on"
        said.append(f"{plural(kept, 'disk')} {stay}: {cost}.")
    return [*said, "This cannot be undone."]


async def protected_ids(ctx: Context, ids: Sequence[str]) -> frozenset[str]:
    """Which of these have termination protection: one call each, several at a time.

    One for which that may not be asked counts as not protected: EC2 itself refuses it then.
    """
    gate = asyncio.Semaphore(_AT_ONCE)

    async def protected(one: str) -> bool:
        async with gate:
            try:
                return await aws.is_protected(ctx.session, one)
            except (AwsError, NotFoundError):
                return False

    flags = await asyncio.gather(*(protected(one) for one in ids))
    return frozenset(one for one, flag in zip(ids, flags, strict=True) if flag)


async def terminate(ctx: Context, ids: Sequence[str], *, wait: bool = False) -> list[Outcome]:
    """Terminate instances: spot requests cancelled first, names freed afterwards. One outcome each.

    An empty list is a UsageError, never "all". Protected ones get a ProtectedError, the others are terminated.
    """
    wanted = asked_for(ids, "terminate")
    found, fates = await look_up(ctx, wanted)
    await books.note(ctx, found.values(), disks=True)
    with logged(ctx, "terminate", found) as entries:
        gone = {key: instance for key, instance in found.items() if instance.state.is_gone}
        fates.update(await _gone_already(ctx, gone))
        fates.update(await unbroken(_cancel_requests(ctx, _left(wanted, fates, found)), ctx.pace.unbroken))
        going = list(_left(wanted, fates, found))
        fates.update(await unbroken(_terminate(ctx, going, found), ctx.pace.unbroken))
        _tell_of_requests(fates, [found[key] for key in going])
        settle(ctx, entries, {key: fate for key, fate in fates.items() if isinstance(fate, Fe2Error)})
        if wait and (accepted := [key for key in going if not isinstance(fates[key], Fe2Error)]):
            for key in accepted:
                entries[key].left = "AWS had accepted it: it is being terminated."
            await aws.wait_states(
                ctx.session, accepted, [State.TERMINATED], every=ctx.pace.poll, timeout=ctx.pace.states
            )
            fates.update({key: str(fates[key]).replace("terminating", "terminated") for key in accepted})
        settle(ctx, entries, fates)
    await _note_the_end(ctx, [found[key] for key in going if not isinstance(fates[key], Fe2Error)])
    return outcomes(wanted, fates, found)


def _tell_of_requests(fates: Fates, asked: Sequence[Instance]) -> None:
    """Those that were not terminated after all, though their request is cancelled."""
    for instance in asked:
        error = fates[instance.id]
        if isinstance(error, Fe2Error) and instance.is_spot and instance.spot_request_id:
            told = copy(error)  # one error may be that of several instances
            more = "Its spot request is cancelled already, so it cannot be stopped any more: terminate it again."
            told.remedy = f"{error.remedy} {more}".strip()
            fates[instance.id] = told


async def _note_the_end(ctx: Context, ended: Sequence[Instance]) -> None:
    """Into the books: the runs are over, and the disks that go with their instances."""
    now = ctx.clock()
    seen = await books.look(ctx, [one.id for one in ended])
    at = {one.id: (seen[one.id].changed_state_at if one.id in seen else None) or now for one in ended}
    deleted = {disk.volume_id: at[one.id] for one in ended for disk in one.attachments if disk.delete_on_termination}
    if deleted:
        await books.note_deleted(ctx, deleted)


async def _gone_already(ctx: Context, gone: Mapping[str, Instance]) -> Fates:
    """Nothing is done for these."""
    outlived = await outlived_by(ctx, gone.values())
    said = {key: f"is {instance.state} already" for key, instance in gone.items()}
    return {key: f"{words}. {outlived[key]}" if key in outlived else words for key, words in said.items()}


async def outlived_by(ctx: Context, instances: Iterable[Instance]) -> dict[str, str]:
    """By id, of those that are gone and whose persistent spot request is not: that AWS launches another, and the end.

    No call where none of them is a spot instance that is gone.
    """
    spot = {one.id: one.spot_request_id for one in instances if one.state.is_gone and one.is_spot}
    asked = list(dict.fromkeys(request for request in spot.values() if request))
    try:
        requests = {one.id: one for one in await spot_requests(ctx.session, asked)}
    except AwsError:
        return {}
    found = {key: requests[request] for key, request in spot.items() if request in requests}
    return {
        key: f"But its spot request goes on, and AWS launches another for it: fe2 get-request {one.id} - cancel"
        for key, one in found.items()
        if one.is_persistent and one.state in ALIVE and one.instance_id != key
    }


def _left(wanted: Sequence[str], fates: Fates, found: Mapping[str, Instance]) -> dict[str, Instance]:
    return {key: found[key] for key in wanted if key not in fates}


async def _cancel_requests(ctx: Context, instances: Mapping[str, Instance]) -> Fates:
    """Cancel the requests behind spot instances, or AWS would launch others in their place. Whose could not be.

    A protected instance keeps its request: it is going to stay.
    """
    spot = {key: one.spot_request_id for key, one in instances.items() if one.is_spot and one.spot_request_id}
    if not spot:
        return {}
    protected = await protected_ids(ctx, list(spot))
    refused: Fates = {key: _protected(instances[key]) for key in protected}
    by_request = {request: key for key, request in spot.items() if key not in protected}

    async def cancel(requests: Sequence[str]) -> None:
        await cancel_spot_requests(ctx.session, requests)

    for request, error in (await each_or_all(list(by_request), cancel)).items():
        key = by_request[request]
        if error is None:
            ctx.step("terminate", "spot request", f"{request} is cancelled", subject=key, label=instances[key].label)
        elif not isinstance(error, NotFoundError):
            refused[key] = error
    return refused


def _protected(instance: Instance) -> ProtectedError:
    return ProtectedError(
        f"{instance.label} ({instance.id}) is protected against termination.",
        "Take the protection off first: aws ec2 modify-instance-attribute --no-disable-api-termination "
        f"--instance-id {instance.id}",
        code="OperationNotPermitted",
    )


async def _terminate(ctx: Context, ids: Sequence[str], instances: Mapping[str, Instance]) -> Fates:
    became = await each_or_all(ids, lambda some: aws.terminate(ctx.session, some))
    fates: Fates = {
        key: _protected(instances[key]) if isinstance(error, ProtectedError) else error
        for key, error in became.items()
        if error is not None
    }
    accepted = [key for key, error in became.items() if error is None]
    for key in accepted:
        ctx.step("terminate", "requested", "terminating", subject=key, label=instances[key].label)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def free(one: str) -> str:
        if not instances[one].name:
            return "terminating"
        async with gate:
            try:
                await aws.free_name(ctx.session, one)
            except Fe2Error as error:
                return f"terminating; its name could not be freed: {error.summary}"
        return "terminating"

    words = await asyncio.gather(*(free(one) for one in accepted))
    return {**fates, **dict(zip(accepted, words, strict=True))}
