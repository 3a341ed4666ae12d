"""Launch: from a request to a machine that answers ssh, never twice."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime

from fe2tui.aws import network
from fe2tui.errors import ReadOnlyError, StateError, UnansweredError
from fe2tui.model.instance import Instance
from fe2tui.model.launch import LaunchRequest, ZonePrice, market_words
from fe2tui.tasks.context import Context
from fe2tui.tasks.keys import create_key, import_key
from fe2tui.tasks.launch_choices import GroupPlan, KeyPlan
from fe2tui.tasks.launch_plan import LaunchCost, LaunchPlan, plan
from fe2tui.tasks.launch_sending import Sending
from fe2tui.tasks.lookups import Lookups
from fe2tui.tasks.record import Entry, recorded, unbroken
from fe2tui.tasks.recover import recover

__all__ = [
    "GroupPlan",
    "KeyPlan",
    "LaunchCost",
    "LaunchPlan",
    "Launching",
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
    token. Raises NoCapacityError when there is none in any of them, within ``pace.capacity`` and the time of one call,
    and FieldError for the first field at fault; after EC2 accepted it, errors name the instance left.
    """
    refuse_if_read_only(ctx)
    lookups = known or Lookups(ctx)
    try:
        with recorded(ctx, "launch", request.name) as entry:
            return await (await Launching.planned(ctx, request, lookups, entry)).run(wait)
    finally:
        lookups.forget("keys", "network", "spot")
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
class Launching:
    """A launch that nothing stands against any more, but for capacity, under an entry of the log."""

    ctx: Context
    plan: LaunchPlan
    entry: Entry
    since: datetime  # when it was begun to be planned, and its name was still free

    @classmethod
    async def planned(cls, ctx: Context, request: LaunchRequest, known: Lookups, entry: Entry) -> Launching:
        """The launch of a request as things are now. Raises FieldError for the first field at fault."""
        since = ctx.clock()
        found = await plan(ctx, request, known, with_cost=False)
        if found.errors:
            raise found.errors[0]
        return cls(ctx, found, entry, since)

    @property
    def once_more(self) -> LaunchRequest:
        """The request for when nothing came of ``run``: with the key pair that it has made by then."""
        key = self.plan.key
        assert key is not None  # or the plan had an error
        return replace(self.plan.request, key_name=key.name, key_action="use", key_public=None)

    async def run(self, wait: bool) -> Instance:
        """Do it, once; see ``launch``."""
        image = self.plan.image
        assert image is not None  # or the plan had an error
        self.step("image", f"{image.name or image.id} ({image.id}, {image.architecture})")
        key = await self.key()
        group = await self.group()
        instance, token = await Sending(self.ctx, self.plan, self.entry, self.since).requested(key, group)
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
