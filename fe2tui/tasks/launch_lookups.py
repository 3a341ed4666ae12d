"""What a launch asks AWS: each question once, all of them at the same time, with answers shared by form and launch."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from fe2tui.aws import images, instances, network, prices, types
from fe2tui.aws.shared_reads import SharedReads
from fe2tui.aws.spot_prices import SpotPriceCache
from fe2tui.errors import FieldError, StoreError
from fe2tui.model.fleet import Prices
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance, State
from fe2tui.model.instance_type import InstanceType, TypeCatalogue
from fe2tui.tasks.context import Context, in_time, known_account
from fe2tui.tasks.keys import KeyChoices, read_key_choices
from fe2tui.tasks.names import literal_filter
from fe2tui.tasks.type_catalogue import TypeCatalogueCache

_Answer = TypeVar("_Answer")
_LIVING_STATES = [state.value for state in State if not state.is_gone]


class LaunchNetwork(NamedTuple):
    """The network of a launch. ``vpc_id`` is None where the region has no default VPC and no subnet was named."""

    vpc_id: str | None
    groups: tuple[network.SecurityGroup, ...] = ()
    subnets: tuple[network.Subnet, ...] = ()


class LaunchLookups:
    """The answers of AWS for one launch form, shared by every ``plan_launch`` and ``launch`` that gets it.

    Create one when the form opens, ``close`` it when the form does: types, keys and security groups are read once. A
    question that failed is asked again the next time.
    """

    def __init__(
        self,
        ctx: Context,
        catalogues: TypeCatalogueCache | None = None,
        spot_prices: SpotPriceCache | None = None,
    ) -> None:
        """``catalogues`` and ``spot_prices`` keep what was read of a region from form to form."""
        self._ctx = ctx
        self._spot_prices = SpotPriceCache() if spot_prices is None else spot_prices
        self._catalogues = TypeCatalogueCache() if catalogues is None else catalogues
        self._own_catalogues = self._catalogues if catalogues is None else None
        self._answers: SharedReads[tuple[object, ...], Any] = SharedReads(keep_results=True)

    async def type_catalogue(self) -> TypeCatalogue:
        """Every type of the region and the zones that offer it; may take seconds."""
        return await self._catalogues.get(self._ctx)

    async def instance_types(self) -> Mapping[str, InstanceType]:
        return (await self.type_catalogue()).types

    async def own_images(self) -> list[Image]:
        return await self._ask_once(("images",), lambda: images.own_images(self._ctx.session))

    async def key_choices(self) -> KeyChoices:
        return await self._ask_once(("keys",), lambda: read_key_choices(self._ctx))

    async def group_names(self) -> list[str]:
        return [group.name for group in (await self.network(None)).groups]

    async def own_address(self) -> str | None:
        """This computer's public address as a CIDR block; None if the lookup is off or failed."""
        try:
            return await self._ask_once(("address",), self._read_own_address)
        except FieldError:
            return None

    async def instance_type(self, name: str) -> InstanceType:
        """One type: from the catalogue if it is in memory, else from AWS. Raises FieldError(type)."""
        known = self._cached_catalogue()
        if known is not None and name in known.types:
            return known.types[name]
        return await self._ask_once(("type", name), lambda: types.instance_type(self._ctx.session, name))

    async def image(self, text: str, architecture: str) -> Image:
        """The image for a name, an id, or a word such as ``ubuntu``. Raises FieldError(image)."""
        return await self._ask_once(
            ("image", text, architecture), lambda: images.resolve_launch_image(self._ctx.session, text, architecture)
        )

    async def zones(self, type_name: str) -> list[str]:
        """The zones that offer a type: from the catalogue if it is in memory, else from AWS."""
        known = self._cached_catalogue()
        if known is not None and (zones := known.zones_of(type_name)):
            return list(zones)
        return await self._ask_once(("zones", type_name), lambda: types.zones_offering(self._ctx.session, type_name))

    async def network(self, subnet_id: str | None) -> LaunchNetwork:
        """The default VPC with its groups and subnets, or those of a subnet. Raises FieldError(subnet_id)."""
        return await self._ask_once(("network", subnet_id), lambda: self._read_network(subnet_id))

    async def instances_named(self, name: str) -> list[Instance]:
        """The living instances of that name. Read each time, because another process may use the name meanwhile."""
        return await living_instances_named(self._ctx, name)

    async def launched_just_now(self, name: str) -> str | None:
        """The id of an instance that this computer has launched under that name, and that EC2 does not show yet."""
        ctx = self._ctx
        with suppress(StoreError):
            since = ctx.clock() - timedelta(seconds=ctx.pace.settle)
            account = await known_account(ctx)
            launches = await asyncio.to_thread(ctx.store.launches.since, account, ctx.session.region, since)
            ids = [one.instance_id for one in launches if one.request.name == name and one.instance_id]
            shown = {one.id for one in await instances.describe_instances(ctx.session, ids)} if ids else set()
            return next((one for one in ids if one not in shown), None)
        return None

    async def prices(self) -> Prices:
        """On-demand prices, from the store or from AWS; empty while there are none.

        Waits at most ``pace.prices`` seconds and returns older prices then: the next plan has the new ones.
        """
        ctx = self._ctx
        reading = self._ask_once(("prices",), lambda: prices.current_prices(ctx.session, ctx.store.prices, ctx.clock))
        read = await in_time(lambda: reading, ctx.pace.prices)
        return read or await prices.cached_prices(ctx.store.prices, ctx.session.region) or Prices()

    async def spot_prices(self, type_name: str, *, waits: bool) -> Mapping[str, Decimal]:
        """The spot price of a type now, by zone, dollars an hour.

        Waits at most ``pace.prices`` seconds unless ``waits``, and returns nothing then. Raises the Fe2Error with which
        AWS refused.
        """
        ctx = self._ctx

        async def ask() -> Mapping[str, Decimal]:
            found = await self._spot_prices.get_types(ctx.session, [type_name], ctx.clock())
            return {zone: price for (_, zone), price in found.items()}

        try:
            async with asyncio.timeout(None if waits else ctx.pace.prices):
                return await self._ask_once(("spot", type_name), ask)
        except TimeoutError:
            return {}

    def is_reading_prices(self, type_name: str) -> bool:
        """Whether an answer of ``prices`` or ``spot_prices`` is still on its way."""
        return any(self._answers.is_reading(key) for key in (("prices",), ("spot", type_name)))

    def forget(self, *questions: str) -> None:
        """Ask these again: ``keys`` after one was created, ``network`` after a security group was, ``spot``."""
        for key in self._answers:
            if key[0] in questions:
                self._answers.forget(key)

    def close(self) -> None:
        self._answers.close()
        if self._own_catalogues is not None:
            self._own_catalogues.close()

    def _cached_catalogue(self) -> TypeCatalogue | None:
        return self._catalogues.cached(self._ctx.session.location)

    async def _ask_once(self, key: tuple[object, ...], ask: Callable[[], Coroutine[Any, Any, _Answer]]) -> _Answer:
        answer: _Answer = await self._answers.get(key, ask)
        return answer

    async def _read_own_address(self) -> str | None:
        url = self._ctx.settings.address_url
        if not url:
            return None
        return cidr_block(await network.public_address(url))

    async def _read_network(self, subnet_id: str | None) -> LaunchNetwork:
        session = self._ctx.session
        if subnet_id is None:
            vpc_id = await network.default_vpc(session)
            if vpc_id is None:
                return LaunchNetwork(None)
            subnets, groups = await asyncio.gather(
                network.subnets(session, vpc_id), network.security_groups(session, vpc_id)
            )
        else:
            every = await network.subnets(session)
            vpc_id = next((subnet.vpc_id for subnet in every if subnet.id == subnet_id), None)
            if vpc_id is None:
                raise FieldError(
                    "subnet_id", f"There is no subnet {subnet_id} in {session.region}.", "Leave it out, or correct it."
                )
            subnets = [subnet for subnet in every if subnet.vpc_id == vpc_id]
            groups = await network.security_groups(session, vpc_id)
        return LaunchNetwork(vpc_id, tuple(groups), tuple(subnets))


async def living_instances_named(ctx: Context, name: str) -> list[Instance]:
    found = await instances.describe_instances(
        ctx.session, filters={"tag:Name": [literal_filter(name)], "instance-state-name": _LIVING_STATES}
    )
    return [instance for instance in found if instance.name == name and not instance.state.is_gone]


def cidr_block(address: str) -> str:
    """An address, or a block of addresses, as a CIDR block. Raises FieldError(address)."""
    import ipaddress

    try:
        return str(ipaddress.ip_network(address.strip(), strict=False))
    except ValueError:
        raise FieldError(
            "address",
            f"“{address}” is not an address.",
            "Type an address such as 203.0.113.7, or a block such as 203.0.113.0/24.",
        ) from None
