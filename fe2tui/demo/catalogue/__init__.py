"""What EC2 offers: instance types with their sizes and list prices, and the zones that have them.

The data are in types.tsv and zones.tsv beside this file. tests/demo/make_catalogue.py in the source tree writes them
and says where they come from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path

_COLUMNS = (
    "type price vcpus cores memory architectures maker clock network ena boot usage hypervisor disks accelerators "
    "traits zones basis"
)
DEFAULTS: Mapping[str, str] = dict.fromkeys(_COLUMNS.split(), "") | {
    "architectures": "x86_64",
    "maker": "Intel",
    "ena": "required",
    "boot": "legacy-bios uefi",
    "usage": "on-demand spot",
    "hypervisor": "nitro",
}
"""The columns of types.tsv, each with the value that an empty field stands for."""


@dataclass(frozen=True, slots=True)
class Accelerator:
    """The accelerators of a type: `kind` is gpu, neuron, inference, fpga or media; memory is MiB of each.

    A `count` below 1 is a share of one.
    """

    kind: str
    count: float
    maker: str
    name: str
    memory: int


@dataclass(frozen=True, slots=True)
class InstanceType:
    """One instance type. Memory is in MiB, the clock in GHz (0: not published), the price in dollars an hour."""

    name: str
    price: Decimal
    vcpus: int
    cores: int
    memory: int
    architectures: tuple[str, ...]
    maker: str
    clock: float
    network: str
    ena: str
    boot_modes: tuple[str, ...]
    usage_classes: tuple[str, ...]
    hypervisor: str
    disks: tuple[tuple[int, int, str], ...]
    """(count, GB of each, `ssd` or `hdd`) of the local disks."""
    accelerators: tuple[Accelerator, ...]
    traits: frozenset[str]
    """`current`, `metal`, `burstable`, `free`, `hibernation`, `efa`, `pv`, `instance-store`."""

    @property
    def virtualizations(self) -> tuple[str, ...]:
        return ("hvm", "paravirtual") if "pv" in self.traits else ("hvm",)


class Catalogue:
    """Regions, zones, instance types and which zone has which."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._offerings: dict[str, dict[str, list[str]]] = {}

    @cached_property
    def types(self) -> dict[str, InstanceType]:
        """Every type by its name, also those that no region offers any more."""
        return {row["type"]: _type(row) for row in self._rows}

    @cached_property
    def _rows(self) -> list[dict[str, str]]:
        lines = _lines(self._folder / "types.tsv")
        columns = next(lines)
        return [
            {column: field or DEFAULTS[column] for column, field in zip(columns, line, strict=True)} for line in lines
        ]

    @cached_property
    def _zones(self) -> tuple[list[str], list[list[str]]]:
        regions, *lines = _lines(self._folder / "zones.tsv")
        return regions, lines

    def regions(self) -> list[str]:
        return self._zones[0]

    def offerings(self, region: str) -> dict[str, list[str]]:
        """For each type on offer in the region, the zones that have it."""
        if region not in self._offerings:
            regions, lines = self._zones
            column = regions.index(region)
            zones = [[region + letter for letter in line[column]] for line in lines]
            offered = ((row["type"], zones[int(row["zones"])]) for row in self._rows)
            self._offerings[region] = {name: found for name, found in offered if found}
        return self._offerings[region]

    def zones(self, region: str) -> list[str]:
        regions, lines = self._zones
        column = regions.index(region)
        return [region + letter for letter in sorted({letter for line in lines for letter in line[column]})]

    def zone_id(self, region: str, zone: str) -> str:
        """The zone's id, as `use2-az1` for us-east-2a and `use1-chi1-az1` for the Local Zone us-east-1-chi-1a."""
        local = "".join(zone.removeprefix(region).split("-"))[:-1]
        area, direction, number = region.split("-")[-3:]
        letters = "".join(word[0] for word in re.findall("north|south|east|west|central", direction))
        return f"{area}{letters}{number}{local and f'-{local}'}-az{ord(zone[-1]) - 96}"


@cache
def read() -> Catalogue:
    """The catalogue that ships with the demo; its files are read on first use."""
    return Catalogue(Path(__file__).parent)


def on_demand(name: str) -> Decimal:
    """Dollars an hour of a type for Linux, shared tenancy."""
    return read().types[name].price


def _lines(path: Path) -> Iterator[list[str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield line.split("\t")


def _type(row: Mapping[str, str]) -> InstanceType:
    return InstanceType(
        name=row["type"],
        price=Decimal(row["price"]),
        vcpus=int(row["vcpus"]),
        cores=int(row["cores"]),
        memory=int(row["memory"]),
        architectures=tuple(row["architectures"].split()),
        maker=row["maker"],
        clock=float(row["clock"] or 0),
        network=row["network"],
        ena=row["ena"],
        boot_modes=tuple(row["boot"].split()),
        usage_classes=tuple(row["usage"].split()),
        hypervisor=row["hypervisor"].strip("-"),
        disks=tuple(_disk(*text.split("x")) for text in row["disks"].split()),
        accelerators=tuple(_accelerator(*text.split(":")) for text in row["accelerators"].split(";") if text),
        traits=frozenset(row["traits"].split()),
    )


def _disk(count: str, size: str) -> tuple[int, int, str]:
    return int(count), int(size[:-3]), size[-3:]


def _accelerator(kind: str, count: str, maker: str, name: str, memory: str) -> Accelerator:
    return Accelerator(kind, float(count), maker, name, int(memory))
