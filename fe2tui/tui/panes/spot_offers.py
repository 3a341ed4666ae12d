"""The list of the spot pane with its filter, and under it what can be done in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from textual.widget import Widget

from fe2tui.model.spot_query import Offer
from fe2tui.model.words import visible
from fe2tui.tui.arrangement import Arrangement
from fe2tui.tui.panes.listpane import ListPane
from fe2tui.tui.panes.spot_list import SpotList, SpotTable
from fe2tui.tui.spot_columns import KIND
from fe2tui.tui.view import SpotChoice
from fe2tui.tui.widgets.line import Line, Span, width_of

Key: TypeAlias = tuple[str, str, str]
"""A key, what it does in words, and its command."""


def keys_of(choice: SpotChoice, offer: Offer | None, arrangement: Arrangement, in_zones: bool) -> Sequence[Key]:
    """What can be done in the list, or in the zones, beside the commands of the footer. ``offer``: under the cursor."""
    if in_zones:
        return (("esc", "back to the list", "leave"), ("← →", "in time", ""))
    said, is_filtered = [("/", "to find: p3", "filter")], bool(arrangement.query.text)
    if offer is not None:
        said.append(("enter", f"open {visible(offer.name)}" if offer.count else "zones", "open"))
    if is_filtered or choice.family or choice.pinned:
        out = "all" if is_filtered else "families" if choice.family else "follow again"
        said.append(("esc", out, "leave"))
    return (*said, ("← →", "in time", ""))


class OfferPane(ListPane):
    """Enter in the filter chooses: the row that is under the cursor then, or comes there when the types are read."""

    def __init__(
        self,
        table: SpotTable,
        offers: SpotList,
        picked: Callable[[Offer | None], None],
        keys: Callable[[], Sequence[Key]],
    ) -> None:
        """``picked`` is told when a person is done with a filter, ``keys`` are those that the line tells of."""
        super().__init__(KIND, table, offers, lambda row_id: None)
        self.remove_class("list")
        self._picked = picked
        self._table = table
        self._keys = keys
        self.line = Line(self._line, id="spot-keys")

    def compose(self) -> Iterator[Widget]:
        """The line below the table and the filter."""
        yield self.line

    def take_focus(self) -> None:
        """The table gets it, from the filter."""
        super().take_focus()
        if self.arrangement.query.tests:
            self._picked(self._table.offer)

    def _line(self, width: int) -> Sequence[Span]:
        spans = [Span("   ")]
        for key, word, command in self._keys():
            two = [Span(f" {key} ", "key", command), Span(f"{word} ", "dim", command)]
            if width_of([*spans, *two]) > width:
                break
            spans += two
        return spans
