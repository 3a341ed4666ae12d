"""What needs no cloud: help, wrong usage, exit codes."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from fe2tui.cli.main import group
from fe2tui.cli.options import GLOBAL_OPTIONS, GlobalOptions, dashboard_options
from tests.screen import Screen

MakeShell = Callable[..., Any]


def test_fe2_without_a_command_prints_its_help(alone: MakeShell) -> None:
    said = alone()()
    assert said.status == 0
    assert "instances" in said.out
    assert "--read-only" in said.out


COMMANDS = list(group("fe2").list_commands(click.Context(group("fe2"))))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("words", [["--"], ["base", "--"], ["base", "-", "terminate", "--nonsense", "--"]])
def test_help_after_two_dashes_is_the_help_of_every_command(alone: MakeShell, command: str, words: list[str]) -> None:
    shell = alone()
    said = shell(command, *words, "--help")
    assert (said.status, said.err, said.out) == (0, "", shell(command, "--help").out)


@pytest.mark.parametrize("program", ["fe2", "fe2tui"])
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_after_two_dashes_is_the_help_of_the_program(alone: MakeShell, program: str, flag: str) -> None:
    shell = alone()
    said = shell("--", flag, program=program)
    assert (said.status, said.err, said.out) == (0, "", shell("--help", program=program).out)


def test_fe2tui_without_a_terminal_says_so_and_is_wrong_usage(alone: MakeShell) -> None:
    said = alone()(program="fe2tui")
    assert (said.status, said.out) == (2, "")
    assert "needs a terminal" in said.err


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["instnces"], "Did you mean instances"),
        (["ip"], "Missing argument"),
        (["stop"], "Missing argument"),
        (["terminate"], "Missing argument"),
        (["connect", "base", "--port", "0"], "--port"),
        (["launch", "base"], "Missing: image and type."),
        (["launch", ""], "Missing: name, image and type."),
        (["launch", "", "ubuntu", "50", "m5.large"], "Missing: name."),
        (["launch", "base", "ubuntu", "m5.large", "50"], "“m5.large” is not a whole number"),
        (["launch", "base", "ubuntu", "50", "m5.large", "k", "g", "3000", "spot", "extra"], "too many values: “extra”"),
        (["launch", "base", "ubuntu", "50", "m5.large", "k", "g", "3000", "extra"], "stands where SPOT is expected"),
        (
            ["launch", "base", "ubuntu", "50", "m5.large", "--spot", "--on-demand"],
            "--on-demand cannot be combined with --spot",
        ),
        (["launch", "base", "ubuntu", "50", "m5.large", "-", "-", "-", "no", "--spot"], "contradicts the option"),
        (["launch", "base", "ubuntu", "50", "m5.large", "--tag", "nonsense"], "is not a tag"),
        (["instances", "--no-such-option"], "No such option"),
        (["demo", "--demo"], "No such option"),
        (["--demo", "instances"], "takes no command"),
    ],
)
def test_wrong_usage_is_said_on_stderr_and_sends_nothing(alone: MakeShell, arguments: list[str], part: str) -> None:
    said = alone()(*arguments)
    assert (said.status, said.out) == (2, "")
    assert part in said.err


def test_an_unknown_setting_is_said_with_its_key_and_line_and_the_command_goes_on(
    alone: MakeShell, tmp_path: Path
) -> None:
    shell = alone()
    folder = tmp_path / "home/config"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("regoin = 'x'\n")
    said = shell("instances", "--region", "Ohio")
    assert said.status == 4, "there are no credentials"
    assert "line 1" in said.err
    assert "Did you mean “region”?" in said.err


@pytest.mark.parametrize(
    ("text", "region"), [("Ohio", "us-east-2"), ("us-west-2", "us-west-2"), ("ireland", "eu-west-1")]
)
def test_region_finds_an_id_by_part_of_the_name(alone: MakeShell, text: str, region: str) -> None:
    said = alone()("region", text)
    assert (said.status, said.out) == (0, f"{region}\n")
    assert alone()("region", text, "--json").json["id"] == region


def test_a_region_that_nothing_is_called_is_not_found(alone: MakeShell) -> None:
    said = alone()("region", "Atlantis")
    assert (said.status, said.out) == (3, "")
    assert alone()("instances", "--region", "Atlantis").status == 3


def test_the_region_in_use_comes_from_flag_then_environment_then_settings(alone: MakeShell, tmp_path: Path) -> None:
    folder = tmp_path / "home/config"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("region = 'Oregon'\n")
    assert alone()("region").out == "us-west-2\n"
    assert alone(AWS_REGION="eu-west-1")("region").out == "eu-west-1\n"
    assert alone(AWS_REGION="eu-west-1")("region", "--region", "Ohio").out == "us-east-2\n"
    assert alone(AWS_REGION="eu-west-1")("--region", "Ohio", "region").out == "us-east-2\n"


def test_no_region_anywhere_is_wrong_usage_that_says_where_to_set_one(alone: MakeShell) -> None:
    said = alone(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="y")("instances")
    assert said.status == 2
    assert "--region" in said.err


def test_no_credentials_are_status_4_with_what_to_do_and_no_traceback(alone: MakeShell) -> None:
    said = alone()("instances", "--region", "Ohio")
    assert (said.status, said.out) == (4, "")
    assert "Traceback" not in said.err
    assert "aws configure" in said.err


def test_an_address_without_a_server_is_status_1_in_plain_words(alone: MakeShell) -> None:
    said = alone(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="y")("instances", "--region", "Ohio", "--json")
    assert (said.status, said.out) == (1, "")
    assert "Traceback" not in said.err
    assert "127.0.0.1:9" in said.err


def test_every_global_option_opens_the_dashboard_as_well_or_is_left_to_the_commands() -> None:
    assert dashboard_options([]) == GlobalOptions()
    assert dashboard_options(["--demo", "--region", "Ohio", "--read-only"]) == GlobalOptions(
        region="Ohio", read_only=True, demo=True
    )
    assert dashboard_options(["--profile=x", "--endpoint-url=http://127.0.0.1:1"]) == GlobalOptions(
        profile="x", endpoint_url="http://127.0.0.1:1"
    )
    for odd in (["--help"], ["--region"], ["--region", "--demo"], ["--read-only=1"], ["--json"], ["instances"], ["-h"]):
        assert dashboard_options(odd) is None
    assert {option.field for option in GLOBAL_OPTIONS} <= set(GlobalOptions.__dataclass_fields__)


def test_both_ways_to_write_the_dashboards_options_are_refused_alike(alone: MakeShell) -> None:
    shell = alone()
    for odd in (["--region"], ["--nonsense"], ["--demo", "--endpoint-url", "http://127.0.0.1:9"]):
        with Screen(shell.command(*odd, program="fe2tui"), shell.environment) as screen:
            assert screen.wait_for_end() == 2


@pytest.mark.parametrize("arguments", [["region"], ["region", "--json"]])
def test_the_region_in_use_when_none_is_set_is_wrong_usage(alone: MakeShell, arguments: list[str]) -> None:
    said = alone()(*arguments)
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("fe2: No region is set.")
    assert "AWS_REGION" in said.err


def test_a_folder_that_cannot_be_made_is_said_in_plain_words(alone: MakeShell) -> None:
    said = alone(FE2TUI_HOME="/proc/nope")("instances", "--region", "Ohio")
    assert "The data folder /proc/nope cannot be made: No such file or directory." in said.err
    assert "Errno" not in said.err


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_a_stream_that_the_shell_has_closed_is_no_error(alone: MakeShell, closed: str) -> None:
    shell = alone()
    line = f"{shlex.join(shell.command('region', 'Ohio', '--json'))} {closed}"
    done = subprocess.run(["sh", "-c", line], env=shell.environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert ("us-east-2" in done.stdout) == (">&-" not in closed.split())


@pytest.mark.parametrize("program", ["fe2", "fe2tui"])
def test_ctrl_c_while_it_is_being_loaded_is_one_line(alone: MakeShell, program: str) -> None:
    code = f"""
import sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name in ("fe2tui.cli.main", "fe2tui.cli.options"):
            raise KeyboardInterrupt

from fe2tui import cli
sys.meta_path.insert(0, Interrupting())
cli.{program}()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=alone().environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", f"{program}: interrupted.\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_output_that_cannot_be_written_is_one_line_and_status_1(alone: MakeShell) -> None:
    shell = alone()
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            shell.command("region", "Ohio"), env=shell.environment, stdout=full, stderr=subprocess.PIPE, text=True,
            check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "fe2: the output cannot be written: No space left on device.\n")
