"""The activity pane: what is under way, what was done, and what failed with what to do next."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from fe2tui.model.progress import INTERRUPTION, REPLACEMENT, RETURN, Activity
from fe2tui.model.text import age, local_time, visible
from fe2tui.tui.pane_ids import ACTIVITY
from fe2tui.tui.panes.base import tab_parts
from fe2tui.tui.task_runner import RunningTask, TaskState
from fe2tui.tui.theme import line_styles
from fe2tui.tui.widgets.cells import pad_or_cut, wrap
from fe2tui.tui.widgets.frame import FrameTitle
from fe2tui.tui.widgets.line import CommandRequested

_SIGNS: Mapping[str, tuple[str, str]] = {
    "running": ("◐", "moving"),
    "done": ("✓", "running"),
    "failed": ("▲", "trouble"),
    "cancelled": ("○", "stopped"),
    INTERRUPTION: ("▲", "trouble"),
}
_TITLES: Mapping[str, str] = {  # where the command's name says less
    "change-type": "Change type of",
    INTERRUPTION: "Interruption of",
    RETURN: "Return of",
    REPLACEMENT: "In the place of",
}
_TIME_WIDTH = 12
SAME_FAILURE_WITHIN = timedelta(minutes=1)  # a task writes its failure down itself; other failures are ours alone


class ActivityRow(NamedTuple):
    """One thing in the list: a task under way (``job`` is its number) or one that ended."""

    result: str
    at: str
    title: str
    text: str
    remedy: str = ""
    subject: str = ""
    task_number: int = 0


class _RowLine(NamedTuple):
    entry: int
    parts: tuple[tuple[str, str], ...]


def activity_row(activity: Activity, now: datetime) -> ActivityRow:
    """An entry of the log."""
    title = f"{_TITLES.get(activity.command, activity.command)} {activity.label}".strip()
    title = title[:1].upper() + title[1:]  # as it was titled while it ran
    code = f" ({activity.code})" if activity.code else ""
    return ActivityRow(
        INTERRUPTION if activity.command == INTERRUPTION else activity.result,
        local_time(activity.at, now),
        visible(title),
        visible(activity.words + code),
        visible(activity.remedy),
        activity.subject,
    )


def task_row(task: RunningTask, now: datetime) -> ActivityRow:
    """A task under way, with its newest step."""
    step = task.latest_step
    words = step.words if step else "begins"
    if step and step.fraction is not None and "%" not in words:
        words += f" {step.fraction * 100:.0f} %"
    return ActivityRow(
        "running", age(now - task.started_at), visible(task.title), visible(words), task_number=task.number
    )


class ActivityPane(ScrollView, can_focus=True):
    """A list with a cursor; failures take the lines they need."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "move(-10)", "Page up", show=False),
        Binding("pagedown", "move(10)", "Page down", show=False),
        Binding("home", "move(-100000)", "First", show=False),
        Binding("end", "move(100000)", "Last", show=False),
        Binding("enter", "open", "Go to the row", show=False),
    ]

    class RowRequested(Message):
        """The row that an entry is about is wanted: an instance, an image."""

        def __init__(self, row_id: str) -> None:
            super().__init__()
            self.row_id = row_id

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(id=ACTIVITY)
        self._clock = clock
        self._frame_title = FrameTitle(self)
        self._activity_rows: list[ActivityRow] = []
        self._lines_width = 0
        self._row_lines: list[_RowLine] = []
        self._cursor = 0
        self.tab_counts: Mapping[str, str] = {}
        self.tab_panes: Collection[str] = (ACTIVITY,)
        self.border_subtitle = ""

    def show(self, tasks: TaskState, log: Sequence[Activity]) -> None:
        """Show the running tasks, then what has ended, the newest first. A failure that is in the log is shown once."""
        now, running, failures = self._clock(), tasks.running, tasks.failures
        ended_at_by_text = {a.words: a.ended_at or a.at for a in reversed(log) if a.result == "failed"}
        ended = [
            a
            for a in failures
            if a.words not in ended_at_by_text or ended_at_by_text[a.words] < a.at - SAME_FAILURE_WITHIN
        ]
        ours_run = bool(running)
        ended += [a for a in log if not (a.result == "running" and ours_run and a.by == "dashboard")]
        ended.sort(key=lambda activity: activity.at, reverse=True)
        entries = [task_row(task, now) for task in reversed(running)] + [activity_row(a, now) for a in ended]
        if entries != self._activity_rows:
            self._activity_rows = entries
            self._cursor = max(0, min(self._cursor, len(entries) - 1))
            self._make_lines()

    @property
    def selected_row(self) -> ActivityRow | None:
        """The entry under the cursor."""
        return self._activity_rows[self._cursor] if self._activity_rows else None

    def go_to_failure(self) -> None:
        """Put the cursor on the newest failure; on the newest entry when there is none."""
        at = next((number for number, entry in enumerate(self._activity_rows) if entry.result == "failed"), 0)
        self.action_move(at - self._cursor)

    def action_move(self, by: int) -> None:
        """Move the cursor by so many entries."""
        if not self._activity_rows:
            return
        self._cursor = max(0, min(self._cursor + by, len(self._activity_rows) - 1))
        mine = [y for y, line in enumerate(self._row_lines) if line.entry == self._cursor]
        top, page = round(self.scroll_y), max(1, self.scrollable_content_region.height)
        if mine and mine[0] < top:
            self.scroll_to(y=mine[0], animate=False)
        elif mine and mine[-1] >= top + page:
            self.scroll_to(y=min(mine[-1] - page + 1, mine[0]), animate=False)
        self.refresh()

    def action_open(self) -> None:
        """Go to the instance or the image."""
        entry = self.selected_row
        if entry is not None and entry.subject:
            self.post_message(self.RowRequested(entry.subject))

    def _make_lines(self) -> None:
        width = self.scrollable_content_region.width
        if not width:
            return  # hidden: the lines are made when it is drawn
        self._lines_width = width
        self._row_lines = [
            line for number, entry in enumerate(self._activity_rows) for line in _lines_of_row(number, entry, width)
        ]
        self.virtual_size = Size(self.size.width, len(self._row_lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line: of an entry, or what an empty pane says."""
        styles, width = line_styles(self.app.theme_variables), self.scrollable_content_region.width
        at = round(self.scroll_y) + y
        if self._activity_rows and width != self._lines_width:
            self.call_later(
                self._make_lines
            )  # no Resize came: Textual sends none to a pane that it shows while it starts
        if not self._activity_rows and y in (1, 2):
            words = ("Nothing has been done here yet.", "What you launch, stop or terminate is listed here.")[y - 1]
            return Strip([Segment(pad_or_cut(f"  {words}", width), styles["text" if y == 1 else "dim"])])
        if at >= len(self._row_lines):
            return Strip.blank(width, styles["text"])
        line = self._row_lines[at]
        row = ("cursor" if self.has_focus else "idle") if line.entry == self._cursor else ""
        bar = ("▌", "accent" if self.has_focus else "faint") if row else (" ", "dim")
        strip = Strip([Segment(text, styles.on_row(name, row)) for text, name in (bar, *line.parts)])
        return strip.adjust_cell_length(width, styles.on_row("text", row))

    def on_click(self, event: events.Click) -> None:
        """Select an entry, open it, or tell of a click on the frame."""
        inside = event.get_content_offset(self)
        if inside is None:
            if event.y == 0 and (command := self._frame_title.command_at(event.x)):
                self.post_message(CommandRequested(command))
            return
        at = round(self.scroll_y) + inside.y
        if at < len(self._row_lines):
            self.action_move(self._row_lines[at].entry - self._cursor)
            if event.chain == 2:
                self.action_open()

    def write_frame_title(self) -> None:
        """Write the tabs of those panes that the frame names."""
        self._frame_title.write(tab_parts(ACTIVITY, self.tab_counts, self.tab_panes))

    def on_resize(self) -> None:
        """Words are wrapped for a width."""
        self._make_lines()
        self.write_frame_title()

    def on_focus(self) -> None:
        """The frame is bright with the focus."""
        self.write_frame_title()
        self.refresh()

    def on_blur(self) -> None:
        """The frame is dim without it."""
        self.write_frame_title()
        self.refresh()


def _lines_of_row(number: int, entry: ActivityRow, width: int) -> list[_RowLine]:
    sign, ink = _SIGNS.get(entry.result, _SIGNS["done"])
    head = [(f"{sign} ", ink), (pad_or_cut(entry.at, _TIME_WIDTH), "dim"), (" ", "dim")]
    room = max(10, width - 1 - 2 - _TIME_WIDTH - 1)
    lines = wrap(f"{entry.title}: {entry.text}" if entry.text else entry.title, room)
    first, rest = lines[0], lines[1:]
    title, words = first[: len(entry.title)], first[len(entry.title) :]
    indent = " " * (2 + _TIME_WIDTH + 1)
    lines_drawn = [_RowLine(number, (*head, (title, "strong"), (words, "text")))]
    lines_drawn += [_RowLine(number, ((indent, "dim"), (line, "text"))) for line in rest]
    if entry.remedy:
        lines_drawn += [
            _RowLine(number, ((indent, "dim"), (line, "accent"))) for line in wrap(f"→ {entry.remedy}", room)
        ]
    return lines_drawn
