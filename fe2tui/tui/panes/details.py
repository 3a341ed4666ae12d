"""The details panel: all that is known of what is selected, in text that can be selected and copied."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from fe2tui.tui.panes.described import Described
from fe2tui.tui.panes.facts import Fact
from fe2tui.tui.widgets.cells import wrapped
from fe2tui.tui.widgets.frame import Edge, Part

_LABEL = 7
GAP = 2
COLUMNS_FROM = 100


class Details(VerticalScroll):
    """Scrolls when there is more than fits."""

    def __init__(self) -> None:
        super().__init__(id="details")
        self._edge = Edge(self)
        self._left, self._right = Static(id="facts-left"), Static(id="facts-right")
        self._facts: tuple[list[Fact], list[Fact]] = ([], [])
        self._shown: tuple[object, ...] = ()
        self._heights: dict[Static, int] = {}
        self._title: tuple[Sequence[Part], Sequence[Part]] = ((Part("Details"),), ())

    def compose(self) -> ComposeResult:
        """Two texts, beside each other where there is room."""
        yield self._left
        yield self._right

    def show(self, described: Described | None, noun: str = "instance") -> None:
        """Show one thing, or say that none is selected."""
        if not self.display:
            return
        if described is None:
            self._facts = ([Fact("", f"No {noun} is selected.", "ink-dim")], [])
            self._title = ((Part("Details"),), ())
        else:
            self._facts = list(described.left), list(described.right)
            self._title = ((Part(described.name, "foreground", True),), (Part(described.id),))
        self._write_facts()
        self.write_edge()

    def _write_facts(self) -> None:
        width = self.scrollable_content_region.width
        room = (width - GAP) // 2 if self.has_class("-columns") else width
        key = (room, *self._facts[0], *self._facts[1])
        if key != self._shown:
            self._shown = key
            for text, facts in zip((self._left, self._right), self._facts, strict=True):
                content = _content(facts, room)
                height = content.plain.count("\n")
                # Only another height needs the screen laid out anew, which costs more than all the rest.
                text.update(content, layout=height != self._heights.get(text) or not text.size.width)
                self._heights[text] = height

    def write_edge(self) -> None:
        """Write the name and the id into the frame."""
        self._edge.write(*self._title)

    def on_resize(self) -> None:
        """The frame and the facts are written for a width."""
        self.set_class(self.size.width >= COLUMNS_FROM, "-columns")
        self._shown = ()
        self._write_facts()
        self.write_edge()

    def on_focus(self) -> None:
        """The frame is bright with the focus."""
        self.write_edge()

    def on_blur(self) -> None:
        """The frame is dim without it."""
        self.write_edge()


def _content(facts: Sequence[Fact], width: int) -> Content:
    parts: list[Content | str | tuple[str, str]] = []
    for fact in facts:
        label = f"{fact.label:<{_LABEL}} "
        for line in wrapped(fact.text, max(10, width - len(label))):
            if parts:
                parts.append("\n")
            parts.append((label, "$ink-dim"))
            parts.append((line, f"${fact.ink}"))
            label = " " * len(label)
    return Content.assemble(*parts)
