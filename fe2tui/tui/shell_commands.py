"""What the dashboard's command line needs of the shell's commands. The room ``cli``, which has them, implements it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from fe2tui.aws.session import Choice
    from fe2tui.model.launch import LaunchRequest


class ShellCommand(NamedTuple):
    """A command line that was parsed.

    ``params`` are the values by the names of click's parameters, ``given`` the names of those that were typed, each
    with what was typed for it as an option: ``--force``; empty for an argument. ``words`` is the line itself.
    """

    name: str
    params: Mapping[str, Any]
    given: Mapping[str, str]
    words: tuple[str, ...]


class Completion(NamedTuple):
    text: str
    hint: str = ""


class KnownNames(NamedTuple):
    """The names for completion: (name, id, state) of instances, own images and unused Elastic IPs, (id, state) of spot
    requests, and types.

    ``types`` is empty where they were not read.
    """

    instances: Sequence[tuple[str, str, str]] = ()
    images: Sequence[tuple[str, str, str]] = ()
    requests: Sequence[tuple[str, str]] = ()
    types: Sequence[str] = ()
    addresses: Sequence[tuple[str, str, str]] = ()


class ShellCommands(Protocol):
    def parse(self, words: Sequence[str]) -> ShellCommand:
        """The command of a line. ``--help`` gives the command ``help``. Raises UsageError."""

    def launch_request(self, command: ShellCommand) -> LaunchRequest:
        """What ``launch`` would launch; name, image and type are empty where they were not given. Raises UsageError."""

    def complete(self, words: Sequence[str], incomplete: str, known: KnownNames) -> Sequence[Completion]:
        """What may stand for ``incomplete`` after ``words``."""

    def program(self, words: Sequence[str], choice: Choice, region: str) -> Sequence[str]:
        """The argv of a process that runs a line and refuses every change."""
