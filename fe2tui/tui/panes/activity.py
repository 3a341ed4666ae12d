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
from fe2tui.model.words import age, local_time, visible
from fe2tui.tui.jobs import Job
from fe2tui.tui.panes.tabs import tabs
from fe2tui.tui.possible import ACTIVITY
from fe2tui.tui.theme import inks
from fe2tui.tui.widgets.asked import Asked
from fe2tui.tui.widgets.cells import fitted, wrapped
from fe2tui.tui.widgets.frame import Edge

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
_TIME = 12
SAME_FAILURE = timedelta(minutes=1)  # a task writes its failure down itself; other failures are ours alone


class Entry(NamedTuple):
    """One thing in the list: a task under way (``job`` is its number) or one that ended."""

    result: str
    at: str
    title: str
    words: str
    remedy: str = ""
    subject: str = ""
    job: int = 0


class _Drawn(NamedTuple):
    entry: int
    parts: tuple[tuple[str, str], ...]


def entry_of(activity: Activity, now: datetime) -> Entry:
    """An entry of the log."""
    title = f"{_TITLES.get(activity.command, activity.command)} {activity.label}".strip()
    title = title[:1].upper() + title[1:]  # as it was titled while it ran
    code = f" ({activity.code})" if activity.code else ""
    return Entry(
        INTERRUPTION if activity.command == INTERRUPTION else activity.result,
        local_time(activity.at, now),
        visible(title),
        visible(activity.words + code),
        visible(activity.remedy),
        activity.subject,
    )


def entry_of_job(job: Job, now: datetime) -> Entry:
    """A task under way, with its newest step."""
    step = job.newest
    words = step.words if step else "begins"
    if step and step.fraction is not None and "%" not in words:
        words += f" {step.fraction * 100:.0f} %"
    return Entry("running", age(now - job.started), visible(job.title), visible(words), job=job.number)


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

    class Opened(Message):
        """The row that an entry is about is wanted: an instance, an image."""

        def __init__(self, row_id: str) -> None:
            super().__init__()
            self.row_id = row_id

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(id=ACTIVITY)
        self._clock = clock
        self._edge = Edge(self)
        self._entries: list[Entry] = []
        self._lines: list[_Drawn] = []
        self._cursor = 0
        self.tab_counts: Mapping[str, str] = {}
        self.named: Collection[str] = (ACTIVITY,)
        self.border_subtitle = ""

    def show(self, running: Sequence[Job], failures: Sequence[Activity], log: Sequence[Activity]) -> None:
        """Show what is under way, and what was done: the newest first, nothing twice."""
        now = self._clock()
        told = {a.words: a.ended_at or a.at for a in reversed(log) if a.result == "failed"}
        ended = [a for a in failures if a.words not in told or told[a.words] < a.at - SAME_FAILURE]
        ours_run = bool(running)
        ended += [a for a in log if not (a.result == "running" and ours_run and a.by == "dashboard")]
        ended.sort(key=lambda activity: activity.at, reverse=True)
        entries = [entry_of_job(job, now) for job in reversed(running)] + [entry_of(a, now) for a in ended]
        if entries != self._entries:
            self._entries = entries
            self._cursor = max(0, min(self._cursor, len(entries) - 1))
            self._lay_out()

    @property
    def selected(self) -> Entry | None:
        """The entry under the cursor."""
        return self._entries[self._cursor] if self._entries else None

    def go_to_failure(self) -> None:
        """Put the cursor on the newest failure; on the newest entry when there is none."""
        at = next((number for number, entry in enumerate(self._entries) if entry.result == "failed"), 0)
        self.action_move(at - self._cursor)

    def action_move(self, by: int) -> None:
        """Move the cursor by so many entries."""
        if not self._entries:
            return
        self._cursor = max(0, min(self._cursor + by, len(self._entries) - 1))
        mine = [y for y, line in enumerate(self._lines) if line.entry == self._cursor]
        top, page = round(self.scroll_y), max(1, self.scrollable_content_region.height)
        if mine and mine[0] < top:
            self.scroll_to(y=mine[0], animate=False)
        elif mine and mine[-1] >= top + page:
            self.scroll_to(y=min(mine[-1] - page + 1, mine[0]), animate=False)
        self.refresh()

    def action_open(self) -> None:
        """Go to the instance or the image."""
        entry = self.selected
        if entry is not None and entry.subject:
            self.post_message(self.Opened(entry.subject))

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if not width:
            return  # not displayed yet: its first size will lay it out
        self._lines = [line for number, entry in enumerate(self._entries) for line in _drawn(number, entry, width)]
        self.virtual_size = Size(self.size.width, len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line: of an entry, or what an empty pane says."""
        ink, width = inks(self.app.theme_variables), self.scrollable_content_region.width
        at = round(self.scroll_y) + y
        if not self._entries and y in (1, 2):
            words = ("Nothing has been done here yet.", "What you launch, stop or terminate is listed here.")[y - 1]
            return Strip([Segment(fitted(f"  {words}", width), ink["text" if y == 1 else "dim"])])
        if at >= len(self._lines):
            return Strip.blank(width, ink["text"])
        line = self._lines[at]
        row = ("cursor" if self.has_focus else "idle") if line.entry == self._cursor else ""
        bar = ("▌", "accent" if self.has_focus else "faint") if row else (" ", "dim")
        strip = Strip([Segment(text, ink.on(name, row)) for text, name in (bar, *line.parts)])
        return strip.adjust_cell_length(width, ink.on("text", row))

    def on_click(self, event: events.Click) -> None:
        """Select an entry, open it, or tell of a click on the frame."""
        inside = event.get_content_offset(self)
        if inside is None:
            if event.y == 0 and (command := self._edge.command_at(event.x)):
                self.post_message(Asked(command))
            return
        at = round(self.scroll_y) + inside.y
        if at < len(self._lines):
            self.action_move(self._lines[at].entry - self._cursor)
            if event.chain == 2:
                self.action_open()

    def write_edge(self) -> None:
        """Write the tabs of those panes that the frame names."""
        self._edge.write(tabs(ACTIVITY, self.tab_counts, self.named))

    def on_resize(self) -> None:
        """Words are wrapped for a width."""
        self._lay_out()
        self.write_edge()

    def on_focus(self) -> None:
        """The frame is bright with the focus."""
        self.write_edge()
        self.refresh()

    def on_blur(self) -> None:
        """The frame is dim without it."""
        self.write_edge()
        self.refresh()


def _drawn(number: int, entry: Entry, width: int) -> list[_Drawn]:
    sign, ink = _SIGNS.get(entry.result, _SIGNS["done"])
    head = [(f"{sign} ", ink), (fitted(entry.at, _TIME), "dim"), (" ", "dim")]
    room = max(10, width - 1 - 2 - _TIME - 1)
    lines = wrapped(f"{entry.title}: {entry.words}" if entry.words else entry.title, room)
    first, rest = lines[0], lines[1:]
    title, words = first[: len(entry.title)], first[len(entry.title) :]
    indent = " " * (2 + _TIME + 1)
    drawn = [_Drawn(number, (*head, (title, "strong"), (words, "text")))]
    drawn += [_Drawn(number, ((indent, "dim"), (line, "text"))) for line in rest]
    if entry.remedy:
        drawn += [_Drawn(number, ((indent, "dim"), (line, "accent"))) for line in wrapped(f"→ {entry.remedy}", room)]
    return drawn
