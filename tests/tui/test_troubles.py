"""What is wrong with our own files stops nobody from opening the dashboard, and is said there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.tui.pty_screen import Terminal


def _open() -> Terminal:
    return Terminal([sys.executable, "-m", "fe2tui"], dict(os.environ), 120, 36)


def test_a_damaged_store_is_said_and_stays_in_the_activity(demo_env: Path) -> None:
    data = demo_env / "data"
    data.mkdir(exist_ok=True)
    (data / "fe2tui.sqlite").write_bytes(os.urandom(9000))
    with _open() as terminal:
        terminal.until("▲ base")
        terminal.until("The store was damaged")
        terminal.send("!")
        terminal.until(
            lambda: "▲" in terminal.text and "activity log and earlier costs" in " ".join(terminal.text.split())
        )


def test_settings_that_cannot_be_read_open_it_for_reading_only(demo_env: Path) -> None:
    (demo_env / "config" / "config.toml").write_text("columns = [\n")
    with _open() as terminal:
        terminal.until("▲ base")
        terminal.until("read-only")
        terminal.until("is not valid TOML")
        terminal.send("l")
        terminal.until("may only read")
