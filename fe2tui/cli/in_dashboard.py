"""The shell's commands for the command line of the dashboard: parsed and completed by click, run by a process."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from click.shell_completion import ShellComplete

from fe2tui.cli.main import group
from fe2tui.cli.options import GlobalOptions
from fe2tui.errors import UsageError
from fe2tui.tui.shell_commands import Completion, KnownNames, ShellCommand

if TYPE_CHECKING:
    from fe2tui.aws.session import Choice
    from fe2tui.model.launch import LaunchRequest

_HELP_FLAGS = ("-h", "--help")
_SHORT_HELP_LENGTH = 200  # characters
_PROGRAM = "from fe2tui.cli import fe2; fe2()"


class DashboardShell:
    """``ShellCommands`` by click."""

    def __init__(self) -> None:
        self._group = group("fe2")

    def parse(self, words: Sequence[str]) -> ShellCommand:
        if words[0].startswith("-"):
            raise UsageError("A line begins with a command.", "Options come after it.")
        options = GlobalOptions()
        try:
            parent = click.Context(self._group, info_name="fe2", obj=options)
            name, command, rest = self._group.resolve_command(parent, list(words))
            assert name is not None and command is not None
            if any(flag in words for flag in _HELP_FLAGS):
                return ShellCommand("help", {}, {}, tuple(words))
            context = command.make_context(name, rest, parent=parent)
        except click.ClickException as error:
            raise UsageError(error.format_message(), f"{words[0]} --help shows how it is used.") from error
        typed = click.core.ParameterSource.COMMANDLINE
        given = {
            param.name: "" if isinstance(param, click.Argument) else param.opts[0]
            for param in command.params
            if param.name is not None and context.get_parameter_source(param.name) is typed
        }
        return ShellCommand(name, {**context.params, "region": options.region}, given, tuple(words))

    def launch_request(self, command: ShellCommand) -> LaunchRequest:
        from fe2tui.cli.launch import launch_request

        return launch_request(command.params, required=())

    def complete(self, words: Sequence[str], incomplete: str, known: KnownNames) -> Sequence[Completion]:
        shell = ShellComplete(self._group, {"obj": GlobalOptions(known=known)}, "fe2", "_FE2_COMPLETE")
        items = shell.get_completions(list(words), incomplete)
        found = [Completion(item.value, item.help or "") for item in items if item.type == "plain"]
        return found if words else [Completion(name, self._short_help(name)) for name, _ in found]

    def _short_help(self, name: str) -> str:
        """The first sentence about a command: click's own completion cuts it."""
        command = self._group.get_command(click.Context(self._group), name)
        return command.get_short_help_str(_SHORT_HELP_LENGTH) if command is not None else ""

    def program(self, words: Sequence[str], choice: Choice, region: str) -> Sequence[str]:
        named = {"--region": region, "--profile": choice.profile, "--endpoint-url": choice.endpoint_url}
        options = [f"{flag}={value}" for flag, value in named.items() if value]
        return [sys.executable, "-P", "-c", _PROGRAM, "--read-only", *options, *words]
