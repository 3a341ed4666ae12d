"""Copy texts of instances, images and spot prices to the clipboard."""

from __future__ import annotations

import re
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fe2tui.model.console_links import console_url
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance
from fe2tui.model.text import plural, visible
from fe2tui.ssh.terminal import display_command
from fe2tui.tasks.ssh_login import find_ssh_login
from fe2tui.tui.actions.clipboard import copy_text
from fe2tui.tui.actions.launch import image_reference, small_type_for
from fe2tui.tui.availability import row_noun
from fe2tui.tui.command_context import CommandContext, SpotChoice
from fe2tui.tui.forms.picker import Picker, PickerItem
from fe2tui.tui.pane_ids import ACTIVITY, IMAGES, INSTANCES, SPOT
from fe2tui.tui.panes.activity import ActivityRow

_SHELL_WORD = r"(?:'[^']*'|[^\s'])+"
_COMMAND = re.compile(rf"`([^`]+)`|((?:ssh-keygen -R {_SHELL_WORD} -f|chmod 600|fe2 start) {_SHELL_WORD})")


@dataclass(frozen=True, slots=True)
class _CopyOption:
    """Something to copy. ``text_of`` returns the text of one row, None if the row has none.

    ``hint`` replaces the text in the menu. ``find_lines`` returns the lines of all rows where calls are needed.
    """

    title: str
    text_of: Callable[[Any, CommandContext], str | None]
    hint: str = ""
    find_lines: Callable[[CommandContext, Sequence[Any]], Awaitable[list[str]]] | None = None


async def copy(context: CommandContext) -> None:
    """Ask what to copy of the target rows; of several rows, one line each. In details, copy the current block."""
    view = context.services.main_screen.full_view
    if view is not None:
        await copy_text(context.services.app, view.copied_text)
        context.services.tell(f"Copied {plural(len(view.copied_text.splitlines()), 'line')}: {view.copied_title}")
        return
    rows: Sequence[Any] = context.pane_targets
    if context.pane == ACTIVITY:
        selected = context.services.main_screen.activity.selected_row
        rows = (selected,) if selected is not None else ()
    options = _OPTIONS[context.pane]
    one = rows[0]
    label = one.type if isinstance(one, SpotChoice) else one.title if isinstance(one, ActivityRow) else one.label
    what = visible(label) if len(rows) == 1 else plural(len(rows), row_noun(context))
    option_id = await context.services.ask(
        Picker(f"Copy from {what}", _picker_items(context, rows, options), submit_word="Copy")
    )
    if option_id is None:
        return
    option = options[option_id]
    lines = await option.find_lines(context, rows) if option.find_lines else _lines_of(context, rows, option)
    await copy_text(context.services.app, "\n".join(lines))
    words = visible(lines[0]) if len(lines) == 1 else f"{plural(len(lines), 'line')}"
    context.services.tell(f"Copied {words}")


def _picker_items(context: CommandContext, rows: Sequence[Any], options: Mapping[str, _CopyOption]) -> list[PickerItem]:
    items = []
    for key, option in options.items():
        lines = _lines_of(context, rows, option)
        if lines:
            one = option.hint or visible(lines[0])
            items.append(
                PickerItem(key, option.title, one if option.hint or len(rows) == 1 else plural(len(lines), "line"))
            )
    return items


def _lines_of(context: CommandContext, rows: Sequence[Any], option: _CopyOption) -> list[str]:
    return [line for one in rows if (line := option.text_of(one, context))]


async def _ssh_commands(context: CommandContext, rows: Sequence[Instance]) -> list[str]:
    ctx = context.services.task_context()
    commands = []
    for one in rows:
        if one.address:
            login = await find_ssh_login(ctx, one)
            commands.append(display_command(login.route(ctx, one)))
    return commands


def _console_link(one: Instance | Image, context: CommandContext) -> str | None:
    return console_url(one.id, context.location)


def command_in(remedy: str) -> str | None:
    """The shell command that a remedy names, on one line; None if it names none."""
    found = _COMMAND.search(remedy)
    return (found[1] or found[2]).rstrip(",.") if found is not None else None


def launch_command(image: Image, context: CommandContext) -> str | None:
    """The shell command that launches from an image; NAME stands for the name of the new instance."""
    if image.state != "available":
        return None
    return (
        f"fe2 launch NAME --image {shlex.quote(image_reference(image, context.fleet))} --type {small_type_for(image)}"
    )


def spot_launch_command(spot: SpotChoice, context: CommandContext) -> str | None:
    """The shell command that launches a spot instance; NAME stands for its name."""
    zone = f" --zone {shlex.quote(spot.zone)}" if spot.zone else ""
    return f"fe2 launch NAME --type {shlex.quote(spot.type)} --spot{zone}"


_OPTIONS: Mapping[str, Mapping[str, _CopyOption]] = {
    INSTANCES: {
        "id": _CopyOption("Id", lambda one, view: one.id),
        "address": _CopyOption("Address", lambda one, view: one.address),
        "ssh": _CopyOption("ssh command", lambda one, view: one.address, "with its key, user and port", _ssh_commands),
        "private": _CopyOption("Private address", lambda one, view: one.private_ip),
        "dns": _CopyOption("Public DNS name", lambda one, view: one.public_dns),
        "ipv6": _CopyOption("IPv6 address", lambda one, view: one.ipv6),
        "name": _CopyOption("Name", lambda one, view: one.name),
        "console": _CopyOption("Console link", _console_link),
        "image": _CopyOption("Image id", lambda one, view: one.image_id),
    },
    IMAGES: {
        "id": _CopyOption("Id", lambda one, view: one.id),
        "name": _CopyOption("Name", lambda one, view: one.name),
        "console": _CopyOption("Console link", _console_link),
        "launch": _CopyOption("Launch command", launch_command),
    },
    SPOT: {
        "type": _CopyOption("Type", lambda spot, view: spot.type),
        "zone": _CopyOption("Zone", lambda spot, view: spot.zone or None),
        "launch": _CopyOption("Launch command", spot_launch_command),
        "history": _CopyOption(
            "Command for its prices", lambda spot, view: f"fe2 price-hist {shlex.quote(spot.type)} --days {spot.days}"
        ),
    },
    ACTIVITY: {
        "command": _CopyOption("Command", lambda row, view: command_in(row.remedy)),
        "remedy": _CopyOption("What to do", lambda row, view: row.remedy or None),
        "text": _CopyOption("What happened", lambda row, view: f"{row.title}: {row.text}"),
        "id": _CopyOption("Id", lambda row, view: row.subject or None),
    },
}
