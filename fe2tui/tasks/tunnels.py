"""Tunnels that stay open: opened again after the connection broke or the instance was stopped and started."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from fe2tui.errors import (
    Fe2Error,
    FieldError,
    HostKeyChangedError,
    KeyFileError,
    MachineError,
    NotFoundError,
    PermissionDeniedError,
    PortTakenError,
    StateError,
)
from fe2tui.model.instance import Instance
from fe2tui.ssh.tunnels import Tunnel, run_tunnels
from fe2tui.tasks.connect import Connection, connection_failure, prepare_connection
from fe2tui.tasks.context import Context
from fe2tui.tasks.names import read_instance

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # seconds between two tries; each pause is twice the one before
_STABLE_AFTER = timedelta(seconds=30)  # open for so long, a tunnel that breaks is tried again at once
# What another try does not mend.
_FINAL = (FieldError, HostKeyChangedError, KeyFileError, NotFoundError, PermissionDeniedError, PortTakenError)


class TunnelState(StrEnum):
    OPENING = "opening"
    OPEN = "open"
    BROKEN = "broken"  # it is tried again
    FAILED = "failed"  # it is not


@dataclass(frozen=True, slots=True)
class TunnelStatus:
    """``since`` is when this state began, ``error`` why it broke or failed, ``retry_at`` when it is tried again."""

    state: TunnelState
    since: datetime
    error: Fe2Error | None = None
    retry_at: datetime | None = None


async def keep_tunnels_open(
    ctx: Context, instance: Instance, tunnels: Sequence[Tunnel], on_change: Callable[[TunnelStatus], None]
) -> None:
    """Keep tunnels open until this is cancelled. Before each try, address, key and local ports are looked up.

    Ends, with the state ``failed``, where another try would not help: the instance is terminated, its host key changed,
    it refuses the key, or another program has taken a port. Only the first try is in the activity log.
    """
    pause, is_first = 0.0, True
    while True:
        opened_at: datetime | None = None

        def report_open() -> None:
            nonlocal opened_at
            opened_at = ctx.clock()
            on_change(TunnelStatus(TunnelState.OPEN, opened_at))

        on_change(TunnelStatus(TunnelState.OPENING, ctx.clock()))
        try:
            ports = [tunnel.text for tunnel in tunnels]
            connection = await prepare_connection(ctx, instance, ports=ports, only_tunnels=True, is_logged=is_first)
            status, messages = await _run_ssh(connection, report_open)
            if opened_at is not None:
                connection = replace(connection, entry_id=None)  # it did connect
            error = await connection_failure(ctx, connection, status, messages)
            error = error or MachineError(f"ssh to {instance.label} ended with status {status}.")
        except Fe2Error as failure:
            error = failure
        is_first = False
        now = ctx.clock()
        if isinstance(error, _FINAL) or (isinstance(error, StateError) and await _is_gone(ctx, instance)):
            on_change(TunnelStatus(TunnelState.FAILED, now, error))
            return
        was_stable = opened_at is not None and now - opened_at >= _STABLE_AFTER
        pause = _FIRST_PAUSE if was_stable or not pause else min(2 * pause, _LONGEST_PAUSE)
        on_change(TunnelStatus(TunnelState.BROKEN, now, error, now + timedelta(seconds=pause)))
        await asyncio.sleep(pause)


async def _run_ssh(connection: Connection, on_open: Callable[[], None]) -> tuple[int, str]:
    try:
        return await run_tunnels(connection.argv, connection.env, on_open)
    except OSError as error:
        raise MachineError(f"ssh could not be started: {error.strerror}.", "Check that ssh is installed.") from error


async def _is_gone(ctx: Context, instance: Instance) -> bool:
    """Whether the instance is terminated, as far as AWS answers."""
    try:
        return (await read_instance(ctx, instance.id)).state.is_gone
    except NotFoundError:
        return True
    except Fe2Error:
        return False
