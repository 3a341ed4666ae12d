"""The options that every command takes, before its name or after it.

This module imports nothing heavy: the dashboard's first frame waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fe2tui.aws.session import Choice
    from fe2tui.model.location import Location
    from fe2tui.settings import Settings
    from fe2tui.tui.shell_commands import KnownNames


class GlobalOption(NamedTuple):
    """An option that every command takes. It is a flag if ``metavar`` is empty."""

    flag: str
    help: str
    metavar: str = ""

    @property
    def field(self) -> str:
        return self.flag.removeprefix("--").replace("-", "_")


GLOBAL_OPTIONS = (
    GlobalOption("--region", "Region id, or part of its name: Ohio.", "REGION"),
    GlobalOption("--profile", "Profile of ~/.aws/config and ~/.aws/credentials.", "PROFILE"),
    GlobalOption("--endpoint-url", "Call this address instead of AWS.", "URL"),
    GlobalOption("--read-only", "Refuse everything that changes something."),
    GlobalOption("--json", "Print one JSON document."),
    GlobalOption("--yes", "Ask nothing."),
)
DEMO_FLAG = "--demo"
_DASHBOARD_OPTIONS = {option.flag: option for option in GLOBAL_OPTIONS if option.flag not in ("--json", "--yes")}


@dataclass(slots=True)
class GlobalOptions:
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    read_only: bool = False
    json: bool = False
    yes: bool = False
    demo: bool = False
    by: str = ""  # the command line itself, for the activity log
    known: KnownNames | None = None  # the names in the memory of the dashboard whose command line this is


def dashboard_options(arguments: Sequence[str]) -> GlobalOptions | None:
    """The options of a command line that only opens the dashboard; None if click has to read it."""
    options = GlobalOptions()
    left = list(arguments)
    while left:
        flag, equals, value = left.pop(0).partition("=")
        if flag == DEMO_FLAG and not equals:
            options.demo = True
            continue
        option = _DASHBOARD_OPTIONS.get(flag)
        if option is None or (equals and not option.metavar):
            return None
        if option.metavar and not equals:
            if not left or left[0].startswith("-"):
                return None
            value = left.pop(0)
        setattr(options, option.field, value if option.metavar else True)
    return options


def choice_of(options: GlobalOptions, settings: Settings) -> Choice:
    """Account, region and endpoint, and whether to refuse changes, by options, environment and settings."""
    from fe2tui.aws.session import effective_choice

    return effective_choice(
        settings,
        region=options.region,
        profile=options.profile,
        endpoint_url=options.endpoint_url,
        read_only=options.read_only,
    )


def location_of(options: GlobalOptions) -> Location:
    """Profile, region and endpoint of a command line, without calling AWS."""
    from fe2tui import settings
    from fe2tui.aws.session import Session

    return Session(choice_of(options, settings.load())).location
