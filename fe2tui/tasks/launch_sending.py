"""RunInstances, asked zone after zone: in the journal before it is sent, and never left unknown."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fe2tui.aws import instances as aws
from fe2tui.aws.quotas import spot_vcpus
from fe2tui.errors import AwsError, CapacityError, Fe2Error, NoCapacityError, QuotaError, UnreachableError
from fe2tui.model.instance import USER_TAG, Instance
from fe2tui.model.launch import LaunchIntent, LaunchRequest
from fe2tui.model.words import listed
from fe2tui.tasks.context import Context
from fe2tui.tasks.launch_plan import DISK_TYPE, LaunchPlan
from fe2tui.tasks.record import Entry, unbroken
from fe2tui.tasks.recover import was_launched

_NOT_HERE = "Unsupported"  # EC2's code for a zone that does not have the type
_SPOT_LIMIT = "MaxSpotInstanceCountExceeded"
_FULL = ("InsufficientInstanceCapacity", "UnfulfillableCapacity")


@dataclass(slots=True)
class Sending:
    """The calls of one launch."""

    ctx: Context
    plan: LaunchPlan
    entry: Entry
    since: datetime  # from when on another launch of the name is not in what the plan has seen

    async def requested(self, key: str, group_id: str) -> tuple[Instance, str]:
        """Ask zone after zone until one has capacity. Returns the instance and the token that it came of."""
        now, zones = asyncio.get_running_loop().time, list(self.plan.zones)
        until = now() + self.ctx.pace.capacity
        last: AwsError | None = None
        asked: list[str] = []
        for zone in zones:
            if last is not None:
                if now() > until:
                    break
                self.step("no capacity", f"{last.summary.rstrip('.')}; trying {zone}")
            asked.append(zone)
            try:
                return await self.send(launch_call(self.plan, key, group_id, zone), zone)
            except QuotaError as error:
                raise await self.with_limit(error) from None
            except AwsError as error:
                if not isinstance(error, CapacityError) and error.code != _NOT_HERE:
                    raise
                last = _of_zone(error, self.plan.request, zone)
        assert last is not None
        if last.code == _NOT_HERE and len(asked) == len(zones):
            raise last
        left = zones[len(asked) :]
        late = f" There was no time left to ask {listed(left, 'or')}." if left else ""
        summary = f"AWS has no {self.plan.request.machine} right now{in_zones(asked)}.{late}"
        raise no_capacity(self.plan.request, asked, last.code, summary)

    async def send(self, call: Mapping[str, Any], zone: str) -> tuple[Instance, str]:
        """Send one call, its intent kept first."""
        ctx, journal = self.ctx, self.ctx.store.launches
        token = str(uuid.uuid4())
        sent = {**call, "ClientToken": token}
        place = ctx.session.place
        intent = LaunchIntent(
            token, self.plan.request, sent, place.region, place.profile, ctx.clock(), endpoint=place.endpoint,
            process=os.getpid(), activity=self.entry.id or 0,
        )  # fmt: skip
        is_sent = False
        try:
            await unbroken(asyncio.to_thread(journal.intend, intent, self.since), ctx.pace.unbroken)
            self.step("requested", f"Asking for {self.plan.request.type}" + (f" in {zone}" if zone else ""))
            is_sent = True
            instance = await self.answered(sent, token)
            journal.update(token, stage="launched", instance_id=instance.id)
        except BaseException as error:
            stage = _stage_after(error, is_sent)
            if stage is not None:
                journal.update(token, stage=stage, error=str(error))
            journal.release(token)
            raise
        ctx.step(
            "launch",
            "requested",
            f"{instance.id} in {instance.zone}",
            subject=instance.id,
            label=self.plan.request.name,
        )
        return instance, token

    async def answered(self, call: Mapping[str, Any], token: str) -> Instance:
        """Send the call. Cancelled meanwhile, it is still seen to its end, so that what is left can be said."""
        ctx = self.ctx
        sending = asyncio.create_task(aws.run_instances(ctx.session, call))
        try:
            return await asyncio.shield(sending)
        except UnreachableError as error:
            return await self.after_silence(error, token)
        except asyncio.CancelledError:
            await asyncio.wait({sending}, timeout=ctx.pace.unbroken)
            self.entry.left = "Whether it was launched is found out at the next start."
            if not sending.done():
                sending.cancel()
            elif not sending.cancelled() and sending.exception() is None:
                left = sending.result()
                ctx.store.launches.update(token, stage="found", instance_id=left.id)
                self.entry.subject = left.id
                self.entry.left = f"{left.id} was launched and goes on running, and costing."
            raise

    async def after_silence(self, error: UnreachableError, token: str) -> Instance:
        """No answer says nothing of what AWS did: look for what came of it. Raises the error if it was nothing."""
        ctx = self.ctx
        self.step("requested", f"{error.summary} Looking whether it was launched all the same.")
        try:
            found = await was_launched(ctx, ctx.session, token, since=ctx.clock())
        except UnreachableError:
            raise UnknownEndError(
                f"Whether {self.plan.request.name} was launched is not known: {error.summary}",
                "The next start of this program finds it out, and never launches it twice.",
                code=error.code,
            ) from error
        if found is None:
            error.remedy = f"Nothing was launched. {error.remedy}".strip()
            raise error
        return found

    async def with_limit(self, error: QuotaError) -> QuotaError:
        """The refusal with the limit in it where that can be found out: EC2 does not tell that of spot instances."""
        if error.code != _SPOT_LIMIT:
            return error
        try:
            async with asyncio.timeout(self.ctx.pace.limit):
                most = await spot_vcpus(self.ctx.session, self.plan.request.type)
        except (Fe2Error, TimeoutError):
            return error  # its words do without the number
        if most is not None:
            allowed = f"at most {most} vCPUs of" if most else "no"
            error.summary = f"Your account may run {allowed} spot instances of this family{'' if most else ' yet'}."
        return error

    def step(self, step: str, words: str) -> None:
        """Report a step of the launch."""
        self.ctx.step("launch", step, words, subject=self.entry.subject, label=self.plan.request.name)


class UnknownEndError(UnreachableError):
    """It is not known what came of the call: its intent stays open."""


def no_capacity(request: LaunchRequest, zones: Sequence[str], code: str | None, summary: str) -> NoCapacityError:
    """The error of a launch for which none of these zones had a machine, with the ways out."""
    ways = ["Wait and try again", *(["leave the zone open"] if request.zone else [])]
    ways += ["choose another type", "launch it on demand"] if request.is_spot else ["choose another type or region"]
    return NoCapacityError(
        summary, f"{', '.join(ways[:-1])}, or {ways[-1]}.", zones=zones, type_name=request.type, code=code
    )


def in_zones(zones: Sequence[str]) -> str:
    """`` in us-east-2a or us-east-2b``; nothing where AWS chose the zone."""
    return f" in {listed(list(zones), 'or')}" if any(zones) else ""


def _of_zone(error: AwsError, request: LaunchRequest, zone: str) -> AwsError:
    """A refusal with the type and the zone in it: EC2's words for a spot instance name neither."""
    if error.code in _FULL:
        error.summary = f"AWS has no {request.machine}{f' in {zone}' if zone else ''} right now."
    return error


def _stage_after(error: BaseException, is_sent: bool) -> str | None:
    """What an intent is to be marked as; None where it is not known, and left for ``recover``."""
    if isinstance(error, UnknownEndError):
        return None
    if isinstance(error, UnreachableError) or not is_sent:
        return "abandoned"
    return "failed" if isinstance(error, Fe2Error) else None


def launch_call(found: LaunchPlan, key: str, group_id: str, zone: str) -> dict[str, Any]:
    """RunInstances' parameters for one zone, without the token."""
    request, image = found.request, found.image
    assert image is not None
    disk: dict[str, Any] = {"VolumeType": DISK_TYPE, "DeleteOnTermination": True}
    root = found.volumes[0] if found.volumes else None  # what was priced is what is sent
    wanted = {
        "VolumeSize": found.disk,
        "Iops": root.iops if root else request.iops,
        "Throughput": root.throughput if root else None,
    }
    disk |= {key: value for key, value in wanted.items() if value is not None}
    tags = {**request.tags, "Name": request.name}
    on_instance = {**tags, USER_TAG: found.user} if found.user else tags
    call: dict[str, Any] = {
        "ImageId": image.id,
        "InstanceType": request.type,
        "MinCount": 1,
        "MaxCount": 1,
        "KeyName": key,
        "SecurityGroupIds": [group_id],
        "BlockDeviceMappings": [{"DeviceName": image.root_device, "Ebs": disk}],
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
        "TagSpecifications": [_tags("instance", on_instance), _tags("volume", tags)],
    }
    if request.is_spot:
        call["InstanceMarketOptions"] = {"MarketType": "spot", "SpotOptions": dict(_SPOT[request.market])}
        call["TagSpecifications"].append(_tags("spot-instances-request", tags))
    if subnet := found.subnets.get(zone):
        call["SubnetId"] = subnet
    elif zone:
        call["Placement"] = {"AvailabilityZone": zone}
    return call


# Without a maximum price: then the price on demand is the most that is paid. Source: EC2 API reference, data type
# SpotMarketOptions.
_SPOT: Mapping[str, Mapping[str, str]] = {
    "spot": {"SpotInstanceType": "persistent", "InstanceInterruptionBehavior": "stop"},
    "spot-once": {"SpotInstanceType": "one-time", "InstanceInterruptionBehavior": "terminate"},
}


def _tags(resource: str, tags: Mapping[str, str]) -> dict[str, Any]:
    return {"ResourceType": resource, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
