"""What the dashboard costs while it idles."""

from __future__ import annotations

import sys
from pathlib import Path

from fe2tui.demo import Cloud
from tests.bench.figures import Figure
from tests.bench.start import client_environment
from tests.bench.terminal import Terminal

SETTLE = 75.0  # seconds until everything in the scene has stopped moving and the poller is slow


def idling(cloud: Cloud, minutes: int) -> list[Figure]:
    """Calls and processor seconds a minute once nothing moves any more."""
    program = str(Path(sys.executable).parent / "fe2tui")
    terminal = Terminal([program], client_environment(cloud))
    try:
        terminal.wait_for("scraper")
        terminal.drain(SETTLE)
        cloud.control("/demo/calls", method="DELETE")
        before = terminal.cpu_seconds()
        terminal.drain(60.0 * minutes)
        spent = terminal.cpu_seconds() - before
        calls = cloud.control("/demo/calls", method="GET")
    finally:
        terminal.close()
    return [
        Figure("idle: calls a minute", len(calls) / minutes, "", 2.0, f"over {minutes} minutes"),
        Figure("idle: processor seconds a minute", spent / minutes, "s", 0.6, f"over {minutes} minutes"),
    ]
