"""Finds and kills the processes of machines, including detached ones (tmux, nohup, setsid)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from fe2tui.demo.machines.disk import MARKER

_PROC = Path("/proc")
_GIVE_UP_SECONDS = 3.0


def processes_of(folder: Path, leaders: Iterable[int] = ()) -> set[int]:
    """The ids of the living processes of the machine with this disk folder, or of all machines with disks below it.

    A process belongs to a machine if the machine's variable is in its environment, if its working directory is on the
    disk, or if one of `leaders` leads its session. Leaders must be alive or not yet waited for. Without /proc: if it
    has the variable or descends from a leader.
    """
    if _PROC.joinpath("self", "environ").exists():
        return _by_proc(folder, set(leaders))
    return _by_ps(folder, set(leaders))


def _by_proc(folder: Path, leaders: set[int]) -> set[int]:
    folder = folder.resolve()
    exact = f"{MARKER}={folder}".encode()
    found: set[int] = set()
    for entry in _PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            state, session = _state_and_session((entry / "stat").read_bytes())
            if state == b"Z":
                continue
            environment = (entry / "environ").read_bytes().split(b"\0")
            directory = (entry / "cwd").readlink()
        except OSError:
            continue
        marked = any(setting == exact or setting.startswith(exact + b"/") for setting in environment)
        if marked or session in leaders or directory.is_relative_to(folder):
            found.add(int(entry.name))
    return found


def children_of(parent: int) -> list[int]:
    """The ids of the processes that have this parent. Needs /proc."""
    found: list[int] = []
    for entry in _PROC.iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and _fields((entry / "stat").read_bytes())[1] == b"%d" % parent:
                found.append(int(entry.name))
    return found


def _fields(stat: bytes) -> list[bytes]:
    """State, parent, group, session and so on."""
    return stat.rpartition(b")")[2].split()


def _state_and_session(stat: bytes) -> tuple[bytes, int]:
    fields = _fields(stat)
    return fields[0], int(fields[3])


def _by_ps(folder: Path, leaders: set[int]) -> set[int]:
    with_environment = "-axwwE" if sys.platform == "darwin" else "axwwe"
    listed = subprocess.run(
        ["ps", with_environment, "-o", "pid=,ppid=,pgid=,stat=,command="],
        capture_output=True, text=True, errors="replace", check=False,
    ).stdout  # fmt: skip
    exact = f" {MARKER}={folder}"
    family = set(leaders)
    alive: list[tuple[int, int, int]] = []
    for line in listed.splitlines():
        pid, parent, group, state, command = line.split(maxsplit=4)
        if state[0] == "Z" or int(pid) == os.getpid():
            continue
        alive.append((int(pid), int(parent), int(group)))
        if f"{exact} " in f"{command} " or f"{exact}/" in command:
            family.add(int(pid))
    while True:
        grown = family | {pid for pid, parent, group in alive if parent in family or group in family}
        if grown == family:
            return family & {pid for pid, _, _ in alive}
        family = grown


def kill_all(folder: Path, leaders: Iterable[int] = ()) -> None:
    """Kills the processes until none is left. It takes several rounds, as processes fork meanwhile."""
    leaders = set(leaders)
    dying: set[int] = set()
    until = time.monotonic() + _GIVE_UP_SECONDS
    while time.monotonic() < until:
        found = processes_of(folder, leaders)
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        # A process that is ending has no environment any more, but may still hold a file or a port.
        dying = {pid for pid in dying | found if _is_alive(pid)}
        if not found and not dying:
            return
        time.sleep(0.002)


def _is_alive(pid: int) -> bool:
    try:
        return _state_and_session((_PROC / str(pid) / "stat").read_bytes())[0] not in (b"Z", b"X")
    except OSError:
        return False
