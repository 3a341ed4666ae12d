"""The filter of instance types, and what they can be sorted by. The syntax is that of ``filters``::

a10g             a word: in the type's name, its GPU, architecture or network
vcpu>=8          vCPUs; mem>=32 its memory in GiB; net>=10 its network in Gbit/s
gpus>=4          NVIDIA and AMD GPUs; gpumem>=24 the memory of one, in GB; gpu:a10g its name
accel:trainium   the name of another accelerator: Inferentia, Trainium, Gaudi, FPGA
price<1.5        dollars an hour on demand; spot<0.5 the lowest spot price of all zones
disk>0           local disk (instance store) in GB
arch:arm64       family:m5  zone:2a
free current burstable metal gpu accel spot
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from fe2tui.model import filters
from fe2tui.model.filters import FilterLanguage, NumberField, dollars_sort_key, natural_sort_key, value_field
from fe2tui.model.fleet import Prices
from fe2tui.model.instance_type import InstanceType, size_sort_key

_GIGABITS = re.compile(r"(?:(\d+)x )?(\d+(?:\.\d+)?) (Gigabit|Megabit)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _TypeFacts:
    """What filters and sorts compare at every key, computed once."""

    text: str
    memory: Decimal  # GiB
    network: Decimal | None  # Gbit/s
    price: Decimal | None
    spot: Decimal | None
    sort_key: str


@dataclass(frozen=True, slots=True)
class TypeScope:
    """The region's prices, and the zones that offer each type.

    Keep one as long as the prices are the same: it remembers what it computed for each type.
    """

    prices: Prices = field(default_factory=Prices)
    zones: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _facts: dict[str, _TypeFacts] = field(default_factory=dict, init=False, repr=False, compare=False)
    _spot_prices: dict[str, list[tuple[Decimal, str]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        for (name, zone), price in self.prices.spot.items():
            self._spot_prices.setdefault(name, []).append((price, zone))

    def on_demand_price(self, one: InstanceType) -> Decimal | None:
        return self.prices.on_demand.get(one.name)

    def lowest_spot_price(self, one: InstanceType) -> Decimal | None:
        known = self._spot_prices.get(one.name)
        return min(known)[0] if known else None

    def spot_prices_by_zone(self, one: InstanceType) -> list[tuple[Decimal, str]]:
        """The known spot prices in dollars an hour with their zones, the lowest first."""
        return sorted(self._spot_prices.get(one.name, ()))

    def facts(self, one: InstanceType) -> _TypeFacts:
        known = self._facts.get(one.name)
        if known is None:
            known = self._facts[one.name] = _TypeFacts(
                text=" ".join((one.name, one.gpu_name, one.accelerator_name, *one.architectures, one.network)).lower(),
                memory=Decimal(one.memory) / 1024,
                network=parse_gigabits(one.network),
                price=self.on_demand_price(one),
                spot=self.lowest_spot_price(one),
                sort_key=type_sort_key(one.name),
            )
        return known


TypeFilter: TypeAlias = filters.Filter[InstanceType, TypeScope]
TypeSort: TypeAlias = filters.Sort[InstanceType, TypeScope]


def parse_gigabits(words: str) -> Decimal | None:
    """Gbit/s in EC2's words: ``Up to 12.5 Gigabit`` is 12.5, ``4x 100 Gigabit`` 400. None for ``Low to Moderate``."""
    found = _GIGABITS.search(words)
    if found is None:
        return None
    amount = Decimal(found[2]) * int(found[1] or 1)
    return amount / 1000 if found[3].lower() == "megabit" else amount


def type_sort_key(name: str) -> str:
    """A sort key: families in the order that people expect, the types of each smallest first."""
    family, rank, size = size_sort_key(name)
    return f"{natural_sort_key(family)} {rank:05d} {size}"


def _parse_gib(text: str) -> Decimal:
    return filters.parse_number(re.sub(r"(?i)(gi?b?)$", "", text))


TYPE_LANGUAGE: FilterLanguage[InstanceType, TypeScope] = FilterLanguage(
    word_test=lambda word: lambda one, at: word in at.facts(one).text,
    fields={
        "name": value_field(lambda one, at, part: part in one.name),
        "type": value_field(lambda one, at, part: one.name.startswith(part)),
        "family": value_field(lambda one, at, part: one.family == part),
        "gpu": value_field(lambda one, at, part: part in one.gpu_name.lower()),
        "accel": value_field(lambda one, at, part: part in one.accelerator_name.lower()),
        "arch": filters.architecture_field(lambda one: one.architectures),
        "zone": value_field(lambda one, at, part: any(zone.endswith(part) for zone in at.zones.get(one.name, ()))),
    },
    numbers={
        "vcpu": NumberField(lambda one, at: Decimal(one.vcpus), "a number of vCPUs such as 8"),
        "mem": NumberField(lambda one, at: at.facts(one).memory, "GiB such as 32", _parse_gib),
        "gpus": NumberField(lambda one, at: Decimal(one.gpus), "a number of GPUs such as 4"),
        "gpumem": NumberField(lambda one, at: Decimal(one.gpu_gigabytes), "GB of one GPU such as 24", _parse_gib),
        "net": NumberField(lambda one, at: at.facts(one).network, "Gbit/s such as 10"),
        "disk": NumberField(lambda one, at: Decimal(one.local_disk), "GB such as 100", _parse_gib),
        "price": NumberField(lambda one, at: at.facts(one).price, "dollars an hour such as 0.5"),
        "spot": NumberField(lambda one, at: at.facts(one).spot, "dollars an hour such as 0.5"),
    },
    keywords={
        "free": lambda one, at: one.free_tier,
        "current": lambda one, at: one.current,
        "burstable": lambda one, at: one.burstable,
        "metal": lambda one, at: one.bare_metal,
        "gpu": lambda one, at: one.gpus > 0,
        "accel": lambda one, at: one.accelerators > 0,
        "spot": lambda one, at: one.spot,
    },
)


def _devices_sort_key(one: InstanceType, scope: TypeScope) -> float:
    """By the number of GPUs and the memory of one; types with other accelerators follow."""
    return one.gpus * 1e9 + one.gpu_memory if one.gpus else one.accelerators - 1e6 if one.accelerators else -1e9


TYPE_SORTS: Mapping[str, TypeSort] = filters.sorts_by_id(
    (
        filters.Sort("type", "type", lambda one, at: at.facts(one).sort_key, is_text=True),
        filters.Sort("vcpu", "vCPUs", lambda one, at: one.vcpus),
        filters.Sort("mem", "memory", lambda one, at: one.memory),
        filters.Sort("gpu", "GPUs", _devices_sort_key, largest_first=True),
        filters.Sort("gpumem", "memory of a GPU", lambda one, at: one.gpu_memory, largest_first=True),
        filters.Sort("arch", "architecture", lambda one, at: " ".join(one.architectures), is_text=True),
        filters.Sort("net", "network", lambda one, at: float(at.facts(one).network or 0), largest_first=True),
        filters.Sort("disk", "local disk", lambda one, at: one.local_disk, largest_first=True),
        filters.Sort("price", "dollars an hour", lambda one, at: dollars_sort_key(at.facts(one).price)),
        filters.Sort("spot", "lowest spot dollars", lambda one, at: dollars_sort_key(at.facts(one).spot)),
    )
)
"""By id."""
