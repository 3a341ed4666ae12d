"""Copy: what of an instance or an image people put into other programs."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fe2tui.model.image import Image
from fe2tui.model.instance import Instance
from fe2tui.model.words import plural, visible
from fe2tui.ssh.terminal import display_command
from fe2tui.tasks.reach import find_login
from fe2tui.tui.forms.picker import Item, Picker
from fe2tui.tui.possible import IMAGES, INSTANCES, SPOT, noun
from fe2tui.tui.verbs.clipboard import copy_text
from fe2tui.tui.verbs.from_image import type_for, typed
from fe2tui.tui.view import SpotChoice, View

_CONSOLES = {"cn": "console.amazonaws.cn", "us-gov": "console.amazonaws-us-gov.com"}


@dataclass(frozen=True, slots=True)
class _Text:
    """Something to copy. ``of`` gives it of one row, None if the row has none; ``words`` stand for it in the menu.

    ``find`` is for what has to be found out first: it gives the lines of all rows.
    """

    title: str
    of: Callable[[Any, View], str | None]
    words: str = ""
    find: Callable[[View, Sequence[Any]], Awaitable[list[str]]] | None = None


async def copy(view: View) -> None:
    """Ask what to copy of the rows meant; of several, one line each."""
    those = view.meant
    texts = _TEXTS[view.pane]
    one = those[0]
    label = one.type if isinstance(one, SpotChoice) else one.label
    what = visible(label) if len(those) == 1 else plural(len(those), noun(view))
    chosen = await view.ask(Picker(f"Copy from {what}", _items(view, those, texts), submit_word="Copy"))
    if chosen is None:
        return
    text = texts[chosen]
    lines = await text.find(view, those) if text.find is not None else _lines(view, those, text)
    await copy_text(view.desk.app, "\n".join(lines))
    words = visible(lines[0]) if len(lines) == 1 else f"{plural(len(lines), 'line')}"
    view.tell(f"Copied {words}")


def _items(view: View, those: Sequence[Any], texts: Mapping[str, _Text]) -> list[Item]:
    items = []
    for key, text in texts.items():
        lines = _lines(view, those, text)
        if lines:
            one = text.words or visible(lines[0])
            items.append(Item(key, text.title, one if text.words or len(those) == 1 else plural(len(lines), "line")))
    return items


def _lines(view: View, those: Sequence[Any], text: _Text) -> list[str]:
    return [line for one in those if (line := text.of(one, view))]


async def _ssh_commands(view: View, those: Sequence[Instance]) -> list[str]:
    ctx = view.context()
    commands = []
    for one in those:
        if one.address:
            login = await find_login(ctx, one)
            commands.append(display_command(login.route(ctx, one)))
    return commands


def console_link(image: Image, view: View) -> str:
    """The page of an image in AWS's console. Source: the addresses that the console itself shows."""
    region = view.region
    partition = next((name for name in _CONSOLES if region.startswith(f"{name}-")), "")
    host = _CONSOLES.get(partition, "console.aws.amazon.com")
    return f"https://{region}.{host}/ec2/home?region={region}#ImageDetails:imageId={image.id}"


def launch_command(image: Image, view: View) -> str | None:
    """What to type into a shell to launch from an image; the new instance's name is to be put in."""
    if image.state != "available":
        return None
    return f"fe2 launch NAME --image {shlex.quote(typed(image, view.fleet))} --type {type_for(image)}"


def spot_launch_command(spot: SpotChoice, view: View) -> str | None:
    """What to type into a shell to launch on the spot market; the new instance's name is to be put in."""
    zone = f" --zone {shlex.quote(spot.zone)}" if spot.zone else ""
    return f"fe2 launch NAME --type {shlex.quote(spot.type)} --spot{zone}"


_TEXTS: Mapping[str, Mapping[str, _Text]] = {
    INSTANCES: {
        "id": _Text("Id", lambda one, view: one.id),
        "address": _Text("Address", lambda one, view: one.address),
        "ssh": _Text("ssh command", lambda one, view: one.address, "with its key, user and port", _ssh_commands),
        "private": _Text("Private address", lambda one, view: one.private_ip),
        "dns": _Text("Public DNS name", lambda one, view: one.public_dns),
        "ipv6": _Text("IPv6 address", lambda one, view: one.ipv6),
        "name": _Text("Name", lambda one, view: one.name),
        "image": _Text("Image id", lambda one, view: one.image_id),
    },
    IMAGES: {
        "id": _Text("Id", lambda one, view: one.id),
        "name": _Text("Name", lambda one, view: one.name),
        "console": _Text("Console link", console_link),
        "launch": _Text("Launch command", launch_command),
    },
    SPOT: {
        "type": _Text("Type", lambda spot, view: spot.type),
        "zone": _Text("Zone", lambda spot, view: spot.zone or None),
        "launch": _Text("Launch command", spot_launch_command),
        "history": _Text(
            "Command for its prices", lambda spot, view: f"fe2 price-hist {shlex.quote(spot.type)} --days {spot.days}"
        ),
    },
}
