"""Connect: everything the system's ssh needs, found out before the terminal is handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fe2tui.errors import Fe2Error
from fe2tui.model.instance import Instance
from fe2tui.tasks.context import Context

if TYPE_CHECKING:
    from fe2tui.ssh.route import Route


@dataclass(frozen=True, slots=True)
class Connection:
    """An ssh command that is ready to run. ``tunnels`` are (local port, remote port); ``command`` is it, to be shown."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    route: Route
    instance: Instance
    tunnels: tuple[tuple[int, int], ...] = ()
    words: str = ""  # "ubuntu@203.0.113.7, key default, ports 8888"
    command: str = ""


async def prepare(
    ctx: Context,
    name: str | Instance,
    *,
    user: str | None = None,
    ports: str | Sequence[int] = (),
    key_file: Path | None = None,
    port: int | None = None,
) -> Connection:
    """Find out how to reach an instance: ``name`` may be ``user@name``. A pending one is waited for.

    Host keys are learnt from the console output first, when none is known. Raises StateError (not running),
    NoAddressError, KeyFileError, HostKeyChangedError, PortTakenError (with the next free port).
    """
    raise NotImplementedError


def explain(connection: Connection, exit_status: int, stderr: str = "") -> Fe2Error | None:
    """Why ssh ended as it did: None if the shell itself ended, whatever its status; ssh's own failures are 255."""
    raise NotImplementedError
