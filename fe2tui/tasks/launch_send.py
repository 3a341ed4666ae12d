"""RunInstances, zone after zone: in the journal before it is sent, so that its result can always be looked up."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fe2tui.aws import instances as aws
from fe2tui.aws.spot import spot_vcpu_quota
from fe2tui.errors import (
    AwsError,
    CapacityError,
    Fe2Error,
    NoCapacityError,
    QuotaError,
    UnknownResultError,
    UnreachableError,
)
from fe2tui.model.instance import USER_TAG, Instance
from fe2tui.model.launch import LaunchIntent, LaunchRequest
from fe2tui.model.text import join_words
from fe2tui.tasks.context import ActivityEntry, Context, report_store_errors, run_to_completion, unknown_result_error
from fe2tui.tasks.launch_plan import VOLUME_TYPE, LaunchPlan
from fe2tui.tasks.launch_recover import find_launched

_CHECKED_LATER = "The next start of this program checks that, and never launches it twice."
_UNSUPPORTED = "Unsupported"  # EC2's code for a zone that does not have the type
_SPOT_QUOTA_CODE = "MaxSpotInstanceCountExceeded"
_CAPACITY_CODES = ("InsufficientInstanceCapacity", "UnfulfillableCapacity")


@dataclass(slots=True)
class LaunchSender:
    ctx: Context
    plan: LaunchPlan
    entry: ActivityEntry
    planned_at: datetime  # the plan has not seen launches of the same name after this

    async def launch_in_first_zone(self, key: str, group_id: str) -> tuple[Instance, str]:
        """Ask zone after zone until one has capacity. Returns the instance and the token of its call."""
        now, zones = asyncio.get_running_loop().time, list(self.plan.zones)
        until = now() + self.ctx.pace.capacity
        last: AwsError | None = None
        asked_zones: list[str] = []
        for zone in zones:
            if last is not None:
                if now() > until:
                    break
                self.report_step("no capacity", f"{last.summary.rstrip('.')}; trying {zone}")
            asked_zones.append(zone)
            try:
                return await self.send_call(run_instances_params(self.plan, key, group_id, zone), zone)
            except QuotaError as error:
                raise await self.with_quota(error) from None
            except AwsError as error:
                if not isinstance(error, CapacityError) and error.code != _UNSUPPORTED:
                    raise
                last = _with_zone(error, self.plan.request, zone)
        assert last is not None
        if last.code == _UNSUPPORTED and len(asked_zones) == len(zones):
            raise last
        left = zones[len(asked_zones) :]
        late = f" There was no time left to ask {join_words(left, 'or')}." if left else ""
        summary = f"AWS has no {self.plan.request.type_text} right now{zones_text(asked_zones)}.{late}"
        raise no_capacity_error(self.plan.request, asked_zones, last.code, summary)

    async def send_call(self, call: Mapping[str, Any], zone: str) -> tuple[Instance, str]:
        """Write the intent of one call to the journal, then send it."""
        ctx, journal = self.ctx, self.ctx.store.launches
        token = str(uuid.uuid4())
        sent = {**call, "ClientToken": token}
        location = ctx.session.location
        intent = LaunchIntent(
            token, self.plan.request, sent, location.region, location.profile, ctx.clock(), endpoint=location.endpoint,
            process=os.getpid(), activity=self.entry.id or 0,
        )  # fmt: skip
        is_sent = False
        try:
            await run_to_completion(asyncio.to_thread(journal.add, intent, self.planned_at), ctx.pace.completion)
            self.report_step("requested", f"Asking for {self.plan.request.type}" + (f" in {zone}" if zone else ""))
            is_sent = True
            instance = await self.await_answer(sent, token)
        except BaseException as error:
            stage = _stage_after(error, is_sent)
            if stage is not None:
                with self.report_store_errors():
                    journal.update(token, stage=stage, error=str(error))
            journal.release(token)
            raise
        with self.report_store_errors(instance.id):
            journal.update(token, stage="launched", instance_id=instance.id)
        ctx.report_step(
            "launch",
            "requested",
            f"{instance.id} in {instance.zone}",
            subject=instance.id,
            label=self.plan.request.name,
        )
        return instance, token

    async def await_answer(self, call: Mapping[str, Any], token: str) -> Instance:
        """Send the call. After a cancellation waits for its end, to say what is left behind."""
        ctx = self.ctx

        def on_cancel(sent: asyncio.Task[Instance]) -> None:
            self.entry.left_behind = "The next start checks whether it was launched."
            if sent.done() and not sent.cancelled() and sent.exception() is None:
                instance = sent.result()
                with self.report_store_errors(instance.id):
                    ctx.store.launches.update(token, stage="found", instance_id=instance.id)
                self.entry.subject = instance.id
                self.entry.left_behind = f"{instance.id} was launched: it keeps running, and costs money."

        try:
            return await run_to_completion(aws.run_instances(ctx.session, call), ctx.pace.completion, on_cancel)
        except AwsError as error:
            if error.may_be_done:
                return await self.check_after_no_answer(error, token)
            if isinstance(error, UnreachableError):
                error.remedy = f"Nothing was launched. {error.remedy}".strip()
            raise

    async def check_after_no_answer(self, error: AwsError, token: str) -> Instance:
        """AWS may have launched it without an answer: look for it. Raises the error if there is none."""
        ctx = self.ctx
        self.report_step("requested", f"{error.summary} Checking whether it was launched.")
        try:
            found = await find_launched(ctx, token, since=ctx.clock())
        except Fe2Error as unread:
            raise unknown_result_error(
                f"We don't know whether {self.plan.request.name} was launched", error, unread, _CHECKED_LATER
            ) from error
        if found is None:
            error.remedy = f"Nothing was launched. {error.remedy}".strip()
            raise error
        return found

    async def with_quota(self, error: QuotaError) -> QuotaError:
        """The error with the number of the quota, which EC2's own message lacks for spot instances."""
        if error.code != _SPOT_QUOTA_CODE:
            return error
        try:
            async with asyncio.timeout(self.ctx.pace.quota):
                most = await spot_vcpu_quota(self.ctx.session, self.plan.request.type)
        except (Fe2Error, TimeoutError):
            return error  # without the number
        if most is not None:
            allowed = f"at most {most} vCPUs of" if most else "no"
            error.summary = f"Your account may run {allowed} spot instances of this family{'' if most else ' yet'}."
        return error

    def report_store_errors(self, subject: str = "") -> AbstractContextManager[None]:
        return report_store_errors(self.ctx, "launch", subject, self.plan.request.name)

    def report_step(self, step: str, words: str) -> None:
        self.ctx.report_step("launch", step, words, subject=self.entry.subject, label=self.plan.request.name)


def no_capacity_error(request: LaunchRequest, zones: Sequence[str], code: str | None, summary: str) -> NoCapacityError:
    ways = ["Wait and try again", *(["leave the zone open"] if request.zone else [])]
    ways += ["choose another type", "launch it on demand"] if request.is_spot else ["choose another type or region"]
    return NoCapacityError(
        summary, f"{', '.join(ways[:-1])}, or {ways[-1]}.", zones=zones, type_name=request.type, code=code
    )


def zones_text(zones: Sequence[str]) -> str:
    """`` in us-east-2a or us-east-2b``; empty if AWS chose the zone."""
    return f" in {join_words(list(zones), 'or')}" if any(zones) else ""


def _with_zone(error: AwsError, request: LaunchRequest, zone: str) -> AwsError:
    """The error with the type and the zone, which EC2's own message lacks for spot instances."""
    if error.code in _CAPACITY_CODES:
        error.summary = f"AWS has no {request.type_text}{f' in {zone}' if zone else ''} right now."
    return error


def _stage_after(error: BaseException, is_sent: bool) -> str | None:
    """The stage of an intent after an error; None if the result is unknown: ``recover_launches`` checks it."""
    if isinstance(error, UnknownResultError):
        return None
    if not is_sent or (isinstance(error, AwsError) and error.may_be_done):  # looked for, and not found
        return "abandoned"
    return "failed" if isinstance(error, Fe2Error) else None


def run_instances_params(plan: LaunchPlan, key: str, group_id: str, zone: str) -> dict[str, Any]:
    """RunInstances' parameters for one zone, without the token."""
    request, image = plan.request, plan.image
    assert image is not None
    ebs: dict[str, Any] = {"VolumeType": VOLUME_TYPE, "DeleteOnTermination": True}
    root = plan.volumes[0] if plan.volumes else None  # the same values that were priced
    wanted = {
        "VolumeSize": plan.volume_size,
        "Iops": root.iops if root else request.iops,
        "Throughput": root.throughput if root else None,
    }
    ebs |= {key: value for key, value in wanted.items() if value is not None}
    tags = {**request.tags, "Name": request.name}
    on_instance = {**tags, USER_TAG: plan.user} if plan.user else tags
    call: dict[str, Any] = {
        "ImageId": image.id,
        "InstanceType": request.type,
        "MinCount": 1,
        "MaxCount": 1,
        "KeyName": key,
        "SecurityGroupIds": [group_id],
        "BlockDeviceMappings": [{"DeviceName": image.root_device, "Ebs": ebs}],
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
        "TagSpecifications": [_tag_specification("instance", on_instance), _tag_specification("volume", tags)],
    }
    if request.is_spot:
        call["InstanceMarketOptions"] = {"MarketType": "spot", "SpotOptions": dict(_SPOT_OPTIONS[request.market])}
        call["TagSpecifications"].append(_tag_specification("spot-instances-request", tags))
    if subnet := plan.subnets.get(zone):
        call["SubnetId"] = subnet
    elif zone:
        call["Placement"] = {"AvailabilityZone": zone}
    return call


# No maximum price: the on-demand price is the limit then. Source: EC2 API reference, data type SpotMarketOptions.
_SPOT_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "spot": {"SpotInstanceType": "persistent", "InstanceInterruptionBehavior": "stop"},
    "spot-once": {"SpotInstanceType": "one-time", "InstanceInterruptionBehavior": "terminate"},
}


def _tag_specification(resource: str, tags: Mapping[str, str]) -> dict[str, Any]:
    return {"ResourceType": resource, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
