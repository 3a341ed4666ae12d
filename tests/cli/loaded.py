"""``fe2`` without the time that loading takes: one process has loaded it all, and each command is a fork of it.

A command has its own environment, folder, standard streams, exit status and end of the interpreter, as one started by
a shell has. What hangs on the start itself (the encoding of the streams, Python's own variables) needs a real one.
"""

from __future__ import annotations

import array
import contextlib
import gc
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

_AT_THE_START = ("PYTHON", "LC_", "LANG")
_ROOMS = ("model", "store", "chart", "aws", "ssh", "tasks", "ec2", "cli")
_FURTHER = ("aiobotocore.session", "aiobotocore.httpsession", "boto3.session", "asyncssh")
_LENGTH = 8  # bytes that say how long an order is
_STREAMS = 3


def hangs_on_the_start(variables: Mapping[str, str]) -> bool:
    """Whether one of these variables means something to the interpreter when it starts."""
    return any(name.startswith(_AT_THE_START) for name in variables)


class Loaded:
    """The process that has loaded it all, as its client sees it."""

    def __init__(self, address: Path) -> None:
        self._address = str(address)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(self._address)
        listening.listen(16)
        alive, self._lifeline = os.pipe()
        self._server = subprocess.Popen(
            [sys.executable, __file__, str(listening.fileno()), str(alive)],
            stdin=subprocess.DEVNULL,
            pass_fds=(listening.fileno(), alive),
        )
        listening.close()
        os.close(alive)

    def run(self, command: Sequence[str], env: Mapping[str, str], *, timeout: float) -> tuple[int, str, str]:
        """The exit status of a command, and what it wrote. Raises AssertionError when it takes longer."""
        order = json.dumps({"command": list(command), "env": dict(env), "cwd": str(Path.cwd())}).encode()
        with (
            socket.socket(socket.AF_UNIX) as line,
            Path(os.devnull).open("rb") as nothing,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            line.settimeout(timeout)
            line.connect(self._address)
            streams = array.array("i", [nothing.fileno(), out.fileno(), err.fileno()])
            line.sendmsg([len(order).to_bytes(_LENGTH, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
            line.sendall(order)
            try:
                status = line.recv(_LENGTH)
            except TimeoutError:
                status = b""  # its line breaks with this, and it is killed
            out.seek(0)
            err.seek(0)
            said = out.read().decode(), err.read().decode()
        assert status, f"still running after {timeout} s: {said}"
        return int.from_bytes(status, "big", signed=True), *said

    def close(self) -> None:
        """End it."""
        os.close(self._lifeline)
        self._server.wait(10)


# The process itself


def _load() -> None:
    for room in _ROOMS:
        package = import_module(f"fe2tui.{room}")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.", onerror=lambda _: None):
            with contextlib.suppress(Exception):  # a broken module is for the command that needs it to tell of
                import_module(found.name)
    for name in _FURTHER:
        import_module(name)
    gc.collect()
    gc.freeze()


def _serve(listening: socket.socket, alive: int) -> dict[str, Any]:
    """Fork for each order that comes; returns in the forks, with the order, its streams in their places."""
    import select

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the forks that keep the sockets are not waited for
    while True:
        waited: list[Any] = [listening, alive]
        ready, _, _ = select.select(waited, [], [])
        if alive in ready:
            os._exit(0)
        line, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            os.close(alive)
            return _obey(line)
        line.close()


def _obey(line: socket.socket) -> dict[str, Any]:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, sent, _, _ = socket.recv_fds(line, _LENGTH, _STREAMS)
    wanted, order = int.from_bytes(head, "big"), b""
    while len(order) < wanted:
        order += line.recv(wanted - len(order))
    child = os.fork()
    if child:
        _wait(child, line)
    line.close()
    for place, fd in enumerate(sent):
        os.dup2(fd, place)
        os.close(fd)
    read: dict[str, Any] = json.loads(order)
    return read


def _wait(child: int, line: socket.socket) -> None:
    """Send the command's exit status; kill the command if the client has gone."""
    import select
    import threading

    ended = threading.Event()

    def watch() -> None:
        select.select([line], [], [])
        if not ended.is_set():
            os.kill(child, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
    _, how = os.waitpid(child, 0)
    ended.set()
    line.sendall(os.waitstatus_to_exitcode(how).to_bytes(_LENGTH, "big", signed=True))
    os._exit(0)


def _become(order: Mapping[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    time.tzset()
    sys.argv[:] = order["command"]
    sys.stdin, sys.stdout = (os.fdopen(place, mode, encoding="utf-8", closefd=False) for place, mode in enumerate("rw"))
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, errors="backslashreplace", buffering=1)
    for name in ("stdin", "stdout", "stderr"):
        setattr(sys, f"__{name}__", getattr(sys, name))


if __name__ == "__main__":
    _load()
    _become(_serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])))
    from fe2tui import cli

    getattr(cli, Path(sys.argv[0]).name)()
