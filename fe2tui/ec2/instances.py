"""``EC2``'s methods about instances and spot requests."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fe2tui.aws import instances as aws
from fe2tui.aws.ec2_fleets import with_ec2_fleet_types
from fe2tui.ec2.client import Client, HasId, Reference, TypeReference, confirm_effects, name_of, names_of
from fe2tui.ec2.notebook import Lines, outcome_lines
from fe2tui.errors import FieldError, UsageError
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, InstanceStatus, State
from fe2tui.model.instance_group import instance_group, stop_sentences
from fe2tui.model.launch import LaunchRequest, parse_market
from fe2tui.model.progress import Outcome
from fe2tui.model.text import join_words
from fe2tui.tasks import change_type as changing
from fe2tui.tasks import connect as connecting
from fe2tui.tasks import launch as launching
from fe2tui.tasks import power, protection
from fe2tui.tasks import spot_requests as asking
from fe2tui.tasks import tags as tagging
from fe2tui.tasks import terminate as terminating
from fe2tui.tasks.connect import connection_failure
from fe2tui.tasks.console import ConsoleReader, save_screenshot
from fe2tui.tasks.context import Context
from fe2tui.tasks.impact import Impact, terminate_impact
from fe2tui.tasks.keys import AccountKey, KeyChoices, read_key_choices
from fe2tui.tasks.launch import launch_when_capacity
from fe2tui.tasks.names import find_instance, resolve_instance, resolve_instances
from fe2tui.tasks.read_fleet import read_instances, read_named_fleet
from fe2tui.tasks.spot_requests import RequestWithInstance

_PRICES_WAIT = 20.0  # seconds at most for prices that a person is asked to agree to


class InstanceMethods(Client):
    """The part of ``EC2`` about instances."""

    def instances(self) -> Lines[Instance]:
        """The instances of the region by name, without those that are shutting down or terminated."""
        found = self._run(lambda ctx: aws.describe_instances(ctx.session))
        return Lines(sorted((one for one in found if not one.state.is_gone), key=lambda one: (one.name, one.id)))

    def statuses(self) -> Lines[InstanceStatus]:
        """The running instances whose status checks fail, or for which AWS has scheduled an event."""
        return Lines(self._run(lambda ctx: aws.troubled_statuses(ctx.session)))

    def instance(self, name: Reference) -> Instance:
        """The instance with that name or id. Raises NotFoundError, AmbiguousError, UsageError (empty name)."""
        wanted = name_of(name)
        return self._run(lambda ctx: find_instance(ctx, wanted))

    def ip(self, name: Reference) -> str | None:
        """The public address of an instance, IPv4 else IPv6; None if it has none."""
        return self.instance(name).public_address

    def get_instance(self, name: Reference) -> Any:
        """boto3's ``ec2.Instance`` of an instance.

        If this EC2 is read-only, its methods that change something raise ReadOnlyError.
        """
        instance = self.instance(name)
        return self._boto3().Instance(instance.id)

    def keys(self) -> KeyChoices:
        """The account's key pairs, which of them have their private key on this computer, and keys to import."""
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
        yes: bool = False,
        **more: Any,
    ) -> Instance:
        """Launch an instance and return when ssh answers, or at once if ``wait`` is False.

        ``disk`` is the size of the root volume in GiB, ``iops`` its provisioned IOPS. ``spot``: True, or a word of the
        shell ("spot", "one-time", "on-demand"). When AWS interrupts a spot instance, it is stopped and keeps its disk;
        with ``one_time`` it is terminated and its disk is deleted. Zones are tried cheapest first. ``retry``: if no
        zone has capacity, try again every minute for so many minutes; asks first, with the price, unless ``yes``.
        ``more`` are further fields of ``LaunchRequest``:
        zone, subnet_id, address, tags, key_action ("use", "import", "create"). First finds launches of programs that
        were killed, so that none is done twice. Raises FieldError, NoCapacityError, and what AWS refuses.
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

        async def read_plan(ctx: Context) -> launching.LaunchPlan | None:
            patient = replace(ctx, pace=replace(ctx.pace, prices=_PRICES_WAIT))
            return None if ctx.session.read_only else await launching.plan_launch(patient, request)

        async def work(ctx: Context) -> Instance:
            await launching.recover_launches(ctx)
            if retry is not None:
                return await launch_when_capacity(ctx, request, until=timedelta(minutes=retry), wait=wait)
            return await launching.launch(ctx, request, wait=wait)

        plan = self._run(read_plan) if retry is not None and not yes else None
        if plan is not None and plan.is_possible:
            question = f"Launch {request.name} as soon as AWS has capacity, within {retry:g} minutes?"
            confirm_effects(question, [plan.cost_text or "Price unknown."], "Nothing was launched.")
        return self._run(work)

    def start(self, *names: Reference | Iterable[Reference], wait: bool = True, yes: bool = False) -> Lines[Outcome]:
        """Start instances and wait until ssh answers. Asks first, with what they cost, unless ``yes``.

        Raises UsageError, with what they cost, where there is no terminal to ask at. Else returns and raises as
        ``stop`` does.
        """
        wanted = names_of(names)

        async def read_costs(ctx: Context) -> tuple[str, tuple[str, ...]]:
            found = await asyncio.gather(*(find_instance(ctx, name) for name in wanted))
            return await power.read_start_costs(ctx, Fleet(ctx.session.location, ctx.clock()), found, wait=wait)

        question, costs = ("", ()) if yes else self._run(read_costs)
        if question:
            confirm_effects(question, costs, "Nothing was started.")
        return self._act_on_each(names, lambda ctx, ids: power.start(ctx, ids, wait=wait))

    def stop(
        self, *names: Reference | Iterable[Reference], force: bool = False, wait: bool = False, yes: bool = False
    ) -> Lines[Outcome]:
        """Stop instances. Returns an Outcome for each; for a single instance its error is raised instead.

        Asks first, unless ``yes``, if AWS would replace one: in an Auto Scaling group, an EC2 Fleet, an EKS cluster or
        Elastic Beanstalk. Raises UsageError then where there is no terminal to ask at.
        """
        wanted = names_of(names)

        async def read_stopped(ctx: Context) -> list[Instance]:
            if ctx.session.read_only:
                return []
            found = await asyncio.gather(*(find_instance(ctx, name) for name in wanted))
            found = await with_ec2_fleet_types(ctx.session, found)
            members = [one for one in found if instance_group(one) is not None]
            unstoppable = await power.find_unstoppable(ctx, members) if members else {}
            return [one for one in members if one.id not in unstoppable]

        if members := [] if yes else self._run(read_stopped):
            question = f"Stop {join_words([one.label for one in members])}?"
            confirm_effects(question, stop_sentences(members), "Nothing was stopped.")
        return self._act_on_each(names, lambda ctx, ids: power.stop(ctx, ids, force=force, wait=wait))

    def reboot(self, *names: Reference | Iterable[Reference], wait: bool = True) -> Lines[Outcome]:
        """Reboot instances and wait until ssh answers again. Returns and raises as ``stop`` does."""
        return self._act_on_each(names, lambda ctx, ids: power.reboot(ctx, ids, wait=wait))

    def terminate(self, *names: Reference | Iterable[Reference], wait: bool = False) -> Lines[Outcome]:
        """Terminate instances, delete their disks, cancel their spot requests and free their names. Does not ask.

        No name is an error, never "all". Returns and raises as ``stop`` does; ``terminate_impact`` says what would be
        lost.
        """
        return self._act_on_each(names, lambda ctx, ids: terminating.terminate(ctx, ids, wait=wait))

    def tag(
        self,
        *names: Reference | Iterable[Reference],
        tags: Mapping[str, str] | None = None,
        remove: Sequence[str] = (),
    ) -> Lines[Outcome]:
        """Set tags of instances, and remove those with the keys in ``remove``. Returns and raises as ``stop`` does."""
        return self._act_on_each(names, lambda ctx, ids: tagging.tag(ctx, ids, tags or {}, remove))

    def rename(self, name: Reference, new: str) -> Outcome:
        """Give an instance another name. Raises UsageError if another instance has it, and what AWS refuses."""
        wanted = name_of(name)

        async def work(ctx: Context) -> Outcome:
            fleet = await read_instances(ctx)
            return await tagging.rename(ctx, fleet, resolve_instance(fleet, wanted), new)

        return outcome_lines([self._run(work)])[0]

    def protect(self, *names: Reference | Iterable[Reference], on: bool = True, stop: bool = False) -> Lines[Outcome]:
        """Turn termination protection on or off, or with ``stop`` stop protection. Returns and raises as ``stop`` does.

        Spot instances cannot be protected: StateError.
        """
        return self._act_on_each(names, lambda ctx, ids: protection.protect(ctx, ids, on, stop=stop))

    def shutdown_behavior(self, *names: Reference | Iterable[Reference], behavior: str) -> Lines[Outcome]:
        """Set what EC2 does when an instance shuts itself down: ``"stop"`` or ``"terminate"``.

        Returns and raises as ``stop`` does.
        """
        return self._act_on_each(names, lambda ctx, ids: protection.set_shutdown_behavior(ctx, ids, behavior))

    def console(self, name: Reference) -> str:
        """The last 64 KB of an instance's console output; empty while AWS has none.

        It is of this moment for types on the Nitro hypervisor, else of the last start, stop or reboot.
        """
        instance = self.instance(name)
        return self._run(lambda ctx: ConsoleReader(ctx, instance.id).read())

    def screenshot(self, name: Reference, file: str | Path | None = None) -> Path:
        """Save a picture of an instance's screen as a JPEG; returns the file, by default one in the current folder.

        Raises StateError if the instance does not run or has no screen, UsageError if the file exists.
        """
        instance = self.instance(name)
        return self._run(lambda ctx: save_screenshot(ctx, instance, Path(file) if file is not None else None))

    def terminate_impact(self, *names: Reference | Iterable[Reference]) -> Impact:
        """What ``terminate`` would destroy, keep and save; ``print`` shows it as ``fe2 terminate`` does."""
        wanted = names_of(names)

        async def work(ctx: Context) -> Impact:
            fleet = await read_named_fleet(ctx, wanted)
            found = await with_ec2_fleet_types(ctx.session, resolve_instances(fleet, wanted))
            protected = await terminating.protected_ids(ctx, [one.id for one in found])
            return terminate_impact(fleet, found, now=ctx.clock(), protected=protected)

        return self._run(work)

    def change_type(
        self,
        name: Reference,
        type: TypeReference,
        *,
        stop: bool = False,
        start: bool | None = None,
        wait: bool = True,
        yes: bool = False,
    ) -> Instance:
        """Change the type of a stopped instance. With ``stop``, a running one is stopped for it and started again.

        ``start``: whether to start it afterwards; None starts it if it was running. ``wait``: whether to wait until ssh
        answers. Asks first, with the price, if it costs more afterwards or AWS would replace it, unless ``yes``; raises
        UsageError where there is no terminal to ask at. Raises StateError if it runs and ``stop`` is False, FieldError
        (type) for an incompatible type, and StartAfterChangeError when AWS has no capacity for the new type.
        """
        wanted, new_type = name_of(name), name_of(type)

        async def read_plan(ctx: Context) -> changing.TypeChange | None:
            instance = await find_instance(ctx, wanted)
            is_refused = instance.state in (State.RUNNING, State.PENDING) and not stop
            return (
                None
                if is_refused or ctx.session.read_only
                else await changing.read_type_change(ctx, instance, new_type)
            )

        plan = None if yes else self._run(read_plan)
        if plan is not None and plan.needs_agreement(start):
            question = f"Change {plan.instance.label} from {plan.instance.type} to {plan.to}?"
            confirm_effects(question, plan.sentences, "Nothing was changed.")

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
        """Open a shell on an instance (``user@name`` works too) in this terminal; returns the exit status of ssh.

        ``ports`` are tunnelled: each to the same port on this computer. Raises UsageError where there is no terminal,
        and the errors of ``tasks.connect``.
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

    def _act_on_each(
        self,
        names: Iterable[Reference | Iterable[Reference]],
        act: Callable[[Context, Sequence[str]], Awaitable[list[Outcome]]],
    ) -> Lines[Outcome]:
        wanted = names_of(names)

        async def work(ctx: Context) -> list[Outcome]:
            found = await asyncio.gather(*(find_instance(ctx, name) for name in wanted))
            return await act(ctx, list(dict.fromkeys(instance.id for instance in found)))

        return outcome_lines(self._run(work))


def _market_fields(spot: bool | str, one_time: bool) -> dict[str, Any]:
    """The ``market`` field of a LaunchRequest; empty if neither argument is given."""
    market = parse_market(spot)
    if one_time and market == "on-demand" and isinstance(spot, str):
        raise FieldError("market", f"spot={spot!r} and one_time=True exclude each other.", "Leave one out.")
    return {"market": "spot-once" if one_time else market} if spot or one_time else {}


_WORD_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class SpotInstanceRequest:
    """A spot request as EC2 describes it, with each key of the reply as a property: ``state``, ``instance_id`` …

    boto3 has no such object. ``words`` says what the state means. The values stay as they were read until ``reload``.
    """

    id: str
    words: str

    def __init__(self, request_id: str, account: SpotRequestMethods, instance: Instance | None = None) -> None:
        """``instance`` is the request's instance if it was read a moment ago."""
        self._account = account
        self.id = request_id
        self._read(instance)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """A key of EC2's reply in snake case."""

    def __repr__(self) -> str:
        return f"{self.id} ({self.type} {self.state}): {self.words}"

    def reload(self) -> None:
        """Read it again. Raises NotFoundError when EC2 no longer has it."""
        self._read(None)

    def _read(self, instance: Instance | None) -> None:
        described, words = self._account._describe_request(self.id, instance)
        gone = [name for name in vars(self) if name not in ("id", "_account")]
        for name in gone:
            delattr(self, name)
        for key, value in described.items():
            setattr(self, _WORD_BOUNDARY.sub("_", key).lower(), value)
        self.words = words

    def cancel(self, *, terminate: bool = False) -> str:
        """Cancel it, so that AWS launches nothing more for it. Returns what that means for its instance, in words.

        EC2 terminates a stopped instance when its request is cancelled: without ``terminate`` that is a StateError.
        """
        result = self._account._run(lambda ctx: asking.cancel_spot_request(ctx, self.id, terminate=terminate))
        self.reload()
        return result

    def wait_until_fulfilled(self, *, timeout: float = 600.0) -> str:
        """Wait until it has an instance, at most ``timeout`` seconds. Returns the instance's id.

        Raises CapacityError if it has none by then, StateError if it will never get one, and UsageError.
        """
        if not isinstance(timeout, int | float) or timeout < 0:
            raise UsageError(f"“{timeout}” is not a number of seconds.", "As in timeout=600.")
        found = self._account._run(lambda ctx: asking.wait_until_fulfilled(ctx, self.id, timeout=timeout))
        self.reload()
        return found.instance_id or ""


class SpotRequestMethods(Client):
    """The part of ``EC2`` about spot requests."""

    def requests(self) -> Lines[RequestWithInstance]:
        """All spot requests with their instances; first those that may still launch or start one."""
        return Lines(self._run(asking.read_spot_requests))

    def get_request(self, request_id: Reference) -> SpotInstanceRequest:
        """A spot request, with everything EC2 says about it as properties. Raises NotFoundError."""
        return SpotInstanceRequest(name_of(request_id), self)

    def get_request_from_instance(self, name: Reference) -> SpotInstanceRequest:
        """The spot request of an instance. Raises NotFoundError if it has none."""
        wanted = name_of(name)
        instance, request_id = self._run(lambda ctx: asking.find_spot_instance(ctx, wanted))
        return SpotInstanceRequest(request_id, self, instance)

    def _describe_request(self, request_id: str, instance: Instance | None) -> tuple[dict[str, Any], str]:
        return self._run(lambda ctx: asking.spot_request_details(ctx, request_id, instance))
