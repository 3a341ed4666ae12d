"""The filter of instance types, and what they can be sorted by. The syntax is that of ``terms``::

a10g             a word: in the type's name, its GPU, architecture or network
vcpu>=8          vCPUs; mem>=32 its memory in GiB; net>=10 its network in Gbit/s
gpus>=4          GPUs or other accelerators; gpumem>=24 the memory of one, in GB; gpu:a10g its name
price<1.5        dollars an hour on demand; spot<0.5 the lowest spot price of the zones known
disk>0           local disk (instance store) in GB
arch:arm64       family:m5  zone:2a
free current burstable metal gpu spot
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from fe2tui.model import terms
from fe2tui.model.fleet import Prices
from fe2tui.model.machine_type import MachineType, size_order
from fe2tui.model.terms import Language, Number, by, dollars_key, natural

_GIGABITS = re.compile(r"(?:(\d+)x )?(\d+(?:\.\d+)?) (Gigabit|Megabit)", re.IGNORECASE)
_ARCHITECTURES = {"amd64": "x86_64", "intel": "x86_64", "x64": "x86_64", "x86": "x86_64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is asked of a type with every key, worked out once."""

    text: str
    memory: Decimal  # GiB
    network: Decimal | None  # Gbit/s
    price: Decimal | None
    spot: Decimal | None
    in_order: str


@dataclass(frozen=True, slots=True)
class TypesAt:
    """What types are seen in: the region's prices, and the zones that offer each type.

    Make one and keep it for as long as the prices are the same: it remembers what it worked out of each type.
    """

    prices: Prices = field(default_factory=Prices)
    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _facts: dict[str, _Facts] = field(default_factory=dict, init=False, repr=False, compare=False)
    _spot: dict[str, list[tuple[Decimal, str]]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for (name, zone), price in self.prices.spot.items():
            self._spot.setdefault(name, []).append((price, zone))

    def price(self, one: MachineType) -> Decimal | None:
        """Dollars an hour on demand; None where that is not known."""
        return self.prices.on_demand.get(one.name)

    def spot(self, one: MachineType) -> Decimal | None:
        """The lowest spot price, in dollars an hour, over the zones whose price is known."""
        known = self._spot.get(one.name)
        return min(known)[0] if known else None

    def spot_by_zone(self, one: MachineType) -> list[tuple[Decimal, str]]:
        """The spot prices that are known, in dollars an hour, with their zones, the lowest first."""
        return sorted(self._spot.get(one.name, ()))

    def facts(self, one: MachineType) -> _Facts:
        """What is compared and sorted by."""
        known = self._facts.get(one.name)
        if known is None:
            known = self._facts[one.name] = _Facts(
                text=" ".join((one.name, one.gpu_name, *one.architectures, one.network)).lower(),
                memory=Decimal(one.memory) / 1024,
                network=gigabits(one.network),
                price=self.price(one),
                spot=self.spot(one),
                in_order=type_place(one.name),
            )
        return known


Query: TypeAlias = terms.Query[MachineType, TypesAt]
Sort: TypeAlias = terms.Sort[MachineType, TypesAt]
_Test: TypeAlias = terms.Test[MachineType, TypesAt]


def lowest_spot(one: MachineType, prices: Prices) -> Decimal | None:
    """The lowest spot price of a type, in dollars an hour, over the zones whose price is known; None where none is."""
    return min((price for (name, _), price in prices.spot.items() if name == one.name), default=None)


def gigabits(words: str) -> Decimal | None:
    """Gbit/s in EC2's words: ``Up to 12.5 Gigabit`` is 12.5, ``4x 100 Gigabit`` 400. None for ``Low to Moderate``."""
    found = _GIGABITS.search(words)
    if found is None:
        return None
    amount = Decimal(found[2]) * int(found[1] or 1)
    return amount / 1000 if found[3].lower() == "megabit" else amount


def type_place(name: str) -> str:
    """A sort key: families in the order that people expect, the types of each smallest first."""
    family, place, size = size_order(name)
    return f"{natural(family)} {place:05d} {size}"


def _word(word: str) -> _Test:
    return lambda one, at: word in at.facts(one).text


def _architecture(one: MachineType, at: TypesAt, part: str) -> bool:
    wanted = _ARCHITECTURES.get(part, part)
    return any(architecture.startswith(wanted) for architecture in one.architectures)


def _in_zone(one: MachineType, at: TypesAt, part: str) -> bool:
    return any(zone.endswith(part) for zone in at.zones.get(one.name, ()))


def _gibibytes(text: str) -> Decimal:
    return terms.plain_number(re.sub(r"(?i)(gi?b?)$", "", text))


TYPES: Language[MachineType, TypesAt] = Language(
    word=_word,
    fields={
        "name": by(lambda one, at, part: part in one.name),
        "type": by(lambda one, at, part: one.name.startswith(part)),
        "family": by(lambda one, at, part: one.family == part),
        "gpu": by(lambda one, at, part: part in one.gpu_name.lower()),
        "arch": by(_architecture),
        "zone": by(_in_zone),
    },
    numbers={
        "vcpu": Number(lambda one, at: Decimal(one.vcpus), "a number of vCPUs such as 8"),
        "mem": Number(lambda one, at: at.facts(one).memory, "GiB such as 32", _gibibytes),
        "gpus": Number(lambda one, at: Decimal(one.gpus), "a number of GPUs such as 4"),
        "gpumem": Number(lambda one, at: Decimal(one.gpu_gigabytes), "GB of one GPU such as 24", _gibibytes),
        "net": Number(lambda one, at: at.facts(one).network, "Gbit/s such as 10"),
        "disk": Number(lambda one, at: Decimal(one.local_disk), "GB such as 100", _gibibytes),
        "price": Number(lambda one, at: at.facts(one).price, "dollars an hour such as 0.5", steady=False),
        "spot": Number(lambda one, at: at.facts(one).spot, "dollars an hour such as 0.5", steady=False),
    },
    words={
        "free": lambda one, at: one.free_tier,
        "current": lambda one, at: one.current,
        "burstable": lambda one, at: one.burstable,
        "metal": lambda one, at: one.bare_metal,
        "gpu": lambda one, at: one.gpus > 0,
        "spot": lambda one, at: one.spot,
    },
)
"""The words ``gpu`` and ``spot``: those that have one, those that can be bought so."""


def parse(text: str) -> Query:
    """Understand a filter of types. Raises QueryError."""
    return TYPES.parse(text)


SORTS: Mapping[str, Sort] = terms.by_id(
    (
        terms.Sort("type", "type", lambda one, at: at.facts(one).in_order, is_text=True),
        terms.Sort("vcpu", "vCPUs", lambda one, at: one.vcpus),
        terms.Sort("mem", "memory", lambda one, at: one.memory),
        terms.Sort("gpu", "GPUs", lambda one, at: one.gpus * 1e9 + one.gpu_memory, largest_first=True),
        terms.Sort("gpumem", "memory of a GPU", lambda one, at: one.gpu_memory, largest_first=True),
        terms.Sort("arch", "architecture", lambda one, at: " ".join(one.architectures), is_text=True),
        terms.Sort("net", "network", lambda one, at: float(at.facts(one).network or 0), largest_first=True),
        terms.Sort("disk", "local disk", lambda one, at: one.local_disk, largest_first=True),
        terms.Sort("price", "dollars an hour", lambda one, at: dollars_key(at.facts(one).price), False),
        terms.Sort("spot", "lowest spot dollars", lambda one, at: dollars_key(at.facts(one).spot), False),
    )
)
"""By id."""
