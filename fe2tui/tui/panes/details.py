"""The details panel: labelled facts about the selected row, in text that can be selected and copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from fe2tui.tui.widgets.cells import wrap
from fe2tui.tui.widgets.frame import FrameTitle, TitlePart


class Fact(NamedTuple):
    """A line of the details: a label and a text, safe to show, in a theme colour.

    An empty label continues the fact above.
    """

    label: str
    text: str
    colour: str = "foreground"


class RowDetails(NamedTuple):
    """The details of one row. ``name`` and ``id`` are shown in the frame. All texts are safe to show."""

    name: str
    id: str
    left: Sequence[Fact]
    right: Sequence[Fact]


_LABEL_WIDTH = 7
GAP = 2
TWO_COLUMNS_WIDTH = 100


class DetailsPanel(VerticalScroll):
    """Scrolls when there is more than fits."""

    def __init__(self) -> None:
        super().__init__(id="details")
        self._frame_title = FrameTitle(self)
        self._left, self._right = Static(id="facts-left"), Static(id="facts-right")
        self._facts: tuple[list[Fact], list[Fact]] = ([], [])
        self._drawn_key: tuple[object, ...] = ()
        self._heights: dict[Static, int] = {}
        self._title_parts: tuple[Sequence[TitlePart], Sequence[TitlePart]] = ((TitlePart("Details"),), ())

    def compose(self) -> ComposeResult:
        """Two texts, beside each other where there is room."""
        yield self._left
        yield self._right

    def show(self, details: RowDetails | None, noun: str = "instance") -> None:
        """Show one thing, or say that none is selected."""
        if not self.display:
            return
        if details is None:
            self._facts = ([Fact("", f"No {noun} is selected.", "ink-dim")], [])
            self._title_parts = ((TitlePart("Details"),), ())
        else:
            self._facts = list(details.left), list(details.right)
            self._title_parts = ((TitlePart(details.name, "foreground", True),), (TitlePart(details.id),))
        self._write_facts()
        self.write_frame_title()

    def _write_facts(self) -> None:
        width = self.scrollable_content_region.width
        room = (width - GAP) // 2 if self.has_class("-columns") else width
        key = (room, *self._facts[0], *self._facts[1])
        if key != self._drawn_key:
            self._drawn_key = key
            for text, facts in zip((self._left, self._right), self._facts, strict=True):
                content = _facts_content(facts, room)
                height = content.plain.count("\n")
                # Only another height needs the screen laid out anew, which costs more than all the rest.
                text.update(content, layout=height != self._heights.get(text) or not text.size.width)
                self._heights[text] = height

    def write_frame_title(self) -> None:
        """Write the name and the id into the frame."""
        self._frame_title.write(*self._title_parts)

    def on_resize(self) -> None:
        """The frame and the facts are written for a width."""
        self.set_class(self.size.width >= TWO_COLUMNS_WIDTH, "-columns")
        self._drawn_key = ()
        self._write_facts()
        self.write_frame_title()

    def on_focus(self) -> None:
        """The frame is bright with the focus."""
        self.write_frame_title()

    def on_blur(self) -> None:
        """The frame is dim without it."""
        self.write_frame_title()


def _facts_content(facts: Sequence[Fact], width: int) -> Content:
    parts: list[Content | str | tuple[str, str]] = []
    for fact in facts:
        label = f"{fact.label:<{_LABEL_WIDTH}} "
        for line in wrap(fact.text, max(10, width - len(label))):
            if parts:
                parts.append("\n")
            parts.append((label, "$ink-dim"))
            parts.append((line, f"${fact.colour}"))
            label = " " * len(label)
    return Content.assemble(*parts)
