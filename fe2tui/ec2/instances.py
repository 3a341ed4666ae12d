"""Instances: what there is, and what can be done with them."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fe2tui.aws import instances as aws
from fe2tui.ec2.client import Client, HasId, Reference, TypeReference, name_of, names_of
from fe2tui.ec2.notebook import Lines, outcome_lines
from fe2tui.errors import FieldError, UsageError
from fe2tui.model.instance import Instance
from fe2tui.model.launch import LaunchRequest, parse_market
from fe2tui.model.progress import Outcome
from fe2tui.tasks import change_type as changing
from fe2tui.tasks import connect as connecting
from fe2tui.tasks import launch as launching
from fe2tui.tasks import power
from fe2tui.tasks import spot_requests as asking
from fe2tui.tasks import terminate as terminating
from fe2tui.tasks.connect import connection_failure
from fe2tui.tasks.context import Context
from fe2tui.tasks.impact import Impact, terminate_impact
from fe2tui.tasks.keys import AccountKey, KeyChoices, read_key_choices
from fe2tui.tasks.launch import launch_when_capacity
from fe2tui.tasks.names import find_instance, resolve_instances
from fe2tui.tasks.read_fleet import read_fleet
from fe2tui.tasks.spot_requests import RequestWithInstance


class InstanceMethods(Client):
    """The instances of one account in one region; see ``EC2``."""

    def instances(self) -> Lines[Instance]:
        """The instances of the region, terminated ones left out."""
        found = self._run(lambda ctx: aws.describe_instances(ctx.session))
        return Lines(sorted((one for one in found if not one.state.is_gone), key=lambda one: (one.name, one.id)))

    def instance(self, name: Reference) -> Instance:
        """The instance of that name or id. Raises NotFoundError, AmbiguousError, UsageError (empty name)."""
        wanted = name_of(name)
        return self._run(lambda ctx: find_instance(ctx, wanted))

    def ip(self, name: Reference) -> str | None:
        """Its public address; None if it has none."""
        return self.instance(name).public_ip

    def get_instance(self, name: Reference) -> Any:
        """boto3's own object of it (``ec2.Instance``), with all its properties and methods.

        When this EC2 may only read, its changing methods raise ReadOnlyError.
        """
        instance = self.instance(name)
        return self._boto3().Instance(instance.id)

    def keys(self) -> KeyChoices:
        """The account's key pairs, which of them are on this computer, and which keys here could be imported."""
        return self._run(read_key_choices)

    def launch(
        self,
        name: str,
        image: str | HasId = "ubuntu",
        disk: int | None = None,
        type: TypeReference = "t3.micro",
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
        more = _market_fields(spot, one_time) | more
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
            await launching.recover_launches(ctx)
            if retry is not None:
                return await launch_when_capacity(ctx, request, until=timedelta(minutes=retry), wait=wait)
            return await launching.launch(ctx, request, wait=wait)

        return self._run(work)

    def start(self, *names: Reference | Iterable[Reference], wait: bool = True) -> Lines[Outcome]:
        """Start instances and wait until ssh answers. See ``stop`` for what is returned and raised."""
        return _act_on_each(self._run, names, lambda ctx, ids: power.start(ctx, ids, wait=wait))

    def stop(self, *names: Reference | Iterable[Reference], force: bool = False, wait: bool = False) -> Lines[Outcome]:
        """Stop instances. What came of each is returned; of a single one, its error is raised instead."""
        return _act_on_each(self._run, names, lambda ctx, ids: power.stop(ctx, ids, force=force, wait=wait))

    def reboot(self, *names: Reference | Iterable[Reference], wait: bool = True) -> Lines[Outcome]:
        """Reboot instances and wait until ssh answers again. See ``stop`` for what is returned and raised."""
        return _act_on_each(self._run, names, lambda ctx, ids: power.reboot(ctx, ids, wait=wait))

    def terminate(self, *names: Reference | Iterable[Reference], wait: bool = False) -> Lines[Outcome]:
        """Terminate instances, their disks and spot requests with them, without asking, and free their names.

        No name is an error, never "all". See ``stop`` for what is returned and raised.
        """
        return _act_on_each(self._run, names, lambda ctx, ids: terminating.terminate(ctx, ids, wait=wait))

    def terminate_impact(self, *names: Reference | Iterable[Reference]) -> Impact:
        """What ``terminate`` would destroy, keep and save; ``print`` shows it as ``fe2 terminate`` does."""
        wanted = names_of(names)

        async def work(ctx: Context) -> Impact:
            fleet = await read_fleet(ctx)
            found = resolve_instances(fleet, wanted)
            protected = await terminating.protected_ids(ctx, [one.id for one in found])
            return terminate_impact(fleet, found, now=ctx.clock(), protected=protected)

        return self._run(work)

    def change_type(
        self, name: Reference, type: TypeReference, *, stop: bool = False, start: bool | None = None, wait: bool = True
    ) -> Instance:
        """Give an instance another type; ``stop`` stops one that runs for it, and starts it again.

        ``start`` None starts it if it ran before; ``wait`` waits until ssh answers then. Raises StateError for one that
        runs and is not to be stopped, FieldError(type) for a type it cannot become, StartAfterChangeError when AWS has
        no machine of the new type for it.
        """

        wanted, new_type = name_of(name), name_of(type)

        async def work(ctx: Context) -> Instance:
            instance = await find_instance(ctx, wanted)
            return await changing.change_type(ctx, instance.id, new_type, stop=stop, start=start, wait=wait)

        return self._run(work)

    def connect(
        self,
        name: Reference,
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
        prepared = self._run(
            lambda ctx: connecting.prepare_connection(
                ctx, wanted, ports=ports, user=user, key_file=key_file, is_logged=here
            )
        )
        if not here:
            raise UsageError("There is no terminal here to open a shell in.", f"In one: {prepared.command_text}")
        status = subprocess.call(prepared.argv, env={**os.environ, **prepared.env})
        trouble = self._run(lambda ctx: connection_failure(ctx, prepared, status)) if status else None
        if trouble is not None:
            raise trouble
        return status


def _market_fields(spot: bool | str, one_time: bool) -> dict[str, Any]:
    """The market that is meant, if one is named."""
    market = parse_market(spot)
    if one_time and market == "on-demand" and isinstance(spot, str):
        raise FieldError("market", f"spot={spot!r} and one_time=True are two ways to buy it.", "Leave one out.")
    return {"market": "spot-once" if one_time else market} if spot or one_time else {}


InstanceAction = Callable[[Context, Sequence[str]], Awaitable[list[Outcome]]]


def _act_on_each(
    do: Callable[[Callable[[Context], Awaitable[Any]]], Any],
    names: Iterable[Reference | Iterable[Reference]],
    act: InstanceAction,
) -> Lines[Outcome]:
    wanted = names_of(names)

    async def work(ctx: Context) -> list[Outcome]:
        found = await asyncio.gather(*(find_instance(ctx, name) for name in wanted))
        return await act(ctx, list(dict.fromkeys(instance.id for instance in found)))

    return outcome_lines(do(work))


_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class SpotInstanceRequest:
    """A spot request as EC2 describes it, each key of its answer a property: ``state``, ``status``, ``instance_id`` …

    boto3 has no object of it. ``words`` is what its state means. It stays as it was read; ``reload`` reads it again.
    """

    id: str
    words: str

    def __init__(self, request_id: str, account: SpotRequestMethods) -> None:
        self._account = account
        self.id = request_id
        self.reload()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """What EC2 tells, whatever that is."""

    def __repr__(self) -> str:
        return f"{self.id} ({self.type} {self.state}): {self.words}"

    def reload(self) -> None:
        """Read it again. Raises NotFoundError when EC2 knows it no more."""
        described, words = self._account._describe_request(self.id)
        gone = [name for name in vars(self) if name not in ("id", "_account")]
        for name in gone:
            delattr(self, name)
        for key, value in described.items():
            setattr(self, _WORD_BOUNDARY.sub("_", key).lower(), value)
        self.words = words

    def cancel(self, *, terminate: bool = False) -> str:
        """Cancel it, so that AWS launches nothing more for it; says what that means for its machine.

        EC2 terminates a stopped machine whose request is cancelled: that needs ``terminate``, or is a StateError.
        """
        said = self._account._run(lambda ctx: asking.cancel_spot_request(ctx, self.id, terminate=terminate))
        self.reload()
        return said

    def wait_until_fulfilled(self, *, timeout: float = 600.0) -> str:
        """Wait until it has its machine, ``timeout`` seconds at most; returns the machine's id.

        Raises CapacityError when it has none by then, StateError when it never will, UsageError.
        """
        if not isinstance(timeout, int | float) or timeout < 0:
            raise UsageError(f"“{timeout}” is not a number of seconds.", "As in timeout=600.")
        found = self._account._run(lambda ctx: asking.wait_until_fulfilled(ctx, self.id, timeout=timeout))
        self.reload()
        return found.instance_id or ""


class SpotRequestMethods(Client):
    """The spot requests of one account in one region; see ``EC2``."""

    def requests(self) -> Lines[RequestWithInstance]:
        """All spot requests with their machines, those that may still launch or start one first."""
        return Lines(self._run(asking.read_spot_requests))

    def get_request(self, request_id: Reference) -> SpotInstanceRequest:
        """A spot request, with all that EC2 tells of it as properties. Raises NotFoundError."""
        return SpotInstanceRequest(name_of(request_id), self)

    def get_request_from_instance(self, name: Reference) -> SpotInstanceRequest:
        """The spot request behind the instance of that name or id. Raises NotFoundError where there is none."""
        wanted = name_of(name)
        return SpotInstanceRequest(self._run(lambda ctx: asking.spot_request_of_instance(ctx, wanted)).id, self)

    def _describe_request(self, request_id: str) -> tuple[dict[str, Any], str]:
        return self._run(lambda ctx: asking.spot_request_details(ctx, request_id))
