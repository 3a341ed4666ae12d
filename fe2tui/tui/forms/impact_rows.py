"""The instances of an impact sheet with their disks: only what is in sight is drawn, of however many."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from fe2tui.model.words import visible
from fe2tui.tasks.terminate import DiskFate, Impact, InstanceImpact
from fe2tui.tui.forms.form import dim, shown

WIDE = 96  # columns inside the frame from which the disks stand beside their instance
NAME_WIDTH = 24
LEAST_NAME = 8
ID_WIDTH = 19
GAPS = 6
PROTECTED = "▲ protected  "


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One instance that was asked for and will not be touched, and why."""

    label: str
    reason: str


def clipped(text: str, width: int) -> str:
    """Foreign text on one line of at most that many characters."""
    safe = visible(text)
    return safe if len(safe) <= width else f"{safe[: width - 1]}…"


@dataclass(frozen=True, slots=True)
class _Columns:
    """How wide the columns are, from what stands in them: the name gives way to what a disk goes on costing."""

    name: int
    state: int
    room: int  # for the disks
    is_wide: bool

    @classmethod
    def of(cls, impact: Impact, width: int) -> _Columns:
        name = min(NAME_WIDTH, max((len(_name(row)) for row in impact.rows), default=0))
        state = max((len(row.state_words) + len(PROTECTED) * bool(row.protected) for row in impact.rows), default=0)
        disk = max((len(replace(disk, name="").words) for row in impact.rows for disk in row.disks), default=0)
        left = width - state - ID_WIDTH - GAPS
        name = max(min(name, LEAST_NAME), min(name, left - disk))
        return cls(name, state, left - name, width >= WIDE and left - name >= disk)


def _name(row: InstanceImpact) -> str:
    return visible(row.instance.name) or "no name"


def _heights(impact: Impact, columns: _Columns) -> list[int]:
    return [max(1, len(row.disks)) if columns.is_wide else 1 + len(row.disks) for row in impact.rows]


def _left_line(one: LeftOut) -> Content:
    label = clipped(one.label, NAME_WIDTH)
    return Content.assemble(("◇ ", "$warning"), shown(label), dim(f"  left out: {one.reason}"))


def _disk(disk: DiskFate, row: InstanceImpact, room: int) -> Content:
    """What becomes of a disk; of its name as much as there is room for, and none that only repeats the instance's."""
    bare = replace(disk, name="")
    spare = room - len(bare.words) - 1
    named = spare >= 4 and disk.name not in ("", row.instance.name)
    words = (replace(disk, name=clipped(disk.name, spare)) if named else bare).words
    before, parted, after = words.rpartition(": ")
    if not parted:
        return shown(words)
    return Content.assemble(dim(f"{before}: "), shown(after, "$warning" if disk.kept else "$error"))


def _protection(row: InstanceImpact) -> Content:
    return Content.styled(PROTECTED, "$error") if row.protected else Content("")


def _wide(row: InstanceImpact, columns: _Columns) -> list[Content]:
    name = clipped(_name(row), columns.name)
    said = f"{row.state_words:<{columns.state - len(PROTECTED) * bool(row.protected)}}  "
    head = Content.assemble(
        (f"{name:<{columns.name}}  ", "bold"),
        dim(f"{row.instance.id:<{ID_WIDTH}}  "),
        said,
        _protection(row),
    )
    indent = " " * len(head.plain)
    disks = [_disk(disk, row, columns.room) for disk in row.disks] or [dim("no disks")]
    return [Content.assemble(head if n == 0 else indent, disk) for n, disk in enumerate(disks)]


def _narrow(row: InstanceImpact, width: int) -> list[Content]:
    room = width - ID_WIDTH - 5 - len(row.state_words) - len(PROTECTED) * bool(row.protected)
    head = Content.assemble(
        (f"{clipped(_name(row), max(LEAST_NAME, room))}  ", "bold"),
        dim(f"{row.instance.id}  "),
        _protection(row),
        row.state_words,
    )
    return [head, *(Content.assemble("  ", _disk(disk, row, width - 2)) for disk in row.disks)]


class Rows(ScrollView):
    """The instances: they scroll, what has to be typed stays in sight."""

    can_focus = False

    def __init__(self, impact: Impact, left_out: Sequence[LeftOut]) -> None:
        super().__init__(id="rows")
        self._impact = impact
        self._left_out = tuple(left_out)
        self._width = 0
        self._columns = _Columns.of(impact, 0)
        self._ends: list[int] = []  # the line after the last of each instance

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
            self._columns = _Columns.of(self._impact, width)
            self._ends = list(accumulate(_heights(self._impact, self._columns)))
            self.virtual_size = Size(width, self.count)
            self.styles.height = self.count
            self.refresh()

    def line(self, at: int) -> Content:
        """One line."""
        number = bisect_right(self._ends, at)
        if number >= len(self._ends):
            return _left_line(self._left_out[at - (self._ends[-1] if self._ends else 0)])
        row = self._impact.rows[number]
        lines = _wide(row, self._columns) if self._columns.is_wide else _narrow(row, self._width)
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
