"""Connecting from the dashboard, in a real terminal, over real ssh: there and back to the same row."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fe2tui.demo import Cloud
from tests.tui.driver import calls
from tests.tui.pty_screen import Terminal

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="no ssh program on this computer")

PROMPT = "ubuntu@base:~$"


@contextmanager
def dashboard(columns: int = 120, lines: int = 36) -> Iterator[Terminal]:
    """The program, as a person starts it, when its table has been read."""
    with Terminal([sys.executable, "-P", "-m", "fe2tui"], dict(os.environ), columns, lines) as terminal:
        terminal.until(lambda: "● base" in terminal.text and "0s ago" in terminal.text)
        yield terminal


def row(terminal: Terminal) -> str:
    """The row with the cursor."""
    return next((line for line in terminal.text.splitlines() if "▌" in line and "│" in line), "")


def go_to_base(terminal: Terminal) -> None:
    """Move the cursor from the first row to the second."""
    terminal.until(lambda: "[prod] web" in row(terminal))
    terminal.send("\x1b[B")
    terminal.until(lambda: " base " in row(terminal))


def into_the_shell(terminal: Terminal) -> None:
    """Connect to base."""
    go_to_base(terminal)
    terminal.send("c")
    terminal.until(PROMPT)


def is_back_at_base(terminal: Terminal) -> Callable[[], bool]:
    """Whether the dashboard is drawn again, with the cursor where it was."""
    return lambda: " base " in row(terminal) and "Help" in terminal.text and PROMPT not in terminal.text


def test_a_shell_and_back_to_the_same_row(demo_env: Path) -> None:
    with dashboard() as terminal:
        into_the_shell(terminal)
        assert "connecting to base" in terminal.text
        terminal.send("echo $((40+2))-there; exit 7\r")
        terminal.until(is_back_at_base(terminal))
        assert b"42-there" in terminal.raw
        terminal.until("Disconnected from base")


def test_ctrl_c_in_the_shell_ends_what_runs_there_and_nothing_here(demo_env: Path) -> None:
    with dashboard() as terminal:
        into_the_shell(terminal)
        terminal.send("sleep 600\r")
        terminal.read(0.5)
        terminal.send("\x03")
        terminal.send("echo still-$((1+1))\r")
        terminal.until("still-2")
        terminal.send("\x04")
        terminal.until(is_back_at_base(terminal))


def test_a_resize_in_the_shell_reaches_it_and_the_dashboard(demo_env: Path) -> None:
    with dashboard(80, 24) as terminal:
        into_the_shell(terminal)
        terminal.resize(130, 40)
        terminal.send("stty size; exit\r")
        terminal.until(is_back_at_base(terminal))
        assert b"40 130" in terminal.raw
        terminal.until(lambda: max(map(len, terminal.text.splitlines())) > 125)


def test_a_machine_that_refuses_logins_is_reported_and_the_row_stays(demo_env: Path) -> None:
    with dashboard() as terminal:
        terminal.until(lambda: "[prod] web" in row(terminal))
        terminal.send("c")
        terminal.until("does not let ubuntu in")
        assert "[prod] web" in row(terminal)
        terminal.send("!")
        terminal.until("→ It was launched with the key pair laptop-2023")
        activity = terminal.text.partition("\n")[2]  # the status line counts machines that are on for long
        assert activity.count("▲") == 1 and "✓" not in activity


def test_a_machine_that_goes_away_gives_the_terminal_back(
    fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]
) -> None:
    cloud = fresh_cloud()
    enter_cloud(cloud)
    with dashboard() as terminal:
        into_the_shell(terminal)
        terminal.send("stty raw -echo; printf '\\033[?1003h\\033[?25l'; sleep 600\r")
        terminal.read(0.5)
        _stop(cloud, "base")
        terminal.until(is_back_at_base(terminal))
        terminal.until("connection to base broke")
        terminal.send("?")
        terminal.until("─ Help ─")


def test_reading_goes_on_meanwhile(fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]) -> None:
    cloud = fresh_cloud()
    home = enter_cloud(cloud)
    config = home / "config" / "config.toml"
    config.write_text(f"slow_seconds = 5\n{config.read_text()}")
    with dashboard() as terminal:
        into_the_shell(terminal)
        before = len(calls(cloud, "DescribeInstances"))
        terminal.until(lambda: len(calls(cloud, "DescribeInstances")) >= before + 2)
        terminal.send("exit\r")
        terminal.until(is_back_at_base(terminal))


def test_c_twice_starts_one_ssh(fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]) -> None:
    cloud = fresh_cloud()
    enter_cloud(cloud)
    with dashboard() as terminal:
        go_to_base(terminal)
        cloud.control("/demo/faults", {"kind": "slow", "action": "DescribeInstances", "seconds": 1.5})
        terminal.send("c")
        terminal.until("connecting …")
        terminal.send("c")
        terminal.until("Already connecting to base")
        cloud.control("/demo/faults", method="DELETE")
        terminal.until(PROMPT)
        terminal.send("echo rm-$((40+2)); exit\r")
        terminal.until(is_back_at_base(terminal))
        assert b"rm-42" in terminal.raw and terminal.raw.count(b"connecting to base (") == 1
        terminal.until("Disconnected from base")


def test_of_two_connections_the_one_asked_for_last_gets_the_terminal(
    fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]
) -> None:
    cloud = fresh_cloud()
    enter_cloud(cloud)
    with dashboard() as terminal:
        terminal.until(lambda: "[prod] web" in row(terminal))
        cloud.control("/demo/faults", {"kind": "slow", "action": "DescribeInstances", "seconds": 1.5})
        terminal.send("c")
        terminal.until("connecting …")
        terminal.send("\x1b[B")
        terminal.until(lambda: " base " in row(terminal))
        terminal.send("c")
        terminal.until("web is ready: press c to connect")
        terminal.until(PROMPT)
        cloud.control("/demo/faults", method="DELETE")
        terminal.send("echo rm-$((40+2)); exit\r")
        terminal.until(is_back_at_base(terminal))
        assert b"rm-42" in terminal.raw and b"connecting to [prod] web (" not in terminal.raw


def test_a_machine_that_starts_is_connected_to_when_its_ssh_answers(
    fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]
) -> None:
    cloud = fresh_cloud(boot_seconds=8.0, ssh_seconds=2.0)
    enter_cloud(cloud)
    with dashboard() as terminal:
        terminal.send("/od1\r")
        terminal.until(lambda: "od1" in row(terminal) and "stopped" in row(terminal))
        terminal.press("s", "Start od1?")
        terminal.answer("y")
        terminal.until(lambda: "pending" in row(terminal) or "starting" in row(terminal))
        terminal.send("c")
        terminal.until("Waiting for od1 to start")
        terminal.until("ubuntu@od1:~$")
        terminal.send("exit\r")
        terminal.until("Disconnected from od1")
        assert "refused" not in terminal.text


def _stop(cloud: Cloud, name: str) -> None:
    """Stop an instance from elsewhere."""
    import boto3

    ec2 = boto3.Session().client("ec2", region_name=cloud.environment["AWS_REGION"])
    found = ec2.describe_instances(Filters=[{"Name": "tag:Name", "Values": [name]}])
    ec2.stop_instances(InstanceIds=[found["Reservations"][0]["Instances"][0]["InstanceId"]])
