"""What all panes have in common, and the tabs in their frames."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widget import Widget

from fe2tui.model.location import Location
from fe2tui.tui.list_model import PaneKind
from fe2tui.tui.pane_ids import PANES
from fe2tui.tui.panes.details import RowDetails
from fe2tui.tui.widgets.line import Span

if TYPE_CHECKING:
    from fe2tui.tui.panes.list_pane import ListPane


class Pane(Vertical):
    """A pane with a list that commands act on."""

    def __init__(self, kind: PaneKind, *children: Widget) -> None:
        super().__init__(*children, id=f"{kind.pane}-list", classes="list")
        self.kind = kind

    @property
    @abstractmethod
    def list_pane(self) -> ListPane | None:
        """The list that is filtered and sorted; None before it is loaded."""

    @property
    def is_filtering(self) -> bool:
        return self.list_pane is not None and self.list_pane.is_filtering

    @abstractmethod
    def take_focus(self) -> None:
        """Give the focus to the widget that has the cursor."""

    def go_to_row(self, row_id: str) -> None:
        """Put the cursor on a row, now or as soon as it is shown."""

    @abstractmethod
    def open_row(self) -> str:
        """Open the row under the cursor. Returns the command that opens it; empty where none is needed."""

    @abstractmethod
    def leave(self) -> None:
        """Undo what was done last of filtering, marking and opening."""

    @property
    def count_text(self) -> str:
        """The number of items, for the tab; empty where it is not known."""
        return ""

    def row_details(self) -> RowDetails | None:
        return None

    @abstractmethod
    def write_frame_title(self, counts: Mapping[str, str], tab_panes: Collection[str]) -> None:
        """Write the tabs of ``tab_panes`` into the frame, with the counts of the panes."""

    @abstractmethod
    def recolour(self) -> None:
        """Repaint everything in the colours of another theme."""

    @abstractmethod
    def reset(self, location: Location) -> None:
        """Forget everything of the last location: another is shown."""

    def set_in_view(self, is_in_view: bool) -> None:
        """Say whether the pane is visible."""

    def show_read_error(self, reason: str) -> None:
        """The instances could not be read."""


def tab_spans(
    active: str, counts: Mapping[str, str], tab_panes: Collection[str], *, is_short: bool = False
) -> list[Span]:
    """The tabs of the panes in a frame, the active one bright. ``is_short``: only the numbers of the others."""
    spans: list[Span] = []
    for pane, (number, title) in PANES.items():
        is_active = pane == active
        if pane not in tab_panes:
            continue
        if spans:
            spans.append(Span(" ─ ", "faint"))
        if is_short and not is_active:
            spans.append(Span(number, "dim", pane))
            continue
        spans.append(Span(f"{number} ", "key" if is_active else "dim", pane))
        spans.append(Span(title, "strong" if is_active else "dim", pane))
        if counts.get(pane):
            spans.append(Span(f" {counts[pane]}", "dim", pane))
    return spans
