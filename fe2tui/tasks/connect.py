"""Connect: everything the system's ssh needs, found out before the terminal is handed over."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from fe2tui.aws import instances as aws
from fe2tui.errors import AwsError, Fe2Error, NotFoundError, StateError
from fe2tui.model.instance import Instance, State
from fe2tui.ssh.endings import explain_exit
from fe2tui.ssh.route import Route
from fe2tui.ssh.terminal import display_command, ssh_command
from fe2tui.ssh.tunnels import Tunnel, parse_ports, require_free
from fe2tui.tasks.context import Context
from fe2tui.tasks.names import find
from fe2tui.tasks.reach import find_login, host_keys, learn_host_keys
from fe2tui.tasks.record import Entry, recorded
from fe2tui.tasks.taken import is_gone, only_aws_starts


@dataclass(frozen=True, slots=True)
class Connection:
    """An ssh command that is ready to run; ``command`` is its short form, to be shown and copied."""

    argv: tuple[str, ...]
    route: Route
    instance: Instance
    tunnels: tuple[Tunnel, ...] = ()
    words: str = ""  # "ubuntu@203.0.113.7, key default, ports 8888"
    command: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    entry: int | None = None  # in the activity log


async def prepare(
    ctx: Context,
    name: str | Instance,
    *,
    user: str | None = None,
    ports: str | int | Sequence[int | str] = (),
    key_file: Path | None = None,
    port: int | None = None,
    is_logged: bool = True,
) -> Connection:
    """Find out how to reach an instance: ``name`` may be ``user@name``. A pending one is waited for.

    Host keys are learnt from the console output first, when none is known. ``is_logged`` False is for who only wants to
    know the command: the activity log has nothing of it then. Raises StateError (not running),
    NoAddressError, KeyFileError, HostKeyChangedError, PortTakenError (with the next free port).
    """
    tunnels = parse_ports(ports)
    require_free(tunnels)
    if isinstance(name, Instance):
        instance = await _now(ctx, name)
    else:
        instance, named_user = await _named(ctx, name)
        user = user or named_user
    log = recorded(ctx, "connect", instance.label, instance.id) if is_logged else nullcontext(Entry(None))
    with log as entry:
        instance = await _running(ctx, instance)
        login, is_known = await asyncio.gather(
            find_login(ctx, instance, user=user, key_file=key_file), learn_host_keys(ctx, instance)
        )
        route = login.route(ctx, instance, user=user, port=port)
        argv = await asyncio.to_thread(ssh_command, route, host_keys(), tunnels=tunnels)
        words = [route.words, login.key_words]
        words += [f"port{'s' if len(tunnels) > 1 else ''} {', '.join(one.words for one in tunnels)}"] if tunnels else []
        words += [] if is_known else ["host key trusted on first use"]
        entry.words = ", ".join(word for word in words if word)
    command = display_command(route, tunnels)
    return Connection(tuple(argv), route, instance, tunnels, entry.words, command, entry=entry.id)


def explain(connection: Connection, exit_status: int, stderr: str = "") -> Fe2Error | None:
    """Why ssh ended as it did: None if the shell itself ended, whatever its status; ssh's own failures are 255."""
    return explain_exit(connection.route, host_keys(), exit_status, stderr)


async def _named(ctx: Context, name: str) -> tuple[Instance, str | None]:
    try:
        return await find(ctx, name), None
    except NotFoundError as error:
        user, at, rest = name.partition("@")
        if not at or type(error) is not NotFoundError:
            raise
    return await find(ctx, rest), user


async def _now(ctx: Context, instance: Instance) -> Instance:
    """The instance as it is now; as it was last seen, where AWS does not answer."""
    try:
        found = await aws.describe(ctx.session, [instance.id])
    except AwsError:
        return instance
    return found[0] if found else instance


async def _running(ctx: Context, instance: Instance) -> Instance:
    state = instance.state
    if state is State.PENDING:
        ctx.step("connect", "pending", f"{instance.label} is starting", subject=instance.id, label=instance.label)
        waited = await aws.wait_states(
            ctx.session, [instance.id], [State.RUNNING], every=ctx.pace.poll, timeout=ctx.pace.states
        )
        return waited[instance.id]
    if state is State.RUNNING:
        return instance
    if state.is_gone:
        raise is_gone(instance, "it cannot be reached any more")
    if instance.is_interrupted:
        raise only_aws_starts(instance)
    raise StateError(
        f"{instance.label} is {state}.", f"Start it first: fe2 start {instance.label}; in the dashboard s."
    )
