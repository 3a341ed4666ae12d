"""Starting a demo cloud; the only place outside ``demo`` that knows of it."""

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


def start_demo_cloud(options: Options | None = None) -> Cloud:
    """A cloud that is getting ready: calls to it wait. Raises Fe2Error where it cannot run."""
    from fe2tui.demo import Cloud, DemoUnavailable

    cloud = Cloud(options)
    try:
        return cloud.start()
    except DemoUnavailable as error:
        raise Fe2Error(f"There is no demo cloud: {error}.") from error


def use_demo_cloud(until_the_end: ExitStack) -> dict[str, str]:
    """Start one that ends with the stack, and point this process at it alone; the variables that do."""
    cloud = start_demo_cloud()
    until_the_end.callback(cloud.stop)
    for name in list(os.environ):
        if name.startswith("AWS_"):
            del os.environ[name]
    os.environ.update(cloud.environment)
    os.environ["NO_PROXY"] = ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1")))
    return cloud.environment


def open_dashboard(options: GlobalOptions) -> int:
    """Open it and stay until the person leaves; the exit status. Needs a terminal."""
    if options.demo and options.endpoint_url:
        raise UsageError(f"{DEMO_FLAG} and --endpoint-url name two clouds at once.", "Leave one of them out.")
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError("The dashboard needs a terminal.", "For pipes and scripts there are commands: see fe2 --help.")
    with ExitStack() as until_the_end:

        def start_demo() -> Mapping[str, str]:

            return use_demo_cloud(until_the_end)

        if options.demo:
            start_demo()  # before anything heavy is imported: the cloud gets ready meanwhile
        from fe2tui import settings, tui

        trouble = ""
        try:
            kept = settings.load()
        except SettingError as error:
            # What it may have forbidden is not known: so nothing is changed.
            trouble = f"{error} None of it counts now, and nothing can be changed until it is mended."
            kept = settings.Settings(read_only=True)
        return tui.run(choice_of(options, kept), kept, start_demo=start_demo, startup_problem=trouble)
