"""The rows of an impact sheet, things with their parts: only what is in sight is drawn, of however many."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from fe2tui.model.words import visible
from fe2tui.tui.forms.form import dim, shown
from fe2tui.tui.forms.loss import Loss, Part, Row

WIDE = 96  # columns inside the frame from which the parts stand beside their thing
NAME_WIDTH = 24
LEAST_NAME = 8
GAPS = 6


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One thing that was asked for and will not be touched, and why."""

    label: str
    reason: str


def clipped(text: str, width: int) -> str:
    """Foreign text on one line of at most that many characters."""
    safe = visible(text)
    return safe if len(safe) <= width else f"{safe[: width - 1]}…"


@dataclass(frozen=True, slots=True)
class _Columns:
    """How wide the columns are, from what stands in them: the name gives way to what a part goes on costing."""

    name: int
    id: int
    state: int
    room: int  # for the parts
    is_wide: bool

    @classmethod
    def of(cls, loss: Loss, width: int) -> _Columns:
        name = min(NAME_WIDTH, max((len(_name(row)) for row in loss.rows), default=0))
        ids = max((len(row.id) for row in loss.rows), default=0)
        state = max((len(row.state_words) + len(_warning(row)) for row in loss.rows), default=0)
        part = max((len(part.words("")) for row in loss.rows for part in row.parts), default=0)
        left = width - state - ids - GAPS
        name = max(min(name, LEAST_NAME), min(name, left - part))
        return cls(name, ids, state, left - name, width >= WIDE and left - name >= part)


def _name(row: Row) -> str:
    return visible(row.name) or "no name"


def _warning(row: Row) -> Content:
    return Content.styled(f"▲ {row.warning}  ", "$error") if row.warning else Content("")


def _heights(loss: Loss, columns: _Columns) -> list[int]:
    return [max(1, len(row.parts)) if columns.is_wide else 1 + len(row.parts) for row in loss.rows]


def _left_line(one: LeftOut) -> Content:
    label = clipped(one.label, NAME_WIDTH)
    return Content.assemble(("◇ ", "$warning"), shown(label), dim(f"  left out: {one.reason}"))


def _part(part: Part, room: int) -> Content:
    """What becomes of a part; of its name as much as there is room for."""
    spare = room - len(part.words("")) - 1
    words = clipped(part.words(clipped(part.name, spare) if spare >= 4 else ""), room)
    before, parted, after = words.partition(": ")
    if not parted:
        return shown(words)
    return Content.assemble(dim(f"{before}: "), shown(after, "$warning" if part.kept else "$error"))


def _wide(row: Row, columns: _Columns, none: str) -> list[Content]:
    name = clipped(_name(row), columns.name)
    warning = _warning(row)
    head = Content.assemble(
        (f"{name:<{columns.name}}  ", "bold"),
        dim(f"{row.id:<{columns.id}}  "),
        f"{row.state_words:<{columns.state - len(warning)}}  ",
        warning,
    )
    indent = " " * len(head.plain)
    parts = [_part(part, columns.room) for part in row.parts] or [dim(none)]
    return [Content.assemble(head if n == 0 else indent, part) for n, part in enumerate(parts)]


def _narrow(row: Row, width: int) -> list[Content]:
    warning = _warning(row)
    room = width - len(row.id) - 5 - len(row.state_words) - len(warning)
    head = Content.assemble(
        (f"{clipped(_name(row), max(LEAST_NAME, room))}  ", "bold"),
        dim(f"{row.id}  "),
        warning,
        row.state_words,
    )
    return [head, *(Content.assemble("  ", _part(part, width - 2)) for part in row.parts)]


class Rows(ScrollView):
    """What goes: it scrolls, what has to be typed stays in sight."""

    can_focus = False

    def __init__(self, loss: Loss, left_out: Sequence[LeftOut]) -> None:
        super().__init__(id="rows")
        self._loss = loss
        self._left_out = tuple(left_out)
        self._width = 0
        self._columns = _Columns.of(loss, 0)
        self._ends: list[int] = []  # the line after the last of each row

    @property
    def count(self) -> int:
        """How many lines there are."""
        return (self._ends[-1] if self._ends else 0) + len(self._left_out)

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.line(at).plain for at in range(self.count))

    def lay_out(self, width: int) -> None:
        """Find out which lines there are, for a width."""
        if width != self._width:
            self._width = width
            self._columns = _Columns.of(self._loss, width)
            self._ends = list(accumulate(_heights(self._loss, self._columns)))
            self.virtual_size = Size(width, self.count)
            self.styles.height = self.count
            self.refresh()

    def line(self, at: int) -> Content:
        """One line."""
        number = bisect_right(self._ends, at)
        if number >= len(self._ends):
            return _left_line(self._left_out[at - (self._ends[-1] if self._ends else 0)])
        row = self._loss.rows[number]
        lines = (
            _wide(row, self._columns, f"no {self._loss.parts}") if self._columns.is_wide else _narrow(row, self._width)
        )
        return lines[at - (self._ends[number - 1] if number else 0)]

    def on_resize(self) -> None:
        """The columns are for a width."""
        self.lay_out(self.scrollable_content_region.width)

    def render_line(self, y: int) -> Strip:
        """A line in sight."""
        at, width = round(self.scroll_y) + y, self.scrollable_content_region.width
        if at >= self.count:
            return Strip.blank(width, self.rich_style)
        return Visual.to_strips(self, self.line(at), width, 1, self.visual_style)[0]
