"""Opening the dashboard, on AWS or on a demo cloud that lives as long as it does."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack

from fe2tui.cli.options import DEMO_FLAG, Asked, choice_of
from fe2tui.errors import SettingError, UsageError


def open_dashboard(asked: Asked) -> int:
    """Open it and stay until the person leaves; the exit status. Needs a terminal."""
    if asked.demo and asked.endpoint_url:
        raise UsageError(f"{DEMO_FLAG} and --endpoint-url name two clouds at once.", "Leave one of them out.")
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("The dashboard needs a terminal.", "For pipes and scripts there are commands: see fe2 --help.")
    with ExitStack() as until_the_end:

        def start_demo() -> Mapping[str, str]:
            from fe2tui.cli.demo_cloud import used_here

            return used_here(until_the_end)

        if asked.demo:
            start_demo()  # before anything heavy is imported: the cloud gets ready meanwhile
        from fe2tui import settings, tui

        trouble = ""
        try:
            kept = settings.load()
        except SettingError as error:
            # What it may have forbidden is not known: so nothing is changed.
            trouble = f"{error} None of it counts now, and nothing can be changed until it is mended."
            kept = settings.Settings(read_only=True)
        return tui.run(choice_of(asked, kept), kept, start_demo=start_demo, trouble=trouble)
