"""The two commands: ``fe2tui`` opens the dashboard when nothing else is asked for, ``fe2`` prints its help.

The dashboard is opened from here without loading what commands need: every import before its first frame is waited for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn


def fe2tui() -> NoReturn:
    """The entry point ``fe2tui``."""
    sys.exit(main("fe2tui", sys.argv[1:]))


def fe2() -> NoReturn:
    """The entry point ``fe2``."""
    sys.exit(main("fe2", sys.argv[1:]))


def main(program: str, arguments: Sequence[str]) -> int:
    """Run a command line; the exit status that the shell shall see."""
    completing = f"_{program.upper()}_COMPLETE" in os.environ
    if program == "fe2tui" and not completing:
        from fe2tui.cli.options import dashboard_only

        asked = dashboard_only(arguments)
        if asked is not None:
            from fe2tui.cli.dashboard import open_dashboard
            from fe2tui.cli.ending import ended

            return ended(program, lambda: open_dashboard(asked))
    from fe2tui.cli.commands import run

    return run(program, arguments)
