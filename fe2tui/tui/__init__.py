"""The dashboard: ``run`` opens it and returns when the person leaves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fe2tui.tui import gc_tuning

if TYPE_CHECKING:
    from fe2tui.aws.session import Choice
    from fe2tui.settings import Settings

THREAD_SWITCH_SECONDS = 0.0002
"""How long a thread that computes keeps the interpreter from the screen at most."""


def run(
    choice: Choice,
    settings: Settings,
    *,
    start_demo: Callable[[], Mapping[str, str]] | None = None,
    startup_problem: str = "",
) -> int:
    """Open the dashboard and stay until the person leaves; the exit status.

    ``start_demo`` starts a demo cloud and returns the environment that points at it, for someone without credentials.
    ``trouble`` is told as soon as there is a screen to tell it on.
    Raises Fe2Error when there is nothing to open, such as a region that does not exist.
    """
    sys.setswitchinterval(THREAD_SWITCH_SECONDS)
    gc_tuning.disable()
    from fe2tui.tui.app import Dashboard
    from fe2tui.tui.terminal_handover import exit_on_signals

    dashboard = Dashboard(choice, settings, start_demo=start_demo, startup_problem=startup_problem)
    with exit_on_signals(dashboard):
        dashboard.run()
    if dashboard.error is not None:
        raise dashboard.error
    return dashboard.return_code or 0
