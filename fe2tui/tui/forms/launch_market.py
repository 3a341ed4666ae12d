"""How the machine is bought: the row of the launch form, and the line of prices below the fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from fe2tui.model.spot import Market
from fe2tui.model.words import dollars
from fe2tui.tasks.launch import LaunchPlan, ZonePrice
from fe2tui.tui.forms.field import Row
from fe2tui.tui.forms.form import DIM, shown
from fe2tui.tui.forms.launch_draft import Bought
from fe2tui.tui.forms.radio import Choices, Pick, RadioLine

ON_DEMAND: Market = "on-demand"
SPOT: Market = "spot"
_MARKETS: dict[str, Market] = {"on-demand": "on-demand", "spot": "spot", "spot-once": "spot-once"}
_PICKS = (
    Pick("on-demand", ("on demand",)),
    Pick("spot", ("spot, stops if interrupted", "spot, stops", "spot")),
    Pick("spot-once", ("spot, one-time", "spot, one-time", "one-time")),
)
_AUTO = ""  # stands for the cheapest zone, and the next ones where that has no room


class MarketField(Row):
    """The row of the three ways to buy a machine."""

    def __init__(self, market: Market, told: Callable[[Market], None]) -> None:
        """``told`` is told of another choice."""
        super().__init__("Spot", id="market")
        self.line = RadioLine(_PICKS, market, id="markets", told=lambda pick: told(_MARKETS[pick]))

    def compose_value(self) -> Iterator[Widget]:
        """The three ways."""
        yield self.line


class MarketPrices(Choices):
    """What it costs on demand and in each zone as spot, to choose among: with left and right, or a click.

    ``bought`` is what is chosen. A zone that was not chosen by name is the cheapest, and others follow where it has no
    room; one chosen by name is the only one that is tried.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "step(1)", show=False),
        Binding("left", "step(-1)", show=False),
        Binding("enter", "app.focus_next", show=False),
    ]

    def __init__(self, bought: Bought, told: Callable[[Bought], None]) -> None:
        """``told`` is told of another choice, at once."""
        super().__init__(id="prices")
        self._told = told
        self.bought = bought
        self._spot: Market = SPOT if bought.market == ON_DEMAND else bought.market
        self._on_demand: Decimal | None = None
        self._zones: tuple[ZonePrice, ...] = ()
        self._never = False  # AWS has none of the type as spot
        self._hits: list[tuple[int, int, int, str]] = []  # row, first column, column after it, what it stands for

    def buy(self, market: Market) -> None:
        """Buy it in another way; nobody is told."""
        self._take(Bought(market, self.bought.zone))

    def show_plan(self, plan: LaunchPlan) -> None:
        """Show the prices of a plan."""
        kind = plan.type
        self._on_demand, self._zones = plan.on_demand, plan.market_prices if kind is not None else ()
        self._never = kind is not None and not kind.spot
        self.can_focus = not self._never and any(one.offered for one in self._zones)
        self._draw()

    # Choosing

    def _places(self) -> list[Bought]:
        """What left and right go through: on demand, the cheapest zone, the others by name."""
        offered = [one.zone for one in self._zones if one.offered]
        return [Bought(ON_DEMAND), *(Bought(self._spot, zone or None) for zone in [_AUTO, *offered[1:]])]

    def action_step(self, by: int) -> None:
        """Choose the next price, or the one before."""
        places = self._places()
        at = next((n for n, place in enumerate(places) if place == self._at), 1)
        self._choose(places[max(0, min(len(places) - 1, at + by))])

    @property
    def _at(self) -> Bought:
        return Bought(ON_DEMAND) if self.bought.market == ON_DEMAND else self.bought

    def on_click(self, event: events.Click) -> None:
        """Choose the price that was clicked: the cheapest zone by name only when it is clicked once more."""
        inside = event.get_content_offset(self)
        if inside is None:
            return
        for row, start, end, what in self._hits:
            if row == inside.y and start <= inside.x < end:
                is_cheapest = bool(self._zones) and what == self._zones[0].zone
                again = is_cheapest and self.bought == Bought(self._spot)
                zone = None if is_cheapest and not again else what
                self._choose(Bought(ON_DEMAND) if what == ON_DEMAND else Bought(self._spot, zone))
                return

    def _choose(self, bought: Bought) -> None:
        if bought != self._at:
            self._take(bought)
            self._told(bought)

    def _take(self, bought: Bought) -> None:
        self.bought = bought
        if bought.market != ON_DEMAND:
            self._spot = bought.market
        self._draw()

    # What is drawn

    def _draw(self) -> None:
        width = self.content_size.width or 1_000
        items = self._items()
        for gap in (3, 2):
            lines, self._hits = laid_out(items, width, gap)
            if len(lines) == 1:
                break
        self.update(Content("\n").join(lines))

    def _items(self) -> list[tuple[str, Content]]:
        """The prices, each with what it stands for (empty: nothing that can be chosen)."""
        prices = [one.price for one in self._zones if one.price is not None]
        places = 4 if min((*prices, self._on_demand or Decimal(1))) < Decimal("0.1") else 3
        is_spot = self.bought.market != ON_DEMAND
        amount = dollars(self._on_demand, places) if self._on_demand is not None else "price unknown"
        items: list[tuple[str, Content]] = [(ON_DEMAND, self._item("On demand", amount, "", not is_spot))]
        if not self.can_focus:
            words = "never for this type" if self._never else "not offered here"
            nowhere = [("", self._item("Spot", words, "", False, False))] if self._zones else []
            return [*items, *nowhere] if nowhere or self._on_demand is not None else []
        for number, one in enumerate(self._zones):
            named = self.bought.zone is not None and is_spot
            chosen = is_spot and one.offered and (self.bought.zone == one.zone if named else number == 0)
            first = "" if named or number else "◂ cheapest" if one.price is not None else "◂ tried first"
            sign = "◂ only there" if chosen and named else first
            words = dollars(one.price, places) if one.price is not None else "price unknown"
            item = self._item(one.letter, words if one.offered else "not offered", sign, chosen, one.offered)
            items.append((one.zone if one.offered else "", Content.assemble("Spot ", item) if number == 0 else item))
        return items

    def _item(self, name: str, words: str, sign: str, chosen: bool, offered: bool = True) -> Content:
        ink = "bold $accent" if chosen and self.has_focus else "bold" if chosen else "" if offered else DIM
        parts = [shown(f"{name} ", "" if chosen else DIM), shown(words, ink)]
        return Content.assemble(*parts, *([shown(f" {sign}", ink or DIM)] if sign else []))


def laid_out(
    items: Sequence[tuple[str, Content]], width: int, gap: int
) -> tuple[list[Content], list[tuple[int, int, int, str]]]:
    """Items in lines of a width, and where each of them is: row, first column, column after it, what it stands for."""
    lines: list[list[Content]] = [[]]
    hits: list[tuple[int, int, int, str]] = []
    column = 0
    for what, content in items:
        length = content.cell_length
        if lines[-1] and column + gap + length > width:
            lines.append([])
            column = 0
        start = column + gap if lines[-1] else 0
        lines[-1].append(content)
        column = start + length
        if what:
            hits.append((len(lines) - 1, start, column, what))
    return [Content(" " * gap).join(line) for line in lines], hits
