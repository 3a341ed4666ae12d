"""The command line: ``fe2`` and ``fe2tui`` are one program with two names.

What comes in is the words of a command line; what goes out is text for people on stdout, or one JSON document with
``--json``, questions, progress and errors on stderr, and an exit status. ``fe2tui`` without a command opens the
dashboard, ``fe2`` without one prints its help.

Begin with ``run_program`` below. It either opens the dashboard (``dashboard``) or calls ``main``, whose table says
which module holds which command. A command's module declares its options, calls a task through ``CommandRun`` (``run``)
and prints the result (``output``). ``options`` holds what every command takes, ``prompts`` the questions, ``read`` what
commands read of a region, ``exit_status`` how errors are shown. ``in_dashboard`` gives the commands to the command line
of the dashboard.

Modules import at their top only click, light standard library, ``fe2tui.errors``, ``fe2tui.model.text``,
``fe2tui.model.progress`` and each other. Everything else is imported inside the function that uses it, so that
``--help`` and Tab stay quick, and the dashboard's first frame waits for no command.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

INTERRUPTED = 130
"""The exit status after Ctrl-C: 128 and the number of SIGINT."""

_GC_THRESHOLD = 500_000  # objects


def fe2tui() -> NoReturn:
    _run_process("fe2tui")


def fe2() -> NoReturn:
    _run_process("fe2")


def _run_process(program: str) -> NoReturn:
    # Collecting garbage among what imports create takes a seventh of a command's time, and once more at the end.
    gc.set_threshold(_GC_THRESHOLD)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # the shell closed it (>&-): no other file may get its descriptor
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
    try:
        sys.exit(run_program(program, sys.argv[1:]))
    except KeyboardInterrupt:  # during the imports: later, a command reports by itself what it leaves behind
        print(f"{program}: interrupted.", file=sys.stderr)
        sys.exit(INTERRUPTED)
    finally:
        gc.freeze()


def run_program(program: str, arguments: Sequence[str]) -> int:
    """Run a command line of ``fe2`` or ``fe2tui``. Returns the exit status."""
    from fe2tui.cli.exit_status import exit_status_of
    from fe2tui.cli.options import dashboard_options

    completing = f"_{program.upper()}_COMPLETE" in os.environ
    options = dashboard_options(arguments) if program == "fe2tui" and not completing else None
    if options is not None:
        from fe2tui.cli.dashboard import open_dashboard

        return exit_status_of(program, lambda: open_dashboard(options))
    from fe2tui.cli.main import run_click

    return exit_status_of(program, lambda: run_click(program, arguments))
