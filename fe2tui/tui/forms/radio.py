"""One of a few ways, below one another with a sentence each, or on one line: the arrows choose."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
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
_GAPS = (3, 2)  # between two choices of a line, where there is room for three


def _sign(is_chosen: bool, has_focus: bool) -> tuple[str, str]:
    if not is_chosen:
        return "( ) ", DIM
    return "(•) ", "bold $accent" if has_focus else "$foreground"


class Choices(Static, can_focus=True):
    """Choices that are drawn for their width, the one that holds brighter while the person is here."""

    def on_mount(self) -> None:
        """Draw what there is."""
        self._draw()

    def on_resize(self) -> None:
        """Lines are broken, and titles chosen, for a width."""
        self._draw()

    def watch_has_focus(self, has_focus: bool) -> None:
        """The choice is bright while the person is here."""
        super().watch_has_focus(has_focus)
        if self.is_mounted:
            self._draw()

    @abstractmethod
    def _draw(self) -> None:
        """Draw them all."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way: its id, its title, and a sentence about it."""

    id: str
    title: str
    words: str


class Radio(Choices):
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

    def _draw(self) -> None:
        room = max(20, (self.content_size.width or 60) - _BEFORE)
        parts: list[Content] = []
        self._lines = []
        for way in self._ways:
            here = way.id == self.chosen
            parts.append(Content.assemble(_sign(here, self.has_focus), shown(way.title, "bold" if here else "")))
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


@dataclass(frozen=True, slots=True)
class Pick:
    """One choice of a line: its id, and its title in fewer and fewer words."""

    id: str
    titles: tuple[str, ...]

    def title(self, level: int) -> str:
        """The title at a level of brevity."""
        return self.titles[min(level, len(self.titles) - 1)]


class RadioLine(Choices):
    """Choices beside one another, one of which holds: ``chosen`` is its id. Enter goes on to what comes next.

    ``told`` is told of another choice at once, and not by a message: a key that submits may be the next one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "step(1)", show=False),
        Binding("left", "step(-1)", show=False),
        Binding("enter", "app.focus_next", show=False),
    ]

    def __init__(
        self,
        picks: Sequence[Pick],
        chosen: str = "",
        *,
        id: str | None = None,
        told: Callable[[str], None] = lambda pick: None,
    ) -> None:
        super().__init__(id=id, classes="radio-line")
        self._picks = tuple(picks)
        self._told = told
        self._ends: list[tuple[int, str]] = []  # up to which column a click means which
        self.chosen = chosen or self._picks[0].id

    def choose(self, pick: str) -> None:
        """Choose one of them; nobody is told."""
        if pick != self.chosen:
            self.chosen = pick
            self._draw()

    def _draw(self) -> None:
        level, gap = self._fitting(self.content_size.width or 1_000)
        parts: list[Content] = []
        self._ends, column = [], 0
        for pick in self._picks:
            here, title = pick.id == self.chosen, pick.title(level)
            parts.append(Content.assemble(_sign(here, self.has_focus), shown(title, "bold" if here else "")))
            column += _BEFORE + len(title) + gap
            self._ends.append((column, pick.id))
        self.update(Content(" " * gap).join(parts))

    def _fitting(self, width: int) -> tuple[int, int]:
        """The longest titles, and the widest gaps, that fit a width."""
        most = max(len(pick.titles) for pick in self._picks)
        for level in range(most):
            words = sum(_BEFORE + len(pick.title(level)) for pick in self._picks)
            for gap in _GAPS:
                if words + gap * (len(self._picks) - 1) <= width:
                    return level, gap
        return most - 1, 1

    def action_step(self, by: int) -> None:
        """Choose the next, or the one before."""
        ids = [pick.id for pick in self._picks]
        self._pick(ids[max(0, min(len(ids) - 1, ids.index(self.chosen) + by))])

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked."""
        inside = event.get_content_offset(self)
        if inside is not None:
            self._pick(next((pick for end, pick in self._ends if inside.x < end), self.chosen))

    def _pick(self, pick: str) -> None:
        if pick != self.chosen:
            self.choose(pick)
            self._told(pick)
