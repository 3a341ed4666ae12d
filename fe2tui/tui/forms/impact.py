"""What terminating would destroy, and the words that have to be typed to do it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.errors import FieldError
from fe2tui.model.words import plural, visible
from fe2tui.tasks.terminate import DiskFate, Impact, InstanceImpact
from fe2tui.tui.forms.field import Field
from fe2tui.tui.forms.form import Form, dim, shown

WIDE = 96  # columns inside the frame from which the disks stand beside their instance
NAME_WIDTH = 24
ID_WIDTH = 19
BESIDES = 13  # lines of the sheet besides the instances
LONGEST_TYPED = 40


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
    """How wide the columns are, from what stands in them."""

    name: int
    state: int
    room: int  # for the disks

    @classmethod
    def of(cls, impact: Impact, width: int) -> _Columns:
        name = min(NAME_WIDTH, max((len(visible(row.instance.label)) for row in impact.rows), default=0))
        state = max((len(row.state_words) for row in impact.rows), default=0)
        return cls(name, state, width - name - state - ID_WIDTH - 6)


def impact_lines(impact: Impact, left_out: Sequence[LeftOut], width: int) -> list[Content]:
    """The sheet as lines for a frame of that inner width."""
    columns = _Columns.of(impact, width)
    lines: list[Content] = []
    for row in impact.rows:
        lines += _wide(row, columns) if width >= WIDE else _narrow(row, width)
    for one in left_out:
        label = clipped(one.label, NAME_WIDTH)
        lines.append(Content.assemble(("◇ ", "$warning"), shown(label), dim(f"  left out: {one.reason}")))
    return lines


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
    return Content.styled("▲ protected  ", "$error") if row.protected else Content("")


def _wide(row: InstanceImpact, columns: _Columns) -> list[Content]:
    name = clipped(row.instance.label, columns.name)
    head = Content.assemble(
        (f"{name:<{columns.name}}  ", "bold"),
        dim(f"{row.instance.id:<{ID_WIDTH}}  "),
        f"{row.state_words:<{columns.state}}  ",
        _protection(row),
    )
    indent = " " * len(head.plain)
    disks = [_disk(disk, row, columns.room) for disk in row.disks] or [dim("no disks")]
    return [Content.assemble(head if n == 0 else indent, disk) for n, disk in enumerate(disks)]


def _narrow(row: InstanceImpact, width: int) -> list[Content]:
    room = width - ID_WIDTH - 5 - len(row.state_words) - 13 * bool(row.protected)
    head = Content.assemble(
        (f"{clipped(row.instance.label, max(8, room))}  ", "bold"),
        dim(f"{row.instance.id}  "),
        _protection(row),
        row.state_words,
    )
    return [head, *(Content.assemble("  ", _disk(disk, row, width - 2)) for disk in row.disks)]


class Rows(VerticalScroll):
    """The instances: they scroll, what has to be typed stays in sight."""

    can_focus = False


class ImpactSheet(Form[tuple[str, ...]]):
    """Answers with the ids to terminate, or None; only the right words, typed, do it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "scroll_rows(1)", show=False),
        Binding("up", "scroll_rows(-1)", show=False),
        Binding("pagedown", "scroll_rows(8)", show=False),
        Binding("pageup", "scroll_rows(-8)", show=False),
    ]

    def __init__(self, impact: Impact, *, left_out: Sequence[LeftOut] = ()) -> None:
        self._impact = impact
        self._left_out = tuple(left_out)
        self._ids = tuple(row.instance.id for row in impact.rows)
        super().__init__(f"Terminate {self._subject()}", submit_word="Terminate")

    def _subject(self) -> str:
        rows = self._impact.rows
        return clipped(rows[0].instance.label, 40) if len(rows) == 1 else plural(len(rows), "instance")

    @property
    def wanted(self) -> tuple[str, ...]:
        """The texts that count: the name or the id of one, the count of several."""
        if len(self._ids) == 1:
            return tuple({self._impact.confirmation.strip(), self._ids[0]})
        return (self._impact.confirmation,)

    def _to_type(self) -> str:
        """What to ask for: the id of one whose name is too long, or cannot be typed."""
        words = self._impact.confirmation
        if len(self._ids) == 1 and (visible(words) != words or not words.isascii() or len(words) > LONGEST_TYPED):
            return self._ids[0]
        return words

    def compose(self) -> Iterator[Widget]:
        """The instances with their disks, what it means, and the field."""
        count = len(self._ids)
        end = "it" if count == 1 else "both" if count == 2 else f"all {count:,}"
        field = Field("", id="typed", placeholder="")
        yield from self.framed(
            Rows(Static(id="rows"), id="scroll"),
            Static(self._sentences(), id="sentences"),
            Static(
                Content.assemble("Type ", shown(self._to_type(), "bold $accent"), f" to terminate {end}:"), id="ask"
            ),
            field,
            classes="-impact",
        )

    def _sentences(self) -> Content:
        return Content.assemble(shown(" ".join(self._impact.sentences)))

    def on_mount(self) -> None:
        """Draw for the width there is."""
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Draw again for another width."""
        self._draw()

    def action_scroll_rows(self, by: int) -> None:
        """Scroll the instances."""
        self.query_one("#scroll", Rows).scroll_relative(y=by, animate=False)

    def _draw(self) -> None:
        scroll = self.query_one("#scroll", Rows)
        scroll.styles.max_height = max(3, self.app.size.height - BESIDES)
        width = scroll.content_size.width or self.app.size.width - 10
        self.query_one("#rows", Static).update(Content("\n").join(impact_lines(self._impact, self._left_out, width)))

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_submit()

    def action_submit(self) -> None:
        """Answer with the ids if the right words stand there; else say so and do nothing."""
        field = self.query_one("#typed", Field)
        if field.value in self.wanted:
            self.dismiss(self._ids)
        elif field.value:
            field.blame(
                FieldError(
                    "typed", "That is something else: nothing was done.", f"Type {self._to_type()}, or leave by esc."
                )
            )
        else:
            field.blame(
                FieldError(
                    "typed", "Nothing was typed, so nothing was done.", f"Type {self._to_type()}, or leave by esc."
                )
            )
