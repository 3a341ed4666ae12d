"""The activity pane: running tasks, what has ended, and what failed with what to do next."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from fe2tui.model.filters import Filter
from fe2tui.model.progress import INTERRUPTION, REPLACEMENT, RETURN, Activity
from fe2tui.model.text import age, join_words, local_time, plural, visible
from fe2tui.tui.pane_ids import ACTIVITY
from fe2tui.tui.panes.base import tab_spans
from fe2tui.tui.task_runner import RunningTask, TaskState
from fe2tui.tui.theme import line_styles
from fe2tui.tui.widgets.cells import highlight, pad_or_cut, wrap
from fe2tui.tui.widgets.frame import Framed
from fe2tui.tui.widgets.grid import Cell
from fe2tui.tui.widgets.line import Span
from fe2tui.tui.widgets.table import MOVEMENT_BINDINGS, page_step

_SIGNS: Mapping[str, tuple[str, str]] = {
    "running": ("◐", "moving"),
    "done": ("✓", "running"),
    "failed": ("▲", "trouble"),
    "unknown": ("▲", "trouble"),
    "cancelled": ("○", "stopped"),
    INTERRUPTION: ("▲", "trouble"),
}
_TROUBLE = ("failed", "unknown")
_TITLES: Mapping[str, str] = {  # of commands whose name alone is no title
    "change-type": "Change type of",
    INTERRUPTION: "Interruption of",
    RETURN: "Return of",
    REPLACEMENT: "Replacement of",
}
_NOUNS: Mapping[str, str] = {"i-": "instance", "ami-": "image", "snap-": "snapshot", "vol-": "disk"}
LOG_LIMIT = 500  # entries that are read
MAX_ROWS = 200  # groups of ended tasks
MAX_NAMED = 5  # things of a group
TOGETHER = timedelta(seconds=5)  # between two entries of one group
PAGE_ROWS = 10
_TIME_WIDTH = 12
SAME_FAILURE_WITHIN = timedelta(minutes=1)  # failures of tasks are in the log of the store, too; others are not


class ActivityRow(NamedTuple):
    """A running task, or one that has ended. ``task_number`` is that of a running task, else 0."""

    result: str
    at: str
    title: str
    text: str
    remedy: str = ""
    subject: str = ""
    task_number: int = 0

    @property
    def searched_text(self) -> str:
        return f"{self.title} {self.text} {self.remedy} {self.subject}"


class _RowLine(NamedTuple):
    row: int
    cells: tuple[Cell, ...]


def activity_row(activity: Activity, now: datetime) -> ActivityRow:
    title = f"{_TITLES.get(activity.command, activity.command)} {activity.label}".strip()
    title = title[:1].upper() + title[1:]  # as its task was titled while it ran
    code = f" ({activity.code})" if activity.code else ""
    return ActivityRow(
        INTERRUPTION if activity.command == INTERRUPTION else activity.result,
        local_time(activity.at, now),
        visible(title),
        visible(activity.words + code),
        visible(activity.remedy),
        activity.subject,
    )


def _groups(entries: Sequence[Activity]) -> list[list[Activity]]:
    """The entries, at most ``MAX_ROWS`` groups of them. What one command did to several things alike is one group."""
    groups: list[list[Activity]] = []
    for entry in entries:
        last = groups[-1][-1] if groups else None
        if last is not None and _is_alike(entry, last):
            groups[-1].append(entry)
        elif len(groups) == MAX_ROWS:
            break
        else:
            groups.append([entry])
    return groups


def _is_alike(one: Activity, other: Activity) -> bool:
    """Whether two entries differ only in what they are about, and were written together."""
    same = (one.command, one.result, one.by, one.region, one.words, one.remedy, one.code)
    return same == (
        *(other.command, other.result, other.by, other.region, other.words, other.remedy, other.code),
    ) and (other.at - one.at <= TOGETHER and bool(one.subject) and one.subject != other.subject)


def _group_row(group: Sequence[Activity], now: datetime, is_cut: bool) -> ActivityRow:
    """``is_cut``: there may be more entries of the group than were read."""
    row = activity_row(group[0], now)
    if len(group) == 1:
        return row
    noun = next((noun for prefix, noun in _NOUNS.items() if row.subject.startswith(prefix)), "thing")
    count = f"{'at least ' if is_cut else ''}{plural(len(group), noun)}"
    title = activity_row(replace(group[0], label=count), now).title
    names = [visible(each.label or each.subject) for each in reversed(group[-MAX_NAMED:])]
    more = [f"{len(group) - MAX_NAMED:,} more"] if len(group) > MAX_NAMED else []
    return row._replace(title=title, text=f"{row.text} ({join_words([*names, *more])})", subject="")


def task_row(task: RunningTask, now: datetime) -> ActivityRow:
    step = task.latest_step
    text = step.words if step else "begins"
    if step and step.fraction is not None and "%" not in text:
        text += f" {step.fraction * 100:.0f} %"
    subjects = {*(one.id for one in task.instances), *(subject for subject in task.steps if subject)}
    subject = subjects.pop() if len(subjects) == 1 else ""
    return ActivityRow(
        "running", age(now - task.started_at), visible(task.title), visible(text), "", subject, task.number
    )


class ActivityPane(ScrollView, Framed, can_focus=True):
    """Rows of as many lines as their texts need, with a cursor."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        *MOVEMENT_BINDINGS,
        Binding("n", "find(1)", "Next match", show=False, id="next_match"),
        Binding("N", "find(-1)", "Previous match", show=False, id="previous_match"),
    ]

    class CursorMoved(Message):
        """The cursor is on another row."""

    class RowOpened(Message):
        """The row under the cursor was double-clicked."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(id=ACTIVITY)
        self._clock = clock
        self._rows: list[ActivityRow] = []
        self._lines: list[_RowLine] = []
        self._lines_width = 0  # that the lines were wrapped for
        self._cursor = 0
        self.search: Filter[str, None] = Filter()
        self._tabs: tuple[Mapping[str, str], Collection[str]] = ({}, (ACTIVITY,))

    def show(self, tasks: TaskState, log: Sequence[Activity]) -> None:
        """Show the running tasks, then what has ended, the newest first. A failure that is in the log is shown once."""
        now, running, failures = self._clock(), tasks.running, tasks.failures
        ended_at_by_text = {a.words: a.ended_at or a.at for a in reversed(log) if a.result in _TROUBLE}
        ended = [
            a
            for a in failures
            if a.words not in ended_at_by_text or ended_at_by_text[a.words] < a.at - SAME_FAILURE_WITHIN
        ]
        ours_run = bool(running)
        ended += [a for a in log if not (a.result == "running" and ours_run and a.by == "dashboard")]
        ended.sort(key=lambda activity: activity.at, reverse=True)
        rows = [task_row(task, now) for task in reversed(running)]
        is_cut = len(log) >= LOG_LIMIT
        rows += [_group_row(group, now, is_cut and group[-1] is log[-1]) for group in _groups(ended)]
        if rows != self._rows:
            self._rows = rows
            self._cursor = max(0, min(self._cursor, len(rows) - 1))
            self._make_lines()

    @property
    def selected_row(self) -> ActivityRow | None:
        return self._rows[self._cursor] if self._rows else None

    @property
    def selected_subject(self) -> str:
        """The id of what the row under the cursor is about; empty if it is about nothing or several things."""
        return self._rows[self._cursor].subject if self._rows else ""

    def go_to_failure(self) -> None:
        """Put the cursor on the newest failure, or on the first row if there is none."""
        row = next((number for number, row in enumerate(self._rows) if row.result in _TROUBLE), 0)
        self.action_move(row - self._cursor)

    def action_page(self, by: float) -> None:
        self.action_move(page_step(by, PAGE_ROWS))

    # The search

    def search_for(self, query: Filter[str, None]) -> None:
        """Highlight what matches, and go to the first match from the cursor on."""
        self.search = query
        if query.tests and self._rows and not query.matches(self._rows[self._cursor].searched_text, None):
            self.action_find(1)
        self.refresh()

    def action_find(self, by: int) -> None:
        """Go to the next match, or with -1 to the one before; beyond the last to the first."""
        matches = self._matches
        if matches:
            later = [row for row in matches if (row - self._cursor) * by > 0]
            row = (later or matches)[0 if by > 0 else -1]
            self.action_move(row - self._cursor)

    @property
    def _matches(self) -> list[int]:
        query = self.search
        if not query.tests:
            return []
        return [number for number, row in enumerate(self._rows) if query.matches(row.searched_text, None)]

    def _search_spans(self) -> Sequence[Span]:
        if not self.search.tests:
            return ()
        matches = self._matches
        at = sum(1 for row in matches if row <= self._cursor)
        count = f" {at} of {len(matches)} " if matches else " no match "
        return Span(f"/ {visible(self.search.text)}", "accent", "filter"), Span(count, "dim")

    def action_move(self, by: int) -> None:
        if not self._rows:
            return
        self._cursor = max(0, min(self._cursor + by, len(self._rows) - 1))
        lines = [y for y, line in enumerate(self._lines) if line.row == self._cursor]
        top, page = round(self.scroll_y), max(1, self.scrollable_content_region.height)
        if lines and lines[0] < top:
            self.scroll_to(y=lines[0], animate=False)
        elif lines and lines[-1] >= top + page:
            self.scroll_to(y=min(lines[-1] - page + 1, lines[0]), animate=False)
        self.refresh()
        self.post_message(self.CursorMoved())
        if self.search.tests:
            self.write_frame_title(*self._tabs)

    def _make_lines(self) -> None:
        width = self.scrollable_content_region.width
        if not width:
            return  # hidden: the lines are made when it is drawn
        self._lines_width = width
        self._lines = [line for number, row in enumerate(self._rows) for line in _lines_of_row(number, row, width)]
        self.virtual_size = Size(self.size.width, len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        styles, width = line_styles(self.app.theme_variables), self.scrollable_content_region.width
        number = round(self.scroll_y) + y
        if self._rows and width != self._lines_width:
            self.call_later(self._make_lines)  # Textual sends no Resize to a widget that is shown while it starts
        if not self._rows and y in (1, 2):
            text = ("Nothing has been done yet.", "What you launch, stop or terminate is listed here.")[y - 1]
            return Strip([Segment(pad_or_cut(f"  {text}", width), styles["text" if y == 1 else "dim"])])
        if number >= len(self._lines):
            return Strip.blank(width, styles["text"])
        line = self._lines[number]
        background = ("cursor" if self.has_focus else "idle") if line.row == self._cursor else ""
        bar = ("▌", "accent" if self.has_focus else "faint") if background else (" ", "dim")
        strip = Strip([Segment(text, styles.on_row(name, background)) for text, name in (bar, *line.cells)])
        if self.search.tests:
            strip = highlight(strip, self.search.text.lower().split())
        return strip.adjust_cell_length(width, styles.on_row("text", background))

    def on_click(self, event: events.Click) -> None:
        inside = event.get_content_offset(self)
        number = round(self.scroll_y) + inside.y if inside is not None else len(self._lines)
        if number < len(self._lines):
            self.action_move(self._lines[number].row - self._cursor)
            if event.chain == 2:
                self.post_message(self.RowOpened())

    def write_frame_title(self, counts: Mapping[str, str], tab_panes: Collection[str]) -> None:
        self._tabs = counts, tab_panes
        self.set_frame_title(tab_spans(ACTIVITY, counts, tab_panes), self._search_spans())

    def on_resize(self) -> None:
        self._make_lines()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()


def _lines_of_row(number: int, row: ActivityRow, width: int) -> list[_RowLine]:
    sign, sign_style = _SIGNS.get(row.result, _SIGNS["done"])
    head = [(f"{sign} ", sign_style), (pad_or_cut(row.at, _TIME_WIDTH), "dim"), (" ", "dim")]
    text_width = max(10, width - 1 - 2 - _TIME_WIDTH - 1)
    first, *rest = wrap(f"{row.title}: {row.text}" if row.text else row.title, text_width)
    title, text = first[: len(row.title)], first[len(row.title) :]
    indent = (" " * (2 + _TIME_WIDTH + 1), "dim")
    lines = [_RowLine(number, (*head, (title, "strong"), (text, "text")))]
    lines += [_RowLine(number, (indent, (line, "text"))) for line in rest]
    if row.remedy:
        lines += [_RowLine(number, (indent, (line, "accent"))) for line in wrap(f"→ {row.remedy}", text_width)]
    return lines
