"""The panes that something is chosen in, side by side or one at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from fe2tui.model.place import Place
from fe2tui.tui.panes.listpane import ListPane
from fe2tui.tui.panes.pane import Pane


class Lists:
    """Knows which of them commands act on: the one that has the focus, or had it before something else has."""

    def __init__(self, *panes: Pane) -> None:
        """The first is the one that is there when the program starts."""
        self._panes = {pane.kind.pane: pane for pane in panes}
        self.acting = panes[0]

    def __iter__(self) -> Iterator[Pane]:
        return iter(self._panes.values())

    def __getitem__(self, name: str) -> Pane:
        return self._panes[name]

    def rows_of(self, name: str) -> ListPane:
        """A pane whose rows can be marked."""
        pane = self._panes[name]
        assert isinstance(pane, ListPane), f"{name} has no rows to mark"
        return pane

    def choose(self, name: str) -> None:
        """Commands act on this one from now on."""
        self.acting = self._panes[name]

    @property
    def focused(self) -> Pane | None:
        """The one that has the focus now."""
        return next((pane for pane in self if pane.has_focus_within), None)

    def select(self, row_id: str) -> Pane | None:
        """Put the cursor of its list on a row as soon as it is in sight; which list that is."""
        pane = next((pane for pane in self if pane.kind.prefix and row_id.startswith(pane.kind.prefix)), None)
        if pane is not None:
            pane.go_to_row(row_id)
        return pane

    def write_edges(self, named: Callable[[str], Collection[str]]) -> Mapping[str, str]:
        """Write the tabs into each frame; what they say of how many there are. ``named``: which panes a frame names."""
        counts = {pane.kind.pane: pane.count_words for pane in self}
        for pane in self:
            pane.write_edge(counts, named(pane.kind.pane))
        return counts

    def recolour(self) -> None:
        """The colours are others."""
        for pane in self:
            pane.recolour()

    def forget(self, place: Place) -> None:
        """Another place is shown."""
        for pane in self:
            pane.forget(place)

    def unread(self, reason: str) -> None:
        """Nothing could be read."""
        for pane in self:
            pane.unread(reason)
