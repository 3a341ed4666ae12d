"""What the frame of the spot pane says besides the panes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len

from fe2tui.model.words import plural, visible
from fe2tui.tui.widgets.frame import Part


class Titled(NamedTuple):
    """What is drawn, a type over so many days, and the words for what is going on with their colour."""

    type: str
    days: int
    words: str = ""
    colour: str = ""


def notes(drawn: Titled, pinned: bool, of: str, filter_text: str, room: int) -> Sequence[Part]:
    """What is drawn, what is going on or else whose type it is, the keys of the days, and the filter.

    ``of`` is the name of the instance that is followed. What has no room is left out, the least important first.
    """
    if not drawn.type:
        return ()
    whose = "picked" if pinned else f"of {of}" if of else ""
    parts = {
        "type": Part(visible(drawn.type), "foreground", True),
        "whose": Part(f" · {whose}" if whose and not drawn.words else "", "ink-dim"),
        "words": Part(f" · {drawn.words}" if drawn.words else "", drawn.colour or "ink-dim"),
        "days": Part(f" · {plural(drawn.days, 'day')}", "ink-dim"),
        "shorter": Part(" [ shorter", "accent", False, "shorter"),
        "longer": Part("  ] longer", "accent", False, "longer"),
        "filter": Part(f" / {visible(filter_text)}" if filter_text else "", "accent", False, "filter"),
    }
    for step in _GIVEN_UP:
        if sum(cell_len(part.text) for part in parts.values()) <= room:
            break
        for name, text in step.items():
            parts[name] = Part(text.format(days=drawn.days), parts[name].colour, False, parts[name].command)
    return [part for part in parts.values() if part.text]


_GIVEN_UP = (
    {"shorter": " [ ", "longer": "]"},
    {"days": " · {days}d"},
    {"whose": ""},
    {"shorter": "", "longer": ""},
    {"filter": ""},
    {"days": ""},
)
