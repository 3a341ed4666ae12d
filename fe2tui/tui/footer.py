"""The footer: the keys that do something here and now, most useful first."""

from __future__ import annotations

from collections.abc import Mapping

from fe2tui.tui.commands import COMMANDS, Command, key_name
from fe2tui.tui.view import View
from fe2tui.tui.widgets.line import Span, width_of


def spans(view: View, keys: Mapping[str, str], failures: int, width: int) -> list[Span]:
    """The keys for a view. ``keys`` are those in force by command; ``failures`` how many nobody has looked at yet."""
    right = [span for command in _of(view, at_right=True) for span in _key(command, view, keys)]
    if failures:
        right = [Span("! ", "alarm", "errors"), Span(f"{failures}   ", "trouble", "errors"), *right]
    left: list[Span] = [Span(" ")]
    if view.marked_count:
        left.append(Span(f"✓ {view.marked_count:,} marked   ", "mark"))
    room = width - width_of(right) - 1
    for command in _of(view, at_right=False):
        key = _key(command, view, keys)
        if width_of(left) + width_of(key) > room:
            break
        left += key
    return [*left, Span(" " * max(0, width - width_of(left) - width_of(right))), *right]


def filter_spans(width: int) -> list[Span]:
    """The keys while a filter is typed."""
    keys = (("enter", "Keep it"), ("↓", "To the table"), ("esc", "Show all"))
    spans = [Span(" "), *(span for key, word in keys for span in (Span(f"{key} ", "key"), Span(f"{word}  ", "dim")))]
    return spans if width_of(spans) <= width else spans[:3]


def _of(view: View, *, at_right: bool) -> list[Command]:
    here = [c for c in COMMANDS if c.order and c.at_right is at_right and c.home in ("", view.pane)]
    shown = [c for c in here if c.reason(view) is None]
    return sorted(shown, key=lambda command: command.order)


def _key(command: Command, view: View, keys: Mapping[str, str]) -> list[Span]:
    key = keys.get(command.id, command.key)
    if not key:
        return []
    return [Span(f"{key_name(key)} ", "key", command.id), Span(f"{command.title_now(view)}  ", "dim", command.id)]
