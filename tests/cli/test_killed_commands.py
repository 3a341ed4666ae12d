"""What killed commands left behind: the next command reports it, and repairs what is certain."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

import pytest


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)


def state(fe2: Any, name: str) -> str:
    """As AWS has it, asked without the program under test."""
    calls = {each["name"]: each["state"] for each in fe2("instances", "--json", FE2TUI_HOME=f"{fe2.elsewhere}").json}
    return str(calls[name])


@pytest.fixture
def slow(own_fe2: Any, tmp_path: Any) -> Any:
    """A shell on a cloud where a stop takes some seconds."""
    own_fe2.elsewhere = tmp_path / "another home"
    own_fe2.cloud.control("/demo/delays", {"stop_seconds": 3})
    return own_fe2


def killed_while_it_stops(fe2: Any, *command: str) -> None:
    running = fe2.start(*command)
    until(lambda: state(fe2, "base") == "stopping")
    running.send_signal(signal.SIGKILL)
    running.communicate()


@pytest.mark.parametrize("command", [["instances"], ["activity"], ["get-instance", "base", "-", "instance-type"]])
def test_a_machine_stopped_for_an_image_that_was_never_asked_for_is_started_by_any_next_command(
    slow: Any, command: list[str]
) -> None:
    killed_while_it_stops(slow, "freeze", "base", "mine", "--stop-first")
    until(lambda: state(slow, "base") == "stopped")
    said = slow(*command)
    assert said.status == 0
    assert "The image mine of base was never created: the program ended before it was requested." in said.err
    assert "base is being started again." in said.err
    assert state(slow, "base") in ("pending", "running")
    assert "base is being" not in slow("instances").err, "it is said once"


def test_it_is_said_while_the_machine_still_stops_and_the_log_shows_what_was_cut_short(slow: Any) -> None:
    slow.cloud.control("/demo/delays", {"stop_seconds": 600})
    killed_while_it_stops(slow, "freeze", "base", "mine", "--stop-first")
    said = slow("activity", "--json")
    (entry,) = [each for each in said.json if each["command"] == "freeze"]
    assert entry["result"] == "cut short" and "program ended" in entry["words"]
    assert "base is not started yet" in said.err
    assert "base is not started yet" in slow("ip", "vault").err


def test_a_session_that_may_only_read_says_what_is_left_stopped(slow: Any) -> None:
    killed_while_it_stops(slow, "freeze", "base", "mine", "--stop-first")
    said = slow("instances", "--read-only")
    assert (
        said.status == 0
        and "base is stopped for the image mine. The next command that is not read-only starts it again." in said.err
    )


def test_a_change_of_type_that_was_cut_short_is_said_once_with_how_far_it_came(slow: Any) -> None:
    killed_while_it_stops(slow, "change-type", "base", "m5.2xlarge", "--stop", "--yes")
    shown = slow("activity")
    assert "cut short" in shown.out and "It was asked to stop for that, and was still m5.xlarge." in shown.out
    assert "An earlier change of the type of base was cut short." in shown.err and "fe2 start base" in shown.err
    assert "cut short" not in slow("instances").err


def test_ctrl_c_in_a_freeze_that_stops_first_starts_the_machine_again(slow: Any) -> None:
    running = slow.start("freeze", "base", "mine", "--stop-first")
    until(lambda: state(slow, "base") == "stopping")
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "starting it again" in err and "No image was created. base is being started again." in err
    assert state(slow, "base") in ("pending", "running")
