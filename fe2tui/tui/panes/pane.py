"""What every pane in which something is looked up and chosen can do; commands act on the one with the focus."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widget import Widget

from fe2tui.model.place import Place
from fe2tui.tui.arrangement import PaneKind
from fe2tui.tui.panes.described import Described

if TYPE_CHECKING:
    from fe2tui.tui.panes.listpane import ListPane


class Pane(Vertical):
    """One of the panes in ``Lists``."""

    def __init__(self, kind: PaneKind, *inside: Widget, id: str) -> None:
        """``inside`` is what it is made of from the start."""
        super().__init__(*inside, id=id, classes="list")
        self.kind = kind

    @property
    @abstractmethod
    def listed(self) -> ListPane | None:
        """The list in it, which is filtered and sorted; None as long as there is none."""

    @property
    def is_filtering(self) -> bool:
        """Whether a filter is being typed."""
        return self.listed is not None and self.listed.is_filtering

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
    def count_words(self) -> str:
        """How many, for the tab; empty when that is not known, or not worth telling."""
        return ""

    def described(self) -> Described | None:
        """The details of the row under the cursor, where they are not in sight anyway."""
        return None

    @abstractmethod
    def write_edge(self, counts: Mapping[str, str], named: Collection[str]) -> None:
        """Write the tabs of the panes named into the frame, and what else belongs there."""

    @abstractmethod
    def recolour(self) -> None:
        """The colours are others."""

    @abstractmethod
    def forget(self, place: Place) -> None:
        """Another place is shown: nothing of the last one stays."""

    def unread(self, reason: str) -> None:
        """The instances and all that is read with them could not be read."""
