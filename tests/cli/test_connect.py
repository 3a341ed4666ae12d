"""Connect: a real shell over the system's ssh."""

from __future__ import annotations

import json
import shlex
import shutil
import socket
from typing import Any

import pytest

from tests.screen import Screen

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="ssh is not installed here")


def test_connect_opens_a_shell_and_passes_its_exit_status_on(fe2: Any) -> None:
    with Screen(fe2.command("connect", "base"), fe2.environment) as screen:
        screen.wait_for("~$")
        screen.type("echo ssh-$((40+2))\r")
        screen.wait_for("ssh-42")
        screen.type("\x03")
        screen.type("exit 7\r")
        assert screen.wait_for_end() == 7


def test_the_host_key_is_known_without_asking(fe2: Any) -> None:
    with Screen(fe2.command("connect", "base"), fe2.environment) as screen:
        text = screen.wait_for("~$")
        assert "authenticity" not in text
        screen.type("exit\r")
        assert screen.wait_for_end() == 0


def test_a_changed_host_key_stops_with_an_explanation_and_no_connection(own_fe2: Any) -> None:
    with Screen(own_fe2.command("connect", "base"), own_fe2.environment) as screen:
        screen.wait_for("~$")
        screen.type("exit\r")
        screen.wait_for_end()
    base = own_fe2("instance", "base", "--json").json["id"]
    own_fe2.cloud.control("/demo/host-key", {"instance": base})
    with Screen(own_fe2.command("connect", "base"), own_fe2.environment) as screen:
        assert screen.wait_for_end() == 1
        assert "host key" in screen.text
        assert "~$" not in screen.text


def test_another_user_may_be_named_and_is_told_why_it_cannot_log_in(fe2: Any) -> None:
    with Screen(fe2.command("connect", "stranger@base"), fe2.environment) as screen:
        assert screen.wait_for_end() == 1
        assert "Permission denied" in screen.text or "PermissionDenied" in screen.text or "key" in screen.text


def test_print_gives_the_ssh_command_and_json_its_parts(fe2: Any) -> None:
    said = fe2("connect", "base", "--print")
    assert said.status == 0, said.err
    assert shlex.split(said.out)[0].endswith("ssh")
    base = fe2("instance", "base", "--json").json["id"]
    assert f"HostKeyAlias={base}" in said.out
    assert fe2("connect", "base", "--json").json["argv"][0].endswith("ssh")


def test_a_taken_port_offers_the_next_free_one(fe2: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = fe2("connect", "base", str(port))
        assert refused.status == 1
        assert str(port) in refused.err
        with Screen(fe2.command("connect", "base", str(port)), fe2.environment) as screen:
            screen.wait_for("[Y/n]")
            screen.type("y\r")
            screen.wait_for("~$")
            screen.type("exit\r")
            assert screen.wait_for_end() == 0


@pytest.mark.parametrize("ports", ["x", "0", "70000", "8888,8888"])
def test_ports_that_make_no_sense_are_wrong_usage(fe2: Any, ports: str) -> None:
    said = fe2("connect", "base", ports)
    assert (said.status, said.out) == (2, "")


def test_a_stopped_instance_is_not_connected_to_and_start_is_named(fe2: Any) -> None:
    stopped = next(each for each in fe2("instances", "--json").json if each["state"] == "stopped")
    said = fe2("connect", stopped["id"])
    assert (said.status, said.out) == (1, "")
    assert "start" in said.err.lower()


def test_printing_the_command_is_no_connect_in_the_log_and_a_failed_one_is_failed(own_fe2: Any) -> None:
    own_fe2("connect", "base", "--print")
    own_fe2("connect", "base", "--json")
    assert own_fe2("activity", "--json").json == []
    with Screen(own_fe2.command("connect", "stranger@base"), own_fe2.environment) as screen:
        assert screen.wait_for_end() == 1
    assert [(each["command"], each["result"]) for each in own_fe2("activity", "--json").json] == [("connect", "failed")]


@pytest.mark.parametrize(("name", "word"), [("$(touch x)", "'$(touch x)'"), ("-x", "i-"), ("a\u202eb", "i-")])
def test_a_command_that_is_suggested_can_be_copied_whatever_the_name_is(own_fe2: Any, name: str, word: str) -> None:
    key = next(each["id"] for each in own_fe2("instances", "--json").json if each["name"] == "od1")
    own_fe2("get-instance", key, "-", "create-tags", "--Tags", json.dumps([{"Key": "Name", "Value": name}]))
    said = own_fe2("connect", key, "--print")
    assert f"Start it first: fe2 start {word}" in said.err
    unchanged = own_fe2("change-type", "base", "m5.2xlarge")
    assert "fe2 change-type base m5.2xlarge --stop" in unchanged.err
