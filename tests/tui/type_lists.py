"""A small catalogue of types, and a source of it for the picker."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from fe2tui.errors import Fe2Error
from fe2tui.model.fleet import Prices
from fe2tui.model.instance_type import InstanceType, TypeCatalogue
from fe2tui.tui.forms.type_list import TypeSource
from fe2tui.tui.forms.type_picker import TypeTable

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ALL_ZONES = ("us-east-2a", "us-east-2b", "us-east-2c")

TYPES = (
    InstanceType("c7g.large", 2, 4096, ("arm64",), network="Up to 12.5 Gigabit", hypervisor="nitro", ena="required"),
    InstanceType(
        "g5.12xlarge",
        48,
        196_608,
        gpus=4,
        gpu_name="A10G",
        gpu_memory=22_888,
        local_disk=3_800,
        local_disks=1,
        network="40 Gigabit",
        hypervisor="nitro",
    ),
    InstanceType(
        "m5.large", 2, 8192, network="Up to 10 Gigabit", hypervisor="nitro", boot_modes=("legacy-bios", "uefi")
    ),
    InstanceType("m5.xlarge", 4, 16_384, network="Up to 10 Gigabit", hypervisor="nitro", hibernation=True),
    InstanceType("p3.8xlarge", 32, 249_856, gpus=4, gpu_name="V100", gpu_memory=16_384, network="10 Gigabit"),
    InstanceType("t3.micro", 2, 1024, free_tier=True, burstable=True, network="Up to 5 Gigabit", hypervisor="nitro"),
    InstanceType("u7in-16tb.224xlarge", 896, 16_777_216, spot=False, network="200 Gigabit", hypervisor="nitro"),
)

WIDEST = (
    InstanceType(
        "u7in-32tb.224xlarge",
        1920,
        33_554_432,
        accelerators=12,
        accelerator_name="Inferentia2",
        accelerator_memory=32_768,
    ),
    InstanceType(
        "g7e.48xlarge",
        192,
        2_097_152,
        gpus=8,
        gpu_name="RTX PRO Server 6000",
        gpu_memory=98_304,
        local_disk=335_520,
        local_disks=24,
        network="16x 200 Gigabit",
    ),
)
"""Types whose words are as long as any."""

CATALOGUE = TypeCatalogue(
    {kind.name: kind for kind in TYPES},
    {kind.name: ALL_ZONES if kind.name != "p3.8xlarge" else ("us-east-2a",) for kind in TYPES},
    NOW,
)

PRICES = Prices(
    on_demand={
        "c7g.large": Decimal("0.0725"),
        "g5.12xlarge": Decimal("5.672"),
        "m5.large": Decimal("0.096"),
        "m5.xlarge": Decimal("0.192"),
        "p3.8xlarge": Decimal("12.24"),
        "t3.micro": Decimal("0.0104"),
    },
    spot={
        ("p3.8xlarge", "us-east-2a"): Decimal("3.8699"),
        ("m5.large", "us-east-2a"): Decimal("0.0351"),
        ("m5.large", "us-east-2b"): Decimal("0.0349"),
    },
    read_at=NOW,
)


@dataclass(slots=True)
class Shelf:
    """What the picker is told, and can be changed while it is open."""

    catalogue: TypeCatalogue | None = CATALOGUE
    prices: Prices = PRICES
    error: Fe2Error | None = None
    asked: int = 0
    spot: Callable[[], Awaitable[Prices]] | None = None
    source: TypeSource = field(init=False)

    def __post_init__(self) -> None:
        self.source = TypeSource(lambda: self.catalogue, self.get, lambda: self.prices, self.read_spot)

    async def read_spot(self) -> None:
        """Spot prices of all types."""
        if self.spot is not None:
            self.prices = await self.spot()

    async def get(self) -> TypeCatalogue:
        """What AWS tells."""
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.catalogue or CATALOGUE


def column_titles(table: TypeTable) -> tuple[str, ...]:
    return table.visible_cells()[0]


def row_texts(table: TypeTable, name: str) -> tuple[str, ...]:
    """The visible cells of a type."""
    return table.visible_cells()[1][table.types.row_numbers[name]]
