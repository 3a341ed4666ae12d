"""Lines for people, and one JSON document for programs (``model.documents``).

For people, invisible characters in names and tags are made visible.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from fe2tui.model.documents import json_text
from fe2tui.model.progress import Outcome
from fe2tui.model.text import visible

if TYPE_CHECKING:
    from fe2tui.model.instance import Instance


def print_json(document: Any) -> None:
    """Print one JSON document on stdout, indented on a terminal."""
    on_screen = sys.stdout.isatty()
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    click.echo(json_text(document, indent=2 if on_screen else None, ascii_only=not is_utf8))


_NO_INTERRUPTIONS: Mapping[str, str] = {}


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    error = outcome.error
    return {
        "id": outcome.subject,
        "name": outcome.label,
        "done": outcome.is_done,
        "words": outcome.words,
        "error": {"summary": error.summary, "remedy": error.remedy, "code": error.code} if error else None,
    }


def instance_line(instance: Instance, interrupted: Mapping[str, str] = _NO_INTERRUPTIONS) -> str:
    """``spot1 (i-0b39947b710d05337 running): 3.17.155.171``, followed by its interruption if there is one."""
    words = interrupted.get(instance.id)
    return f"{instance!r} – {visible(words)}" if words else repr(instance)
