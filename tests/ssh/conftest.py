"""Demo machines and agents for the tests of the ssh room."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fe2tui.demo.machines import Machines
from fe2tui.ssh.hostkeys import HostKeys
from fe2tui.ssh.route import Route
from tests.ssh.ssh_yard import ID, Yard, write_key


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    public_key = write_key(tmp_path / "key")
    with Machines(tmp_path / "machines") as machines:
        port = machines.create(ID, hostname="base", user="ubuntu", public_key=public_key)
        route = Route(ID, "127.0.0.1", port, "ubuntu", tmp_path / "key", "default", "base")
        yield Yard(machines, tmp_path, tmp_path / "key", public_key, HostKeys(tmp_path / "data" / "known_hosts"), route)


@pytest.fixture
def up(yard: Yard) -> Yard:
    yard.machines.boot(ID)
    return yard


@pytest.fixture
def configure_ssh(yard: Yard, clean_environment: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Writes a configuration that the system's ssh and asyncssh read."""

    def configure(text: str) -> None:
        config = clean_environment / ".ssh" / "config"
        config.parent.mkdir(exist_ok=True)
        config.write_text(text)
        # ssh takes the home of its configuration from the password database, not from HOME.
        wrapper = yard.folder / "bin" / "ssh"
        wrapper.parent.mkdir(exist_ok=True)
        wrapper.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {shlex.quote(str(config))} "$@"\n')
        wrapper.chmod(0o755)
        monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")

    return configure


@pytest.fixture
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Starts a real ssh-agent that holds the given private keys; returns its socket."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*keys: Path) -> str:
        path = str(tmp_path_factory.mktemp("a") / "s")
        started.append(subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL))
        until = time.monotonic() + 10
        while not Path(path).exists():
            assert time.monotonic() < until
            time.sleep(0.005)
        for key in keys:
            subprocess.run(
                ["ssh-add", "-q", str(key)], env={"SSH_AUTH_SOCK": path, "PATH": "/usr/bin:/bin"}, check=True
            )
        return path

    yield start
    for process in started:
        process.terminate()
        process.wait()
