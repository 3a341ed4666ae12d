"""The options that every command takes, before it or after it; and what they amount to with the settings.

Nothing is imported here that the dashboard's first frame would have to wait for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fe2tui.aws.session import Choice
    from fe2tui.model.location import Location
    from fe2tui.settings import Settings


class GlobalOption(NamedTuple):
    """One of them. ``value`` is what its value is called; an option without is a flag."""

    flag: str
    help: str
    metavar: str = ""

    @property
    def field(self) -> str:
        """Its name in ``Asked``."""
        return self.flag.removeprefix("--").replace("-", "_")


GLOBAL_OPTIONS = (
    GlobalOption("--region", "Region id, or part of its name: Ohio.", "REGION"),
    GlobalOption("--profile", "Profile of ~/.aws/config and ~/.aws/credentials.", "PROFILE"),
    GlobalOption("--endpoint-url", "Talk to this address in place of AWS.", "URL"),
    GlobalOption("--read-only", "Refuse everything that would change something."),
    GlobalOption("--json", "Print one JSON document."),
    GlobalOption("--yes", "Ask nothing."),
)
DEMO_FLAG = "--demo"
_DASHBOARD_OPTIONS = {option.flag: option for option in GLOBAL_OPTIONS if option.flag not in ("--json", "--yes")}


@dataclass(slots=True)
class GlobalOptions:
    """What the global options say."""

    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    read_only: bool = False
    json: bool = False
    yes: bool = False
    demo: bool = False
    by: str = ""  # the command line itself, for the activity log

    def set(self, option: GlobalOption, value: str | bool) -> None:
        """Note what was given for one option."""
        setattr(self, option.field, value)


def dashboard_options(arguments: Sequence[str]) -> GlobalOptions | None:
    """What a command line asks for that opens the dashboard and nothing else; None if it needs a closer look."""
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
        options.set(option, value if option.metavar else True)
    return options


def choice_of(options: GlobalOptions, settings: Settings) -> Choice:
    """Which account, region and endpoint to work with, and whether only to read."""
    from fe2tui.aws.session import effective_choice

    return effective_choice(
        settings,
        region=options.region,
        profile=options.profile,
        endpoint_url=options.endpoint_url,
        read_only=options.read_only,
    )


def location_of(options: GlobalOptions) -> Location:
    """Where a command line points, without asking anybody."""
    from fe2tui import settings
    from fe2tui.aws.session import Session

    return Session(choice_of(options, settings.load())).location
