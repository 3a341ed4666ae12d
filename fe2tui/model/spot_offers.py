"""Spot offers: what types and families cost and save now, and what a vCPU, a GiB or a GPU of them costs.

The filter is that of instance types (``type_filter``), and ``saves>60``: per cent of the on-demand price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from fe2tui.model import filters
from fe2tui.model.filters import FilterLanguage, MakeTest, NumberField, Test, dollars_sort_key, sorts_by_id
from fe2tui.model.instance_type import InstanceType
from fe2tui.model.price_series import PriceSeries
from fe2tui.model.spot import saving
from fe2tui.model.type_filter import TYPE_LANGUAGE, TypeScope, type_sort_key


@dataclass(frozen=True, slots=True)
class SpotOffer:
    """The spot price of a type now, or of the best type of a family.

    ``price`` is dollars an hour in ``zone``, the cheapest; None where no zone has a price. ``saves`` is the share of
    the on-demand price that spot saves, at most 1. ``type_count`` is how many types the family has; 0 for a type.
    """

    name: str
    type: InstanceType
    sort_key: str
    price: Decimal | None = None
    zone: str = ""
    on_demand: Decimal | None = None
    saves: Decimal | None = None
    per_vcpu: Decimal | None = None
    per_gib: Decimal | None = None
    per_gpu: Decimal | None = None
    type_count: int = 0


SpotOfferSort: TypeAlias = filters.Sort[SpotOffer, TypeScope]


def spot_offer(one: InstanceType, scope: TypeScope) -> SpotOffer:
    zones = scope.spot_prices_by_zone(one)
    price, zone = zones[0] if zones else (None, "")
    on_demand = scope.on_demand_price(one)
    return SpotOffer(
        one.name,
        one,
        scope.facts(one).sort_key,
        price,
        zone,
        on_demand,
        saving(price, on_demand),
        _price_per_unit(price, one.vcpus),
        _price_per_unit(price, Decimal(one.memory) / 1024),
        _price_per_unit(price, one.gpus if "/" not in one.gpu_name else 0),
    )


_RANKINGS: Mapping[str, Callable[[SpotOffer], Decimal | None]] = {
    "price": lambda one: one.price,
    "saves": lambda one: -one.saves if one.saves is not None else None,
    "vcpu": lambda one: one.per_vcpu,
    "gib": lambda one: one.per_gib,
    "gpu": lambda one: one.per_gpu,
}
"""By sort: the figure that is least for the best offer."""


def family_offers(offers: Iterable[SpotOffer], sort: str = "price") -> Sequence[SpotOffer]:
    """One offer a family: that of its best type by ``sort``, or of its cheapest."""
    found: dict[str, list[SpotOffer]] = {}
    for one in offers:
        found.setdefault(one.type.family, []).append(one)
    return [_best(name, members, sort) for name, members in found.items()]


def _best(family: str, members: Sequence[SpotOffer], sort: str) -> SpotOffer:
    figure = _RANKINGS.get(sort, _RANKINGS["price"])

    def place(one: SpotOffer) -> tuple[object, ...]:
        of, cheap = figure(one), one.price
        return of is None, of or 0, cheap is None, cheap or 0, not one.type.spot, one.sort_key

    return replace(min(members, key=place), name=family, sort_key=type_sort_key(family), type_count=len(members))


def _price_per_unit(price: Decimal | None, of: int | Decimal) -> Decimal | None:
    return price / of if price is not None and of else None


def prefix_first(offers: Sequence[SpotOffer], text: str) -> Sequence[SpotOffer]:
    """The offers whose names begin with the first plain word of a filter, then the others, each in their order."""
    word = next((word for word in text.lower().split() if word.replace(".", "").replace("-", "").isalnum()), "")
    if not word or word.startswith("-"):
        return offers
    return sorted(offers, key=lambda one: not one.name.startswith(word))


def period_means(series: PriceSeries, start: datetime, end: datetime, periods: int) -> list[Decimal | None]:
    """The means by time of so many equal parts of a window; None for a part in which no price is known."""
    step = (end - start) / periods
    return [series.mean(start + step * part, start + step * (part + 1)) for part in range(periods)]


def _type_test(test: Test[InstanceType, TypeScope]) -> Test[SpotOffer, TypeScope]:
    return lambda one, at: test(one.type, at)


def _type_field(make: MakeTest[InstanceType, TypeScope]) -> MakeTest[SpotOffer, TypeScope]:
    return lambda term, part: _type_test(make(term, part))


def _type_number(number: NumberField[InstanceType, TypeScope]) -> NumberField[SpotOffer, TypeScope]:
    measure = number.measure
    return NumberField(lambda one, at: measure(one.type, at), number.example, number.parse_bound)


SPOT_OFFER_LANGUAGE: FilterLanguage[SpotOffer, TypeScope] = FilterLanguage(
    word_test=lambda word: _type_test(TYPE_LANGUAGE.word_test(word)),
    fields={name: _type_field(make) for name, make in TYPE_LANGUAGE.fields.items()},
    numbers={
        **{name: _type_number(number) for name, number in TYPE_LANGUAGE.numbers.items()},
        "saves": NumberField(
            lambda one, at: one.saves * 100 if one.saves is not None else None,
            "per cent such as 60",
            lambda text: filters.parse_number(text.removesuffix("%")),
        ),
    },
    keywords={name: _type_test(test) for name, test in TYPE_LANGUAGE.keywords.items()},
)


def _amount_sort_key(of: Callable[[SpotOffer], Decimal | None]) -> Callable[[SpotOffer, TypeScope], float | None]:
    return lambda one, at: dollars_sort_key(of(one))


SPOT_OFFER_SORTS: Mapping[str, SpotOfferSort] = sorts_by_id(
    (
        filters.Sort("type", "type", lambda one, at: one.sort_key, is_text=True),
        filters.Sort("price", "price now", _amount_sort_key(lambda one: one.price)),
        filters.Sort("saves", "saving", _amount_sort_key(lambda one: one.saves), largest_first=True),
        filters.Sort("vcpu", "dollars a vCPU", _amount_sort_key(lambda one: one.per_vcpu)),
        filters.Sort("gib", "dollars a GiB", _amount_sort_key(lambda one: one.per_gib)),
        filters.Sort("gpu", "dollars a GPU", _amount_sort_key(lambda one: one.per_gpu)),
    )
)
"""By id."""
