"""What killed commands left behind: the next command reports it, and repairs what is certain."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.hold import Hold


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
    hold = Hold(fe2.cloud, "StopInstances", times=1)
    running = fe2.start(*command)
    asyncio.run(hold.until_held())
    running.send_signal(signal.SIGKILL)
    running.communicate()
    hold.release()  # AWS carries out what it was told
    until(lambda: state(fe2, "base") in ("stopping", "stopped"))


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


@pytest.mark.parametrize("command", [["instances"], ["activity"]])
def test_a_machine_stopped_for_another_type_is_started_by_any_next_command(slow: Any, command: list[str]) -> None:
    killed_while_it_stops(slow, "change-type", "base", "m5.2xlarge", "--stop", "--yes")
    until(lambda: state(slow, "base") == "stopped")
    said = slow(*command)
    assert said.status == 0
    assert "The change of base to m5.2xlarge was cut short. base is being started again." in said.err
    assert "Its type is m5.xlarge. Change it again if you still want m5.2xlarge." in said.err
    assert state(slow, "base") in ("pending", "running")
    assert "cut short" not in slow("instances").err, "it is said once"
    (entry,) = [each for each in slow("activity", "--json").json if each["command"] == "change type"]
    assert entry["result"] == "failed" and "base is being started again." in entry["words"]


def test_the_same_change_again_is_carried_out(slow: Any) -> None:
    killed_while_it_stops(slow, "change-type", "base", "m5.2xlarge", "--stop", "--yes")
    until(lambda: state(slow, "base") == "stopped")
    assert slow("change-type", "base", "m5.2xlarge", "--stop", "--yes").status == 0
    (base,) = [each for each in slow("instances", "--json").json if each["name"] == "base"]
    assert (base["type"], base["state"]) == ("m5.2xlarge", "running")


def test_a_machine_that_still_stops_is_started_once_it_has(slow: Any) -> None:
    slow.cloud.control("/demo/delays", {"stop_seconds": 600})
    killed_while_it_stops(slow, "change-type", "base", "m5.2xlarge", "--stop", "--yes")
    assert "base is not started yet: it is still stopping." in slow("instances").err
    read_only = slow("instances", "--read-only")
    assert "If base is stopped, the next command that is not read-only starts it again." in read_only.err


def test_a_killed_launch_is_reported_by_any_next_command(own_fe2: Any) -> None:
    hold = Hold(own_fe2.cloud, "RunInstances", times=1)
    running = own_fe2.start("launch", "mine", "ubuntu", "20", "t3.micro", "--no-wait")
    asyncio.run(hold.until_held())
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert "An earlier launch: mine: EC2 does not show it yet. The next command looks again." in own_fe2("regions").err
    hold.release()
    until(lambda: "mine" in own_fe2("instances", FE2TUI_HOME=f"{own_fe2.environment['FE2TUI_HOME']}-2").out)
    said = own_fe2("instances")
    assert re.search(r"An earlier launch: mine: mine \(i-\w+\) was launched; it is (pending|running)", said.err)
    assert "An earlier launch" not in own_fe2("instances").err, "it is said once"


def test_an_image_whose_request_was_cut_short_is_looked_for_by_any_next_command(own_fe2: Any) -> None:
    own_fe2.cloud.control("/demo/delays", {"stop_seconds": 60})
    hold = Hold(own_fe2.cloud, "CreateImage", times=1)
    running = own_fe2.start("freeze", "base", "mine", "--no-reboot")
    asyncio.run(hold.until_held())
    running.send_signal(signal.SIGKILL)
    running.communicate()
    hold.release()
    until(lambda: "mine" in own_fe2("amis", FE2TUI_HOME=f"{own_fe2.environment['FE2TUI_HOME']}-2").out)
    assert "An earlier freeze of base: AWS is creating the image mine (ami-" in own_fe2("ip", "vault").err
    assert "An earlier freeze" not in own_fe2("ip", "vault").err, "it is said once"


def test_a_stop_whose_result_was_not_known_is_looked_up_by_any_next_command(own_fe2: Any) -> None:
    cloud = own_fe2.cloud
    cloud.control("/demo/faults", {"kind": "broken", "action": "StopInstances"})
    running = own_fe2.start("stop", "base")
    until(lambda: any(call["action"] == "StopInstances" for call in cloud.control("/demo/calls", method="GET")))
    cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeInstances"})
    _, err = running.communicate()
    assert running.returncode == 1 and "We don't know whether base is stopping" in err
    cloud.control("/demo/faults", method="DELETE")
    assert "The result of an earlier stop of base was not known: base is stop" in own_fe2("ip", "vault").err
    (entry,) = [each for each in own_fe2("activity", "--json").json if each["command"] == "stop"]
    assert entry["result"] == "done"
    assert "earlier stop" not in own_fe2("instances").err, "it is said once"


def killed_while_held(fe2: Any, action: str, *command: str) -> None:
    hold = Hold(fe2.cloud, action, times=1)
    running = fe2.start(*command)
    asyncio.run(hold.until_held())
    running.send_signal(signal.SIGKILL)
    running.communicate()
    hold.release()


def test_changes_whose_process_was_killed_before_the_answer_are_looked_up_by_any_next_command(slow: Any) -> None:
    killed_while_held(slow, "StopInstances", "stop", "base")
    until(lambda: state(slow, "base") in ("stopping", "stopped"))
    assert "The result of an earlier stop of base was not known: base is stop" in slow("ip", "vault").err
    killed_while_held(slow, "RebootInstances", "reboot", "scraper", "--no-wait")
    unknown = "The result of an earlier reboot of scraper was not known, and EC2 does not tell it"
    assert f"{unknown}: scraper is running now." in slow("ip", "vault").err
    results = {each["command"]: each["result"] for each in slow("activity", "--json").json}
    assert results == {"stop": "done", "reboot": "unknown"}
    assert "earlier" not in slow("instances").err, "it is said once"


def test_ctrl_c_in_a_freeze_that_stops_first_starts_the_machine_again(slow: Any) -> None:
    running = slow.start("freeze", "base", "mine", "--stop-first")
    until(lambda: state(slow, "base") == "stopping")
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "starting it again" in err and "No image was created. base is being started again." in err
    assert state(slow, "base") in ("pending", "running")
