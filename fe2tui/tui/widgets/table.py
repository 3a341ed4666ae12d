"""A table of any number of rows, keyed by id, whose rows can be marked; only the visible rows are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from time import monotonic
from typing import Any, ClassVar, NamedTuple, Protocol

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from fe2tui.tui.theme import LineStyles, line_styles
from fe2tui.tui.widgets.cells import pad_or_cut, wrap
from fe2tui.tui.widgets.frame import FrameTitle, TitlePart
from fe2tui.tui.widgets.grid import Cell, Column, ColumnLayout
from fe2tui.tui.widgets.line import CommandRequested

GLOW_SECONDS = 2.0
GUTTER = 4
MAX_CACHED_ROWS = 1_000


class TableRows(Protocol):
    """What a table shows. ``rows`` is the row number by id."""

    @property
    def ids(self) -> Sequence[str]:
        """The ids, in order."""

    @property
    def row_numbers(self) -> Mapping[str, int]:
        """The row number of each id."""

    def layout(self, width: int) -> ColumnLayout:
        """The columns for a width."""

    def cells(self, row_id: str, columns: Sequence[Column[Any, Any]]) -> tuple[Cell, list[Cell]]:
        """The sign and the cells of a row."""


class RowStyle(NamedTuple):
    """How a row looks besides what it says. ``ground``: cursor, idle (cursor without focus), glow or empty."""

    row_id: str
    background: str
    is_marked: bool


class Glow:
    """What changed glows for a while."""

    def __init__(self) -> None:
        self._until: list[tuple[float, frozenset[str]]] = []

    def add(self, ids: frozenset[str]) -> None:
        """These changed just now."""
        self._until.append((monotonic() + GLOW_SECONDS, ids))

    def end(self) -> None:
        """Forget those that have glowed enough."""
        now = monotonic()
        self._until = [(until, ids) for until, ids in self._until if until > now]

    def __contains__(self, row_id: str) -> bool:
        return any(row_id in ids for _, ids in self._until)


class RowRenderer:
    """Strips for rows of one width. ``layout`` has the columns that fit ``width``."""

    def __init__(self, rows: TableRows) -> None:
        self.layout = ColumnLayout((), 1)
        self._rows = rows
        self.width = 0
        self._strips: dict[RowStyle, Strip] = {}

    def set_rows(self, rows: TableRows, width: int) -> None:
        """Draw these rows, for a width, from now on."""
        self._rows, self.width = rows, width
        self.layout = rows.layout(max(8, width - GUTTER))
        self._strips.clear()

    def clear_cache(self) -> Mapping[RowStyle, Strip]:
        """Draw everything anew from now on; what was drawn before."""
        before, self._strips = self._strips, {}
        return before

    def drop_row(self, style: RowStyle) -> Strip | None:
        """Draw a row anew from now on; what was drawn before."""
        return self._strips.pop(style, None)

    def header(self, styles: LineStyles, sorted_by: tuple[str, bool]) -> Strip:
        """The titles of the columns, with the sign of the order at the first one that it is sorted by."""
        parts = [Segment(" " * GUTTER, styles["dim"])]
        sort, descending = sorted_by
        for place, column in enumerate(self.layout.columns):
            if place:
                parts.append(Segment(" " * self.layout.gap, styles["dim"]))
            here, title = bool(column.sort) and column.sort == sort, column.title
            if here:
                sort, arrow = "", "▾" if descending else "▴"
                title = f"{arrow}{title}" if column.is_right_aligned else f"{title} {arrow}"
            parts.append(
                Segment(pad_or_cut(title, column.width, column.is_right_aligned), styles["accent" if here else "dim"])
            )
        return Strip(parts).adjust_cell_length(self.width, styles["text"])

    def column_at(self, x: int) -> Column[Any, Any] | None:
        """The column at a cell of the line."""
        start = GUTTER
        for column in self.layout.columns:
            end = start + column.width + self.layout.gap
            if start <= x < end:
                return column
            start = end
        return None

    def row(self, styles: LineStyles, style: RowStyle) -> Strip:
        """A row."""
        strip = self._strips.get(style)
        if strip is None:
            if len(self._strips) > MAX_CACHED_ROWS:
                self._strips.clear()
            strip = self._strips[style] = self._render(styles, style)
        return strip

    def _render(self, styles: LineStyles, style: RowStyle) -> Strip:
        ground = style.background
        (sign, sign_ink), cells = self._rows.cells(style.row_id, self.layout.columns)
        bar = "▌" if ground in ("cursor", "idle") else " "
        parts = [
            Segment(bar, styles.on_row("accent" if ground == "cursor" else "faint", ground)),
            Segment("✓" if style.is_marked else " ", styles.on_row("mark", ground)),
            Segment(f"{sign} ", styles.on_row(sign_ink, ground)),
        ]
        space = Segment(" " * self.layout.gap, styles.on_row("text", ground))
        for place, (column, (text, name)) in enumerate(zip(self.layout.columns, cells, strict=True)):
            if place:
                parts.append(space)
            elif ground == "cursor" and name == "text":
                name = "strong"
            parts.append(Segment(pad_or_cut(text, column.width, column.is_right_aligned), styles.on_row(name, ground)))
        return Strip(parts).adjust_cell_length(self.width, styles.on_row("text", ground)).simplify()


class _CursorPosition(NamedTuple):
    """Where the cursor was seen: to stay on the same instance, at the same height of the screen."""

    row: int
    height: int


class Table(ScrollView, can_focus=True):
    """The cursor, the marks and the scroll position belong to ids, not to row numbers."""

    ALLOW_SELECT = False
    OPEN_COMMAND: ClassVar[str] = ""
    """The command of a double click, unless ``opens`` is another."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "page(-1_000_000)", "First", show=False),
        Binding("end", "page(1_000_000)", "Last", show=False),
    ]

    class CursorMoved(Message):
        """The cursor is on another row, or on none."""

    class SortRequested(Message):
        """The title of a column was clicked; ``sort`` is what it sorts by."""

        def __init__(self, sort: str) -> None:
            super().__init__()
            self.sort = sort

    def __init__(self, rows: TableRows, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.open_command = self.OPEN_COMMAND
        self.marks: set[str] = set()
        self.sorted_by = ("", False)
        self.empty_lines: Sequence[Cell] = ()
        self.lines_below: Sequence[Cell] = ()  # lines under the last row, where there is room
        self._table_rows = rows
        self._cursor = 0
        self._cursor_id: str | None = None
        self._anchor: str | None = None
        self._glow = Glow()
        self._renderer = RowRenderer(rows)

    # What is under the cursor

    @property
    def cursor_id(self) -> str | None:
        """The id under the cursor; None when there are no rows."""
        return self._cursor_id

    def go_to(self, row_id: str) -> bool:
        """Put the cursor on a row, now or as soon as it is there; whether it is there now."""
        self._anchor = row_id
        row = self._table_rows.row_numbers.get(row_id)
        if row is None:
            return False
        self._move_to(row)
        return True

    # What is shown

    def show(self, rows: TableRows, changed: frozenset[str] = frozenset()) -> None:
        """Show other rows. The cursor stays on its id at its height, or goes back to one that it lost before."""
        before = _CursorPosition(self._cursor, self._cursor - round(self.scroll_y))
        was = self._cursor_id
        self._table_rows = rows
        self._renderer.set_rows(rows, self._line_width)
        row = rows.row_numbers.get(self._anchor) if self._anchor is not None else None
        if row is None and was is not None:
            row = rows.row_numbers.get(was)
        self._cursor = min(before.row if row is None else row, max(0, len(rows.ids) - 1))
        self._cursor_id = rows.ids[self._cursor] if rows.ids else None
        self.virtual_size = Size(self.size.width, len(rows.ids) + 1)
        self._keep_height(before)
        if changed:
            self._glow.add(changed)
            self.set_timer(GLOW_SECONDS + 0.05, self._end_glow)
        self.refresh()
        if self._cursor_id != was:
            self.post_message(self.CursorMoved())

    def _keep_height(self, before: _CursorPosition) -> None:
        page = self._page_rows
        if not 0 <= before.height < page:
            return  # scrolled away from the cursor by the mouse: leave what is in sight
        moved = self._cursor - before.row
        if moved:
            self.scroll_to(y=min(self._cursor - before.height, max(0, len(self._table_rows.ids) - page)), animate=False)

    def redraw(self) -> None:
        """Draw again what is in view where it differs from what was drawn: ages and money move on."""
        if not self.is_attached or not self.size.height:
            return
        top, before = round(self.scroll_y), self._renderer.clear_cache()
        for line in range(1, self.scrollable_content_region.height):
            row = top + line - 1
            if row >= len(self._table_rows.ids):
                break
            if self._render_row(row) != before.get(self._row_style(row)):
                self.refresh(Region(0, line, self.size.width, 1))

    def redraw_rows(self, ids: Iterable[str]) -> None:
        """Draw these rows again where they are in view and differ from what was drawn."""
        top, end = round(self.scroll_y), round(self.scroll_y) + self._page_rows
        for row_id in ids:
            row = self._table_rows.row_numbers.get(row_id, -1)
            if self.is_attached and top <= row < end:
                before = self._renderer.drop_row(self._row_style(row))
                if self._render_row(row) != before:
                    self.refresh(Region(0, row - top + 1, self.size.width, 1))

    def recolour(self) -> None:
        """Draw everything anew: marks, focus or colours are others."""
        self._renderer.clear_cache()
        self.refresh()

    def _end_glow(self) -> None:
        self._glow.end()
        self.redraw()

    # Moving

    @property
    def _page_rows(self) -> int:
        return max(1, self.scrollable_content_region.height - 1)

    def action_move(self, by: int) -> None:
        """Move the cursor by so many rows."""
        self._move_to(self._cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by so many pages."""
        self._move_to(self._cursor + by * self._page_rows)

    def _move_to(self, row: int) -> None:
        ids = self._table_rows.ids
        if not ids:
            return
        row = max(0, min(row, len(ids) - 1))
        was, self._cursor, self._cursor_id = self._cursor, row, ids[row]
        self._anchor = self._cursor_id
        top, page = round(self.scroll_y), self._page_rows
        if row < top:
            self.scroll_to(y=row, animate=False)
        elif row >= top + page:
            self.scroll_to(y=row - page + 1, animate=False)
        for changed in {was, row}:
            self.refresh(Region(0, changed - round(self.scroll_y) + 1, self.size.width, 1))
        self.post_message(self.CursorMoved())

    # The mouse

    def on_click(self, event: events.Click) -> None:
        """Select, open, sort, or tell of a click on the frame."""
        inside = event.get_content_offset(self)
        if inside is None:
            if event.y == 0:
                self.post_message(CommandRequested(self.command_at(event.x)))
            return
        if inside.y == 0:
            column = self._renderer.column_at(inside.x)
            if column is not None and column.sort:
                self.post_message(self.SortRequested(column.sort))
            return
        row = round(self.scroll_y) + inside.y - 1
        if row < len(self._table_rows.ids):
            self._move_to(row)
            if event.chain == 2:
                self.post_message(CommandRequested(self.open_command))

    def command_at(self, x: int) -> str:
        """The command of what stands in the upper edge of the frame at a column; empty when there is none."""
        return ""

    # Drawing

    def on_resize(self) -> None:
        """Choose the columns anew."""
        self._fit()
        self.virtual_size = Size(self.size.width, len(self._table_rows.ids) + 1)
        if self._table_rows.ids and not 0 <= self._cursor - round(self.scroll_y) < self._page_rows:
            self.scroll_to(y=max(0, self._cursor - self._page_rows + 1), animate=False)

    def _fit(self) -> None:
        if self._renderer.width != self._line_width:
            self._renderer.set_rows(self._table_rows, self._line_width)

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cursor's row is brighter with the focus."""
        super().watch_has_focus(has_focus)
        self.recolour()

    @property
    def _line_width(self) -> int:
        return self.scrollable_content_region.width

    def render_line(self, y: int) -> Strip:
        """One line of the table: the titles, a row, or what an empty table says."""
        self._fit()  # the first frame is drawn before its Resize is handled
        styles, width = line_styles(self.app.theme_variables), self._line_width
        if y == 0:
            return self._renderer.header(styles, self.sorted_by)
        row = round(self.scroll_y) + y - 1
        if row < len(self._table_rows.ids):
            return self._render_row(row)
        lines, at = (
            (self.lines_below, row - len(self._table_rows.ids) - 1)
            if self._table_rows.ids
            else (self.empty_lines, y - 2)
        )
        message_lines = (
            [(line, name) for text, name in lines for line in wrap(text, max(8, width - GUTTER))] if lines else []
        )
        if 0 <= at < len(message_lines):
            line, name = message_lines[at]
            return Strip([Segment(pad_or_cut(f"{'':{GUTTER}}{line}", width), styles[name])])
        return Strip.blank(width, styles["text"])

    def _row_style(self, row: int) -> RowStyle:
        row_id = self._table_rows.ids[row]
        if row == self._cursor:
            return RowStyle(row_id, "cursor" if self.has_focus else "idle", row_id in self.marks)
        return RowStyle(row_id, "glow" if row_id in self._glow else "", row_id in self.marks)

    def _render_row(self, row: int) -> Strip:
        return self._renderer.row(line_styles(self.app.theme_variables), self._row_style(row))


class MarkableTable(Table):
    """Marks belong to ids; those of rows that are not shown stay, and do not count."""

    def __init__(self, rows: TableRows, *, id: str | None = None) -> None:
        super().__init__(rows, id=id)
        self._frame_title = FrameTitle(self)
        self._frame_title_parts: tuple[Sequence[TitlePart], Sequence[TitlePart]] = ((), ())

    @property
    def row_count(self) -> int:
        """How many rows are shown."""
        return len(self._table_rows.ids)

    def visible_marks(self) -> tuple[str, ...]:
        """The ids that are marked and shown, in the order shown."""
        rows = self._table_rows.row_numbers
        return tuple(sorted((i for i in self.marks if i in rows), key=rows.__getitem__))

    def mark(self) -> None:
        """Mark the row under the cursor, or unmark it, and go on to the next."""
        if self.cursor_id is not None:
            self.marks ^= {self.cursor_id}
            self.recolour()
            self.action_move(1)

    def mark_all(self) -> None:
        """Mark all that are shown; unmark them if all of them are."""
        shown = set(self._table_rows.ids)
        self.marks = self.marks - shown if shown <= self.marks else self.marks | shown
        self.recolour()

    def unmark_all(self) -> None:
        """Unmark all, shown or not."""
        self.marks.clear()
        self.recolour()

    def visible_cells(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Titles and texts of the columns that are shown, for every row."""
        columns = self._renderer.layout.columns
        texts = [
            tuple(text for text, _ in self._table_rows.cells(row_id, columns)[1]) for row_id in self._table_rows.ids
        ]
        return tuple(column.title for column in columns), texts

    def set_frame_title(self, left: Sequence[TitlePart], right: Sequence[TitlePart]) -> None:
        """Write into the frame, at its left and at its right."""
        self._frame_title_parts = (left, right)
        self.write_frame_title()

    def write_frame_title(self) -> None:
        """Write the frame again."""
        self._frame_title.write(*self._frame_title_parts)

    def command_at(self, x: int) -> str:
        """The command of what stands in the frame at a column."""
        return self._frame_title.command_at(x)

    def on_resize(self) -> None:
        """The frame is written for a width."""
        super().on_resize()
        self.write_frame_title()

    def watch_has_focus(self, has_focus: bool) -> None:
        """The frame is bright with the focus, dim without it."""
        super().watch_has_focus(has_focus)
        self.write_frame_title()
