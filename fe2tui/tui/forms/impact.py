"""What terminating or deregistering destroys, and the text that must be typed to do it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.errors import FieldError
from fe2tui.model.text import dollars, plural, visible
from fe2tui.tasks.impact import DeregistrationImpact, ImageImpactRow, SnapshotImpact
from fe2tui.tasks.terminate import InstanceImpactRow, TerminationImpact, VolumeImpact
from fe2tui.tui.forms.form import Field, Form, dim, safe_content
from fe2tui.tui.widgets.cells import clip


@dataclass(frozen=True, slots=True)
class ImpactPart:
    """What becomes of one part of a thing: ``disk data 100 GiB: deleted``. ``name`` (data) gives way first."""

    kind: str
    name: str
    what: str
    outcome: str
    is_kept: bool

    def text(self, name: str) -> str:
        """It all, with that much of the name."""
        return f"{' '.join(part for part in (self.kind, name, self.what) if part)}: {self.outcome}"


@dataclass(frozen=True, slots=True)
class ImpactRow:
    """One thing that goes. ``warning`` is said beside its state; empty for none."""

    id: str
    name: str
    state_text: str
    parts: tuple[ImpactPart, ...] = ()
    warning: str = ""

    @property
    def label(self) -> str:
        """The name, or the id of one that has none."""
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class ImpactSummary:
    """All that goes. ``verb`` is what is done to it, ``parts`` what its parts are called in the plural.

    ``confirmation`` is what has to be typed: the name of one (its id, if it has none), the count of several.
    """

    verb: str
    noun: str
    parts: str
    rows: tuple[ImpactRow, ...]
    confirmation: str
    sentences: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of what goes."""
        return tuple(row.id for row in self.rows)

    @property
    def count_text(self) -> str:
        """``2 instances``."""
        return plural(len(self.rows), self.noun)


def terminate_summary(impact: TerminationImpact) -> ImpactSummary:
    """What terminating takes."""
    rows = tuple(_instance_row(row) for row in impact.rows)
    return ImpactSummary("terminate", "instance", "disks", rows, impact.confirmation, impact.sentences)


def deregister_summary(impact: DeregistrationImpact) -> ImpactSummary:
    """What deregistering takes: the images that go, with their snapshots."""
    rows = tuple(_image_row(row) for row in impact.affected)
    return ImpactSummary("deregister", "image", "snapshots", rows, impact.confirmation, impact.sentences)


def _instance_row(row: InstanceImpactRow) -> ImpactRow:
    one = row.instance
    disks = tuple(_volume_part(disk, one.name) for disk in row.volumes)
    return ImpactRow(one.id, one.name, row.state_text, disks, "protected" if row.is_protected else "")


def _volume_part(disk: VolumeImpact, owner: str) -> ImpactPart:
    """A name that only repeats the instance's says nothing."""
    description, _, end = replace(disk, name="").words.rpartition(": ")
    name = disk.name if disk.name != owner else ""
    return ImpactPart("disk", name, description.removeprefix("disk "), end, disk.is_kept)


def _image_row(row: ImageImpactRow) -> ImpactRow:
    return ImpactRow(row.image.id, row.image.name, row.state_text, tuple(_snapshot_part(one) for one in row.snapshots))


def _snapshot_part(fate: SnapshotImpact) -> ImpactPart:
    description, _, end = fate.words.rpartition(": ")
    if not fate.is_kept and fate.per_month is not None:
        end = f"{end}, at most {dollars(fate.per_month, sign='$')} a month less"
    return ImpactPart("snapshot", "", description.removeprefix("snapshot "), end, fate.is_kept)


WIDE_COLUMNS = 96  # columns inside the frame from which the parts stand beside their thing
GAPS = 6
INDENT = 2


@dataclass(frozen=True, slots=True)
class SkippedItem:
    """One thing that was asked for and will not be touched, and why."""

    label: str
    reason: str


@dataclass(frozen=True, slots=True)
class _ImpactColumns:
    """How wide the columns are, from what stands in them; beside each other only where everything is whole in them."""

    name: int
    id: int
    state: int
    width: int  # of all
    is_wide: bool

    @classmethod
    def of(cls, loss: ImpactSummary, width: int) -> _ImpactColumns:
        name = max((len(_name_text(row)) for row in loss.rows), default=0)
        ids = max((len(row.id) for row in loss.rows), default=0)
        state = max((len(row.state_text) + len(_warning_text(row)) for row in loss.rows), default=0)
        part = max((len(_part_text(part)) for row in loss.rows for part in row.parts), default=0)
        return cls(name, ids, state, width, width >= WIDE_COLUMNS and name + ids + state + part + GAPS <= width)


def _name_text(row: ImpactRow) -> str:
    return visible(row.name) or "no name"


def _warning_text(row: ImpactRow) -> str:
    return f"▲ {row.warning}  " if row.warning else ""


def _part_text(part: ImpactPart) -> str:
    return visible(part.text(part.name))


def _line_spans(text: str, width: int) -> list[tuple[int, int]]:
    """Where the lines of a text begin and end, broken between words where that can be."""
    folds, start, width = [], 0, max(1, width)
    while len(text) - start > width:
        space = text.rfind(" ", start + width // 2, start + width + 1)
        end = space if space > start else start + width
        folds.append((start, end))
        start = end + (space > start)
    return [*folds, (start, len(text))]


def _fold_lines(text: Content, width: int) -> list[Content]:
    """A text as lines, those after the first indented."""
    if len(text) <= width:
        return [text]
    folds = _line_spans(text.plain, width - INDENT)
    return [Content.assemble(" " * INDENT if start else "", text[start:end]) for start, end in folds]


def _line_count(text: str, width: int) -> int:
    """How many lines it takes."""
    return 1 if len(text) <= width else len(_line_spans(text, width - INDENT))


def _fits_one_line(row: ImpactRow, columns: _ImpactColumns) -> bool:
    """Whether name, id and state stand on one line."""
    return len(_name_text(row)) + len(row.id) + len(_warning_text(row)) + len(row.state_text) + 4 <= columns.width


def _row_height(row: ImpactRow, columns: _ImpactColumns) -> int:
    if columns.is_wide:
        return max(1, len(row.parts))
    head = 1 if _fits_one_line(row, columns) else 1 + _line_count(_name_text(row), columns.width)
    return head + sum(_line_count(_part_text(part), columns.width - INDENT) for part in row.parts)


def _part_content(part: ImpactPart) -> Content:
    """What becomes of a part."""
    words = _part_text(part)
    before, parted, after = words.rpartition(f": {visible(part.outcome)}")
    if not parted:
        return Content(words)
    return Content.assemble(dim(f"{before}: "), (f"{parted[2:]}{after}", "$warning" if part.is_kept else "$error"))


def _wide_lines(row: ImpactRow, columns: _ImpactColumns, none: str) -> list[Content]:
    warning = _warning_text(row)
    head = Content.assemble(
        (f"{_name_text(row):<{columns.name}}  ", "bold"),
        dim(f"{row.id:<{columns.id}}  "),
        f"{row.state_text:<{columns.state - len(warning)}}  ",
        (warning, "$error"),
    )
    indent = " " * len(head.plain)
    parts = [_part_content(part) for part in row.parts] or [dim(none)]
    return [Content.assemble(head if n == 0 else indent, part) for n, part in enumerate(parts)]


def _narrow_lines(row: ImpactRow, columns: _ImpactColumns) -> list[Content]:
    name, rest = (
        safe_content(_name_text(row), "bold"),
        (dim(f"{row.id}  "), (_warning_text(row), "$error"), row.state_text),
    )
    if _fits_one_line(row, columns):
        head = [Content.assemble(name, "  ", *rest)]
    else:
        head = [*_fold_lines(name, columns.width), Content.assemble(" " * INDENT, *rest)]
    parts = [line for part in row.parts for line in _fold_lines(_part_content(part), columns.width - INDENT)]
    return [*head, *(Content.assemble(" " * INDENT, line) for line in parts)]


def _skipped_content(one: SkippedItem) -> Content:
    return Content.assemble(("◇ ", "$warning"), safe_content(one.label), dim(f"  left out: {one.reason}"))


class ImpactRows(ScrollView):
    """What goes: it scrolls, what has to be typed stays in sight."""

    can_focus = False

    def __init__(self, impact: ImpactSummary, skipped: Sequence[SkippedItem]) -> None:
        super().__init__(id="rows")
        self._impact = impact
        self._skipped = tuple(skipped)
        self._columns = _ImpactColumns.of(impact, 0)
        self._row_ends: list[int] = []  # the line after the last of each row
        self._skipped_lines: list[Content] = []

    @property
    def line_count(self) -> int:
        """How many lines there are."""
        return self._rows_line_count + len(self._skipped_lines)

    @property
    def _rows_line_count(self) -> int:
        return self._row_ends[-1] if self._row_ends else 0

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.line_at(at).plain for at in range(self.line_count))

    def fit_to(self, width: int) -> None:
        """Find out which lines there are, for a width."""
        if width != self._columns.width:
            columns = self._columns = _ImpactColumns.of(self._impact, width)
            self._row_ends = list(accumulate(_row_height(row, columns) for row in self._impact.rows))
            self._skipped_lines = [line for one in self._skipped for line in _fold_lines(_skipped_content(one), width)]
            self.virtual_size = Size(width, self.line_count)
            self.styles.height = self.line_count
            self.refresh()

    def line_at(self, at: int) -> Content:
        """One line."""
        number = bisect_right(self._row_ends, at)
        if number >= len(self._row_ends):
            return self._skipped_lines[at - self._rows_line_count]
        row, columns = self._impact.rows[number], self._columns
        lines = (
            _wide_lines(row, columns, f"no {self._impact.parts}") if columns.is_wide else _narrow_lines(row, columns)
        )
        return lines[at - (self._row_ends[number - 1] if number else 0)]

    def on_resize(self) -> None:
        """The columns are for a width."""
        self.fit_to(self.scrollable_content_region.width)

    def render_line(self, y: int) -> Strip:
        """A line in sight."""
        at, width = round(self.scroll_y) + y, self.scrollable_content_region.width
        if at >= self.line_count:
            return Strip.blank(width, self.rich_style)
        return Visual.to_strips(self, self.line_at(at), width, 1, self.visual_style)[0]


OTHER_LINES = 13  # lines of the sheet besides the rows
MAX_TYPED_LENGTH = 40


class ImpactForm(Form[tuple[str, ...]]):
    """Answers with the ids of what goes, or None; only the right words, typed, do it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "scroll_rows(1)", show=False),
        Binding("up", "scroll_rows(-1)", show=False),
        Binding("pagedown", "scroll_rows(8)", show=False),
        Binding("pageup", "scroll_rows(-8)", show=False),
    ]

    def __init__(self, impact: ImpactSummary, *, skipped: Sequence[SkippedItem] = ()) -> None:
        self._impact = impact
        self._skipped = tuple(skipped)
        self._ids = impact.ids
        verb = impact.verb.capitalize()
        subject = clip(visible(impact.rows[0].label), 40) if len(impact.rows) == 1 else impact.count_text
        super().__init__(f"{verb} {subject}", submit_label=verb)

    @property
    def accepted_texts(self) -> tuple[str, ...]:
        """The texts that count: the name or the id of one, the count of several."""
        if len(self._ids) == 1:
            return tuple({self._impact.confirmation.strip(), self._ids[0]})
        return (self._impact.confirmation,)

    def _text_to_type(self) -> str:
        """What to ask for: the id of one whose name is too long, or cannot be typed."""
        words = self._impact.confirmation
        if len(self._ids) == 1 and (visible(words) != words or not words.isascii() or len(words) > MAX_TYPED_LENGTH):
            return self._ids[0]
        return words

    def compose(self) -> Iterator[Widget]:
        """What goes with its parts, what it means, and the field."""
        count = len(self._ids)
        end = "it" if count == 1 else "both" if count == 2 else f"all {count:,}"
        field = Field("", id="typed", placeholder="")
        yield from self.compose_frame(
            ImpactRows(self._impact, self._skipped),
            Static(self._sentences(), id="sentences"),
            Static(
                Content.assemble(
                    "Type ", safe_content(self._text_to_type(), "bold $accent"), f" to {self._impact.verb} {end}:"
                ),
                id="ask",
            ),
            field,
            classes="-impact",
        )

    def _sentences(self) -> Content:
        return Content.assemble(safe_content(" ".join(self._impact.sentences)))

    def on_mount(self) -> None:
        """Draw for the width there is."""
        self._lay_out_rows()

    def on_resize(self, event: events.Resize) -> None:
        """Draw again for another width."""
        self._lay_out_rows()

    def action_scroll_rows(self, by: int) -> None:
        """Scroll what goes."""
        self.query_one("#rows", ImpactRows).scroll_relative(y=by, animate=False)

    def _lay_out_rows(self) -> None:
        rows = self.query_one("#rows", ImpactRows)
        rows.styles.max_height = max(3, self.app.size.height - OTHER_LINES)
        rows.fit_to(rows.scrollable_content_region.width or self.app.size.width - 10)

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_submit()

    def action_submit(self) -> None:
        """Answer with the ids if the right words stand there; else say so and do nothing."""
        field = self.query_one("#typed", Field)
        if field.value in self.accepted_texts:
            self.dismiss(self._ids)
        elif field.value:
            field.show_error(
                FieldError(
                    "typed",
                    "That is something else: nothing was done.",
                    f"Type {self._text_to_type()}, or leave by esc.",
                )
            )
        else:
            field.show_error(
                FieldError(
                    "typed", "Nothing was typed, so nothing was done.", f"Type {self._text_to_type()}, or leave by esc."
                )
            )
