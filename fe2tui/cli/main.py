"""The click group: the table of commands, and how a command line is run."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from fe2tui.cli import INTERRUPTED
from fe2tui.cli.exit_status import print_message
from fe2tui.cli.options import DEMO_FLAG, GLOBAL_OPTIONS, GlobalOption, GlobalOptions
from fe2tui.errors import UsageError

# Command → its module in this package. The module has it under the command's name, with _ for -.
_COMMANDS = {
    "instances": "instances",
    "instance": "instances",
    "get-instance": "get",
    "ip": "instances",
    "launch": "launch",
    "connect": "connect",
    "start": "power",
    "stop": "power",
    "reboot": "power",
    "terminate": "power",
    "change-type": "types",
    "tag": "tags",
    "rename": "tags",
    "protect": "protection",
    "shutdown-behavior": "protection",
    "console": "console",
    "screenshot": "console",
    "release": "addresses",
    "freeze": "images",
    "deregister": "images",
    "amis": "images",
    "ami": "images",
    "get-ami": "get",
    "requests": "spot_requests",
    "get-request": "get",
    "get-request-from-instance": "get",
    "types": "types",
    "price-demand": "types",
    "price-hist": "price_hist",
    "cost": "cost",
    "activity": "activity",
    "region": "regions",
    "regions": "regions",
    "demo": "demo",
    "completion": "completion",
}
_DEMO_OPTION = GlobalOption(DEMO_FLAG, "Open the dashboard on a demo cloud of its own; needs no AWS account.")
_HELP = {
    "fe2tui": "EC2 instances and what they cost. Without a command: the dashboard.",
    "fe2": "EC2 instances and what they cost. The dashboard: fe2tui.",
}
_EXCLUDED_TERM = re.compile(r"-[^-].+")  # a filter term such as -running: longer than an option of one letter
_HELP_FLAGS = ["-h", "--help"]
_CONTEXT_SETTINGS = {"help_option_names": _HELP_FLAGS, "max_content_width": 100}


def run_click(program: str, arguments: Sequence[str]) -> int:
    """Run a command line that is more than opening the dashboard. Returns the exit status. Raises Fe2Error."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    variable = f"_{program.upper()}_COMPLETE"
    try:
        status = group(program).main(
            list(arguments),
            prog_name=program,
            standalone_mode=False,
            complete_var=variable,
            obj=GlobalOptions(by=shlex.join([program, *arguments])),
        )
    except click.Abort:
        print_message(f"{program}: interrupted.")
        return INTERRUPTED
    except click.ClickException as error:
        error.show(sys.stderr)
        return error.exit_code
    return status if isinstance(status, int) else 0


class CommandGroup(click.Group):
    """The group of all commands. It imports a command's module when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        if cmd_name not in self.commands:
            module = import_module(f"fe2tui.cli.{_COMMANDS[cmd_name]}")
            command: click.Command = getattr(module, cmd_name.replace("-", "_"))
            command.context_settings = {**_CONTEXT_SETTINGS, **command.context_settings}
            known = {param.name for param in command.params}  # another group of this process may have extended it
            command.params.extend(_click_option(option) for option in GLOBAL_OPTIONS if option.field not in known)
            self.commands[cmd_name] = command
        return self.commands[cmd_name]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in _HELP_FLAGS:  # fe2 -- --help
            click.echo(ctx.get_help())
            ctx.exit()
        if name not in _COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            close = get_close_matches(name, _COMMANDS, n=3)
            remedy = f"Did you mean {' or '.join(close)}?" if close else "See --help."
            raise UsageError(f"There is no command “{name}”.", remedy)
        found, command, rest = super().resolve_command(ctx, args)
        after_end = rest[rest.index("--") + 1 :] if "--" in rest else []
        asks_for_help = bool(after_end) and after_end[0] in _HELP_FLAGS  # -- --help, as in fastec2
        return found, command, ["--help"] if asks_for_help and not ctx.resilient_parsing else rest


def group(program: str) -> CommandGroup:
    """The group of ``fe2tui``, which opens the dashboard without a command, or of ``fe2``, which prints its help."""

    @click.pass_context
    def without_command(ctx: click.Context, /, **_: object) -> int:
        options = ctx.ensure_object(GlobalOptions)
        if ctx.invoked_subcommand is not None:
            if options.demo:
                raise UsageError(
                    f"{DEMO_FLAG} opens the dashboard and takes no command.",
                    "`fe2 demo` serves one for commands.",
                )
            return 0
        if program != "fe2tui" and not options.demo:
            click.echo(ctx.get_help())
            return 0
        from fe2tui.cli.dashboard import open_dashboard

        return open_dashboard(options)

    commands = CommandGroup(
        name=program,
        callback=without_command,
        invoke_without_command=True,
        help=_HELP[program],
        context_settings=_CONTEXT_SETTINGS,
        params=[*map(_click_option, GLOBAL_OPTIONS), _click_option(_DEMO_OPTION)],
    )
    return click.version_option(package_name="fe2tui", message="%(prog)s %(version)s")(commands)


def _click_option(option: GlobalOption) -> click.Option:
    def set_value(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        if value:
            setattr(ctx.ensure_object(GlobalOptions), option.field, value)

    return click.Option(
        [option.flag],
        is_flag=None if option.metavar else True,
        metavar=option.metavar or None,
        help=option.help,
        expose_value=False,
        callback=set_value,
    )


class FilterCommand(click.Command):
    """A command with an argument ``filters``, whose terms may begin with ``-``: that excludes what matches them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        terms = [] if ctx.resilient_parsing else [word for word in args if _EXCLUDED_TERM.fullmatch(word)]
        rest = super().parse_args(ctx, [word for word in args if word not in terms])
        if terms:
            ctx.params["filters"] = (*ctx.params.get("filters", ()), *terms)
        return rest
