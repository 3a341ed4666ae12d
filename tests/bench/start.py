"""How long a person waits: for the first frame, the first fresh row, a list, a launch."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fe2tui.demo import Cloud, Options
from tests.bench.figures import Figure, Time, paired, ratio
from tests.bench.terminal import Terminal

BIN = Path(sys.executable).parent
LAUNCH_BOOT = Options(boot_seconds=3.0, ssh_seconds=2.0, unseen_seconds=0.5, scene=False)


def client_environment(cloud: Cloud) -> dict[str, str]:
    """This process's environment pointed at the cloud; programs keep their bytecode, as pip does for installed ones."""
    own = ("PYTHONDONTWRITEBYTECODE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
    return {name: value for name, value in os.environ.items() if name not in own} | cloud.environment


@contextmanager
def fresh_home(cloud: Cloud, *parts: str) -> Iterator[dict[str, str]]:
    """An environment with the cloud's configuration and keys, but no fleet remembered from an earlier start.

    ``parts`` of the home that are there as well: ``cache`` holds what is made once for each version of AWS's library.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for part in ("config", "data/keys", *parts):
            if (cloud.home / part).is_dir():
                (home / part).mkdir(parents=True)
                for file in (cloud.home / part).iterdir():
                    if file.is_file():
                        (home / part / file.name).write_bytes(file.read_bytes())
                        (home / part / file.name).chmod(0o600)
        yield {**client_environment(cloud), "FE2TUI_HOME": folder}


def _store_a_fleet(env: Mapping[str, str]) -> None:
    """One run of the dashboard that ends by itself, and has stored the fleet by then."""
    terminal = Terminal([str(BIN / "fe2tui")], env)
    terminal.wait_for("scraper")
    terminal.close(b"q")


def _seen(command: list[str], env: Mapping[str, str], text: str) -> Time:
    """Until the text was written."""
    terminal = Terminal(command, env)
    try:
        wall = terminal.wait_for(text) - terminal.started
        return Time(wall, terminal.cpu_seconds())
    finally:
        terminal.close()


def _run(command: list[str], env: Mapping[str, str]) -> Time:
    """The whole process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=dict(env), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Time(wall, used.ru_utime + used.ru_stime)


def first_frame(cloud: Cloud, runs: int) -> Figure:
    """First frame of the dashboard against that of an empty Textual app."""
    env = client_environment(cloud)
    empty = [sys.executable, "-m", "tests.bench.empty_app"]
    pairs = paired(lambda: _seen([str(BIN / "fe2tui")], env, "Instances"), lambda: _seen(empty, env, "ready"), runs)
    return ratio("first frame ÷ first frame of an empty Textual app", pairs, 1.15)


def last_fleet(cloud: Cloud, runs: int) -> Figure:
    """The last fleet on the screen, before AWS is asked, against the first frame of an empty Textual app."""
    env = client_environment(cloud)
    _store_a_fleet(env)
    empty = [sys.executable, "-m", "tests.bench.empty_app"]
    pairs = paired(lambda: _seen([str(BIN / "fe2tui")], env, "scraper"), lambda: _seen(empty, env, "ready"), runs)
    return ratio("the last fleet on screen ÷ first frame of an empty app", pairs, 1.6)


def _list_with_aws(env: Mapping[str, str]) -> Callable[[], Time]:
    return lambda: _run([str(BIN / "aws"), "ec2", "describe-instances"], env)


def first_row(cloud: Cloud, runs: int) -> Iterator[Figure]:
    """First fresh instance row, with no fleet remembered, against the AWS CLI's whole run.

    Once as at every start, once as at the first one with a new version of AWS's library, which is read whole then.
    """
    theirs = _list_with_aws(client_environment(cloud))
    _seen([str(BIN / "fe2tui")], client_environment(cloud), "scraper")

    def start(*parts: str) -> Time:
        with fresh_home(cloud, *parts) as env:
            return _seen([str(BIN / "fe2tui")], env, "scraper")

    what = "first fresh instance row ÷ aws ec2 describe-instances"
    yield ratio(what, paired(lambda: start("cache"), theirs, runs), 1.2)
    yield ratio("  the same at the very first start", paired(start, theirs, runs), None)


def listing(cloud: Cloud, runs: int) -> Figure:
    """`fe2 instances` against the AWS CLI, as whole processes."""
    env = client_environment(cloud)
    pairs = paired(lambda: _run([str(BIN / "fe2"), "instances"], env), _list_with_aws(env), runs)
    return ratio("fe2 instances ÷ aws ec2 describe-instances", pairs, 0.7)


def helping(cloud: Cloud, runs: int) -> Figure:
    """`fe2 --help` against `aws --version`: what Python and the command line take before any work is done."""
    env = client_environment(cloud)
    pairs = paired(
        lambda: _run([str(BIN / "fe2"), "--help"], env), lambda: _run([str(BIN / "aws"), "--version"], env), runs
    )
    return ratio("fe2 --help ÷ aws --version", pairs, 0.35)


def launching(runs: int) -> Figure:
    """From the command to ready, less the time that the cloud itself takes to boot."""
    boot = LAUNCH_BOOT.boot_seconds + LAUNCH_BOOT.ssh_seconds
    with Cloud(LAUNCH_BOOT) as cloud:
        env = client_environment(cloud)
        walls = [
            _run([str(BIN / "fe2"), "--yes", "launch", f"bench{n}", "ubuntu", "20", "t3.micro"], env).wall
            for n in range(runs + 1)
        ]
    median = statistics.median(walls[1:])
    return Figure(
        "launch: command to ready, less the cloud's boot",
        median - boot,
        "s",
        0.45,
        f"{median:.2f} s − {boot:g} s of boot",
    )


def call_to_answer(runs: int) -> Figure:
    """From starting a demo cloud to its first answered call."""
    import boto3

    def once() -> float:
        started = time.perf_counter()
        with Cloud() as cloud:
            keys = cloud.environment
            boto3.Session().client(
                "ec2",
                endpoint_url=cloud.endpoint,
                region_name=keys["AWS_REGION"],
                aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            ).describe_instances()
            return time.perf_counter() - started

    once()
    return Figure("demo cloud: start to first answered call", statistics.median(once() for _ in range(runs)), "s", 2.0)
