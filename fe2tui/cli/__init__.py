"""The two commands: ``fe2tui`` opens the dashboard when nothing else is asked for, ``fe2`` prints its help.

The dashboard is opened from here without loading what commands need: every import before its first frame is waited for.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

MANY_OBJECTS = 500_000
INTERRUPTED = 130


def fe2tui() -> NoReturn:
    """The entry point ``fe2tui``."""
    _run_process("fe2tui")


def fe2() -> NoReturn:
    """The entry point ``fe2``."""
    _run_process("fe2")


def _run_process(program: str) -> NoReturn:
    # Looking for garbage among what imports make takes a seventh of a command's time, and a last time at the end.
    gc.set_threshold(MANY_OBJECTS)
    _open_streams()
    try:
        sys.exit(run_program(program, sys.argv[1:]))
    except KeyboardInterrupt:  # while it is being loaded: later on a command says by itself what is left
        print(f"{program}: interrupted.", file=sys.stderr)
        sys.exit(INTERRUPTED)
    finally:
        gc.freeze()


def _open_streams() -> None:
    """A stream that the shell has closed (``>&-``) goes nowhere, and no file that is opened next takes its place."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def run_program(program: str, arguments: Sequence[str]) -> int:
    """Run a command line; the exit status that the shell shall see."""
    completing = f"_{program.upper()}_COMPLETE" in os.environ
    if program == "fe2tui" and not completing:
        from fe2tui.cli.options import dashboard_options

        options = dashboard_options(arguments)
        if options is not None:
            from fe2tui.cli.dashboard import open_dashboard
            from fe2tui.cli.exit_status import exit_status_of

            return exit_status_of(program, lambda: open_dashboard(options))
    from fe2tui.cli.main import run_click

    return run_click(program, arguments)
