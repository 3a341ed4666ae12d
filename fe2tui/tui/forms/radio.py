"""One of a few ways, each with a sentence about what it means: the arrows choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from fe2tui.tui.forms.form import DIM, dim, shown
from fe2tui.tui.widgets.cells import wrapped

_BEFORE = 4  # the sign and the space after it


@dataclass(frozen=True, slots=True)
class Way:
    """One way: its id, its title, and a sentence about it."""

    id: str
    title: str
    words: str


class Radio(Static, can_focus=True):
    """Ways to choose one of. ``chosen`` is the id of the one that holds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,right,j,space", "step(1)", show=False),
        Binding("up,left,k", "step(-1)", show=False),
    ]

    class Changed(Message):
        """Another way was chosen."""

        def __init__(self, way: str) -> None:
            super().__init__()
            self.way = way

    def __init__(self, ways: Sequence[Way], chosen: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ways: tuple[Way, ...] = ()
        self._lines: list[str] = []  # which way each line belongs to
        self.chosen = chosen
        self._take(ways)

    @property
    def ways(self) -> tuple[Way, ...]:
        """What can be chosen."""
        return self._ways

    def offer(self, ways: Sequence[Way]) -> None:
        """Offer these; the choice stays if it is among them."""
        if tuple(ways) != self._ways:
            self._take(ways)
            self._draw()

    def _take(self, ways: Sequence[Way]) -> None:
        self._ways = tuple(ways)
        if self._ways and self.chosen not in [way.id for way in self._ways]:
            self.chosen = self._ways[0].id

    def on_mount(self) -> None:
        """Draw what there is."""
        self._draw()

    def on_resize(self) -> None:
        """The sentences are broken for a width."""
        self._draw()

    def on_focus(self) -> None:
        """The choice is bright while the person is here."""
        self._draw()

    def on_blur(self) -> None:
        """The person is elsewhere."""
        self._draw()

    def _draw(self) -> None:
        room = max(20, (self.content_size.width or 60) - _BEFORE)
        parts: list[Content] = []
        self._lines = []
        for way in self._ways:
            here = way.id == self.chosen
            sign = ("(•) ", "bold $accent" if self.has_focus else "$foreground") if here else ("( ) ", DIM)
            parts.append(Content.assemble(sign, shown(way.title, "bold" if here else "")))
            about = wrapped(way.words, room)
            parts += [Content.assemble(" " * _BEFORE, dim(line)) for line in about]
            self._lines += [way.id] * (1 + len(about))
        self.update(Content("\n").join(parts))

    def action_step(self, by: int) -> None:
        """Choose the next, or the one before."""
        ids = [way.id for way in self._ways]
        if ids:
            self._choose(ids[max(0, min(len(ids) - 1, ids.index(self.chosen) + by))])

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked."""
        inside = event.get_content_offset(self)
        if inside is not None and inside.y < len(self._lines):
            self._choose(self._lines[inside.y])

    def _choose(self, way: str) -> None:
        if way != self.chosen:
            self.chosen = way
            self._draw()
            self.post_message(self.Changed(way))
