"""The details panel: labelled facts about the selected row, in text that can be selected and copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from fe2tui.tui.widgets.cells import LinkOf, linked, wrap
from fe2tui.tui.widgets.frame import Framed
from fe2tui.tui.widgets.line import Span


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
GAP = 2  # cells between the columns
TWO_COLUMNS_WIDTH = 100


class DetailsPanel(VerticalScroll, Framed):
    """The facts in one column, or in two where the panel is wide. It scrolls."""

    def __init__(self, link_of: LinkOf) -> None:
        super().__init__(id="details")
        self._link_of = link_of
        self._left, self._right = Static(id="facts-left"), Static(id="facts-right")
        self._facts: tuple[Sequence[Fact], Sequence[Fact]] = ((), ())
        self._drawn_key: tuple[object, ...] = ()
        self._heights: dict[Static, int] = {}

    def compose(self) -> ComposeResult:
        for column in (self._left, self._right):
            column.set_reactive(Widget.auto_links, False)  # links keep the colour of their fact
            yield column

    def show(self, details: RowDetails | None, noun: str = "instance") -> None:
        """Show the details of a row, or that no row is selected. Does nothing while the panel is hidden."""
        if not self.display:
            return
        if details is None:
            self._facts = ([Fact("", f"No {noun} is selected.", "ink-dim")], [])
            self.set_frame_title([Span("Details", "dim")])
        else:
            self._facts = details.left, details.right
            self.set_frame_title(
                [Span(details.name, "strong")], [Span(details.id, "dim", link=self._link_of(details.id) or "")]
            )
        self._write_facts()

    def on_resize(self) -> None:
        self.set_class(self.size.width >= TWO_COLUMNS_WIDTH, "-columns")
        self._drawn_key = ()
        self._write_facts()

    def _write_facts(self) -> None:
        width = self.scrollable_content_region.width - 1  # a space before the scrollbar
        column_width = (width - GAP) // 2 if self.has_class("-columns") else width
        key = (column_width, *self._facts[0], *self._facts[1])
        if key == self._drawn_key:
            return
        self._drawn_key = key
        for column, facts in zip((self._left, self._right), self._facts, strict=True):
            content = facts_content(facts, column_width, self._link_of)
            height = content.plain.count("\n")
            # The screen is laid out again only for another height: that takes longer than all the rest.
            column.update(content, layout=height != self._heights.get(column) or not column.size.width)
            self._heights[column] = height


def facts_content(facts: Sequence[Fact], width: int, link_of: LinkOf) -> Content:
    """The facts in lines of a width. Ids are links."""
    parts: list[Content | str | tuple[str, str]] = []
    for fact in facts:
        label = f"{fact.label:<{_LABEL_WIDTH}} "
        for line in wrap(fact.text, max(10, width - len(label))):
            if parts:
                parts.append("\n")
            parts.append((label, "$ink-dim"))
            parts.append(linked(Content.styled(line, f"${fact.colour}"), link_of))
            label = " " * len(label)
    return Content.assemble(*parts)
