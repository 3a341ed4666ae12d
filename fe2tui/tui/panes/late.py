"""A pane whose insides are imported and mounted when it is first in sight, and not before there is time for it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable

from textual import events
from textual.content import Content

from fe2tui.tui.arrangement import PaneKind
from fe2tui.tui.panes.pane import Pane

Work = Callable[[Awaitable[None]], object]


class LatePane(Pane):
    """An empty frame until then."""

    def __init__(self, kind: PaneKind, work: Work) -> None:
        """``work`` runs something beside."""
        super().__init__(kind, id=f"{kind.pane}-list")
        self._work = work
        self._has_time = self._is_being_made = False

    @abstractmethod
    async def make(self) -> None:
        """Import and mount what is in it."""

    @property
    @abstractmethod
    def is_made(self) -> bool:
        """Whether that has been done."""

    def wake(self) -> None:
        """The first read has ended, and is on the screen: there is time now."""
        self._has_time = True
        self._make_in_sight()

    def on_show(self, event: events.Show) -> None:
        """It is in sight."""
        self._make_in_sight()

    def _make_in_sight(self) -> None:
        if self._has_time and self.is_on_screen and not self.is_made and not self._is_being_made:
            self._is_being_made = True
            self._work(self._make())

    async def _make(self) -> None:
        try:
            await self.make()
        finally:
            self._is_being_made = False

    def render(self) -> Content:
        """What it says before."""
        return Content.styled("" if self.is_made else "\n  Reading …", "$ink-dim")
