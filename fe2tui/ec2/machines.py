"""Instances: what there is, and what can be done with them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from fe2tui.aws import instances as aws
from fe2tui.ec2.account import Account
from fe2tui.ec2.lines import Lines, outcomes
from fe2tui.ec2.names import HasId, Thing, Type, name_of, names_of
from fe2tui.errors import FieldError, UsageError
from fe2tui.model.instance import Instance
from fe2tui.model.launch import LaunchRequest, market_meant
from fe2tui.model.progress import Outcome
from fe2tui.tasks import change_type as changing
from fe2tui.tasks import connect as connecting
from fe2tui.tasks import launch as launching
from fe2tui.tasks import power
from fe2tui.tasks import terminate as terminating
from fe2tui.tasks.aftermath import explain_end
from fe2tui.tasks.context import Context
from fe2tui.tasks.keys import AccountKey, KeyOffer, offer_keys
from fe2tui.tasks.launch_again import launch_when_room
from fe2tui.tasks.names import find


class Machines(Account):
    """The instances of one account in one region; see ``EC2``."""

    def instances(self) -> Lines[Instance]:
        """The instances of the region, terminated ones left out."""
        found = self._do(lambda ctx: aws.describe(ctx.session))
        return Lines(sorted((one for one in found if not one.state.is_gone), key=lambda one: (one.name, one.id)))

    def instance(self, name: Thing) -> Instance:
        """The instance of that name or id. Raises NotFoundError, AmbiguousError, UsageError (empty name)."""
        wanted = name_of(name)
        return self._do(lambda ctx: find(ctx, wanted))

    def ip(self, name: Thing) -> str | None:
        """Its public address; None if it has none."""
        return self.instance(name).public_ip

    def get_instance(self, name: Thing) -> Any:
        """boto3's own object of it (``ec2.Instance``), with all its properties and methods.

        When this EC2 may only read, its changing methods raise ReadOnlyError.
        """
        instance = self.instance(name)
        return self._boto3().Instance(instance.id)

    def keys(self) -> KeyOffer:
        """The account's key pairs, which of them are on this computer, and which keys here could be imported."""
        return self._do(offer_keys)

    def launch(
        self,
        name: str,
        image: str | HasId = "ubuntu",
        disk: int | None = None,
        type: Type = "t3.micro",
        key_name: str | AccountKey | None = None,
        security_group: str | HasId = "ssh",
        iops: int | None = None,
        spot: bool | str = False,
        *,
        one_time: bool = False,
        retry: float | None = None,
        wait: bool = True,
        **more: Any,
    ) -> Instance:
        """Launch an instance and, unless ``wait`` is False, return when ssh answers. ``disk`` is GiB.

        ``spot``: stopped when AWS takes it back, its disk kept, or with ``one_time`` terminated, its disk deleted; the
        words of the shell will do ("spot", "one-time", "on-demand"). Zones are tried cheapest first. ``retry``: for how
        many minutes to ask again, each minute, where none has room. ``more`` are further fields of ``LaunchRequest``:
        zone, subnet_id, address, tags, key_action ("use", "import", "create"). Launches whose program was killed are
        found out first. Raises FieldError, NoCapacityError …
        """
        more = _bought(spot, one_time) | more
        if more.get("subnet_id") is not None:
            more["subnet_id"] = name_of(more["subnet_id"])
        request = LaunchRequest(
            name_of(name),
            name_of(image),
            name_of(type),
            disk,
            None if key_name is None else name_of(key_name),
            security_group=name_of(security_group),
            iops=iops,
            **more,
        )

        async def work(ctx: Context) -> Instance:
            await launching.recover(ctx)
            if retry is not None:
                return await launch_when_room(ctx, request, until=timedelta(minutes=retry), wait=wait)
            return await launching.launch(ctx, request, wait=wait)

        return self._do(work)

    def start(self, *names: Thing | Iterable[Thing], wait: bool = True) -> Lines[Outcome]:
        """Start instances and wait until ssh answers. See ``stop`` for what is returned and raised."""
        return _each(self._do, names, lambda ctx, ids: power.start(ctx, ids, wait=wait))

    def stop(self, *names: Thing | Iterable[Thing], force: bool = False, wait: bool = False) -> Lines[Outcome]:
        """Stop instances. What came of each is returned; of a single one, its error is raised instead."""
        return _each(self._do, names, lambda ctx, ids: power.stop(ctx, ids, force=force, wait=wait))

    def reboot(self, *names: Thing | Iterable[Thing], wait: bool = True) -> Lines[Outcome]:
        """Reboot instances and wait until ssh answers again. See ``stop`` for what is returned and raised."""
        return _each(self._do, names, lambda ctx, ids: power.reboot(ctx, ids, wait=wait))

    def terminate(self, *names: Thing | Iterable[Thing], wait: bool = False) -> Lines[Outcome]:
        """Terminate instances, their disks and spot requests with them, without asking, and free their names.

        No name is an error, never "all". See ``stop`` for what is returned and raised.
        """
        return _each(self._do, names, lambda ctx, ids: terminating.terminate(ctx, ids, wait=wait))

    def change_type(
        self, name: Thing, type: Type, *, stop: bool = False, start: bool | None = None, wait: bool = True
    ) -> Instance:
        """Give an instance another type; ``stop`` stops one that runs for it, and starts it again.

        ``start`` None starts it if it ran before; ``wait`` waits until ssh answers then. Raises StateError for one that
        runs and is not to be stopped, FieldError(type) for a type it cannot become, StartAfterChangeError when AWS has
        no machine of the new type for it.
        """

        wanted, new_type = name_of(name), name_of(type)

        async def work(ctx: Context) -> Instance:
            instance = await find(ctx, wanted)
            return await changing.change_type(ctx, instance.id, new_type, stop=stop, start=start, wait=wait)

        return self._do(work)

    def connect(
        self,
        name: Thing,
        ports: str | int | Sequence[int | str] = (),
        *,
        user: str | None = None,
        key_file: Path | None = None,
    ) -> int:
        """Open a shell on an instance in this terminal (``user@name`` works too); returns its exit status.

        ``ports`` are tunnelled from the same ports here. Raises UsageError where there is no terminal, and what
        ``tasks.connect`` raises.
        """
        here, wanted = sys.stdin.isatty(), name_of(name)
        prepared = self._do(
            lambda ctx: connecting.prepare(ctx, wanted, ports=ports, user=user, key_file=key_file, is_logged=here)
        )
        if not here:
            raise UsageError("There is no terminal here to open a shell in.", f"In one: {prepared.command}")
        status = subprocess.call(prepared.argv, env={**os.environ, **prepared.env})
        trouble = self._do(lambda ctx: explain_end(ctx, prepared, status)) if status else None
        if trouble is not None:
            raise trouble
        return status


def _bought(spot: bool | str, one_time: bool) -> dict[str, Any]:
    """The market that is meant, if one is named."""
    market = market_meant(spot)
    if one_time and market == "on-demand" and isinstance(spot, str):
        raise FieldError("market", f"spot={spot!r} and one_time=True are two ways to buy it.", "Leave one out.")
    return {"market": "spot-once" if one_time else market} if spot or one_time else {}


Act = Callable[[Context, Sequence[str]], Awaitable[list[Outcome]]]


def _each(
    do: Callable[[Callable[[Context], Awaitable[Any]]], Any], names: Iterable[Thing | Iterable[Thing]], act: Act
) -> Lines[Outcome]:
    wanted = names_of(names)

    async def work(ctx: Context) -> list[Outcome]:
        found = await asyncio.gather(*(find(ctx, name) for name in wanted))
        return await act(ctx, list(dict.fromkeys(instance.id for instance in found)))

    return outcomes(do(work))
