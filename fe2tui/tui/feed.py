"""Keeps the activity pane up: tasks under way, failures, and the log of the store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from fe2tui.errors import StoreError
from fe2tui.model.instance import Instance, State
from fe2tui.model.progress import Activity

if TYPE_CHECKING:
    from fe2tui.tui.desk import LiveDesk
    from fe2tui.tui.panes.instances import Instances
    from fe2tui.tui.screen import MainScreen

DRAW_WAIT = 0.1  # seconds: steps that come in a burst are drawn once
_UNTIL_SSH = frozenset({"launch", "start", "reboot"})
_IS_READY = frozenset({"ready", "ssh answers"})


class Feed:
    """Draws in its own time, however often it is told that something changed."""

    def __init__(
        self, desk: LiveDesk, main: MainScreen, table: Instances, work: Callable[[Awaitable[None], str], object]
    ) -> None:
        self._desk = desk
        self._table = table
        self._main = main
        self._work = work
        self._log: Sequence[Activity] = ()
        self._waits = self._reads = False

    def changed(self) -> None:
        """Tasks under way changed."""
        if not self._waits:
            self._waits = True
            self._main.set_timer(DRAW_WAIT, self.draw)

    def draw(self) -> None:
        """Draw all of it."""
        self._waits = False
        main = self._main
        main.activity.show(list(self._desk.jobs.running.values()), self._desk.jobs.failures, self._log)
        table = self._table
        notes = self._notes(table.sight.fleet.instances if table.sight else {})
        if notes != table.notes:
            table.notes.clear()
            table.notes.update(notes)
        table.redraw()
        main.footer.redraw()

    def _notes(self, instances: Mapping[str, Instance]) -> dict[str, str]:
        """What is said of instances that a task still works on, though EC2 calls them running."""
        notes = {}
        for job in self._desk.jobs.running.values():
            for subject, step in job.progress.items():
                instance = instances.get(subject)
                waits = step.task in _UNTIL_SSH and step.step not in _IS_READY
                if waits and instance is not None and instance.state is State.RUNNING:
                    notes[subject] = "starting ssh"
        return notes

    def read_log(self) -> None:
        """Read the log of the store again, in a thread."""
        if not self._reads:
            self._reads = True
            self._work(self._read(), "log")

    async def _read(self) -> None:
        try:
            self._log = await asyncio.to_thread(self._desk.store.activity.recent)
        except StoreError:
            self._log = ()
        finally:
            self._reads = False
        self.changed()
