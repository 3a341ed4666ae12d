"""Writes the README's tables from the program: its keys, commands and settings.

``python screenshots/readme.py`` rewrites them; a test sees that this was done.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from fe2tui.cli.main import group
from fe2tui.settings import Settings, setting_description
from fe2tui.tui.commands import commands_by_group

README = Path(__file__).resolve().parent.parent / "README.md"


def keys_table() -> Iterator[str]:
    """Every command of the dashboard that has a key."""
    yield "| Key | Does |"
    yield "|---|---|"
    for _, commands in commands_by_group():
        for written, command in commands:
            shown = " or ".join(f"`{key}`" for key in written.split(" or "))
            yield f"| {shown} | {_cell(command.help)} |"


def commands_table() -> Iterator[str]:
    """Every command of the shell, with its arguments."""
    import click

    whole = group("fe2")
    context = click.Context(whole, info_name="fe2")
    yield "| Command | Does |"
    yield "|---|---|"
    for name in whole.list_commands(context):
        command = whole.get_command(context, name)
        assert command is not None
        arguments = [each.make_metavar(context) for each in command.params if isinstance(each, click.Argument)]
        yield f"| `{_cell(' '.join(['fe2', name, *arguments]))}` | {_cell(command.get_short_help_str(200))} |"


def settings_table() -> Iterator[str]:
    """Every setting with its default."""
    yield "| Setting | Default | Means |"
    yield "|---|---|---|"
    for each in fields(Settings):
        yield f"| `{each.name}` | {_default(each)} | {_cell(setting_description(each))} |"


def _default(of: Field[Any]) -> str:
    value = of.default
    if value is MISSING or value is None or value in ("", ()):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


TABLES = {"keys": keys_table, "commands": commands_table, "settings": settings_table}


def written(text: str) -> str:
    """The README with its tables as they should be."""
    for name, table in TABLES.items():
        lines = "\n".join(table())
        text, count = re.subn(
            f"(<!-- {name}[^>]*-->\n).*?(<!-- /{name} -->)",
            lambda found, lines=lines: f"{found[1]}{lines}\n{found[2]}",  # type: ignore[misc]
            text,
            flags=re.DOTALL,
        )
        if count != 1:
            raise SystemExit(f"README.md has no place for the table of {name}.")
    return text


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
