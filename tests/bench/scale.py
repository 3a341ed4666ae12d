"""The dashboard with many instances: keys, the event loop, memory."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fe2tui.demo import Cloud, Options
from tests.bench.figures import Figure, percentile
from tests.bench.start import fresh_home
from tests.bench.terminal import Terminal

SIZES = (100, 1_000, 10_000, 20_000)
KEYS = 60
AIM, IDLE_AIM = 50.0, 35.0  # milliseconds
PEAK_MIB_AT_10_000 = 300.0
_STILL, _AT_MOST = 0.08, 300.0  # processor seconds in one second that are as good as none; seconds
_DOWN = b"\x1b[B"
_CURSOR = "▌"


@contextmanager
def watched(cloud: Cloud) -> Iterator[tuple[Terminal, Path]]:
    """The dashboard on the cloud, as quick as may be while anything moves, and the file its longest gaps go to."""
    with fresh_home(cloud) as env, tempfile.TemporaryDirectory() as folder:
        config = Path(env["FE2TUI_HOME"]) / "config" / "config.toml"
        config.write_text(f"{config.read_text()}\nslow_seconds = 600\nquick_seconds = 0.5\n")
        gaps = Path(folder) / "gaps"
        gaps.touch()
        terminal = Terminal([sys.executable, "-m", "tests.bench.watched", str(gaps)], env)
        try:
            yield terminal, gaps
        finally:
            terminal.close()


def longest_gap(terminal: Terminal, gaps: Path) -> float:
    """The longest gap of the loop since the last time it was asked, in milliseconds."""
    before = gaps.read_text()
    os.kill(terminal.pid, signal.SIGUSR1)
    end = time.perf_counter() + 10
    while gaps.read_text() == before and time.perf_counter() < end:
        terminal.drain(0.02)
    return float(gaps.read_text().split()[-1])


def _key_times(terminal: Terminal) -> list[float]:
    times = []
    for _ in range(KEYS):
        pressed = terminal.send(_DOWN)
        times.append((terminal.wait_for(_CURSOR, 20) - pressed) * 1000)
        terminal.drain(0.05)
    return times


def _key_rows(what: str, times: list[float], aim: float = AIM) -> list[Figure]:
    return [
        Figure(f"{what}: key to frame, p50", percentile(times, 0.5), "ms"),
        Figure(f"{what}: key to frame, p95", percentile(times, 0.95), "ms", aim),
    ]


def _all_rows(terminal: Terminal, size: int) -> float:
    return terminal.wait_for(f"Instances {size:,}", 300) - terminal.started


def at_rest(terminal: Terminal) -> float:
    """Wait until disks and prices are read as well, and all of it is kept; seconds since the start."""
    still, before = 0, terminal.cpu_seconds()
    while still < 3:
        terminal.drain(1)
        now = terminal.cpu_seconds()
        still, before = (still + 1 if now - before < _STILL else 0), now
        if time.perf_counter() - terminal.started > _AT_MOST:
            raise TimeoutError(f"it was still busy after {_AT_MOST:g} s")
    return time.perf_counter() - terminal.started - still


def _idle(cloud: Cloud, size: int) -> list[Figure]:
    with watched(cloud) as (terminal, _gaps):
        shown = _all_rows(terminal, size)
        early = _key_times(terminal)
        rest = at_rest(terminal)
        rows = [
            Figure(f"{size:,} rows: start to all of them", shown, "s", None, f"everything read and kept: {rest:.0f} s"),
            *_key_rows(f"{size:,} rows, disks being read", early),
            *_key_rows(f"{size:,} rows, idle", _key_times(terminal), IDLE_AIM if size == SIZES[0] else AIM),
        ]
        aim = PEAK_MIB_AT_10_000 if size == 10_000 else None
        return [*rows, Figure(f"{size:,} rows: peak memory", terminal.peak_mib(), "MiB", aim)]


def _keep_moving(cloud: Cloud) -> None:
    """One more instance, that stays pending: as long as anything moves, everything is read again and again."""
    import boto3

    keys = cloud.environment
    ec2 = boto3.Session().client(
        "ec2",
        endpoint_url=cloud.endpoint,
        region_name=keys["AWS_REGION"],
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )
    cloud.control("/demo/delays", {"boot_seconds": 86_400})
    image = ec2.describe_images(Owners=["099720109477"])["Images"][0]
    kind: Any = "t3.micro" if image["Architecture"] == "x86_64" else "t4g.micro"
    ec2.run_instances(ImageId=image["ImageId"], InstanceType=kind, MinCount=1, MaxCount=1)


def _reading(cloud: Cloud, size: int) -> list[Figure]:
    _keep_moving(cloud)
    with watched(cloud) as (terminal, gaps):
        _all_rows(terminal, size + 1)
        terminal.drain(3 + size / 4_000)
        longest_gap(terminal, gaps)
        cloud.control("/demo/calls", method="DELETE")
        times = _key_times(terminal)
        gap = longest_gap(terminal, gaps)
        pages = sum(call["action"] == "DescribeInstances" for call in cloud.control("/demo/calls", method="GET"))
        rows = _key_rows(f"{size:,} rows, while reading", times)
        return [*rows, Figure(f"{size:,} rows, while reading: longest gap", gap, "ms", AIM, f"{pages} pages read")]


def scaling(sizes: tuple[int, ...] = SIZES) -> Iterator[Figure]:
    """Keys, gaps and memory at each size."""
    for size in sizes:
        with Cloud(Options.instant(extra=size, scene=False)) as cloud:
            yield from _idle(cloud, size)
            yield from _reading(cloud, size)
