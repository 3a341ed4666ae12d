"""``fe2`` and demo clouds without the time that imports take: one process has imported it all, and forks for each.

A fork has its own environment, folder, standard streams, exit status and end of the interpreter, as a process that a
shell starts. What the interpreter reads when it starts (the encoding of the streams, Python's own variables) needs a
process of its own.
"""

from __future__ import annotations

import array
import contextlib
import gc
import json
import os
import pkgutil
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from fe2tui.demo import Cloud, Options

_READ_AT_START = ("PYTHON", "LC_", "LANG")
_ROOMS = ("model", "store", "chart", "aws", "ssh", "tasks", "ec2", "cli")
_CLI_MODULES = ("aiobotocore.session", "aiobotocore.httpsession", "boto3.session", "asyncssh")
_DEMO_MODULES = ("fe2tui.demo.__main__", "fe2tui.demo.machines", "fe2tui.demo.spot_market", "asyncssh")
_SERVICES = ("ec2", "sts", "ssm", "pricing", "cloudwatch")
_NUMBER = 8  # bytes of a number: a request's length, a process id, an exit status
_STREAMS = 3
_MOST_FDS = 5


def needs_own_process(variables: Mapping[str, str]) -> bool:
    """Whether the interpreter reads one of these variables when it starts."""
    return any(name.startswith(_READ_AT_START) for name in variables)


def share_service_models() -> None:
    """Let all of botocore's sessions in this process read AWS's service models only once: they have 4 MB for EC2."""
    import botocore.session

    botocore.session.create_loader = lru_cache(botocore.session.create_loader)


class Fork:
    """A process that the server has forked. Its methods are those of `subprocess.Popen`."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.pid = int.from_bytes(connection.recv(_NUMBER), "big")
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """The exit status, negative for a signal. Raises TimeoutExpired after so many seconds."""
        if self.returncode is None:
            self._connection.settimeout(timeout)
            try:
                status = self._connection.recv(_NUMBER)
            except TimeoutError:
                raise subprocess.TimeoutExpired("fork", timeout or 0.0) from None
            self.returncode = int.from_bytes(status, "big", signed=True)
            self._connection.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Kills it: the server does that when the connection is closed."""
        self._connection.close()


class ForkServer:
    """The process that has imported it all, as its client sees it. ``kind``: ``cli`` or ``demo``."""

    def __init__(self, kind: str, address: Path) -> None:
        self._address = str(address)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(self._address)
        listening.listen(16)
        alive, self._lifeline = os.pipe()
        self._server = subprocess.Popen(
            [sys.executable, "-P", __file__, kind, str(listening.fileno()), str(alive)],
            stdin=subprocess.DEVNULL,
            pass_fds=(listening.fileno(), alive),
            # An empty part of PYTHONPATH would be the current folder.
            env=os.environ
            | {"PYTHONPATH": os.pathsep.join(filter(None, (str(_CHECKOUT), os.environ.get("PYTHONPATH"))))},
        )
        listening.close()
        os.close(alive)

    def fork(self, arguments: Sequence[str], env: Mapping[str, str], fds: Sequence[int]) -> Fork:
        """A fork with these arguments, this environment and these descriptors, the standard streams first.

        It finds the numbers that further descriptors have there appended to its arguments.
        """
        request = json.dumps({"arguments": list(arguments), "env": dict(env), "cwd": str(Path.cwd())}).encode()
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self._address)
        sent = array.array("i", fds)
        connection.sendmsg([len(request).to_bytes(_NUMBER, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, sent)])
        connection.sendall(request)
        return Fork(connection)

    def run(self, command: Sequence[str], env: Mapping[str, str], *, timeout: float) -> tuple[int, str, str]:
        """The exit status of a command, and what it wrote. Raises AssertionError when it takes longer."""
        with (
            Path(os.devnull).open("rb") as nothing,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            fork = self.fork(command, env, [nothing.fileno(), out.fileno(), err.fileno()])
            status = None
            try:
                status = fork.wait(timeout)
            except subprocess.TimeoutExpired:
                fork.kill()
            out.seek(0)
            err.seek(0)
            written = out.read().decode(), err.read().decode()
        assert status is not None, f"still running after {timeout} s: {written}"
        return status, *written

    def close(self) -> None:
        """End it."""
        os.close(self._lifeline)
        self._server.wait(10)


class ForkedCloud(Cloud):
    """A demo cloud whose process is a fork. Its scene is the museum: tests need odd instances and hostile tags."""

    server: ForkServer | None = None
    cache: Path | None = None
    """A cache folder as an earlier command left it."""
    certificates: Path | None = None
    """What clients trust: few, since reading all of them takes each client longer than its calls to a cloud."""

    def __init__(self, options: Options | None = None, folder: Path | None = None) -> None:
        super().__init__(replace(options or Options(), museum=True), folder)

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | ({"AWS_CA_BUNDLE": str(self.certificates)} if self.certificates else {})

    def _spawn(self, listening: int, lifeline: int) -> subprocess.Popen[bytes]:
        assert self.server is not None
        if self.cache is not None:
            shutil.copytree(self.cache, self.home / "cache", copy_function=os.link, dirs_exist_ok=True)
        config = {"folder": str(self.folder), "remove": self._own_folder, "options": asdict(self.options)}
        env = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "FE2TUI_"))}
        with Path(os.devnull).open("r+b") as nothing, (self.folder / "demo.log").open("wb") as log:
            fds = [nothing.fileno(), nothing.fileno(), log.fileno(), listening, lifeline]
            return cast("subprocess.Popen[bytes]", self.server.fork([json.dumps(config)], env, fds))


# The process itself

_CHECKOUT = Path(__file__).parent.parent


def _import_cli() -> None:
    for room in _ROOMS:
        package = import_module(f"fe2tui.{room}")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.", onerror=lambda _: None):
            with contextlib.suppress(Exception):  # the command that needs a broken module reports it
                import_module(found.name)
    for name in _CLI_MODULES:
        import_module(name)
    share_service_models()
    from botocore.session import Session

    loader = Session().get_component("data_loader")
    for name in _SERVICES:
        for kind in ("service-2", "endpoint-rule-set-1"):
            loader.load_service_model(name, kind)
    for name in ("endpoints", "partitions"):
        loader.load_data(name)


def _import_demo() -> None:
    for name in _DEMO_MODULES:
        import_module(name)
    from fe2tui.demo import catalogue
    from fe2tui.demo.services import pricing

    _ = catalogue.read().types
    pricing.products("us-east-2")


def _serve(listening: socket.socket, alive: int) -> dict[str, Any]:
    """Forks for each request that comes; returns in the forks, with the request, its streams in their places."""
    import select

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the forks that keep the connections are not waited for
    while True:
        waited: list[Any] = [listening, alive]
        ready, _, _ = select.select(waited, [], [])
        if alive in ready:
            os._exit(0)
        connection, _ = listening.accept()
        if os.fork() == 0:
            listening.close()
            os.close(alive)
            return _read_request(connection)
        connection.close()


def _read_request(connection: socket.socket) -> dict[str, Any]:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, sent, _, _ = socket.recv_fds(connection, _NUMBER, _MOST_FDS)
    length, body = int.from_bytes(head, "big"), b""
    while len(body) < length:
        body += connection.recv(length - len(body))
    child = os.fork()
    if child:
        for fd in sent:
            os.close(fd)
        _wait(child, connection)
    connection.close()
    for place, fd in enumerate(sent[:_STREAMS]):
        os.dup2(fd, place)
        os.close(fd)
    request: dict[str, Any] = json.loads(body)
    request["arguments"] += map(str, sent[_STREAMS:])
    return request


def _wait(child: int, connection: socket.socket) -> None:
    """Send the process id and the exit status; kill the process if the client has gone."""
    import select
    import threading

    connection.sendall(child.to_bytes(_NUMBER, "big"))
    ended = threading.Event()

    def watch() -> None:
        select.select([connection], [], [])
        if not ended.is_set():
            os.kill(child, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
    _, how = os.waitpid(child, 0)
    ended.set()
    with contextlib.suppress(OSError):
        connection.sendall(os.waitstatus_to_exitcode(how).to_bytes(_NUMBER, "big", signed=True))
    os._exit(0)


def _set_up(request: Mapping[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    time.tzset()
    sys.stdin, sys.stdout = (os.fdopen(place, mode, encoding="utf-8", closefd=False) for place, mode in enumerate("rw"))
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, errors="backslashreplace", buffering=1)
    for name in ("stdin", "stdout", "stderr"):
        setattr(sys, f"__{name}__", getattr(sys, name))


def _run_cli(arguments: list[str]) -> None:
    from fe2tui import cli

    sys.argv[:] = arguments
    getattr(cli, Path(sys.argv[0]).name)()


def _run_demo(arguments: list[str]) -> None:
    from fe2tui.demo.__main__ import main

    os.setsid()
    config, listening, lifeline = arguments
    main(json.loads(config) | {"listening": listening, "lifeline": lifeline})


if __name__ == "__main__":
    kind = sys.argv[1]
    (_import_cli if kind == "cli" else _import_demo)()
    gc.collect()
    gc.freeze()
    wanted = _serve(socket.socket(fileno=int(sys.argv[2])), int(sys.argv[3]))
    _set_up(wanted)
    (_run_cli if kind == "cli" else _run_demo)(wanted["arguments"])
