"""Browsing the spot market: what types, and families of them, cost now and save, and what a vCPU, GiB or GPU costs.

The filter is that of instance types (``type_query``), and ``saves>60``: per cent of the on-demand price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from fe2tui.model import terms
from fe2tui.model.machine_type import MachineType
from fe2tui.model.series import Series
from fe2tui.model.spot import saving
from fe2tui.model.terms import Language, MakeTest, Number, Test, by_id, dollars_key
from fe2tui.model.type_query import TYPES, TypesAt, type_place


@dataclass(frozen=True, slots=True)
class Offer:
    """What a type costs on the spot market now, or the best that a family has to offer: ``count`` types, 0 for a type.

    ``price`` is dollars an hour in ``zone``, the cheapest; None where no zone has one. ``saves`` is the share of the
    on-demand price, 0 to 1. ``type`` is the type itself, of a family the one whose figures these are.
    """

    name: str
    type: MachineType
    order: str
    price: Decimal | None = None
    zone: str = ""
    on_demand: Decimal | None = None
    saves: Decimal | None = None
    per_vcpu: Decimal | None = None
    per_gib: Decimal | None = None
    per_gpu: Decimal | None = None
    count: int = 0


Query: TypeAlias = terms.Query[Offer, TypesAt]
Sort: TypeAlias = terms.Sort[Offer, TypesAt]


def offer(one: MachineType, at: TypesAt) -> Offer:
    """What a type costs now in its cheapest zone."""
    zones = at.spot_by_zone(one)
    price, zone = zones[0] if zones else (None, "")
    on_demand = at.price(one)
    return Offer(
        one.name,
        one,
        at.facts(one).in_order,
        price,
        zone,
        on_demand,
        saving(price, on_demand),
        _each(price, one.vcpus),
        _each(price, Decimal(one.memory) / 1024),
        _each(price, one.gpus if "/" not in one.gpu_name else 0),
    )


_FIGURES: Mapping[str, Callable[[Offer], Decimal | None]] = {
    "price": lambda one: one.price,
    "saves": lambda one: -one.saves if one.saves is not None else None,
    "vcpu": lambda one: one.per_vcpu,
    "gib": lambda one: one.per_gib,
    "gpu": lambda one: one.per_gpu,
}
"""What is best where it is least."""


def families(offers: Iterable[Offer], sort: str = "price") -> Sequence[Offer]:
    """One offer a family, with all of its figures: of its types the best in what is sorted by, else the cheapest."""
    found: dict[str, list[Offer]] = {}
    for one in offers:
        found.setdefault(one.type.family, []).append(one)
    return [_best(name, members, sort) for name, members in found.items()]


def _best(family: str, members: Sequence[Offer], sort: str) -> Offer:
    figure = _FIGURES.get(sort, _FIGURES["price"])

    def place(one: Offer) -> tuple[object, ...]:
        of, cheap = figure(one), one.price
        return of is None, of or 0, cheap is None, cheap or 0, not one.type.spot, one.order

    return replace(min(members, key=place), name=family, order=type_place(family), count=len(members))


def _each(price: Decimal | None, of: int | Decimal) -> Decimal | None:
    return price / of if price is not None and of else None


def prefix_first(offers: Sequence[Offer], text: str) -> Sequence[Offer]:
    """Those whose names begin with the first plain word of a filter before the others, else in their order."""
    word = next((word for word in text.lower().split() if word.replace(".", "").replace("-", "").isalnum()), "")
    if not word or word.startswith("-"):
        return offers
    return sorted(offers, key=lambda one: not one.name.startswith(word))


def means(series: Series, start: datetime, end: datetime, count: int) -> list[Decimal | None]:
    """The means by time of so many equal parts of a window; None for a part of which nothing is known."""
    step = (end - start) / count
    return [series.mean(start + step * part, start + step * (part + 1)) for part in range(count)]


def _of_type(test: Test[MachineType, TypesAt]) -> Test[Offer, TypesAt]:
    return lambda one, at: test(one.type, at)


def _making(make: MakeTest[MachineType, TypesAt]) -> MakeTest[Offer, TypesAt]:
    return lambda term, part: _of_type(make(term, part))


def _word(word: str) -> Test[Offer, TypesAt]:
    return _of_type(TYPES.word(word))


def _number(number: Number[MachineType, TypesAt]) -> Number[Offer, TypesAt]:
    measure = number.measure
    return Number(lambda one, at: measure(one.type, at), number.example, number.bound, number.steady)


def _percent(text: str) -> Decimal:
    return terms.plain_number(text.removesuffix("%"))


def _saves(one: Offer, at: TypesAt) -> Decimal | None:
    return one.saves * 100 if one.saves is not None else None


OFFERS: Language[Offer, TypesAt] = Language(
    word=_word,
    fields={name: _making(make) for name, make in TYPES.fields.items()},
    numbers={
        **{name: _number(number) for name, number in TYPES.numbers.items()},
        "saves": Number(_saves, "per cent such as 60", _percent, steady=False),
    },
    words={name: _of_type(test) for name, test in TYPES.words.items()},
)


def _amount(of: Callable[[Offer], Decimal | None]) -> Callable[[Offer, TypesAt], float | None]:
    return lambda one, at: dollars_key(of(one))


SORTS: Mapping[str, Sort] = by_id(
    (
        terms.Sort("type", "type", lambda one, at: one.order, is_text=True),
        terms.Sort("price", "price now", _amount(lambda one: one.price), False),
        terms.Sort("saves", "saving", _amount(lambda one: one.saves), False, largest_first=True),
        terms.Sort("vcpu", "dollars a vCPU", _amount(lambda one: one.per_vcpu), False),
        terms.Sort("gib", "dollars a GiB", _amount(lambda one: one.per_gib), False),
        terms.Sort("gpu", "dollars a GPU", _amount(lambda one: one.per_gpu), False),
    )
)
"""By id."""
