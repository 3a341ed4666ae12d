"""The terminal's title, and what is told while the terminal's window has no focus."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from textual import events

from fe2tui.errors import Fe2Error
from fe2tui.model.money.account import AccountTotals
from fe2tui.tasks.context import Context
from fe2tui.tui.status_bar import title_text
from fe2tui.tui.terminal import notification, run_notify_command
from tests.tui.driver import dashboard
from tests.tui.pty_screen import Terminal

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOTALS = AccountTotals(6, 3, 1, 2, Decimal("0.42"), Decimal("41.20"), NOW)


def test_the_title_says_region_running_and_dollars_an_hour() -> None:
    assert title_text("us-east-2", TOTALS) == "us-east-2 · 3 running · $0.42/h · fe2tui"
    assert title_text("us-east-2", None) == "us-east-2 · fe2tui"
    unknown = AccountTotals(3, 3, 0, 0, Decimal(0), Decimal(0), NOW, unknown=3)
    assert title_text("\x1b]0;x", unknown) == "\\x1b]0;x · 3 running · fe2tui"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "\a\x1b]9;fe2tui: a;b\a\x1b]777;notify;fe2tui;fe2tui: a,b\a"),
        ({"TERM_PROGRAM": "iTerm.app"}, "\a\x1b]9;fe2tui: a;b\a"),
        ({"TERM": "foot"}, "\a\x1b]777;notify;fe2tui;fe2tui: a,b\a"),
        (
            {"TERM": "foot", "TMUX": "/tmp/tmux-0/default,1,0"},
            "\a\x1bPtmux;\x1b\x1b]777;notify;fe2tui;fe2tui: a,b\a\x1b\\",
        ),
    ],
)
def test_a_notification_is_one_that_the_terminal_knows(environment: dict[str, str], expected: str) -> None:
    assert notification("a;b", environment) == expected


def test_nothing_in_the_text_of_a_notification_ends_it() -> None:
    sent = notification("x\a\x1b\\\x9c y", {"TERM": "foot"})
    assert sent == "\a\x1b]777;notify;fe2tui;fe2tui: x\\x07\\x1b\\\\x9c y\a"


async def test_the_command_gets_the_text_as_its_last_argument_and_its_failure_is_an_error(tmp_path: Path) -> None:
    script = tmp_path / "tell"
    script.write_text(f"#!/bin/sh\nprintf '%s|' \"$@\" > {tmp_path}/said\n")
    script.chmod(0o755)
    await run_notify_command(f"{script} 'a b'", "base; is $(ready)")
    assert (tmp_path / "said").read_text() == "a b|base; is $(ready)|"
    with pytest.raises(Fe2Error, match="failed with status 1"):
        await run_notify_command("false", "x")
    with pytest.raises(Fe2Error, match="could not be run: No such file"):
        await run_notify_command(str(tmp_path / "none"), "x")


@pytest.mark.parametrize(("seconds", "is_told"), [(9, False), (11, True)])
async def test_the_end_of_what_took_long_is_told_to_one_who_looks_away(
    demo_env: Path, tmp_path: Path, seconds: int, is_told: bool
) -> None:
    script, passed = tmp_path / "tell", [timedelta(0)]
    script.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/said\n')
    script.chmod(0o755)

    def said() -> str:
        return (tmp_path / "said").read_text() if (tmp_path / "said").exists() else ""

    async with dashboard(clock=lambda: datetime.now(UTC) + passed[0], notify=str(script)) as driven:
        for is_away in (False, True):
            end = asyncio.Event()

            async def work(ctx: Context, end: asyncio.Event = end, is_away: bool = is_away) -> str:
                await end.wait()
                return f"Done: {is_away}."

            driven.app.post_message(events.AppBlur() if is_away else events.AppFocus())
            driven.view.services.run_task("Launch x", work)
            await driven.until(lambda: driven.view.running_tasks)
            passed[0] += timedelta(seconds=seconds)
            end.set()
            await driven.until(lambda: not driven.view.running_tasks)
        if is_told:
            await driven.until(said)
        await driven.until(lambda: not [one for one in driven.app.workers if one.name == "Notification"])
        assert said() == ("Done: True.\n" if is_told else "")


def test_a_real_terminal_gets_a_title_and_has_its_own_again_afterwards(demo_env: Path) -> None:
    with Terminal([sys.executable, "-m", "fe2tui"], dict(os.environ), 120, 36) as terminal:
        terminal.until("● base")
        terminal.until(lambda: b"\x1b]0;us-east-2 \xc2\xb7 9 running \xc2\xb7 $" in terminal.raw)
        assert terminal.raw.index(b"\x1b[22;0t") < terminal.raw.index(b"\x1b]0;")
        terminal.send("q")
        terminal.wait()
        assert terminal.raw.rindex(b"\x1b[23;0t") > terminal.raw.rindex(b"\x1b]0;")
