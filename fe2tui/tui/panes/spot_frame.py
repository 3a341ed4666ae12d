"""What the frame of the spot pane says besides the panes."""

from __future__ import annotations

from collections.abc import Sequence

from fe2tui.model.words import plural, visible
from fe2tui.tui.view import SpotChoice
from fe2tui.tui.widgets.frame import Part

_WORDS_FROM = 76  # columns from which the keys of the days have their words


def notes(choice: SpotChoice, of: str, said: tuple[str, str], filter_text: str, width: int) -> Sequence[Part]:
    """The type, the days with their keys, what is going on or else whose type it is, and the filter.

    ``of`` is the name of the instance that is followed, ``said`` the words for what is going on with their colour.
    """
    if not choice.type:
        return ()
    words, colour = said
    whose = "picked" if choice.pinned else f"of {of}" if of else ""
    shorter, longer = (" [ shorter", "  ] longer") if width >= _WORDS_FROM else (" [ ", "]")
    parts = (
        Part(visible(choice.type), "foreground", True),
        Part(f" · {whose}" if whose and not words else "", "ink-dim"),
        Part(f" · {words}" if words else "", colour or "ink-dim"),
        Part(f" · {plural(choice.days, 'day')}", "ink-dim"),
        Part(shorter, "accent", False, "shorter"),
        Part(longer, "accent", False, "longer"),
        Part(f" / {visible(filter_text)}" if filter_text else "", "accent", False, "filter"),
    )
    return [part for part in parts if part.text]
