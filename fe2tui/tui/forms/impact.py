"""What terminating or deregistering destroys, and the text that must be typed to do it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import ClassVar, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget
from textual.widgets import Static

from fe2tui.errors import FieldError
from fe2tui.model.command_text import CommandText
from fe2tui.model.text import visible
from fe2tui.tasks.impact import Impact, ImpactPart, ImpactRow, skipped_text
from fe2tui.tui.forms.form import DIM, Field, Form, dim, safe_content
from fe2tui.tui.widgets.cells import LinkOf, clip, linked, no_link

WIDE_COLUMNS = 96  # columns inside the frame from which the parts are beside their row
OTHER_LINES = 13  # lines of the form besides the rows
MAX_TITLE_NAME = 40  # characters of a name in the title
_GAPS = 6
_INDENT = 2
_EFFECT_STYLES = {"deleted": "$error", "kept": "$warning", "unaffected": DIM, "replaced": "$warning"}


class ImpactForm(Form[tuple[str, ...]]):
    """Answers with the ids of what to terminate or deregister, or None; the right text must be typed."""

    TYPED_AHEAD = "nothing"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "scroll_rows(1)", show=False),
        Binding("up", "scroll_rows(-1)", show=False),
        Binding("pagedown", "scroll_rows(8)", show=False),
        Binding("pageup", "scroll_rows(-8)", show=False),
    ]

    def __init__(self, impact: Impact, *, command: CommandText | None = None, link_of: LinkOf = no_link) -> None:
        """``command`` does the same. ``link_of`` gives the page of an id in the AWS console."""
        verb = impact.verb.capitalize()
        super().__init__(f"{verb} {clip(impact.subject, MAX_TITLE_NAME)}", submit_label=verb)
        self._impact = impact
        self._link_of = link_of
        if command is not None:
            self.command_text = lambda: command

    def compose(self) -> Iterator[Widget]:
        before, confirmation, after = self._impact.question.partition(self._impact.confirmation)
        yield from self.compose_frame(
            ImpactRows(self._impact, self._link_of),
            Static(safe_content(" ".join(self._impact.sentences)), id="sentences"),
            Static(Content.assemble(before, safe_content(confirmation, "bold $accent"), safe_content(after)), id="ask"),
            Field("", id="typed"),
            classes="-impact",
        )

    def on_mount(self) -> None:
        self._lay_out_rows()

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out_rows()

    def _lay_out_rows(self) -> None:
        rows = self.query_one("#rows", ImpactRows)
        rows.styles.max_height = max(3, self.app.size.height - OTHER_LINES)
        rows.fit_to(rows.scrollable_content_region.width or self.app.size.width - 10)

    def action_scroll_rows(self, by: int) -> None:
        self.query_one("#rows", ImpactRows).scroll_relative(y=by, animate=False)

    def action_submit(self) -> None:
        field = self.query_one("#typed", Field)
        if self._impact.is_confirmed_by(field.value):
            self.dismiss(tuple(row.id for row in self._impact.affected))
            return
        what = f"“{clip(visible(field.value), MAX_TITLE_NAME)}” does not confirm it" if field.value else "Nothing typed"
        field.show_error(
            FieldError(
                "typed", f"{what}: nothing was done.", f"Type {self._impact.confirmation}, or press esc to leave."
            )
        )


class ImpactRows(ScrollView):
    """The rows of an impact. They scroll, so that the field below stays visible; only visible lines are drawn."""

    can_focus = False

    def __init__(self, impact: Impact, link_of: LinkOf = no_link) -> None:
        super().__init__(id="rows")
        self._impact = impact
        self._link_of = link_of
        self._rows = impact.affected
        self._columns = _column_widths(self._rows, 0)
        self._row_ends: list[int] = []  # the number of lines up to the end of each row
        self._skipped_lines: list[Content] = []

    @property
    def line_count(self) -> int:
        return self._affected_line_count + len(self._skipped_lines)

    @property
    def _affected_line_count(self) -> int:
        return self._row_ends[-1] if self._row_ends else 0

    @property
    def text(self) -> str:
        return "\n".join(self.line_at(number).plain for number in range(self.line_count))

    def fit_to(self, width: int) -> None:
        if width == self._columns.width:
            return
        columns = self._columns = _column_widths(self._rows, width)
        self._row_ends = list(accumulate(_row_height(row, columns) for row in self._rows))
        self._skipped_lines = [
            line
            for row in self._impact.skipped
            for line in _fold_lines(Content.assemble(("◇ ", "$warning"), dim(skipped_text(row))), width)
        ]
        self.virtual_size = Size(width, self.line_count)
        self.styles.height = self.line_count
        self.refresh()

    def line_at(self, number: int) -> Content:
        at = bisect_right(self._row_ends, number)
        if at >= len(self._row_ends):
            return self._skipped_lines[number - self._affected_line_count]
        row, columns = self._rows[at], self._columns
        no_parts = f"no {self._impact.part_noun}s"
        lines = _wide_lines(row, columns, no_parts) if columns.is_wide else _narrow_lines(row, columns)
        return lines[number - (self._row_ends[at - 1] if at else 0)]

    def on_resize(self) -> None:
        self.fit_to(self.scrollable_content_region.width)

    def render_line(self, y: int) -> Strip:
        number, width = round(self.scroll_y) + y, self.scrollable_content_region.width
        if number >= self.line_count:
            return Strip.blank(width, self.rich_style)
        line = linked(self.line_at(number), self._link_of)
        return Visual.to_strips(self, line, width, 1, self.visual_style)[0]


class _ColumnWidths(NamedTuple):
    """The widths of name, id and state, and of all. ``is_wide``: the parts fit beside them."""

    name: int
    id: int
    state: int
    width: int
    is_wide: bool


def _column_widths(rows: tuple[ImpactRow, ...], width: int) -> _ColumnWidths:
    name = max((len(row.name_text) for row in rows), default=0)
    ids = max((len(row.id) for row in rows), default=0)
    state = max((len(row.state_text) for row in rows), default=0)
    part = max((len(part.text) for row in rows for part in row.parts), default=0)
    return _ColumnWidths(name, ids, state, width, width >= WIDE_COLUMNS and name + ids + state + part + _GAPS <= width)


def _row_height(row: ImpactRow, columns: _ColumnWidths) -> int:
    if columns.is_wide:
        return max(1, len(row.parts))
    head = 1 if _fits_one_line(row, columns) else 1 + _line_count(row.name_text, columns.width)
    return head + sum(_line_count(part.text, columns.width - _INDENT) for part in row.parts)


def _fits_one_line(row: ImpactRow, columns: _ColumnWidths) -> bool:
    return len(row.name_text) + len(row.id) + len(row.state_text) + 4 <= columns.width


def _wide_lines(row: ImpactRow, columns: _ColumnWidths, no_parts: str) -> list[Content]:
    head = Content.assemble(
        (f"{row.name_text:<{columns.name}}  ", "bold"),
        dim(f"{row.id:<{columns.id}}  "),
        f"{row.state_text:<{columns.state}}  ",
    )
    indent = " " * len(head.plain)
    parts = [_part_content(part) for part in row.parts] or [dim(no_parts)]
    return [Content.assemble(indent if number else head, part) for number, part in enumerate(parts)]


def _narrow_lines(row: ImpactRow, columns: _ColumnWidths) -> list[Content]:
    name, rest = safe_content(row.name_text, "bold"), (dim(f"{row.id}  "), row.state_text)
    if _fits_one_line(row, columns):
        head = [Content.assemble(name, "  ", *rest)]
    else:
        head = [*_fold_lines(name, columns.width), Content.assemble(" " * _INDENT, *rest)]
    parts = [line for part in row.parts for line in _fold_lines(_part_content(part), columns.width - _INDENT)]
    return [*head, *(Content.assemble(" " * _INDENT, line) for line in parts)]


def _part_content(part: ImpactPart) -> Content:
    subject = f"{visible(part.subject)}: "
    return Content.assemble(dim(subject), (part.text.removeprefix(subject), _EFFECT_STYLES[part.effect]))


def _fold_lines(text: Content, width: int) -> list[Content]:
    """A text as lines of a width, those after the first indented."""
    if len(text) <= width:
        return [text]
    spans = _line_spans(text.plain, width - _INDENT)
    return [Content.assemble(" " * _INDENT if start else "", text[start:end]) for start, end in spans]


def _line_count(text: str, width: int) -> int:
    return 1 if len(text) <= width else len(_line_spans(text, width - _INDENT))


def _line_spans(text: str, width: int) -> list[tuple[int, int]]:
    """Where the lines of a text start and end, broken between words where possible."""
    spans, start, width = [], 0, max(1, width)
    while len(text) - start > width:
        space = text.rfind(" ", start + width // 2, start + width + 1)
        end = space if space > start else start + width
        spans.append((start, end))
        start = end + (space > start)
    return [*spans, (start, len(text))]
