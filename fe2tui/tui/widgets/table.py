"""A table of any number of rows, keyed by id, whose rows can be marked. Only the visible rows are drawn."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from fe2tui.tui.theme import LineStyles, line_styles
from fe2tui.tui.widgets.cells import LinkOf, no_link, pad_or_cut, wrap
from fe2tui.tui.widgets.frame import Framed
from fe2tui.tui.widgets.grid import Cell, Column, ColumnLayout

GLOW_SECONDS = 2.0
GUTTER = 4  # cells at the left: the bar of the cursor, the mark, the sign, a space
MAX_CACHED_ROWS = 1_000


TO_THE_END = 1_000_000  # pages

MOVEMENT_BINDINGS: list[BindingType] = [
    Binding("up,k", "move(-1)", "Up", show=False),
    Binding("down,j", "move(1)", "Down", show=False),
    Binding("pageup", "page(-1)", "Page up", show=False),
    Binding("pagedown", "page(1)", "Page down", show=False),
    Binding("home", f"page(-{TO_THE_END})", "First", show=False),
    Binding("end", f"page({TO_THE_END})", "Last", show=False),
    # By the ids of commands, whose keys a person may change.
    Binding("g", f"page(-{TO_THE_END})", "First", show=False, id="top"),
    Binding("G", f"page({TO_THE_END})", "Last", show=False, id="bottom"),
    Binding("ctrl+d", "page(0.5)", "Half a page down", show=False, id="half_down"),
    Binding("ctrl+u", "page(-0.5)", "Half a page up", show=False, id="half_up"),
    Binding("ctrl+f", "page(1)", "Page down", show=False, id="page_down"),
    Binding("ctrl+b", "page(-1)", "Page up", show=False, id="page_up"),
]
"""The keys that move in every list, log and text. They call ``action_move(by)``, by rows, and ``action_page(by)``."""

FIELD_MOVEMENT_BINDINGS: list[BindingType] = [
    Binding("down,ctrl+n", "move(1)", show=False, priority=True),
    Binding("up,ctrl+p", "move(-1)", show=False, priority=True),
    Binding("pagedown,ctrl+f", "page(1)", show=False, priority=True),
    Binding("pageup,ctrl+b", "page(-1)", show=False, priority=True),
    Binding("ctrl+d", "page(0.5)", show=False, priority=True),
    Binding("ctrl+u", "page(-0.5)", show=False, priority=True),
]
"""Those of a list that is filtered by a field with the focus: no letters, and the field does not get them."""


def page_step(by: float, height: int) -> int:
    """The rows that a move by so many pages of a height goes: at least one."""
    rows = round(by * height)
    return rows or (1 if by > 0 else -1)


class TableRows(Protocol):
    @property
    def ids(self) -> Sequence[str]:
        """The ids of the rows, in order."""

    @property
    def row_numbers(self) -> Mapping[str, int]:
        """The row number of each id, from 0."""

    def layout(self, width: int) -> ColumnLayout:
        """The columns for a width."""

    def cells(self, row_id: str, columns: Sequence[Column[Any, Any]]) -> tuple[Cell, list[Cell]]:
        """The sign of a row, and its cell in each column."""


class RowStyle(NamedTuple):
    """What a row looks like. ``background``: cursor, idle (the cursor without the focus), glow, or empty."""

    row_id: str
    background: str
    is_marked: bool


class RowRenderer:
    """Draws rows for one width, and keeps what it has drawn. ``layout`` has the columns that fit."""

    def __init__(self, rows: TableRows) -> None:
        self.layout = ColumnLayout((), 1)
        self.width = 0
        self.link_of: LinkOf = no_link
        """The address that the terminal opens for an id in the column ``id``."""
        self._rows = rows
        self._strips: dict[RowStyle, Strip] = {}

    def set_rows(self, rows: TableRows, width: int) -> None:
        self._rows, self.width = rows, width
        self.layout = rows.layout(max(8, width - GUTTER))
        self._strips.clear()

    def clear_cache(self) -> Mapping[RowStyle, Strip]:
        """Forget all that was drawn, and return it."""
        before, self._strips = self._strips, {}
        return before

    def drop_rows(self, ids: Collection[str]) -> Mapping[RowStyle, Strip]:
        """Forget these rows in every style, and return what was drawn of them."""
        dropped = [style for style in self._strips if style.row_id in ids]
        return {style: self._strips.pop(style) for style in dropped}

    def header(self, styles: LineStyles, sorted_by: tuple[str, bool]) -> Strip:
        """The titles of the columns. An arrow marks the first column with the present order; a click sorts."""
        parts = [Segment(" " * GUTTER, styles["dim"])]
        sort, descending = sorted_by
        for number, column in enumerate(self.layout.columns):
            if number:
                parts.append(Segment(" " * self.layout.gap, styles["dim"]))
            is_sorted, title = bool(column.sort) and column.sort == sort, column.title
            if is_sorted:
                sort, arrow = "", "▾" if descending else "▴"
                space = "" if len(title) + 2 > column.width or column.is_right_aligned else " "
                title = title[: column.width - 1]  # the arrow is never cut
                title = f"{arrow}{title}" if column.is_right_aligned else f"{title}{space}{arrow}"
            style = styles["accent" if is_sorted else "dim"]
            if column.sort:
                style += Style(meta={"@click": f"sort({column.sort!r})"})
            parts.append(Segment(pad_or_cut(title, column.width, column.is_right_aligned), style))
        return Strip(parts).adjust_cell_length(self.width, styles["text"])

    def row(self, styles: LineStyles, style: RowStyle) -> Strip:
        strip = self._strips.get(style)
        if strip is None:
            if len(self._strips) > MAX_CACHED_ROWS:
                self._strips.clear()
            strip = self._strips[style] = self._render(styles, style)
        return strip

    def _render(self, styles: LineStyles, style: RowStyle) -> Strip:
        background = style.background
        (sign, sign_style), cells = self._rows.cells(style.row_id, self.layout.columns)
        bar = "▌" if background in ("cursor", "idle") else " "
        parts = [
            Segment(bar, styles.on_row("accent" if background == "cursor" else "faint", background)),
            Segment("✓" if style.is_marked else " ", styles.on_row("mark", background)),
            Segment(f"{sign} ", styles.on_row(sign_style, background)),
        ]
        gap = Segment(" " * self.layout.gap, styles.on_row("text", background))
        for number, (column, (text, name)) in enumerate(zip(self.layout.columns, cells, strict=True)):
            if number:
                parts.append(gap)
            elif background == "cursor" and name == "text":
                name = "strong"
            shown, cell_style = pad_or_cut(text, column.width, column.is_right_aligned), styles.on_row(name, background)
            link = self.link_of(text) if column.id == "id" else None
            parts.append(Segment(shown, cell_style + Style(link=link) if link else cell_style))
        return Strip(parts).adjust_cell_length(self.width, styles.on_row("text", background)).simplify()


class Table(ScrollView, Framed, can_focus=True):
    """The cursor, the marks and the scroll position belong to ids, not to row numbers."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = MOVEMENT_BINDINGS

    cursor_id: reactive[str | None] = reactive(None, repaint=False, init=False)
    """The id of the row under the cursor; None without rows."""

    class CursorMoved(Message):
        """The cursor is on another row, or on none."""

    class RowOpened(Message):
        """The row under the cursor was double-clicked."""

    @dataclass
    class SortRequested(Message):
        """The title of a column was clicked; ``sort`` is the id of its order."""

        sort: str

    def __init__(self, rows: TableRows, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.marks: set[str] = set()  # the ids of marked rows, whether they are shown or not
        self.sorted_by = ("", False)  # the id of the order, and whether it is descending
        self.empty_lines: Sequence[Cell] = ()  # the text of a table without rows
        self.lines_below: Sequence[Cell] = ()  # the text below the last row, where there is space
        self._table_rows = rows
        self._cursor = 0
        self._anchor: str | None = None
        self._glows: list[frozenset[str]] = []  # the ids of each change that still glows, the oldest first
        self._renderer = RowRenderer(rows)

    def set_link_of(self, link_of: LinkOf) -> None:
        """``link_of`` gives the address that the terminal opens for an id in the column ``id``."""
        self._renderer.link_of = link_of

    # Rows

    @property
    def row_count(self) -> int:
        return len(self._table_rows.ids)

    @property
    def ids_in_view(self) -> Sequence[str]:
        top = round(self.scroll_y)
        return self._table_rows.ids[top : top + self._page_rows]

    def shows_column(self, column_id: str) -> bool:
        return any(column.id == column_id for column in self._renderer.layout.columns)

    def visible_cells(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """The titles of the columns that have space, and the texts in them for every row."""
        columns = self._renderer.layout.columns
        texts = [
            tuple(text for text, _ in self._table_rows.cells(row_id, columns)[1]) for row_id in self._table_rows.ids
        ]
        return tuple(column.title for column in columns), texts

    def show(self, rows: TableRows, changed: frozenset[str] = frozenset(), *, cursor: str | None = None) -> None:
        """Replace the rows; those in ``changed`` glow.

        The cursor is put on the row ``cursor``, else stays on its id, and on its line of the screen. It goes back to a
        row that it was moved to as soon as that row is shown again.
        """
        if cursor is not None:
            self._anchor = cursor
        row_before, height = self._cursor, self._cursor - round(self.scroll_y)
        id_before = self.cursor_id
        self._table_rows = rows
        self._renderer.set_rows(rows, self._line_width)
        row = rows.row_numbers.get(self._anchor) if self._anchor is not None else None
        if row is None and id_before is not None:
            row = rows.row_numbers.get(id_before)
        self._cursor = min(row_before if row is None else row, max(0, len(rows.ids) - 1))
        self.virtual_size = Size(self.size.width, len(rows.ids) + 1)
        self._keep_height(row_before, height)
        if changed:
            self._glows.append(changed)
            self.set_timer(GLOW_SECONDS, self._end_oldest_glow)
        self.refresh()
        self.cursor_id = rows.ids[self._cursor] if rows.ids else None
        if self.cursor_id != id_before:
            self.post_message(self.CursorMoved())

    def _keep_height(self, row_before: int, height: int) -> None:
        """Keep the cursor on its line of the screen. If the mouse scrolled away, the same rows stay visible."""
        page = self._page_rows
        if 0 <= height < page and self._cursor != row_before:
            self.scroll_to(y=min(self._cursor - height, max(0, len(self._table_rows.ids) - page)), animate=False)

    def _end_oldest_glow(self) -> None:
        del self._glows[0]
        self.redraw()

    # Painting

    def redraw(self) -> None:
        """Repaint the visible rows that look different now: ages and costs grow."""
        before = self._renderer.clear_cache()
        self._repaint_changed(self.ids_in_view, before)

    def redraw_rows(self, ids: Collection[str]) -> None:
        """Repaint those of these rows that are visible and look different now."""
        before = self._renderer.drop_rows(ids)
        self._repaint_changed([row_id for row_id in self.ids_in_view if row_id in ids], before)

    def _repaint_changed(self, ids: Sequence[str], before: Mapping[RowStyle, Strip]) -> None:
        if not self.is_attached or not self.size.height:
            return
        for row_id in ids:
            row = self._table_rows.row_numbers[row_id]
            if self._render_row(row) != before.get(self._row_style(row)):
                self._refresh_row(row)

    def _refresh_row(self, row: int) -> None:
        self.refresh(Region(0, row - round(self.scroll_y) + 1, self.size.width, 1))

    def recolour(self) -> None:
        """Repaint all rows: marks, focus or theme have changed."""
        self._renderer.clear_cache()
        self.refresh()

    def on_resize(self) -> None:
        self._fit()
        self.virtual_size = Size(self.size.width, len(self._table_rows.ids) + 1)
        if self._table_rows.ids and not 0 <= self._cursor - round(self.scroll_y) < self._page_rows:
            self.scroll_to(y=max(0, self._cursor - self._page_rows + 1), animate=False)

    def _fit(self) -> None:
        if self._renderer.width != self._line_width:
            self._renderer.set_rows(self._table_rows, self._line_width)

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        if self._table_rows.ids:
            self._refresh_row(self._cursor)

    @property
    def _line_width(self) -> int:
        return self.scrollable_content_region.width

    def render_line(self, y: int) -> Strip:
        self._fit()  # the first frame is drawn before its Resize is handled
        styles, width, row_count = line_styles(self.app.theme_variables), self._line_width, len(self._table_rows.ids)
        if y == 0:
            return self._renderer.header(styles, self.sorted_by)
        row = round(self.scroll_y) + y - 1
        if row < row_count:
            return self._render_row(row)
        cells, number = (self.lines_below, row - row_count - 1) if row_count else (self.empty_lines, y - 2)
        lines = [(line, name) for text, name in cells for line in wrap(text, max(8, width - GUTTER))]
        if 0 <= number < len(lines):
            line, name = lines[number]
            return Strip([Segment(pad_or_cut(f"{'':{GUTTER}}{line}", width), styles[name])])
        return Strip.blank(width, styles["text"])

    def _row_style(self, row: int) -> RowStyle:
        row_id = self._table_rows.ids[row]
        if row == self._cursor:
            background = "cursor" if self.has_focus else "idle"
        else:
            background = "glow" if any(row_id in ids for ids in self._glows) else ""
        return RowStyle(row_id, background, row_id in self.marks)

    def _render_row(self, row: int) -> Strip:
        return self._renderer.row(line_styles(self.app.theme_variables), self._row_style(row))

    # The cursor

    @property
    def _page_rows(self) -> int:
        return max(1, self.scrollable_content_region.height - 1)

    def go_to(self, row_id: str) -> bool:
        """Put the cursor on a row, now or as soon as it is shown. Returns whether it is shown now."""
        self._anchor = row_id
        row = self._table_rows.row_numbers.get(row_id)
        if row is None:
            return False
        self._move_to(row)
        return True

    def action_move(self, by: int) -> None:
        self._move_to(self._cursor + by)

    def action_page(self, by: float) -> None:
        self._move_to(self._cursor + page_step(by, self._page_rows))

    def _move_to(self, row: int) -> None:
        ids = self._table_rows.ids
        if not ids:
            return
        row = max(0, min(row, len(ids) - 1))
        row_before, self._cursor, self._anchor = self._cursor, row, ids[row]
        top, page = round(self.scroll_y), self._page_rows
        if row < top:
            self.scroll_to(y=row, animate=False)
        elif row >= top + page:
            self.scroll_to(y=row - page + 1, animate=False)
        for changed in {row_before, row}:
            self._refresh_row(changed)
        self.cursor_id = ids[row]
        self.post_message(self.CursorMoved())

    def action_sort(self, sort: str) -> None:
        self.post_message(self.SortRequested(sort))

    def on_click(self, event: events.Click) -> None:
        inside = event.get_content_offset(self)
        row = round(self.scroll_y) + inside.y - 1 if inside is not None and inside.y > 0 else -1
        if 0 <= row < len(self._table_rows.ids):
            self._move_to(row)
            if event.chain == 2:
                self.post_message(self.RowOpened())

    # Marks

    def visible_marks(self) -> tuple[str, ...]:
        """The ids of the marked rows that are shown, in the order shown."""
        rows = self._table_rows.row_numbers
        return tuple(sorted((i for i in self.marks if i in rows), key=rows.__getitem__))

    @property
    def hidden_mark_count(self) -> int:
        """How many marked rows are not shown."""
        return len(self.marks) - len(self.marks & self._table_rows.row_numbers.keys())

    def mark(self) -> None:
        """Mark the row under the cursor, or unmark it, and move the cursor down."""
        if self.cursor_id is not None:
            self.marks ^= {self.cursor_id}
            self._refresh_row(self._cursor)
            self.action_move(1)

    def mark_all(self) -> None:
        """Mark all rows that are shown; unmark them if all are marked."""
        shown = set(self._table_rows.ids)
        self.marks = self.marks - shown if shown <= self.marks else self.marks | shown
        self.recolour()

    def unmark_all(self) -> None:
        """Unmark all rows, shown or not."""
        self.marks.clear()
        self.recolour()
