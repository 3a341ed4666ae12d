"""Starting a demo cloud; the only place outside ``demo`` that knows of it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

from fe2tui.errors import Fe2Error

if TYPE_CHECKING:
    from fe2tui.demo import Cloud, Options


def started(options: Options | None = None) -> Cloud:
    """A cloud that is getting ready: calls to it wait. Raises Fe2Error where it cannot run."""
    from fe2tui.demo import Cloud, DemoUnavailable

    cloud = Cloud(options)
    try:
        return cloud.start()
    except DemoUnavailable as error:
        raise Fe2Error(f"There is no demo cloud: {error}.") from error


def used_here(until_the_end: ExitStack) -> dict[str, str]:
    """Start one that ends with the stack, and point this process at it alone; the variables that do."""
    cloud = started()
    until_the_end.callback(cloud.stop)
    for name in list(os.environ):
        if name.startswith("AWS_"):
            del os.environ[name]
    os.environ.update(cloud.environment)
    os.environ["NO_PROXY"] = ",".join(filter(None, (os.environ.get("NO_PROXY"), "127.0.0.1")))
    return cloud.environment
