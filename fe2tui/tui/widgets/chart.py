"""A chart in the dashboard: it keeps its picture until the data or its size change, and reads out a moment."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Sequence
from dataclasses import replace
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
_MARGIN = 2
MAX_RECENT = 32
"""Pictures that are kept for when somebody comes back to them: of one, drawing takes 20 ms and more."""

_CANVAS = "fe2tui.chart.render"


class ChartView(Widget):
    """Shows a chart, or words in its place. The cursor is a moment: it stays where it is when other data come."""

    ALLOW_SELECT = False

    class CursorMoved(Message):
        """The cursor is at another moment, or at none."""

        def __init__(self, moment: datetime | None) -> None:
            super().__init__()
            self.moment = moment

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._chart: Chart | None = None
        self._message_cells: Sequence[Cell] = ()
        self._picture_without_cursor: Picture | None = None
        self._drawn_picture: Picture | None = None
        self._moment: datetime | None = None
        self._recent: dict[tuple[object, ...], tuple[Chart, Picture]] = {}  # the newest last
        self._is_importing = False
        self._problem: Sequence[Cell] = ()

    # What is shown

    @property
    def chart(self) -> Chart | None:
        """What is charted, without its cursor."""
        return self._chart

    @property
    def moment(self) -> datetime | None:
        """Where the cursor is; None where there is none."""
        return self._moment

    @property
    def picture(self) -> Picture | None:
        """What was drawn; None before the first time."""
        return self._drawn_picture

    def show(self, chart: Chart | None, message: Sequence[Cell] = ()) -> None:
        """Show a chart, with its cursor if it has one, else with the one that is there; or words in a chart's place."""
        moment = self._moment
        if chart is not None:
            moment = chart.cursor or moment
            chart = replace(chart, cursor=None)
            if moment is not None and not chart.start <= moment <= chart.end:
                moment = None
        if chart != self._chart:
            self._picture_without_cursor = self._drawn_picture = None
        self._chart, self._message_cells = chart, message
        self._set_cursor(moment)
        self.refresh()

    # The cursor

    def set_cursor(self, moment: datetime | None) -> None:
        """Put the cursor on a moment of the window, or take it away."""
        chart = self._chart
        if chart is not None and moment is not None:
            moment = max(chart.start, min(moment, chart.end))
        self._set_cursor(moment)

    def move_cursor(self, columns: int) -> None:
        """Move the cursor by so many columns; it comes from now, either way, and goes when it is moved beyond."""
        frame = self._picture_without_cursor.canvas if self._picture_without_cursor else None
        if frame is None:
            return
        last = frame.left + frame.columns
        column = (
            self._picture_without_cursor.column_of(self._moment)
            if self._picture_without_cursor and self._moment
            else None
        )
        to = max(frame.left, last - abs(columns) if column is None else column + columns)
        self._set_cursor(frame.moment_at(to))

    def shift_cursor(self, span: timedelta) -> None:
        """Move the cursor by a span of time; it comes from now, either way, and goes when it is moved beyond."""
        chart = self._chart
        if chart is None:
            return
        moment = self._moment + span if self._moment else chart.end - abs(span)
        self._set_cursor(None if moment > chart.end else max(chart.start, moment))

    def _set_cursor(self, moment: datetime | None) -> None:
        if moment != self._moment:
            self._moment, self._drawn_picture = moment, None
            self.refresh()
            self.post_message(self.CursorMoved(moment))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The cursor follows the mouse over the canvas."""
        self._set_cursor_at(event)

    def on_click(self, event: events.Click) -> None:
        """A click puts the cursor there, where the terminal does not tell of the mouse's moves."""
        self._set_cursor_at(event)

    def _set_cursor_at(self, event: events.MouseEvent) -> None:
        inside = event.get_content_offset(self)
        moment = self._picture_without_cursor.moment_at(inside.x) if inside and self._picture_without_cursor else None
        if moment is not None:
            self._set_cursor(moment)

    # Drawing

    def render_line(self, y: int) -> Strip:
        """One row of the picture, or of the words."""
        styles, (width, height) = line_styles(self.app.theme_variables), self.size
        if self._chart is None:
            return self._message_line(self._message_cells, styles, y)
        if not _can_draw():
            self._start_import()
            return self._message_line(self._problem or (("drawing …", "dim"),), styles, y)
        picture = self._picture_for(self._chart, width, height)
        row = picture.rows[y] if y < len(picture.rows) else ()
        return Strip([Segment(text, styles[_STYLES.get(name, name)]) for text, name in row]).adjust_cell_length(
            width, styles["text"]
        )

    def _picture_for(self, chart: Chart, width: int, height: int) -> Picture:
        if self._picture_without_cursor is None or (
            self._picture_without_cursor.width,
            self._picture_without_cursor.height,
        ) != (width, height):
            self._picture_without_cursor, self._drawn_picture = self._recent_picture(chart, width, height), None
        if self._drawn_picture is None:
            self._drawn_picture = (
                with_cursor(self._picture_without_cursor, chart, self._moment)
                if self._moment
                else self._picture_without_cursor
            )
        return self._drawn_picture

    def _recent_picture(self, chart: Chart, width: int, height: int) -> Picture:
        """One of the pictures drawn last, or a new one."""
        key = (chart.type_name, chart.start, chart.end, width, height)
        drawn = self._recent.pop(key, None)
        if drawn is None or drawn[0] != chart:
            drawn = (chart, draw_without_cursor(chart, width, height))
        self._recent[key] = drawn
        while len(self._recent) > MAX_RECENT:
            del self._recent[next(iter(self._recent))]
        return drawn[1]

    def _message_line(self, words: Sequence[Cell], styles: LineStyles, y: int) -> Strip:
        width, room = self.size.width, max(8, self.size.width - 2 * _MARGIN)
        lines = [(line, name) for text, name in words for line in wrap(text, room)]
        place = y - max(0, (self.size.height - len(lines)) // 2)
        if not 0 <= place < len(lines):
            return Strip.blank(width, styles["text"])
        text, name = lines[place]
        return Strip([Segment(pad_or_cut(" " * ((width - len(text)) // 2) + text, width), styles[name])])

    # plotext comes when somebody looks, and in a thread: importing it takes a tenth of a second

    def _start_import(self) -> None:
        if not self._is_importing:
            self._is_importing = True
            self.run_worker(self._import(), group="chart")

    async def _import(self) -> None:
        try:
            await asyncio.to_thread(importlib.import_module, _CANVAS)
        except (ImportError, OSError) as error:  # a part of plotext is compiled, and may not fit this machine
            self._problem = (("No chart can be drawn here.", "text"), (f"plotext: {visible(str(error))}", "dim"))
        self.refresh()


def _can_draw() -> bool:
    """Whether plotext is there, all of it: while a thread imports it, parts of it are."""
    return hasattr(sys.modules.get(_CANVAS), "trace_paths")
