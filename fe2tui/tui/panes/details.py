"""The details panel: all that is known of the selected instance, in text that can be selected and copied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance
from fe2tui.model.words import visible
from fe2tui.tui.panes.facts import Fact, left, right
from fe2tui.tui.widgets.cells import wrapped
from fe2tui.tui.widgets.frame import Edge, Part

_LABEL = 7
GAP = 2
COLUMNS_FROM = 100


class Details(VerticalScroll):
    """Scrolls when there is more than fits."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(id="details")
        self._clock = clock
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

    def show(self, instance: Instance | None, fleet: Fleet | None, *, is_known: bool = False) -> None:
        """Show an instance, or say that none is selected. ``is_known``: its host key is."""
        if not self.display:
            return
        if instance is None or fleet is None:
            self._facts = ([Fact("", "No instance is selected.", "ink-dim")], [])
            self._title = ((Part("Details"),), ())
        else:
            now = self._clock()
            self._facts = left(instance, fleet, now, is_known=is_known), right(instance, fleet, now)
            name = visible(instance.name) or "no name"
            self._title = ((Part(name, "foreground", True),), (Part(instance.id),))
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
