"""The shell's commands in the dashboard: parsed and completed by click, and what forms copy is read back the same."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from fe2tui.aws.session import Choice
from fe2tui.cli.in_dashboard import DashboardShell
from fe2tui.errors import UsageError
from fe2tui.model.command_text import CommandPlace, command_text, freeze_text, launch_text
from fe2tui.model.launch import LaunchRequest
from fe2tui.tui.shell_commands import KnownNames

HERE = CommandPlace("us-east-2")
KNOWN = KnownNames(
    [("base", "i-1", "running"), ("old", "i-2", "terminated"), ("two", "i-3", "running"), ("two", "i-4", "stopped")],
    types=["m5.large", "m5.xlarge", "t3.micro"],
)


@pytest.fixture(scope="module")
def shell() -> DashboardShell:
    return DashboardShell()


@pytest.mark.parametrize(
    ("words", "incomplete", "offered"),
    [
        ([], "term", ["terminate"]),
        (["stop"], "", ["base", "i-3", "i-4"]),
        (["connect"], "root@b", ["root@base"]),
        (["change-type", "base"], "m5", ["m5.large", "m5.xlarge"]),
        (["stop"], "--fo", ["--force"]),
    ],
)
def test_names_in_memory_are_offered(
    shell: DashboardShell, words: list[str], incomplete: str, offered: list[str]
) -> None:
    assert [one.text for one in shell.complete(words, incomplete, KNOWN)] == offered


def test_what_was_typed_is_known_and_what_is_wrong_is_a_usage_error(shell: DashboardShell) -> None:
    command = shell.parse(["stop", "base", "two words", "--force", "--region", "us-east-2"])
    assert (command.name, command.params["names"]) == ("stop", ("base", "two words"))
    assert command.given == {"names": "", "force": "--force", "region": "--region"}
    assert shell.parse(["stop", "--help"]).name == "help"
    for words, said in (["stopp"], "no command “stopp”"), (["stop"], "Missing argument"), (["stop", "-x"], "-x"):
        with pytest.raises(UsageError, match=said):
            shell.parse(words)


def test_a_line_runs_read_only_at_the_location_of_the_dashboard(shell: DashboardShell) -> None:
    argv = shell.program(["ip", "base"], Choice(profile="prod"), "eu-west-1")
    assert argv[4:] == ["--read-only", "--region=eu-west-1", "--profile=prod", "ip", "base"]


REQUEST = LaunchRequest("base", "ubuntu", "m5.large", 50, key_name="my key", security_group="ssh")


@pytest.mark.parametrize(
    "request_",
    [
        REQUEST,
        replace(REQUEST, disk=None, market="spot", zone="us-east-2a", iops=4000),
        replace(REQUEST, market="spot-once", key_action="create", security_group="web", address="203.0.113.0/24"),
        replace(REQUEST, name="--odd $(name)", image="my image; rm"),
    ],
)
def test_the_line_that_the_launch_form_copies_launches_the_same(shell: DashboardShell, request_: LaunchRequest) -> None:
    text = launch_text(HERE, request_)
    program, *words = shlex.split(text.shell)
    assert program == "fe2"
    assert shell.launch_request(shell.parse(words)) == request_
    asked: list[tuple[tuple[object, ...], dict[str, object]]] = []

    class Recorder:
        def __init__(self, region: str) -> None:
            assert region == "us-east-2"

        def launch(self, *values: object, **named: object) -> None:
            asked.append((values, named))

    eval(text.python, {"EC2": Recorder})
    assert asked[0][0] == (request_.name, request_.image, request_.disk, request_.type)
    assert asked[0][1].get("zone") == request_.zone


def test_the_lines_of_other_forms_are_quoted_and_name_the_place() -> None:
    place = CommandPlace("eu-west-1", "prod")
    text = command_text(place, "stop", ["base", "it's"], {"force": True})
    assert text.shell == "fe2 stop base 'it'\"'\"'s' --force --region=eu-west-1 --profile=prod"
    assert text.python == "EC2('eu-west-1', profile='prod').stop('base', \"it's\", force=True)"
    assert freeze_text(HERE, "base", "base-2", "stop") == (
        "fe2 freeze base base-2 --stop-first --region=us-east-2",
        "EC2('us-east-2').freeze('base', 'base-2', way='stop')",
    )
    assert freeze_text(HERE, "base", "", None).shell == "fe2 freeze base --region=us-east-2"
