"""A table on the line API: any number of rows, keyed by id, only those in view are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from fe2tui.tui.theme import inks
from fe2tui.tui.widgets.asked import Asked
from fe2tui.tui.widgets.brush import GLOW_SECONDS, GUTTER, Brush, Glow, Look, Rows
from fe2tui.tui.widgets.cells import fitted, wrapped
from fe2tui.tui.widgets.grid import Cell


class _Place(NamedTuple):
    """Where the cursor was seen: to stay on the same instance, at the same height of the screen."""

    row: int
    height: int


class Table(ScrollView, can_focus=True):
    """The cursor, the marks and the scroll position belong to ids, not to row numbers."""

    ALLOW_SELECT = False
    OPENS: ClassVar[str] = ""
    """The command of a double click, unless ``opens`` is another."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "page(-1_000_000)", "First", show=False),
        Binding("end", "page(1_000_000)", "Last", show=False),
    ]

    class Moved(Message):
        """The cursor is on another row, or on none."""

    class SortAsked(Message):
        """The title of a column was clicked; ``sort`` is what it sorts by."""

        def __init__(self, sort: str) -> None:
            super().__init__()
            self.sort = sort

    def __init__(self, rows: Rows, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.opens = self.OPENS
        self.marks: set[str] = set()
        self.sorted_by = ("", False)
        self.empty: Sequence[Cell] = ()
        self.below: Sequence[Cell] = ()  # lines under the last row, where there is room
        self._shown = rows
        self._cursor = 0
        self._cursor_id: str | None = None
        self._anchor: str | None = None
        self._glow = Glow()
        self._brush = Brush(rows)

    # What is under the cursor

    @property
    def cursor_id(self) -> str | None:
        """The id under the cursor; None when there are no rows."""
        return self._cursor_id

    def go_to(self, row_id: str) -> bool:
        """Put the cursor on a row, now or as soon as it is there; whether it is there now."""
        self._anchor = row_id
        row = self._shown.rows.get(row_id)
        if row is None:
            return False
        self._move_to(row)
        return True

    # What is shown

    def show(self, rows: Rows, changed: frozenset[str] = frozenset()) -> None:
        """Show other rows. The cursor stays on its id at its height, or goes back to one that it lost before."""
        before = _Place(self._cursor, self._cursor - round(self.scroll_y))
        was = self._cursor_id
        self._shown = rows
        self._brush.take(rows, self._line_width)
        row = rows.rows.get(self._anchor) if self._anchor is not None else None
        if row is None and was is not None:
            row = rows.rows.get(was)
        self._cursor = min(before.row if row is None else row, max(0, len(rows.ids) - 1))
        self._cursor_id = rows.ids[self._cursor] if rows.ids else None
        self.virtual_size = Size(self.size.width, len(rows.ids) + 1)
        self._keep_height(before)
        if changed:
            self._glow.add(changed)
            self.set_timer(GLOW_SECONDS + 0.05, self._end_glow)
        self.refresh()
        if self._cursor_id != was:
            self.post_message(self.Moved())

    def _keep_height(self, before: _Place) -> None:
        page = self._page_rows
        if not 0 <= before.height < page:
            return  # scrolled away from the cursor by the mouse: leave what is in sight
        moved = self._cursor - before.row
        if moved:
            self.scroll_to(y=min(self._cursor - before.height, max(0, len(self._shown.ids) - page)), animate=False)

    def redraw(self) -> None:
        """Draw again what is in view where it differs from what was drawn: ages and money move on."""
        if not self.is_attached or not self.size.height:
            return
        top, before = round(self.scroll_y), self._brush.forget()
        for line in range(1, self.scrollable_content_region.height):
            row = top + line - 1
            if row >= len(self._shown.ids):
                break
            if self._strip(row) != before.get(self._look(row)):
                self.refresh(Region(0, line, self.size.width, 1))

    def redraw_rows(self, ids: Iterable[str]) -> None:
        """Draw these rows again where they are in view and differ from what was drawn."""
        top, end = round(self.scroll_y), round(self.scroll_y) + self._page_rows
        for row_id in ids:
            row = self._shown.rows.get(row_id, -1)
            if self.is_attached and top <= row < end:
                before = self._brush.forget_row(self._look(row))
                if self._strip(row) != before:
                    self.refresh(Region(0, row - top + 1, self.size.width, 1))

    def recolour(self) -> None:
        """Draw everything anew: marks, focus or colours are others."""
        self._brush.forget()
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
        ids = self._shown.ids
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
        self.post_message(self.Moved())

    # The mouse

    def on_click(self, event: events.Click) -> None:
        """Select, open, sort, or tell of a click on the frame."""
        inside = event.get_content_offset(self)
        if inside is None:
            if event.y == 0:
                self.post_message(Asked(self.command_at(event.x)))
            return
        if inside.y == 0:
            column = self._brush.column_at(inside.x)
            if column is not None and column.sort:
                self.post_message(self.SortAsked(column.sort))
            return
        row = round(self.scroll_y) + inside.y - 1
        if row < len(self._shown.ids):
            self._move_to(row)
            if event.chain == 2:
                self.post_message(Asked(self.opens))

    def command_at(self, x: int) -> str:
        """The command of what stands in the upper edge of the frame at a column; empty when there is none."""
        return ""

    # Drawing

    def on_resize(self) -> None:
        """Choose the columns anew."""
        self._fit()
        self.virtual_size = Size(self.size.width, len(self._shown.ids) + 1)
        if self._shown.ids and not 0 <= self._cursor - round(self.scroll_y) < self._page_rows:
            self.scroll_to(y=max(0, self._cursor - self._page_rows + 1), animate=False)

    def _fit(self) -> None:
        if self._brush.width != self._line_width:
            self._brush.take(self._shown, self._line_width)

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
        ink, width = inks(self.app.theme_variables), self._line_width
        if y == 0:
            return self._brush.titles(ink, self.sorted_by)
        row = round(self.scroll_y) + y - 1
        if row < len(self._shown.ids):
            return self._strip(row)
        lines, at = (self.below, row - len(self._shown.ids) - 1) if self._shown.ids else (self.empty, y - 2)
        said = [(line, name) for text, name in lines for line in wrapped(text, max(8, width - GUTTER))] if lines else []
        if 0 <= at < len(said):
            line, name = said[at]
            return Strip([Segment(fitted(f"{'':{GUTTER}}{line}", width), ink[name])])
        return Strip.blank(width, ink["text"])

    def _look(self, row: int) -> Look:
        row_id = self._shown.ids[row]
        if row == self._cursor:
            return Look(row_id, "cursor" if self.has_focus else "idle", row_id in self.marks)
        return Look(row_id, "glow" if row_id in self._glow else "", row_id in self.marks)

    def _strip(self, row: int) -> Strip:
        return self._brush.row(inks(self.app.theme_variables), self._look(row))
