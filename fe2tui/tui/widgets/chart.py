"""A chart with a cursor that follows the mouse and the keys."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from fe2tui.chart.chart import Chart, draw_without_cursor, with_cursor
from fe2tui.chart.picture import Picture
from fe2tui.model.text import visible
from fe2tui.tui.theme import LineStyles, line_styles
from fe2tui.tui.widgets.cells import pad_or_cut, wrap
from fe2tui.tui.widgets.grid import Cell

_STYLES = {
    "axis": "dim",
    "grid": "faint",
    "tick": "dim",
    "reference": "dim",
    "label": "text",
    "cursor": "accent",
    "text": "dim",
}
_MARGIN = 2  # cells beside a message
_RENDER_MODULE = "fe2tui.chart.render"


class ChartView(Widget):
    """Shows a chart, or a message in its place. The cursor is a moment: it stays there when the chart changes."""

    ALLOW_SELECT = False

    @dataclass
    class CursorMoved(Message):
        """``kept_moment`` is where the cursor stays when the mouse leaves the chart."""

        moment: datetime | None
        kept_moment: datetime | None

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.chart: Chart | None = None  # without its cursor; None while there is a message
        self.moment: datetime | None = None  # where the cursor is; None without one
        self.kept_moment: datetime | None = None  # where keys or a click have put it, and it stays
        self.picture: Picture | None = None  # that was drawn last; None before the first
        self._plain_picture: Picture | None = None  # the picture without the cursor
        self._message: Sequence[Cell] = ()
        self._is_importing = False
        self._import_error: Sequence[Cell] = ()

    def show(self, chart: Chart | None, message: Sequence[Cell] = ()) -> None:
        """Show a chart, or a message if there is none. A chart without a cursor keeps the present one."""
        moment = self.moment
        if chart is not None:
            moment = chart.cursor or moment
            chart = replace(chart, cursor=None)
            if moment is not None and not chart.start <= moment <= chart.end:
                moment = None
        if chart != self.chart:
            self._plain_picture = self.picture = None
        self.chart, self._message = chart, message
        self._set_cursor(moment, is_kept=moment != self.moment or self.kept_moment == self.moment)
        self.refresh()

    # The cursor

    def set_cursor(self, moment: datetime | None) -> None:
        """Put the cursor on the moment of the chart that is nearest, or remove it."""
        chart = self.chart
        if chart is not None and moment is not None:
            moment = max(chart.start, min(moment, chart.end))
        self._set_cursor(moment, is_kept=True)

    def move_cursor(self, columns: int) -> None:
        """Move the cursor by some columns. It begins at the right end, and is removed when it is moved beyond that."""
        picture = self._plain_picture
        if picture is None or picture.canvas is None:
            return
        canvas = picture.canvas
        column = picture.column_of(self.moment) if self.moment else None
        end = canvas.left + canvas.columns
        column = max(canvas.left, end - abs(columns) if column is None else column + columns)
        self._set_cursor(canvas.moment_at(column), is_kept=True)

    def shift_cursor(self, span: timedelta) -> None:
        """Move the cursor by a time. It begins at the end of the chart, and is removed when it is moved beyond that."""
        chart = self.chart
        if chart is None:
            return
        moment = self.moment + span if self.moment else chart.end - abs(span)
        self._set_cursor(None if moment > chart.end else max(chart.start, moment), is_kept=True)

    def _set_cursor(self, moment: datetime | None, *, is_kept: bool) -> None:
        before = self.moment, self.kept_moment
        if moment != self.moment:
            self.moment, self.picture = moment, None
            self.refresh()
        if is_kept:
            self.kept_moment = moment
        if before != (self.moment, self.kept_moment):
            self.post_message(self.CursorMoved(self.moment, self.kept_moment))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._set_cursor_at(event, is_kept=False)

    def on_click(self, event: events.Click) -> None:
        self._set_cursor_at(event, is_kept=True)

    def on_leave(self) -> None:
        """The cursor goes back to where keys or a click have put it, if they have."""
        self._set_cursor(self.kept_moment, is_kept=False)

    def _set_cursor_at(self, event: events.MouseEvent, *, is_kept: bool) -> None:
        inside = event.get_content_offset(self)
        moment = self._plain_picture.moment_at(inside.x) if inside and self._plain_picture else None
        if moment is not None:
            self._set_cursor(moment, is_kept=is_kept)

    # Drawing

    def render_line(self, y: int) -> Strip:
        styles, (width, height) = line_styles(self.app.theme_variables), self.size
        if self.chart is None:
            return self._message_line(self._message, styles, y)
        if not hasattr(sys.modules.get(_RENDER_MODULE), "trace_paths"):  # not imported, or not completely
            self._start_import()
            return self._message_line(self._import_error or (("drawing …", "dim"),), styles, y)
        picture = self._draw(self.chart, width, height)
        row = picture.rows[y] if y < len(picture.rows) else ()
        return Strip([Segment(text, styles[_STYLES.get(name, name)]) for text, name in row]).adjust_cell_length(
            width, styles["text"]
        )

    def _draw(self, chart: Chart, width: int, height: int) -> Picture:
        plain = self._plain_picture
        if plain is None or (plain.width, plain.height) != (width, height):
            plain, self.picture = draw_without_cursor(chart, width, height), None
            self._plain_picture = plain
        if self.picture is None:
            self.picture = with_cursor(plain, chart, self.moment) if self.moment else plain
        return self.picture

    def _message_line(self, message: Sequence[Cell], styles: LineStyles, y: int) -> Strip:
        width, height = self.size
        lines = [(line, name) for text, name in message for line in wrap(text, max(8, width - 2 * _MARGIN))]
        number = y - max(0, (height - len(lines)) // 2)
        if not 0 <= number < len(lines):
            return Strip.blank(width, styles["text"])
        text, name = lines[number]
        return Strip([Segment(pad_or_cut(" " * ((width - len(text)) // 2) + text, width), styles[name])])

    # plotext takes 0.1 s to import: it is imported in a thread, when the first chart is shown.

    def _start_import(self) -> None:
        if not self._is_importing:
            self._is_importing = True
            self.run_worker(self._import(), group="chart")

    async def _import(self) -> None:
        try:
            await asyncio.to_thread(importlib.import_module, _RENDER_MODULE)
        except (ImportError, OSError) as error:  # plotext has compiled parts, which may not fit this computer
            reason = f"plotext could not be loaded: {visible(str(error))}"
            self._import_error = (("No chart can be drawn here.", "text"), (reason, "dim"))
        self.refresh()
