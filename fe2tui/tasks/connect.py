"""Connect: find all that the system's ssh needs before it gets the terminal, and explain its failures."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from fe2tui.aws import instances as aws
from fe2tui.aws import network
from fe2tui.errors import (
    AwsError,
    Fe2Error,
    FieldError,
    HostKeyChangedError,
    MachineError,
    PermissionDeniedError,
    StateError,
    UnansweredError,
)
from fe2tui.model.instance import Instance, State
from fe2tui.model.text import join_words, shell_word
from fe2tui.ssh.errors import exit_error, open_key_file_error, unknown_host_key_error
from fe2tui.ssh.keyfiles import is_open_to_others
from fe2tui.ssh.probe import wait_for_ssh
from fe2tui.ssh.route import Route
from fe2tui.ssh.terminal import display_command, ssh_command
from fe2tui.ssh.tunnels import Tunnel, parse_ports, require_free_ports
from fe2tui.tasks.context import ActivityEntry, Context, activity_entry, end_entry, run_to_completion, wait_for_states
from fe2tui.tasks.launch_lookups import cidr_block
from fe2tui.tasks.launch_resources import display_cidr, is_open_to
from fe2tui.tasks.names import find_instance_with_user
from fe2tui.tasks.spot_requests import gone_error, only_aws_restarts_error
from fe2tui.tasks.ssh_login import (
    compare_with_console,
    find_ssh_login,
    known_host_keys,
    learn_host_keys,
    login_user_tag,
)


@dataclass(frozen=True, slots=True)
class Connection:
    """An ssh command that is ready to run; ``command_text`` is its short form, to be shown and copied."""

    argv: tuple[str, ...]
    route: Route
    instance: Instance
    tunnels: tuple[Tunnel, ...] = ()
    words: str = ""  # "ubuntu@203.0.113.7, key default, ports 8888"
    command_text: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    entry_id: int | None = None  # in the activity log


async def prepare_connection(
    ctx: Context,
    name: str | Instance,
    *,
    user: str | None = None,
    ports: str | int | Sequence[int | str] = (),
    key_file: Path | None = None,
    port: int | None = None,
    only_tunnels: bool = False,
    is_logged: bool = True,
    waits_for_ssh: bool = False,
) -> Connection:
    """Find how to reach an instance: ``name`` may be ``user@name``. Waits for a pending instance.

    Waits until its ssh answers if it was started less than three minutes ago, or with ``waits_for_ssh``: it reboots.
    If no host key is known, reads them from the console output first. ``only_tunnels``: the ssh command opens no shell,
    as ``ssh.tunnels.run_tunnels`` needs it. ``is_logged`` False writes nothing to the
    activity log, for a caller that only wants the command. Raises StateError (not running), NoAddressError,
    KeyFileError, HostKeyChangedError, PortTakenError (with the next free port).
    """
    tunnels = parse_ports(ports)
    require_free_ports(tunnels)
    if isinstance(name, Instance):
        instance = name
        with suppress(AwsError):  # where AWS does not answer, as it was last seen
            instance = next(iter(await aws.describe_instances(ctx.session, [name.id])), name)
    else:
        instance, named_user = await find_instance_with_user(ctx, name)
        user = user or named_user
    log = activity_entry(ctx, "connect", instance.label, instance.id) if is_logged else nullcontext(ActivityEntry(None))
    waits_for_ssh |= instance.state is State.PENDING
    with log as entry:
        instance = await _require_running(ctx, instance)
        if instance.is_windows and not (user or login_user_tag(instance)):
            raise _windows_error(ctx, instance)
        login, is_known = await asyncio.gather(
            find_ssh_login(ctx, instance, user=user, key_file=key_file), learn_host_keys(ctx, instance)
        )
        route = login.route(ctx, instance, user=user, port=port)
        if route.key_file is not None and await asyncio.to_thread(is_open_to_others, route.key_file):
            raise open_key_file_error(route.key_file)
        argv = await asyncio.to_thread(
            ssh_command, route, known_host_keys(), tunnels=tunnels, only_tunnels=only_tunnels
        )
        if not is_known and "StrictHostKeyChecking=yes" in argv:
            raise unknown_host_key_error(route)
        is_young = instance.launched_at is not None and ctx.clock() - instance.launched_at < _BOOT_TIME
        if is_logged and (waits_for_ssh or is_young):
            within = ctx.pace.ready if waits_for_ssh else _BOOT_TIME.total_seconds()
            denied = _DENIED_SECONDS if waits_for_ssh else _DENIED_SECONDS / 6
            await _wait_for_ssh(ctx, instance, route, login.can_log_in, within, denied)
        ports_text = f"port{'s' if len(tunnels) > 1 else ''} {', '.join(one.words for one in tunnels)}"
        words = [route.words, login.key_text, ports_text if tunnels else ""]
        words += [] if is_known else ["host key trusted on first use"]
        if not (user or login_user_tag(instance) or login.image_user or ctx.settings.user):
            words.append(f"nothing tells its login user: {route.user} is a guess")
        entry.words = ", ".join(filter(None, words))
    command = display_command(route, tunnels)
    return Connection(tuple(argv), route, instance, tunnels, entry.words, command, entry_id=entry.id)


def ssh_failure(connection: Connection, exit_status: int, stderr: str = "") -> Fe2Error | None:
    """Why ssh failed (exit status 255); None if the shell itself ended, whatever its status."""
    return exit_error(connection.route, known_host_keys(), exit_status, stderr)


async def _require_running(ctx: Context, instance: Instance) -> Instance:
    state = instance.state
    if state is State.PENDING:
        ctx.report_step(
            "connect", "pending", f"{instance.label} is starting", subject=instance.id, label=instance.label
        )
        return (await wait_for_states(ctx, [instance.id], State.RUNNING))[instance.id]
    if state is State.RUNNING:
        return instance
    if state.is_gone:
        raise gone_error(instance, "reached any more")
    if instance.is_interrupted:
        raise only_aws_restarts_error(instance)
    raise StateError(
        f"{instance.label} is {state}, and cannot be reached: only a running instance can.",
        f"Start it first: fe2 start {shell_word(instance.name, instance.id)}, or s in the dashboard.",
    )


def _windows_error(ctx: Context, instance: Instance) -> MachineError:
    """What to do instead of ssh. Source: EC2 user guide, "Connect to your Windows instance"."""
    address = instance.public_address or instance.private_ip or "its address"
    password = ["aws", "ec2", "get-password-data", "--region", ctx.session.region, "--instance-id", instance.id]
    name = shell_word(instance.name, instance.id)
    return MachineError(
        f"{instance.label} runs Windows, which has no ssh unless it was installed there.",
        f"Open {address}, port 3389, with a Remote Desktop program, as Administrator; its security group must let you "
        f"in there. The password: {shlex.join(password)} --priv-launch-key FILE, with the file of key pair "
        f"{instance.key_name or '(it has none)'}. If it has an ssh server: fe2 connect Administrator@{name} "
        "13389:3389 makes a tunnel, and Remote Desktop reaches it at localhost:13389.",
    )


async def _wait_for_ssh(
    ctx: Context, instance: Instance, route: Route, can_log_in: bool, within: float, denied: float
) -> None:
    """Wait until an instance that starts lets us in. If it does not, ssh itself is left to say why."""

    def report(step: str, words: str) -> None:
        ctx.report_step("connect", step, words, subject=instance.id, label=instance.label)

    report("starting", f"{instance.label} runs; waiting for its ssh")
    with suppress(UnansweredError, PermissionDeniedError):
        await wait_for_ssh(
            route, known_host_keys(), within=within, on_step=report, log_in=can_log_in, denied_seconds=denied
        )


_BOOT_TIME = timedelta(minutes=3)  # since its start, in which an instance may run whose ssh does not answer yet
_DENIED_SECONDS = 30.0  # that an instance that starts may refuse the login, since its key is not installed yet
_RETRY_SECONDS = 6.0


class AddressChange(NamedTuple):
    """An instance's security group does not let this computer in any more. ``cidr`` is its address now."""

    group_id: str
    group_name: str
    cidr: str
    allowed_cidrs: tuple[str, ...]

    @property
    def words(self) -> str:
        allowed = [display_cidr(block) for block in self.allowed_cidrs[:3]]
        who = f"lets in {join_words(allowed)} only" if allowed else "lets no address in"
        return f"Your address is {display_cidr(self.cidr)} now, and security group {self.group_name} {who}."


async def connection_failure(
    ctx: Context, connection: Connection, exit_status: int, stderr: str = ""
) -> Fe2Error | None:
    """Why ssh failed, as ``ssh_failure`` says; without ssh's messages, by another quick try.

    If the instance does not answer, looks whether its security group lets this address in. The failure replaces the
    result of the connection in the activity log.
    """
    error = ssh_failure(connection, exit_status, stderr)
    if type(error) is MachineError and not stderr:
        try:
            await wait_for_ssh(
                connection.route, known_host_keys(), within=_RETRY_SECONDS, try_seconds=_RETRY_SECONDS, denied_seconds=0
            )
        except MachineError as found:
            error = found
    if isinstance(error, HostKeyChangedError):
        await compare_with_console(ctx, connection.instance, error)
    if isinstance(error, UnansweredError):
        change = await find_address_change(ctx, connection.instance)
        if change is not None:
            error.remedy = f"{change.words} Let the new address in, and try again."
    if error is not None:
        entry = ActivityEntry(connection.entry_id, subject=connection.instance.id)
        await asyncio.to_thread(end_entry, ctx, entry, "failed", error.summary, error.remedy, error.code)
    return error


async def find_address_change(ctx: Context, instance: Instance) -> AddressChange | None:
    """The change, if none of an instance's security groups lets this computer's address in at port 22.

    None if one does, or if that cannot be looked up.
    """
    if not ctx.settings.address_url or not instance.security_groups:
        return None
    try:
        cidr = cidr_block(await network.public_address(ctx.settings.address_url))
        every = await network.security_groups(ctx.session, instance.vpc_id)
    except (AwsError, FieldError):
        return None
    ids = {group_id for group_id, _ in instance.security_groups}
    groups = [group for group in every if group.id in ids]
    if not groups or any(is_open_to(group, cidr) for group in groups):
        return None
    first = next((group for group in groups if group.ssh_cidrs), groups[0])
    return AddressChange(first.id, first.name, cidr, first.ssh_cidrs)


async def allow_address(ctx: Context, change: AddressChange) -> None:
    """Let this computer's address in at port 22 of the security group; addresses let in before stay."""
    with activity_entry(ctx, "allow address", change.group_name, change.group_id) as entry:
        await run_to_completion(network.allow_ssh(ctx.session, change.group_id, change.cidr), ctx.pace.completion)
        entry.words = f"Security group {change.group_name} lets {display_cidr(change.cidr)} in at port 22."
