"""The purchase option of the launch form (on-demand, spot), and the prices of each zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, cast

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from fe2tui.model.launch import ZonePrice
from fe2tui.model.location import zone_letter
from fe2tui.model.spot import Market
from fe2tui.model.text import dollars
from fe2tui.tasks.launch import LaunchPlan
from fe2tui.tui.forms.form import DIM, FormRow, safe_content
from fe2tui.tui.forms.radio import ChoiceWidget, RadioLine, RadioLineOption

ON_DEMAND: Market = "on-demand"
SPOT: Market = "spot"
_MARKET_OPTIONS = (
    RadioLineOption("on-demand", ("on demand",)),
    RadioLineOption("spot", ("spot, stops if interrupted", "spot, stops", "spot")),
    RadioLineOption("spot-once", ("spot, one-time", "spot, one-time", "one-time")),
)
_CHEAPEST_ZONE = ""  # the cheapest zone, then the others in the order of their prices


@dataclass(frozen=True, slots=True)
class PurchaseOption:
    """On-demand or spot, and the zone of a spot instance; None: the cheapest zone that has capacity."""

    market: Market = "on-demand"
    zone: str | None = None


class PurchaseField(FormRow):
    def __init__(self, market: Market, report_choice: Callable[[Market], None]) -> None:
        super().__init__("Spot", id="market")
        self.line = RadioLine(
            _MARKET_OPTIONS, market, id="markets", report_choice=lambda pick: report_choice(cast("Market", pick))
        )

    def compose_value(self) -> Iterator[Widget]:
        yield self.line


class PurchasePrices(ChoiceWidget):
    """The on-demand price and the spot price of each zone, to choose from with left, right or a click.

    Without a chosen zone, the launch tries the cheapest zone first and then the others; a chosen zone is the only one
    that it tries.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "step(1)", show=False),
        Binding("left", "step(-1)", show=False),
        Binding("enter", "screen.enter", show=False),
    ]

    def __init__(self, purchase: PurchaseOption, report_choice: Callable[[PurchaseOption], None]) -> None:
        """``report_choice`` is called at once, not by a message: the next key may submit."""
        super().__init__(id="prices")
        self.can_focus = False  # until a plan offers a zone
        self._report_choice = report_choice
        self.purchase = purchase
        self._spot_market: Market = SPOT if purchase.market == ON_DEMAND else purchase.market
        self._on_demand: Decimal | None = None
        self._zones: tuple[ZonePrice, ...] = ()
        self._is_price_pending = True
        self._has_no_spot = False  # AWS never offers the type as spot
        self._click_areas: list[tuple[int, int, int, str]] = []  # row, first column, column after it, zone or on-demand

    def set_market(self, market: Market) -> None:
        """Change the purchase option without reporting it."""
        self._set_purchase(PurchaseOption(market, self.purchase.zone))

    def show_plan(self, plan: LaunchPlan) -> None:
        kind = plan.type
        self._on_demand, self._zones = plan.on_demand_per_hour, plan.zone_prices if kind is not None else ()
        self._is_price_pending = plan.is_price_pending
        self._has_no_spot = kind is not None and not kind.spot
        self.can_focus = not self._has_no_spot and any(one.is_offered for one in self._zones)
        self._draw()

    # Choosing

    def _purchase_options(self) -> list[PurchaseOption]:
        """The steps of left and right: on demand, the cheapest zone, then the others by name."""
        offered = [one.zone for one in self._zones if one.is_offered]
        return [
            PurchaseOption(ON_DEMAND),
            *(PurchaseOption(self._spot_market, zone or None) for zone in [_CHEAPEST_ZONE, *offered[1:]]),
        ]

    def action_step(self, by: int) -> None:
        options = self._purchase_options()
        at = next((n for n, option in enumerate(options) if option == self._current_option), 1)
        self._choose(options[max(0, min(len(options) - 1, at + by))])

    @property
    def _current_option(self) -> PurchaseOption:
        return PurchaseOption(ON_DEMAND) if self.purchase.market == ON_DEMAND else self.purchase

    def on_click(self, event: events.Click) -> None:
        """Choose the clicked price. A second click on the cheapest zone chooses that zone only."""
        inside = event.get_content_offset(self)
        if inside is None:
            return
        for row, start, end, what in self._click_areas:
            if row == inside.y and start <= inside.x < end:
                is_cheapest = bool(self._zones) and what == self._zones[0].zone
                again = is_cheapest and self.purchase == PurchaseOption(self._spot_market)
                zone = None if is_cheapest and not again else what
                self._choose(
                    PurchaseOption(ON_DEMAND) if what == ON_DEMAND else PurchaseOption(self._spot_market, zone)
                )
                return

    def _choose(self, purchase: PurchaseOption) -> None:
        if purchase != self._current_option:
            self._set_purchase(purchase)
            self._report_choice(purchase)

    def _set_purchase(self, purchase: PurchaseOption) -> None:
        self.purchase = purchase
        if purchase.market != ON_DEMAND:
            self._spot_market = purchase.market
        self._draw()

    # What is drawn

    def _draw(self) -> None:
        width = self.content_size.width or 1_000
        items = self._price_items()
        for gap in (3, 2):
            lines, self._click_areas = lay_out_items(items, width, gap)
            if len(lines) == 1:
                break
        self.update(Content("\n").join(lines))

    def _price_items(self) -> list[tuple[str, Content]]:
        """The prices, each with its zone or ``on-demand``; empty for one that cannot be chosen."""
        prices = [one.price for one in self._zones if one.price is not None]
        places = 4 if min((*prices, self._on_demand or Decimal(1))) < Decimal("0.1") else 3
        is_spot = self.purchase.market != ON_DEMAND
        unknown = "looking up …" if self._is_price_pending else "price unknown"
        amount = dollars(self._on_demand, places) if self._on_demand is not None else unknown
        items: list[tuple[str, Content]] = [(ON_DEMAND, self._price_item("On demand", amount, "", not is_spot))]
        if not self.can_focus:
            words = "never for this type" if self._has_no_spot else "not offered here"
            nowhere = [("", self._price_item("Spot", words, "", False, False))] if self._zones else []
            return [*items, *nowhere] if nowhere or self._on_demand is not None else []
        for number, one in enumerate(self._zones):
            named = self.purchase.zone is not None and is_spot
            is_chosen = is_spot and one.is_offered and (self.purchase.zone == one.zone if named else number == 0)
            first = "" if named or number else "◂ cheapest" if one.price is not None else "◂ tried first"
            sign = "◂ only here" if is_chosen and named else first
            words = dollars(one.price, places) if one.price is not None else unknown
            item = self._price_item(
                zone_letter(one.zone), words if one.is_offered else "not offered", sign, is_chosen, one.is_offered
            )
            items.append((one.zone if one.is_offered else "", Content.assemble("Spot ", item) if number == 0 else item))
        return items

    def _price_item(self, name: str, words: str, sign: str, chosen: bool, offered: bool = True) -> Content:
        style = "bold $accent" if chosen and self.has_focus else "bold" if chosen else "" if offered else DIM
        parts = [safe_content(f"{name} ", "" if chosen else DIM), safe_content(words, style)]
        return Content.assemble(*parts, *([safe_content(f" {sign}", style or DIM)] if sign else []))


def lay_out_items(
    items: Sequence[tuple[str, Content]], width: int, gap: int
) -> tuple[list[Content], list[tuple[int, int, int, str]]]:
    """Items in lines of a width, and the area of each item: row, first column, column after it, its id."""
    lines: list[list[Content]] = [[]]
    areas: list[tuple[int, int, int, str]] = []
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
            areas.append((len(lines) - 1, start, column, what))
    return [Content(" " * gap).join(line) for line in lines], areas
