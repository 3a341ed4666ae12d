"""What all panes share: the tabs in the frame, and panes whose content is imported when first visible."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from textual import events
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from fe2tui.model.location import Location
from fe2tui.tui.list_model import PaneKind
from fe2tui.tui.pane_ids import PANES
from fe2tui.tui.panes.details import RowDetails
from fe2tui.tui.widgets.frame import TitlePart

if TYPE_CHECKING:
    from fe2tui.tui.panes.list_pane import ListPane
    from fe2tui.tui.services import Services


class Pane(Vertical):
    """One of the panes in ``Lists``."""

    def __init__(self, kind: PaneKind, *inside: Widget, id: str) -> None:
        """``inside`` is what it is made of from the start."""
        super().__init__(*inside, id=id, classes="list")
        self.kind = kind

    @property
    @abstractmethod
    def list_pane(self) -> ListPane | None:
        """The list in it, which is filtered and sorted; None as long as there is none."""

    @property
    def is_filtering(self) -> bool:
        """Whether a filter is being typed."""
        return self.list_pane is not None and self.list_pane.is_filtering

    @abstractmethod
    def take_focus(self) -> None:
        """Give the focus to what is moved in."""

    def go_to_row(self, row_id: str) -> None:
        """Put the cursor on a row as soon as it is there; nothing where rows have no ids."""

    @abstractmethod
    def open_row(self) -> str:
        """Open what is under the cursor; a command if that is what does it, else empty."""

    @abstractmethod
    def leave(self) -> None:
        """Take back the newest of what was asked for: a filter, marks."""

    @property
    def count_text(self) -> str:
        """How many, for the tab; empty when that is not known, or not worth telling."""
        return ""

    def row_details(self) -> RowDetails | None:
        """The details of the row under the cursor, where they are not in sight anyway."""
        return None

    @abstractmethod
    def write_frame_title(self, counts: Mapping[str, str], tab_panes: Collection[str]) -> None:
        """Write the tabs of the panes named into the frame, and what else belongs there."""

    @abstractmethod
    def recolour(self) -> None:
        """The colours are others."""

    @abstractmethod
    def reset(self, location: Location) -> None:
        """Another place is shown: nothing of the last one stays."""

    def set_in_view(self, is_in_view: bool) -> None:
        """Say whether the pane is visible."""

    def show_read_error(self, reason: str) -> None:
        """The instances could not be read."""


def tab_parts(
    active: str, counts: Mapping[str, str], tab_panes: Collection[str], *, is_short: bool = False
) -> list[TitlePart]:
    """The panes that a frame names, with the active one bright. ``short``: of the others their numbers alone."""
    parts: list[TitlePart] = []
    for pane, (number, title) in PANES.items():
        is_active = pane == active
        if pane not in tab_panes:
            continue
        if parts:
            parts.append(TitlePart(" ─ ", "ink-faint"))
        if is_short and not is_active:
            parts.append(TitlePart(number, "ink-dim", False, pane))
            continue
        parts.append(TitlePart(f"{number} ", "accent" if is_active else "ink-dim", is_active, pane))
        parts.append(TitlePart(title, "foreground" if is_active else "ink-dim", is_active, pane))
        if counts.get(pane):
            parts.append(TitlePart(f" {counts[pane]}", "ink-dim", False, pane))
    return parts


class LazyPane(Pane):
    """An empty frame until then."""

    def __init__(self, kind: PaneKind, services: Services) -> None:
        super().__init__(kind, id=f"{kind.pane}-list")
        self._services = services
        self._may_load = self._is_being_loaded = False

    @abstractmethod
    async def load(self) -> None:
        """Import and mount what is in it."""

    @property
    @abstractmethod
    def is_loaded(self) -> bool:
        """Whether that has been done."""

    def allow_loading(self) -> None:
        """The first read has ended, and is on the screen: there is time now."""
        self._may_load = True
        self._load_if_visible()

    def on_show(self, event: events.Show) -> None:
        """It is in sight."""
        self._load_if_visible()

    def _load_if_visible(self) -> None:
        if self._may_load and self.is_on_screen and not self.is_loaded and not self._is_being_loaded:
            self._is_being_loaded = True
            self._services.start_worker(self._load_once(), f"{self.kind.pane} pane")

    async def _load_once(self) -> None:
        try:
            await self.load()
        finally:
            self._is_being_loaded = False

    def render(self) -> Content:
        """What it says before."""
        return Content.styled("" if self.is_loaded else "\n  Reading …", "$ink-dim")
