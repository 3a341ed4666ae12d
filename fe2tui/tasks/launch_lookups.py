"""What AWS is asked for a launch: every answer asked for once, all at the same time, shared by form and launch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from fe2tui.aws import images, instances, network, prices, spot, types
from fe2tui.errors import Fe2Error, FieldError
from fe2tui.model.fleet import Prices
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance, State
from fe2tui.model.instance_type import InstanceType, TypeCatalogue
from fe2tui.tasks.context import Context
from fe2tui.tasks.keys import KeyChoices, read_key_choices
from fe2tui.tasks.names import literal_filter
from fe2tui.tasks.type_catalogue import TypeCatalogueCache

if TYPE_CHECKING:
    from fe2tui.tasks.spot_prices import CurrentSpotPriceCache

_Answer = TypeVar("_Answer")
_LIVING_STATES = [state.value for state in State if not state.is_gone]


class LaunchNetwork(NamedTuple):
    """Where it will be launched. ``vpc_id`` is None where the region has no default VPC and no subnet was named."""

    vpc_id: str | None
    groups: tuple[network.SecurityGroup, ...] = ()
    subnets: tuple[network.Subnet, ...] = ()


class LaunchLookups:
    """What AWS was asked for one launch form; each answer is shared by every ``plan`` and ``launch`` it is handed to.

    Make one when the form opens, ``close`` it when the form does: types, keys and groups do not change meanwhile.
    A question that failed is asked again the next time.
    """

    def __init__(
        self,
        ctx: Context,
        catalogues: TypeCatalogueCache | None = None,
        spot_prices: CurrentSpotPriceCache | None = None,
    ) -> None:
        """``catalogues`` and ``spot_prices`` keep what was read of the places that were asked, from form to form."""
        self._ctx = ctx
        self._spot_prices = spot_prices
        self._catalogues = TypeCatalogueCache() if catalogues is None else catalogues
        self._own_catalogues = self._catalogues if catalogues is None else None
        self._answers: dict[object, asyncio.Task[Any]] = {}

    async def type_catalogue(self) -> TypeCatalogue:
        """Every type of the region and the zones that offer it; may take seconds."""
        return await self._catalogues.get(self._ctx)

    async def instance_types(self) -> Mapping[str, InstanceType]:
        """Every type of the region, for suggestions."""
        return (await self.type_catalogue()).types

    async def own_images(self) -> list[Image]:
        """The account's own AMIs, newest first, for suggestions."""
        return await self._ask_once("images", lambda: images.own_images(self._ctx.session))

    async def key_choices(self) -> KeyChoices:
        """What can be chosen for "Key pair"."""
        return await self._ask_once("keys", lambda: read_key_choices(self._ctx))

    async def group_names(self) -> list[str]:
        """The security groups of the default network."""
        return [group.name for group in (await self.network(None)).groups]

    async def own_address(self) -> str | None:
        """The person's own public address as a CIDR block; None when it is not to be looked up, or was not found."""
        try:
            return await self._ask_once("address", self._read_own_address)
        except FieldError:
            return None

    async def instance_type(self, name: str) -> InstanceType:
        """One type: of the catalogue if that is at hand, which is not waited for. Raises FieldError(type)."""
        known = self._cached_catalogue()
        if known is not None and name in known.types:
            return known.types[name]
        return await self._ask_once(("type", name), lambda: types.instance_type(self._ctx.session, name))

    async def image(self, text: str, architecture: str) -> Image:
        """The image meant, for that architecture. Raises FieldError(image)."""
        return await self._ask_once(
            ("image", text, architecture), lambda: images.resolve_launch_image(self._ctx.session, text, architecture)
        )

    async def zones(self, type_name: str) -> list[str]:
        """The zones that offer a type: of the catalogue if that is at hand, which is not waited for."""
        known = self._cached_catalogue()
        if known is not None and (zones := known.zones_of(type_name)):
            return list(zones)
        return await self._ask_once(("zones", type_name), lambda: types.zones_offering(self._ctx.session, type_name))

    async def network(self, subnet_id: str | None) -> LaunchNetwork:
        """The default VPC with its groups and subnets, or those of a subnet. Raises FieldError(subnet_id)."""
        return await self._ask_once(("network", subnet_id), lambda: self._read_network(subnet_id))

    async def instances_named(self, name: str) -> list[Instance]:
        """The living instances of that name, now: this is asked each time."""
        found = await instances.describe_instances(
            self._ctx.session, filters={"tag:Name": [literal_filter(name)], "instance-state-name": _LIVING_STATES}
        )
        return [instance for instance in found if instance.name == name and not instance.state.is_gone]

    async def prices(self) -> Prices:
        """Prices, from the store or from AWS; empty while they are not there, or may not be read.

        Not waited for longer than ``pace.prices``: the next plan has them, and older ones stand in meanwhile.
        """
        ctx = self._ctx
        try:
            async with asyncio.timeout(ctx.pace.prices):
                return await self._ask_once(
                    "prices", lambda: prices.current_prices(ctx.session, ctx.store.prices, ctx.clock)
                )
        except (TimeoutError, Fe2Error):
            return await prices.cached_prices(ctx.store.prices, ctx.session.region) or Prices()

    async def spot_prices(self, type_name: str, *, waits: bool) -> Mapping[str, Decimal]:
        """The spot price of a type now, by zone, dollars an hour: those at hand if they are of the last ten minutes.

        Not waited for longer than ``pace.prices`` unless ``awaited``; empty while they are not there. Raises what
        reading them does.
        """
        ctx = self._ctx
        fresh = self._spot_prices.fresh(ctx) if self._spot_prices is not None else None
        if fresh is not None:
            return {zone: price for (name, zone), price in fresh.prices.items() if name == type_name}

        async def ask() -> Mapping[str, Decimal]:
            found = await spot.current_spot_prices(ctx.session, [type_name])
            return {zone: price for (_, zone), price in found.items()}

        try:
            async with asyncio.timeout(None if waits else ctx.pace.prices):
                return await self._ask_once(("spot", type_name), ask)
        except TimeoutError:
            return {}

    def forget(self, *questions: str) -> None:
        """Ask these again: keys after one was made, network after a group was."""
        for key in list(self._answers):
            if (key if isinstance(key, str) else cast("tuple[str, ...]", key)[0]) in questions:
                del self._answers[key]

    def close(self) -> None:
        """Let go of what is still being asked."""
        for task in self._answers.values():
            task.cancel()
        self._answers.clear()
        if self._own_catalogues is not None:
            self._own_catalogues.close()

    def _cached_catalogue(self) -> TypeCatalogue | None:
        return self._catalogues.cached(self._ctx.session.location)

    async def _ask_once(self, key: object, ask: Callable[[], Coroutine[Any, Any, _Answer]]) -> _Answer:
        task: asyncio.Task[_Answer] | None = self._answers.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.create_task(ask())
            task.add_done_callback(_ignore_exception)
            self._answers[key] = task
        # one form that no longer waits must not take the answer from another
        return await asyncio.shield(task)

    async def _read_own_address(self) -> str | None:
        url = self._ctx.settings.address_url
        if not url:
            return None
        return cidr_block(await network.public_address(url))

    async def _read_network(self, subnet_id: str | None) -> LaunchNetwork:
        session = self._ctx.session
        if subnet_id is None:
            vpc_id = await network.default_vpc(session)
        else:
            every = await network.subnets(session)
            vpc_id = next((subnet.vpc_id for subnet in every if subnet.id == subnet_id), None)
            if vpc_id is None:
                raise FieldError(
                    "subnet_id", f"{session.region} has no subnet {subnet_id}.", "Leave it out, or correct it."
                )
        if vpc_id is None:
            return LaunchNetwork(None)
        groups, subnets = await asyncio.gather(
            network.security_groups(session, vpc_id), network.subnets(session, vpc_id)
        )
        return LaunchNetwork(vpc_id, tuple(groups), tuple(subnets))


async def ask_or_warning(reading: Awaitable[_Answer], otherwise: _Answer, warnings: list[str], part: str) -> _Answer:
    """The answer, or another with a warning where the login may not ask."""
    from fe2tui.errors import DeniedError

    try:
        return await reading
    except DeniedError as error:
        warnings.append(f"{part}: {error.summary}")
        return otherwise


def cidr_block(address: str) -> str:
    """An address, or a block of them, as a CIDR block. Raises FieldError(address)."""
    import ipaddress

    try:
        return str(ipaddress.ip_network(address.strip(), strict=False))
    except ValueError:
        raise FieldError(
            "address",
            f"“{address}” is not an address.",
            "Type one such as 203.0.113.7, or a block such as 203.0.113.0/24.",
        ) from None


def _ignore_exception(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()
