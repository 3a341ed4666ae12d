"""The dashboard, on AWS or on a demo cloud. Only this module and ``demo`` beside it use the room ``fe2tui.demo``."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from fe2tui.cli.options import DEMO_FLAG, GlobalOptions, choice_of
from fe2tui.errors import Fe2Error, SettingError, UsageError

if TYPE_CHECKING:
    from fe2tui.demo import Cloud, Options
    from fe2tui.tui.shell_commands import ShellCommands


def start_demo_cloud(options: Options | None = None) -> Cloud:
    """Start a demo cloud; calls to it wait until it is ready. Raises Fe2Error if it cannot run."""
    from fe2tui.demo import Cloud, DemoUnavailable

    cloud = Cloud(options)
    try:
        return cloud.start()
    except DemoUnavailable as error:
        raise Fe2Error(f"The demo cloud cannot start: {error}.") from error


def open_dashboard(options: GlobalOptions) -> int:
    """Run the dashboard until the user quits. Returns the exit status. Raises UsageError without a terminal."""
    if options.demo and options.endpoint_url:
        raise UsageError(f"{DEMO_FLAG} and --endpoint-url cannot be combined.", "Leave one of them out.")
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("The dashboard needs a terminal.", "Pipes and scripts use commands: see fe2 --help.")
    with ExitStack() as stack:

        def start_demo() -> Mapping[str, str]:
            """Start a demo cloud, and point this process at it. Returns the variables that do so."""
            cloud = start_demo_cloud()
            stack.callback(cloud.stop)
            for name in list(os.environ):
                if name.startswith("AWS_"):
                    del os.environ[name]
            os.environ.update(cloud.environment)
            os.environ["NO_PROXY"] = ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1")))
            return cloud.environment

        if options.demo:
            start_demo()  # before the imports below, so that the cloud starts during them
        from fe2tui import settings, tui

        try:
            loaded, problems = settings.read()
            problem = " ".join(map(str, problems))
        except SettingError as error:
            # The file may say read_only, which is unknown while it cannot be read.
            problem = f"{error} All settings are ignored and nothing can be changed until the file is corrected."
            loaded = settings.Settings(read_only=True)
        return tui.run(
            choice_of(options, loaded),
            loaded,
            start_demo=start_demo,
            startup_problem=problem,
            open_shell=open_shell,
        )


def open_shell() -> ShellCommands:
    """The shell's commands, for the command line of the dashboard."""
    from fe2tui.cli.in_dashboard import DashboardShell

    return DashboardShell()
