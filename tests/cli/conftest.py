"""The command line as a person has it: a program, its output, its exit status."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fe2tui.demo import Cloud
from tests.forks import ForkServer, needs_own_process
from tests.screen import plain_environment

PROGRAMS = Path(sys.executable).parent


@dataclass(frozen=True)
class Said:
    """The exit status and the output of one command."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Shell:
    """Runs ``fe2`` in an environment, without a terminal."""

    def __init__(self, fork_server: ForkServer, environment: Mapping[str, str], cloud: Cloud | None = None) -> None:
        self.environment = plain_environment() | dict(environment)
        self._fork_server = fork_server
        self._cloud = cloud

    @property
    def cloud(self) -> Cloud:
        assert self._cloud is not None
        return self._cloud

    def command(self, *arguments: str, program: str = "fe2") -> list[str]:
        return [str(PROGRAMS / program), *arguments]

    def start(self, *arguments: str, program: str = "fe2", **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments, program=program),
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str, program: str = "fe2", timeout: float = 60, **more: str) -> Said:
        if not needs_own_process(more):
            command, variables = self.command(*arguments, program=program), self.environment | more
            return Said(*self._fork_server.run(command, variables, timeout=timeout))
        with self.start(*arguments, program=program, **more) as running:
            try:
                out, err = running.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                running.kill()
                raise AssertionError(f"still running after {timeout} s: {running.communicate()}") from None
        return Said(running.returncode, out, err)


@pytest.fixture(scope="session")
def fork_server(_guarded_children: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    """The process that commands are forks of."""
    one = ForkServer("cli", tmp_path_factory.mktemp("cli") / "socket")
    yield one
    one.close()


@pytest.fixture
def on(tmp_path: Path, fork_server: ForkServer) -> Callable[[Cloud], Shell]:
    """A shell that has evaluated a cloud's export line, with a FE2TUI_HOME of the test's own."""

    def shell(cloud: Cloud) -> Shell:
        home = tmp_path / "fe2tui-home"
        shutil.copytree(cloud.home, home)
        return Shell(fork_server, cloud.environment | {"FE2TUI_HOME": str(home)}, cloud)

    return shell


@pytest.fixture
def fe2(cloud: Cloud, on: Callable[[Cloud], Shell]) -> Shell:
    """On the lived-in cloud that other tests use as well: for reading."""
    return on(cloud)


@pytest.fixture
def empty_fe2(fresh_cloud: Callable[..., Cloud], on: Callable[[Cloud], Shell]) -> Shell:
    """On an empty account of the test's own: for changing."""
    return on(fresh_cloud(scene=False))


@pytest.fixture
def own_fe2(fresh_cloud: Callable[..., Cloud], on: Callable[[Cloud], Shell]) -> Shell:
    """On a lived-in account of the test's own: for changing."""
    return on(fresh_cloud())


@pytest.fixture
def alone(tmp_path: Path, fork_server: ForkServer) -> Callable[..., Shell]:
    """On no cloud at all: no credentials, no settings, an address without a server."""

    def with_variables(**variables: str) -> Shell:
        empty = tmp_path / "empty"
        empty.touch()
        return Shell(
            fork_server,
            {
                "HOME": str(tmp_path),
                "FE2TUI_HOME": str(tmp_path / "home"),
                "AWS_CONFIG_FILE": str(empty),
                "AWS_SHARED_CREDENTIALS_FILE": str(empty),
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
                **variables,
            },
        )

    return with_variables
