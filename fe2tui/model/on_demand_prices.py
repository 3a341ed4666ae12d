"""What the types of a family cost an hour on demand."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from decimal import Decimal

from fe2tui.errors import NotFoundError, UsageError
from fe2tui.model.fleet import Prices
from fe2tui.model.instance_type import TypeCatalogue, size_sort_key
from fe2tui.model.money.unknown import PRICE_PAGE
from fe2tui.model.text import dollars, join_words

SEVERAL_PRICES = f"several prices, see {PRICE_PAGE}"
PRICE_UNKNOWN = "price unknown"

_MAX_SUGGESTED = 8  # families in a suggestion
_MIN_DECIMALS, _MAX_DECIMALS = 3, 6  # decimals of a price an hour; AWS's have no more


@dataclass(frozen=True, slots=True, repr=False)
class OnDemandPrice:
    """The price of one type: dollars an hour, Linux on shared hardware. ``words`` say why there is none."""

    type: str
    per_hour: Decimal | None
    words: str = ""

    def __repr__(self) -> str:
        price = f"{dollars(self.per_hour, self.places, sign='$')} an hour"
        return f"{self.type}: {self.words or price}"

    @property
    def places(self) -> int:
        """The decimals of the price, at least three."""
        exponent = self.per_hour.normalize().as_tuple().exponent if self.per_hour is not None else 0
        return min(max(_MIN_DECIMALS, -exponent if isinstance(exponent, int) else 0), _MAX_DECIMALS)


def on_demand_prices(family: str, prices: Prices, catalogue: TypeCatalogue, region: str) -> tuple[OnDemandPrice, ...]:
    """The prices of a family (``m5``), or of one type (``m5.large``), smallest first.

    Raises NotFoundError, with the most similar families, for one that the region does not have.
    """
    wanted = family.strip().lower()
    if not wanted:
        raise UsageError("No family was given.", "fe2 price-demand m5")
    known = {*prices.on_demand, *prices.several, *catalogue.types}
    found = sorted((name for name in known if wanted in (name, name.partition(".")[0])), key=size_sort_key)
    if not found:
        raise NotFoundError(f"{region} has no family or type {family}.", suggest_types(wanted, known))
    return tuple(_price(name, prices) for name in found)


def _price(name: str, prices: Prices) -> OnDemandPrice:
    amount = prices.on_demand.get(name)
    words = "" if amount is not None else SEVERAL_PRICES if name in prices.several else PRICE_UNKNOWN
    return OnDemandPrice(name, amount, words)


def suggest_types(wanted: str, known: set[str]) -> str:
    """A sentence with the families or types similar to one that is not known; empty where no types are known."""
    if not known:
        return ""
    family = wanted.partition(".")[0]
    families = sorted({name.partition(".")[0] for name in known})
    if family in families:  # a type of a family that is there
        names = sorted((name for name in known if name.startswith(f"{family}.")), key=size_sort_key)
        return f"{family} has {join_words([name.partition('.')[2] for name in names])}."
    near = difflib.get_close_matches(family, families, n=5, cutoff=0.5)
    if near:
        return f"Did you mean {join_words(near, 'or')}?"
    more = len(families) - _MAX_SUGGESTED
    return f"There are {join_words([*families[:_MAX_SUGGESTED], f'{more} more'] if more > 1 else families)}."
