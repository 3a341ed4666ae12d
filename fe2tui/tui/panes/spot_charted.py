"""The chart of the spot pane, and the zones below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from textual.containers import Vertical
from textual.widget import Widget

from fe2tui.model.words import plural, visible
from fe2tui.tui.panes.spot_chart import charted, in_its_place, zone_rows
from fe2tui.tui.panes.spot_frame import Titled
from fe2tui.tui.panes.spot_list import SpotList
from fe2tui.tui.panes.spot_reader import SpotReader, covers
from fe2tui.tui.panes.spot_zones import ZoneTable
from fe2tui.tui.view import SpotChoice
from fe2tui.tui.widgets.chart import ChartView
from fe2tui.tui.widgets.grid import Cell


class Charted(Vertical):
    """Draws what is known of the type that is chosen; as long as it is read, the picture that is there stays."""

    def __init__(
        self, reader: SpotReader, offers: SpotList, clock: Callable[[], datetime], region: Callable[[], str]
    ) -> None:
        super().__init__(id="spot-left")
        self._reader = reader
        self._offers = offers
        self._clock = clock
        self._region = region
        self._choice = SpotChoice()
        self._drawn: tuple[object, ...] = ()
        self._said: Sequence[Cell] = ()
        self.chart = ChartView(id="spot-chart")
        self.zones = ZoneTable()

    def compose(self) -> Iterator[Widget]:
        """The chart above its zones."""
        yield self.chart
        yield self.zones

    def want(self) -> None:
        """Have the type read that is chosen, where something of it is not known or not new."""
        name, kind = self._choice.type, self._offers.type(self._choice.type)
        if name and (kind is None or kind.spot):
            self._reader.want(name, self._choice.days)

    def choose(self, choice: SpotChoice) -> None:
        """Another type, over so many days: at once where it is known, else as soon as it is."""
        was, self._choice = self._choice, choice
        if (choice.type, choice.days) != (was.type, was.days):
            self.want()
            self.draw()

    def draw(self) -> None:
        """Draw it anew if anything of it is another."""
        choice, present = self._choice, self.chart.chart
        history = self._reader.history(choice.type) if choice.type else None
        if self._waits and present is not None and (history is None or present.about == choice.type):
            return
        on_demand = self._offers.on_demand(choice.type)
        drawn = (choice.type, choice.days, on_demand, history)
        if present is not None and self._drawn == drawn and self._drawn[3] is history:
            return
        chart = charted(choice, history, on_demand, self._clock())
        error, kind = self._reader.errors.get(choice.type), self._offers.type(choice.type)
        is_other = self._drawn[:1] != drawn[:1]
        self._drawn = drawn
        self._said = () if chart else in_its_place(choice, kind, history, error, self._region())
        self.chart.show(chart, self._said)
        rows = zone_rows(choice, chart, history, self._offers.zones_of(choice.type), self.chart.moment)
        self.zones.show_zones(rows, is_other=is_other)

    def forget(self, choice: SpotChoice) -> None:
        """Another place is shown."""
        self._choice, self._drawn = choice, ()
        self.chart.show(None)
        self.draw()

    @property
    def _waits(self) -> bool:
        """Whether not all of the chart is known, and it may become so."""
        name, kind = self._choice.type, self._offers.type(self._choice.type)
        can_come = bool(name) and name not in self._reader.errors and (kind is None or kind.spot)
        return can_come and not covers(self._reader.history(name), self._choice.days, self._clock())

    @property
    def titled(self) -> Titled:
        """What is drawn, by its own name, and what is read instead of it, or went wrong."""
        choice, present = self._choice, self.chart.chart
        name, days = choice.type, choice.days
        if present is not None:
            name, days = present.about, (present.end - present.start).days
        if self._waits:
            what = f"{visible(choice.type)} " if name != choice.type else ""
            window = f"{plural(choice.days, 'day')} " if days != choice.days and not what else ""
            return Titled(name, days, f"reading {what or window}…", "accent")
        error = self._reader.errors.get(choice.type)
        return Titled(name, days, *((f"▲ {visible(error.summary)}", "state-trouble") if error is not None else ()))

    @property
    def why_none(self) -> str:
        """What is said in the chart's place."""
        return " ".join(text for text, _ in self._said)
