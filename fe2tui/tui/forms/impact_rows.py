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
GAPS = 6
INDENT = 2


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One thing that was asked for and will not be touched, and why."""

    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Columns:
    """How wide the columns are, from what stands in them; beside each other only where everything is whole in them."""

    name: int
    id: int
    state: int
    width: int  # of all
    is_wide: bool

    @classmethod
    def of(cls, loss: Loss, width: int) -> _Columns:
        name = max((len(_name(row)) for row in loss.rows), default=0)
        ids = max((len(row.id) for row in loss.rows), default=0)
        state = max((len(row.state_words) + len(_warning(row)) for row in loss.rows), default=0)
        part = max((len(_words(part)) for row in loss.rows for part in row.parts), default=0)
        return cls(name, ids, state, width, width >= WIDE and name + ids + state + part + GAPS <= width)


def _name(row: Row) -> str:
    return visible(row.name) or "no name"


def _warning(row: Row) -> str:
    return f"▲ {row.warning}  " if row.warning else ""


def _words(part: Part) -> str:
    return visible(part.words(part.name))


def _folds(text: str, width: int) -> list[tuple[int, int]]:
    """Where the lines of a text begin and end, broken between words where that can be."""
    folds, start, width = [], 0, max(1, width)
    while len(text) - start > width:
        space = text.rfind(" ", start + width // 2, start + width + 1)
        end = space if space > start else start + width
        folds.append((start, end))
        start = end + (space > start)
    return [*folds, (start, len(text))]


def _folded(text: Content, width: int) -> list[Content]:
    """A text as lines, those after the first indented."""
    if len(text) <= width:
        return [text]
    folds = _folds(text.plain, width - INDENT)
    return [Content.assemble(" " * INDENT if start else "", text[start:end]) for start, end in folds]


def _count(text: str, width: int) -> int:
    """How many lines it takes."""
    return 1 if len(text) <= width else len(_folds(text, width - INDENT))


def _is_short(row: Row, columns: _Columns) -> bool:
    """Whether name, id and state stand on one line."""
    return len(_name(row)) + len(row.id) + len(_warning(row)) + len(row.state_words) + 4 <= columns.width


def _height(row: Row, columns: _Columns) -> int:
    if columns.is_wide:
        return max(1, len(row.parts))
    head = 1 if _is_short(row, columns) else 1 + _count(_name(row), columns.width)
    return head + sum(_count(_words(part), columns.width - INDENT) for part in row.parts)


def _part(part: Part) -> Content:
    """What becomes of a part."""
    words = _words(part)
    before, parted, after = words.rpartition(f": {visible(part.end)}")
    if not parted:
        return Content(words)
    return Content.assemble(dim(f"{before}: "), (f"{parted[2:]}{after}", "$warning" if part.kept else "$error"))


def _wide(row: Row, columns: _Columns, none: str) -> list[Content]:
    warning = _warning(row)
    head = Content.assemble(
        (f"{_name(row):<{columns.name}}  ", "bold"),
        dim(f"{row.id:<{columns.id}}  "),
        f"{row.state_words:<{columns.state - len(warning)}}  ",
        (warning, "$error"),
    )
    indent = " " * len(head.plain)
    parts = [_part(part) for part in row.parts] or [dim(none)]
    return [Content.assemble(head if n == 0 else indent, part) for n, part in enumerate(parts)]


def _narrow(row: Row, columns: _Columns) -> list[Content]:
    name, rest = shown(_name(row), "bold"), (dim(f"{row.id}  "), (_warning(row), "$error"), row.state_words)
    if _is_short(row, columns):
        head = [Content.assemble(name, "  ", *rest)]
    else:
        head = [*_folded(name, columns.width), Content.assemble(" " * INDENT, *rest)]
    parts = [line for part in row.parts for line in _folded(_part(part), columns.width - INDENT)]
    return [*head, *(Content.assemble(" " * INDENT, line) for line in parts)]


def _left_out(one: LeftOut) -> Content:
    return Content.assemble(("◇ ", "$warning"), shown(one.label), dim(f"  left out: {one.reason}"))


class Rows(ScrollView):
    """What goes: it scrolls, what has to be typed stays in sight."""

    can_focus = False

    def __init__(self, loss: Loss, left_out: Sequence[LeftOut]) -> None:
        super().__init__(id="rows")
        self._loss = loss
        self._left_out = tuple(left_out)
        self._columns = _Columns.of(loss, 0)
        self._ends: list[int] = []  # the line after the last of each row
        self._left_lines: list[Content] = []

    @property
    def count(self) -> int:
        """How many lines there are."""
        return self._own_count + len(self._left_lines)

    @property
    def _own_count(self) -> int:
        return self._ends[-1] if self._ends else 0

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.line(at).plain for at in range(self.count))

    def lay_out(self, width: int) -> None:
        """Find out which lines there are, for a width."""
        if width != self._columns.width:
            columns = self._columns = _Columns.of(self._loss, width)
            self._ends = list(accumulate(_height(row, columns) for row in self._loss.rows))
            self._left_lines = [line for one in self._left_out for line in _folded(_left_out(one), width)]
            self.virtual_size = Size(width, self.count)
            self.styles.height = self.count
            self.refresh()

    def line(self, at: int) -> Content:
        """One line."""
        number = bisect_right(self._ends, at)
        if number >= len(self._ends):
            return self._left_lines[at - self._own_count]
        row, columns = self._loss.rows[number], self._columns
        lines = _wide(row, columns, f"no {self._loss.parts}") if columns.is_wide else _narrow(row, columns)
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
