"""A launch form on plans made here: a type with spot prices in two zones of three, and nothing of the network."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from textual.widget import Widget

from fe2tui.errors import FieldError
from fe2tui.model.image import Image
from fe2tui.model.launch import LaunchRequest, ZonePrice, market_words
from fe2tui.model.machine_type import MachineType
from fe2tui.tasks.keys import AccountKey, KeyOffer
from fe2tui.tasks.launch import GroupPlan, KeyPlan, LaunchCost, LaunchPlan
from fe2tui.tui.forms.launch import LaunchForm
from fe2tui.tui.forms.launch_draft import First
from fe2tui.tui.forms.launch_lists import Sources
from tests.tui.forms_host import Host

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
ON_DEMAND = Decimal("12.240")
ZONES = (
    ZonePrice("us-east-2a", Decimal("3.8699")),
    ZonePrice("us-east-2b", Decimal("3.9462")),
    ZonePrice("us-east-2c", None, offered=False),
)
KIND = MachineType("p3.8xlarge", 32, 249_856, gpus=4, gpu_name="V100")
IMAGE = Image("ami-0123456789abcdef0", "base", root_size=60, created_at=NOW)


class Planned:
    """Plans as AWS would have them. ``requests`` are those that a plan was made for; ``zones`` and ``errors`` hold."""

    def __init__(
        self, zones: tuple[ZonePrice, ...] = ZONES, errors: tuple[FieldError, ...] = (), kind: MachineType = KIND
    ) -> None:
        self.zones = zones
        self.kind = kind
        self.errors = errors
        self.requests: list[LaunchRequest] = []

    async def plan(self, request: LaunchRequest) -> LaunchPlan:
        """The plan of a request."""
        self.requests.append(request)
        offering = [one for one in self.zones if one.offered and request.zone in (None, one.zone)]
        machine = offering[0].price if request.is_spot and offering else ON_DEMAND
        return LaunchPlan(
            request,
            self.errors,
            image=IMAGE,
            type=replace(self.kind, name=request.type),
            disk=80,
            key=KeyPlan("default", "use", "in ~/.ssh/id_ed25519"),
            group=GroupPlan("ssh", "sg-1", None, "port 22 from 203.0.113.7 only"),
            zones=tuple(one.zone for one in offering),
            cost=LaunchCost(machine, Decimal("6.40"), Decimal("0.005")),
            market_prices=self.zones,
            on_demand=ON_DEMAND,
            market_words=market_words(request.market),
        )

    def sources(self) -> Sources:
        """What the form gets its suggestions from."""

        async def types() -> dict[str, MachineType]:
            return {KIND.name: KIND}

        async def images() -> list[Image]:
            return [IMAGE]

        async def keys() -> KeyOffer:
            return KeyOffer(
                (AccountKey("default", in_agent=True), AccountKey("other", in_agent=True)), preferred="default"
            )

        async def groups() -> list[str]:
            return ["ssh"]

        async def address() -> str:
            return "203.0.113.7/32"

        return Sources(self.plan, types, images, keys, groups, address, {})

    def form(self, first: First | None = None, again: LaunchRequest | None = None) -> LaunchForm:
        """The form."""
        begins = First(machine=KIND.name) if first is None else first
        return LaunchForm(self.sources(), region="us-east-2", clock=lambda: NOW, first=begins, again=again, settle=0.01)

    def newest(self) -> LaunchRequest:
        """What the newest plan was made for."""
        return self.requests[-1]


def place_of(host: Host, words: str) -> tuple[int, int]:
    """Where words stand in the line of prices: column and row."""
    line: Widget = host.form.query_one("#prices")
    rows = str(line.render()).split("\n")
    row = next(number for number, text in enumerate(rows) if words in text)
    return rows[row].index(words), row
