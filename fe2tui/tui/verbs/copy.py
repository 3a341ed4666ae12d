"""Copy: what of an instance people put into other programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fe2tui.model.instance import Instance
from fe2tui.model.words import plural, visible
from fe2tui.ssh.terminal import display_command
from fe2tui.tasks.reach import find_login
from fe2tui.tui.forms.picker import Item, Picker
from fe2tui.tui.verbs.clipboard import copy_text
from fe2tui.tui.view import View

SSH = "ssh"
_PARTS: Mapping[str, tuple[str, Callable[[Instance], str | None]]] = {
    "id": ("Id", lambda one: one.id),
    "address": ("Address", lambda one: one.address),
    "private": ("Private address", lambda one: one.private_ip),
    "dns": ("Public DNS name", lambda one: one.public_dns),
    "ipv6": ("IPv6 address", lambda one: one.ipv6),
    "name": ("Name", lambda one: one.name),
    "image": ("Image id", lambda one: one.image_id),
}


async def copy(view: View) -> None:
    """Ask what to copy of the instances meant; of several, one line each."""
    those = view.targets
    items = _items(those)
    title = f"Copy from {visible(those[0].label) if len(those) == 1 else plural(len(those), 'instance')}"
    chosen = await view.ask(Picker(title, items, submit_word="Copy"))
    if chosen is None:
        return
    lines = await _ssh_commands(view, those) if chosen == SSH else _values(those, chosen)
    await copy_text(view.desk.app, "\n".join(lines))
    words = visible(lines[0]) if len(lines) == 1 else f"{plural(len(lines), 'line')}"
    view.tell(f"Copied {words}")


def _items(those: Sequence[Instance]) -> list[Item]:
    items = []
    for key, (title, _) in _PARTS.items():
        values = _values(those, key)
        if values:
            items.append(Item(key, title, visible(values[0]) if len(those) == 1 else plural(len(values), "line")))
    if any(one.address for one in those):
        items.insert(2, Item(SSH, "ssh command", "with its key, user and port"))
    return items


def _values(those: Sequence[Instance], key: str) -> list[str]:
    value = _PARTS[key][1]
    return [text for one in those if (text := value(one))]


async def _ssh_commands(view: View, those: Sequence[Instance]) -> list[str]:
    ctx = view.context()
    commands = []
    for one in those:
        if one.address:
            login = await find_login(ctx, one)
            commands.append(display_command(login.route(ctx, one)))
    return commands
