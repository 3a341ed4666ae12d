"""The panes there are, for the edges of their frames."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from fe2tui.tui.command import PANES
from fe2tui.tui.widgets.frame import Part


def tabs(active: str, counts: Mapping[str, str], named: Collection[str], *, short: bool = False) -> list[Part]:
    """The panes that a frame names, with the active one bright. ``short``: of the others their numbers alone."""
    parts: list[Part] = []
    for pane, (number, title) in PANES.items():
        here = pane == active
        if pane not in named:
            continue
        if parts:
            parts.append(Part(" ─ ", "ink-faint"))
        if short and not here:
            parts.append(Part(number, "ink-dim", False, pane))
            continue
        parts.append(Part(f"{number} ", "accent" if here else "ink-dim", here, pane))
        parts.append(Part(title, "foreground" if here else "ink-dim", here, pane))
        if counts.get(pane):
            parts.append(Part(f" {counts[pane]}", "ink-dim", False, pane))
    return parts
