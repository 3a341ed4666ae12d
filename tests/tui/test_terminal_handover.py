"""The terminal is handed to another program, and is restored afterwards."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from fe2tui.tui.terminal_handover import NoTerminalError, hand_over
from tests.tui.handover_host import Host
from tests.tui.pty_screen import Terminal

HOST = Path(__file__).with_name("handover_host.py")
ROOT = HOST.parents[2]


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "TEXTUAL_ANIMATIONS": "none"}


def _host(*argv: str) -> Terminal:
    terminal = Terminal([sys.executable, str(HOST), *argv], _env())
    terminal.until("AT HOME")
    return terminal


def _shell(script: str) -> Terminal:
    return _host("sh", "-c", script)


def _counted(terminal: Terminal) -> int:
    found = re.search(r"counted=(\d+)", terminal.text)
    assert found
    return int(found[1])


def test_the_program_has_the_terminal_and_the_dashboard_goes_on_meanwhile() -> None:
    with _shell("echo handed=$HANDED; read line; echo got $line >&2") as terminal:
        terminal.press("c", "handed=yes")
        assert "handing over" in terminal.text
        terminal.read(1.0)
        terminal.press("words\r", "status=0")
        assert "stderr='got words'" in terminal.text
        assert "AT HOME" in terminal.text
        assert _counted(terminal) >= 5


def test_nothing_of_the_dashboard_is_written_over_the_program() -> None:
    with _shell("echo MARK-IN; read line; echo MARK-OUT") as terminal:
        terminal.press("c", "MARK-IN")
        terminal.read(1.0)
        terminal.press("\r", "status=0")
        during = terminal.raw.split(b"MARK-IN")[1].split(b"MARK-OUT")[0]
        assert during.strip() == b""


def test_what_was_copied_meanwhile_reaches_the_clipboard_afterwards() -> None:
    with _shell("echo MARK-IN; read line; echo MARK-OUT") as terminal:
        terminal.press("c", "MARK-IN")
        terminal.read(0.5)
        terminal.press("\r", "status=0")
        assert b"\x1b]52;" in terminal.raw.split(b"MARK-OUT")[1]


def test_ctrl_c_ends_the_program_and_not_the_dashboard() -> None:
    with _shell("echo up; exec sleep 600") as terminal:
        terminal.press("c", "up")
        terminal.press("\x03", "status=-2")
        terminal.press("c", "handing over")
        terminal.press("\x1c", "status=-3")


def test_a_resize_meanwhile_counts_afterwards() -> None:
    with _shell("echo up; read line; stty size >&2") as terminal:
        terminal.press("c", "up")
        terminal.resize(101, 31)
        terminal.press("\r", "size 101x31")
        terminal.until("stderr='31 101'")
        assert "AT HOME" in terminal.text


def test_a_program_that_cannot_be_started_leaves_the_dashboard_its_terminal() -> None:
    with _host("/nowhere/ssh") as terminal:
        terminal.press("c", "raised FileNotFoundError")
        terminal.press("x", "DANGER")


def test_a_program_killed_in_raw_mode_leaves_the_terminal_as_it_was() -> None:
    with _shell("stty raw -echo; printf '\\033[?1049h\\033[?1003h\\033[?25lraw'; kill -9 $$") as terminal:
        terminal.press("c", "status=-9")
        terminal.press("x", "DANGER")
        terminal.press("q", lambda: not terminal.child.isalive())
        after = terminal.raw.rsplit(b"\x1b[?1049l", 1)[1]
        assert b"\x1b[?25h" in after


def test_the_modes_after_leaving_are_those_of_before(tmp_path: Path) -> None:
    inner = shlex.join([sys.executable, str(HOST), "sh", "-c", "stty raw -echo; exit 3"])
    before, after = tmp_path / "before", tmp_path / "after"
    with Terminal(["sh", "-c", f"stty -a > {before}; {inner}; stty -a > {after}"], _env()) as terminal:
        terminal.until("AT HOME")
        terminal.press("c", "status=3")
        terminal.send("q")
        terminal.wait()
    assert before.read_text() == after.read_text()


def test_keys_typed_for_a_program_that_died_are_not_the_dashboards() -> None:
    with _shell("stty raw -echo; echo up; sleep 1; exit 255") as terminal:
        terminal.press("c", "up")
        terminal.press("xxxx", "status=255")
        home = re.search(r"AT HOME count=(\d+)", terminal.text)
        assert home
        later = int(home[1]) + 15
        terminal.until(lambda: f"count={later}" in terminal.text)
        assert "DANGER" not in terminal.text


@pytest.mark.parametrize("how", ["the person", "the program itself"])
def test_put_aside_and_brought_back_by_the_shell(how: str) -> None:
    own = "kill -STOP $$; " if how == "the program itself" else ""
    inner = shlex.join(
        [sys.executable, str(HOST), "sh", "-c", f"echo is-$((1+1)); {own}read line; echo read $line >&2"]
    )
    with Terminal(["bash", "--norc", "--noprofile", "-i"], {**_env(), "PS1": "shell> "}) as terminal:
        terminal.until("shell>")
        terminal.press(f"{inner}\r", "AT HOME")
        terminal.press("c", "is-2")
        if not own:
            terminal.send("\x1a")
        terminal.until(lambda: "shell>" in terminal.text.rpartition("Stopped")[2])
        terminal.press("fg\r", lambda: "handover" in terminal.text.rpartition("shell> fg")[2])
        terminal.press("again\r", "stderr='read again'")
        terminal.press("q", "shell>")


async def test_without_a_terminal_to_give_away_it_says_so() -> None:
    app = Host()
    async with app.run_test() as pilot:
        with pytest.raises(NoTerminalError):
            await hand_over(app, ["true"])
        await pilot.pause()
        assert app.is_running
