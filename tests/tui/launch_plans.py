"""A launch form on plans made here: a type with spot prices in two zones of three, and nothing of the network."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from textual.widget import Widget

from fe2tui.errors import FieldError
from fe2tui.model.image import Image
from fe2tui.model.instance_type import InstanceType
from fe2tui.model.launch import LaunchRequest, ZonePrice, purchase_text
from fe2tui.tasks.keys import AccountKey, KeyChoices
from fe2tui.tasks.launch_plan import LaunchCost, LaunchPlan
from fe2tui.tasks.launch_resources import GroupPlan, KeyPlan
from fe2tui.tui.forms.launch import LaunchDefaults, LaunchDraft, LaunchForm, LaunchSources
from tests.tui.form_host import Host

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
ON_DEMAND = Decimal("12.240")
ZONES = (
    ZonePrice("us-east-2a", Decimal("3.8699")),
    ZonePrice("us-east-2b", Decimal("3.9462")),
    ZonePrice("us-east-2c", None, is_offered=False),
)
KIND = InstanceType("p3.8xlarge", 32, 249_856, gpus=4, gpu_name="V100")
IMAGE = Image("ami-0123456789abcdef0", "base", root_size=60, created_at=NOW)


class Planned:
    """Plans as AWS would have them. ``requests`` are those that a plan was made for; ``zones`` and ``errors`` hold."""

    def __init__(
        self,
        zones: tuple[ZonePrice, ...] = ZONES,
        errors: tuple[FieldError, ...] = (),
        kind: InstanceType = KIND,
        *,
        price_is_pending: bool = False,
    ) -> None:
        self.price_is_pending = price_is_pending
        self.answers = asyncio.Event()  # a plan waits for it
        self.answers.set()
        self.zones = zones
        self.kind = kind
        self.errors = errors
        self.requests: list[LaunchRequest] = []

    async def plan(self, request: LaunchRequest) -> LaunchPlan:
        """The plan of a request."""
        self.requests.append(request)
        await self.answers.wait()
        offering = [one for one in self.zones if one.is_offered and request.zone in (None, one.zone)]
        machine = offering[0].price if request.is_spot and offering else ON_DEMAND
        on_demand = None if self.price_is_pending else ON_DEMAND
        return LaunchPlan(
            request,
            self.errors,
            image=IMAGE,
            type=replace(self.kind, name=request.type),
            volume_size=80,
            key=KeyPlan("default", "use", "in ~/.ssh/id_ed25519"),
            group=GroupPlan("ssh", "sg-1", None, "port 22 from 203.0.113.7 only"),
            zones=tuple(one.zone for one in offering),
            cost=LaunchCost(None if self.price_is_pending else machine, Decimal("6.40"), Decimal("0.005")),
            zone_prices=self.zones,
            on_demand_per_hour=on_demand,
            is_price_pending=self.price_is_pending,
            purchase_text=purchase_text(request.market),
        )

    def sources(self) -> LaunchSources:
        """What the form gets its suggestions from."""

        async def types() -> dict[str, InstanceType]:
            return {KIND.name: KIND}

        async def images() -> list[Image]:
            return [IMAGE]

        async def keys() -> KeyChoices:
            return KeyChoices(
                (AccountKey("default", in_agent=True), AccountKey("other", in_agent=True)), preferred="default"
            )

        async def groups() -> list[str]:
            return ["ssh"]

        async def address() -> str:
            return "203.0.113.7/32"

        return LaunchSources(self.plan, types, images, keys, groups, address, {})

    def form(
        self,
        first: LaunchDefaults | None = None,
        again: LaunchRequest | None = None,
        *,
        draft: LaunchDraft | None = None,
    ) -> LaunchForm:
        """The form."""
        begins = LaunchDefaults(type=KIND.name) if first is None else first
        return LaunchForm(
            self.sources(),
            region="us-east-2",
            clock=lambda: NOW,
            defaults=begins,
            previous=again,
            settle_seconds=0.01,
            draft=draft,
        )

    def newest(self) -> LaunchRequest:
        """What the newest plan was made for."""
        return self.requests[-1]


def place_of(host: Host, words: str) -> tuple[int, int]:
    """Where words stand in the line of prices: column and row."""
    line: Widget = host.form.query_one("#prices")
    rows = str(line.render()).split("\n")
    row = next(number for number, text in enumerate(rows) if words in text)
    return rows[row].index(words), row
