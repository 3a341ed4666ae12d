"""Launch: from a request to a machine that answers ssh, never twice."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fe2tui.aws import instances as aws
from fe2tui.aws import network
from fe2tui.errors import (
    AwsError,
    CapacityError,
    Fe2Error,
    NoCapacityError,
    ReadOnlyError,
    StateError,
    UnansweredError,
    UnreachableError,
)
from fe2tui.model.instance import USER_TAG, Instance
from fe2tui.model.launch import LaunchIntent, LaunchRequest, ZonePrice, market_words
from fe2tui.model.words import listed
from fe2tui.tasks.context import Context
from fe2tui.tasks.keys import create_key, import_key
from fe2tui.tasks.launch_choices import GroupPlan, KeyPlan
from fe2tui.tasks.launch_plan import DISK_TYPE, LaunchCost, LaunchPlan, plan
from fe2tui.tasks.lookups import Lookups
from fe2tui.tasks.record import Entry, recorded, unbroken
from fe2tui.tasks.recover import recover, was_launched

__all__ = [
    "GroupPlan",
    "KeyPlan",
    "LaunchCost",
    "LaunchPlan",
    "Lookups",
    "ZonePrice",
    "launch",
    "market_words",
    "plan",
    "recover",
    "refuse_if_read_only",
]


async def launch(ctx: Context, request: LaunchRequest, *, wait: bool = True, known: Lookups | None = None) -> Instance:
    """Launch it; with ``wait``, return when ssh answers, else as soon as EC2 has accepted it.

    Reports the steps image, key, security group, requested, running, ssh answers, ready. The intent, its token and the
    exact call are in the store before the call is sent. A zone without capacity is followed by the next, with a new
    token. Raises FieldError for the first field at fault; after EC2 accepted it, errors name the instance left.
    """
    refuse_if_read_only(ctx)
    lookups = known or Lookups(ctx)
    try:
        with recorded(ctx, "launch", request.name) as entry:
            found = await plan(ctx, request, lookups, with_cost=False)
            if found.errors:
                raise found.errors[0]
            return await _Launching(ctx, found, entry).run(wait)
    finally:
        lookups.forget("keys", "network")
        if known is None:
            lookups.close()


def refuse_if_read_only(ctx: Context) -> None:
    """Raises ReadOnlyError at once in a session that could plan a launch and not send it."""
    if ctx.session.read_only:
        raise ReadOnlyError(
            "This session may only read: nothing can be launched.",
            "Leave --read-only out, or take read_only out of config.toml.",
        )


@dataclass(slots=True)
class _Launching:
    ctx: Context
    plan: LaunchPlan
    entry: Entry

    async def run(self, wait: bool) -> Instance:
        image = self.plan.image
        assert image is not None  # or the plan had an error
        self.step("image", f"{image.name or image.id} ({image.id}, {image.architecture})")
        key = await self.key()
        group = await self.group()
        instance, token = await self.requested(key, group)
        self.entry.subject = instance.id
        self.entry.left = f"{instance.id} was launched and goes on running, and costing."
        journal = self.ctx.store.launches
        try:
            await self.noted(instance)
            if not wait:
                self.entry.words = f"Launched {instance.id} in {instance.zone}."
                return instance
            instance = await self.ready(instance)
            await self.noted(instance, disks=True)
            await asyncio.to_thread(journal.update, token, stage="ready", instance_id=instance.id)
            return instance
        finally:
            intent = journal.get(token)
            if intent is not None and intent.stage == "launched":
                journal.update(token, stage="found", instance_id=instance.id)
            journal.release(token)

    async def key(self) -> str:
        key = self.plan.key
        assert key is not None
        name = key.name
        if key.action == "import":
            assert key.own is not None
            await import_key(self.ctx, name, key.own.public)
        elif key.action == "create":
            key = replace(key, words=(await create_key(self.ctx, name)).words)
        self.step("key", f"{name} {key.words}")
        return name

    async def group(self) -> str:
        group, vpc_id = self.plan.group, self.plan.vpc_id
        assert group is not None and vpc_id is not None
        group_id = group.id
        if group_id is None:
            making = network.ensure_ssh_group(self.ctx.session, group.name, vpc_id, group.cidr)
            group_id = (await unbroken(making, self.ctx.pace.unbroken)).id
        self.step("security group", f"{group.name} ({group_id}), {group.words}")
        return group_id

    async def requested(self, key: str, group_id: str) -> tuple[Instance, str]:
        """Ask zone after zone until one has capacity. Returns the instance and the token that it came of."""
        zones = list(self.plan.zones)
        last: AwsError | None = None
        for number, zone in enumerate(zones):
            call = launch_call(self.plan, key, group_id, zone)
            try:
                return await self.send(call, zone)
            except AwsError as error:
                if not isinstance(error, CapacityError) and error.code != "Unsupported":
                    raise
                last = error
                following = zones[number + 1 : number + 2]
                if following:
                    self.step("no capacity", f"{error.summary.rstrip('.')}; trying {following[0]}")
        assert last is not None
        if not isinstance(last, CapacityError) or last.code == "Unsupported":
            raise last
        raise NoCapacityError(
            f"AWS has no {self.plan.request.type} right now in {listed(zones, 'or')}.",
            "Try again later, or choose another type or region.",
            zones=zones,
            type_name=self.plan.request.type,
            code=last.code,
        )

    async def send(self, call: Mapping[str, Any], zone: str) -> tuple[Instance, str]:
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
            await unbroken(asyncio.to_thread(journal.intend, intent), ctx.pace.unbroken)
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
            raise _Unknown(
                f"Whether {self.plan.request.name} was launched is not known: {error.summary}",
                "The next start of this program finds it out, and never launches it twice.",
                code=error.code,
            ) from error
        if found is None:
            error.remedy = f"Nothing was launched. {error.remedy}".strip()
            raise error
        return found

    async def noted(self, instance: Instance, *, disks: bool = False) -> None:
        """Keep what it costs an hour from the start: prices change, and nobody tells later."""
        from fe2tui.tasks.books import note

        await note(self.ctx, [instance], disks=disks)

    async def ready(self, instance: Instance) -> Instance:
        # not before the call is sent: whoever launches waits for every import until then, and for none afterwards
        from fe2tui.tasks.aftermath import changed_address
        from fe2tui.tasks.readiness import until_ready

        became = (await until_ready(self.ctx, "launch", [instance]))[instance.id]
        if became.error is not None:
            if isinstance(became.error, UnansweredError) and (
                change := await changed_address(self.ctx, became.instance)
            ):
                became.error.remedy = change.words
            if not isinstance(became.error, StateError):
                left = f"{became.instance.label} ({instance.id}) was launched and goes on costing."
                became.error.remedy = f"{became.error.remedy} {left}".strip()
            raise became.error
        self.entry.words = became.words
        if became.words and not became.words.endswith("can log in"):
            self.step("ready", became.words)
        return became.instance

    def step(self, step: str, words: str) -> None:
        self.ctx.step("launch", step, words, subject=self.entry.subject, label=self.plan.request.name)


class _Unknown(UnreachableError):
    """It is not known what came of the call: its intent stays open."""


def _stage_after(error: BaseException, is_sent: bool) -> str | None:
    """What an intent is to be marked as; None where it is not known, and left for ``recover``."""
    if isinstance(error, _Unknown):
        return None
    if isinstance(error, UnreachableError) or not is_sent:
        return "abandoned"
    return "failed" if isinstance(error, Fe2Error) else None


def launch_call(found: LaunchPlan, key: str, group_id: str, zone: str) -> dict[str, Any]:
    """RunInstances' parameters for one zone, without the token."""
    request, image = found.request, found.image
    assert image is not None
    disk: dict[str, Any] = {"VolumeType": DISK_TYPE, "DeleteOnTermination": True}
    if found.disk is not None:
        disk["VolumeSize"] = found.disk
    if request.iops is not None:
        disk["Iops"] = request.iops
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
