"""The keys that move in every list, log and text. They call ``action_move(by)``, by rows, and ``action_page(by)``."""

from __future__ import annotations

from textual.binding import Binding, BindingType

TO_THE_END = 1_000_000  # pages

MOVEMENT_BINDINGS: list[BindingType] = [
    Binding("up,k", "move(-1)", "Up", show=False),
    Binding("down,j", "move(1)", "Down", show=False),
    Binding("pageup", "page(-1)", "Page up", show=False),
    Binding("pagedown", "page(1)", "Page down", show=False),
    Binding("home", f"page(-{TO_THE_END})", "First", show=False),
    Binding("end", f"page({TO_THE_END})", "Last", show=False),
    # By the ids of commands, whose keys a person may change.
    Binding("g", f"page(-{TO_THE_END})", "First", show=False, id="top"),
    Binding("G", f"page({TO_THE_END})", "Last", show=False, id="bottom"),
    Binding("ctrl+d", "page(0.5)", "Half a page down", show=False, id="half_down"),
    Binding("ctrl+u", "page(-0.5)", "Half a page up", show=False, id="half_up"),
    Binding("ctrl+f", "page(1)", "Page down", show=False, id="page_down"),
    Binding("ctrl+b", "page(-1)", "Page up", show=False, id="page_up"),
]

FIELD_MOVEMENT_BINDINGS: list[BindingType] = [
    Binding("down,ctrl+n", "move(1)", show=False, priority=True),
    Binding("up,ctrl+p", "move(-1)", show=False, priority=True),
    Binding("pagedown,ctrl+f", "page(1)", show=False, priority=True),
    Binding("pageup,ctrl+b", "page(-1)", show=False, priority=True),
    Binding("ctrl+d", "page(0.5)", show=False, priority=True),
    Binding("ctrl+u", "page(-0.5)", show=False, priority=True),
]
"""Those of a list that is filtered by a field with the focus: no letters, and the field does not get them."""


def page_step(by: float, height: int) -> int:
    """The rows that a move by so many pages of a height goes: at least one."""
    rows = round(by * height)
    return rows or (1 if by > 0 else -1)
