"""Instances: launched, described, started, stopped, rebooted, terminated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from fe2tui.aws.session import Session
from fe2tui.model.instance import Instance, State


async def run_instances(session: Session, call: Mapping[str, Any]) -> Instance:
    """Send one RunInstances call (MinCount = MaxCount = 1) that carries its ClientToken.

    Said again, with the same token, only after RequestLimitExceeded, ServerInternal, ServiceUnavailable, InternalError,
    Unavailable, a broken connection or a time-out. Raises CapacityError, QuotaError, DeniedError, FieldError …
    """
    raise NotImplementedError


async def describe(
    session: Session, ids: Iterable[str] | None = None, *, filters: Mapping[str, Sequence[str]] | None = None
) -> list[Instance]:
    """The instances of these ids, or that pass the filters, or all. An id that EC2 does not know (yet) is left out."""
    raise NotImplementedError


async def by_client_token(session: Session, token: str) -> Instance | None:
    """The instance that came of the launch with this token, terminated or not; None if EC2 shows none."""
    raise NotImplementedError


async def start(session: Session, ids: Sequence[str]) -> dict[str, State]:
    """Start instances; what state each is in now. Raises CapacityError, StateError …"""
    raise NotImplementedError


async def stop(session: Session, ids: Sequence[str], *, force: bool = False) -> dict[str, State]:
    """Stop instances; what state each is in now. ``force`` does not let the system shut down."""
    raise NotImplementedError


async def reboot(session: Session, ids: Sequence[str]) -> None:
    """Ask the systems of running instances to restart."""
    raise NotImplementedError


async def terminate(session: Session, ids: Sequence[str]) -> dict[str, State]:
    """Terminate instances; what state each is in now. Raises ProtectedError if one is protected."""
    raise NotImplementedError


async def is_protected(session: Session, instance_id: str) -> bool:
    """Whether termination protection is on."""
    raise NotImplementedError


async def console_output(session: Session, instance_id: str) -> str:
    """What the machine wrote to its console since it booted; empty while EC2 has nothing."""
    raise NotImplementedError


async def free_name(session: Session, instance_id: str) -> None:
    """Take the Name off, so that another instance may have it."""
    raise NotImplementedError


async def wait_states(
    session: Session,
    ids: Sequence[str],
    states: Iterable[State],
    *,
    every: float = 1.5,
    timeout: float = 600.0,
    seen: Callable[[Instance], None] | None = None,
) -> dict[str, Instance]:
    """Wait until each instance is in one of the states, asking for all in one call; ``seen`` hears of each look.

    Raises StateError when one came to a state from which it cannot get there, UnreachableError when time is up. Times
    are seconds. One that EC2 does not show yet is waited for.
    """
    raise NotImplementedError
