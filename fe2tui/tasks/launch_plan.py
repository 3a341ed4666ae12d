"""The plan of a launch: everything looked up, checked and priced before anything is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from fe2tui.errors import DeniedError, Fe2Error, FieldError
from fe2tui.model.fleet import Prices
from fe2tui.model.image import IMAGE_WORDS, Image
from fe2tui.model.instance import USER_TAG
from fe2tui.model.instance_type import InstanceType
from fe2tui.model.launch import LaunchRequest, ZonePrice, field_errors, purchase_text
from fe2tui.model.money.rates import ADDRESS_PER_HOUR, HOURS_A_MONTH, volumes_per_month
from fe2tui.model.text import dollars, join_words
from fe2tui.model.volume import GP3_IOPS, Volume
from fe2tui.ssh.errors import open_key_file_error
from fe2tui.ssh.keyfiles import is_open_to_others
from fe2tui.tasks.context import Context, no_read
from fe2tui.tasks.keys import KeyChoices
from fe2tui.tasks.launch_lookups import LaunchLookups
from fe2tui.tasks.launch_resources import (
    GroupPlan,
    KeyPlan,
    check_windows_key,
    no_spot_error,
    plan_group,
    plan_key,
    plan_zones,
    sort_zones_by_price,
    zone_prices,
)

_Answer = TypeVar("_Answer")
_KEY_PAIRS, _NETWORK = "Key pairs", "The network"  # parts of a plan that the login may not be allowed to read
VOLUME_TYPE = "gp3"
IOPS_PER_GIB = 500  # source: EBS, gp3 volumes


@dataclass(frozen=True, slots=True)
class LaunchCost:
    """Dollars, None if unknown: instance and address an hour, all its volumes a month.

    The price of a spot instance is the current one in the first zone that will be tried.
    """

    instance_per_hour: Decimal | None
    volume_per_month: Decimal | None
    address_per_hour: Decimal

    @property
    def per_hour(self) -> Decimal | None:
        """While it runs: instance, address and volumes."""
        stopped = self.stopped_per_hour
        if self.instance_per_hour is None or stopped is None:
            return None
        return self.instance_per_hour + stopped + self.address_per_hour

    @property
    def per_month(self) -> Decimal | None:
        return None if self.per_hour is None else self.per_hour * HOURS_A_MONTH

    @property
    def stopped_per_hour(self) -> Decimal | None:
        return None if self.volume_per_month is None else self.volume_per_month / HOURS_A_MONTH


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """A checked request. It can be launched if ``errors`` is empty; a person should read ``warnings`` first.

    ``zones`` are in the order in which they are tried: for a spot instance the cheapest first. ``zone_prices`` are the
    spot prices of all zones, cheapest first, and ``on_demand_per_hour`` the price to compare them with, whatever the
    purchase; ``purchase_text`` says what happens to the data. Parts that could not be looked up are None.
    """

    request: LaunchRequest
    errors: tuple[FieldError, ...] = ()
    warnings: tuple[str, ...] = ()
    image: Image | None = None
    type: InstanceType | None = None
    architecture: str = ""
    volume_size: int | None = None  # GiB
    volumes: tuple[Volume, ...] | None = None  # those that the launch creates, the root volume first
    key: KeyPlan | None = None
    group: GroupPlan | None = None
    vpc_id: str | None = None
    zones: tuple[str, ...] = ()
    subnets: Mapping[str, str] = field(default_factory=dict)  # zone → subnet id, empty for the zone's default subnet
    cost: LaunchCost | None = None
    key_choices: KeyChoices | None = None
    user: str | None = None  # login user, if the image tells
    zone_prices: tuple[ZonePrice, ...] = ()
    on_demand_per_hour: Decimal | None = None
    purchase_text: str = ""
    planned_at: datetime | None = None  # when the plan began
    is_price_pending: bool = False  # prices are still being read: a later plan has them

    @property
    def is_possible(self) -> bool:
        return not self.errors

    def error_for(self, field_name: str) -> FieldError | None:
        return next((error for error in self.errors if error.field == field_name), None)

    @property
    def cost_text(self) -> str:
        """What it costs an hour running, an hour stopped, and a month running; empty while type or size is unknown."""
        cost = self.cost
        if cost is None or self.type is None or self.volume_size is None:
            return ""
        hour, stopped, month = cost.per_hour, cost.stopped_per_hour, cost.per_month
        if hour is not None and stopped is not None and month is not None:
            price = " at the present spot price" if self.request.is_spot else ""
            can_stop = self.request.market != "spot-once"
            while_stopped = f", {dollars(stopped, 3, sign='$')} while stopped" if can_stop else ""
            return (
                f"This costs {dollars(hour, 3, sign='$')} an hour while it runs{price}{while_stopped}; "
                f"{dollars(month, sign='$')} a month if left on."
            )
        known = []
        if cost.instance_per_hour is not None:
            known.append(f"the instance costs {dollars(cost.instance_per_hour, 3, sign='$')} an hour")
        if cost.volume_per_month is not None:
            disks = "disks cost" if len(self.volumes or ()) > 1 else "disk costs"
            known.append(f"its {disks} {dollars(cost.volume_per_month, sign='$')} a month (also while stopped)")
        known.append(f"its address costs ${cost.address_per_hour} an hour")
        return f"Price unknown; {join_words(known)}."


async def plan_launch(
    ctx: Context, request: LaunchRequest, shared_lookups: LaunchLookups | None = None, *, with_cost: bool = True
) -> LaunchPlan:
    """Look up everything for a request, all at the same time, and check it. Changes nothing.

    ``with_cost`` False looks up no prices, except those that order a spot instance's zones. Wrong fields are in
    ``errors``; other errors (no credentials, unreachable) are raised. What the login may not look up
    is in ``warnings``.
    """
    lookups = shared_lookups or LaunchLookups(ctx)
    try:
        return await _Planner(ctx, request, lookups, with_cost).build()
    finally:
        if shared_lookups is None:
            lookups.close()


@dataclass(slots=True)
class _Planner:
    ctx: Context
    request: LaunchRequest
    lookups: LaunchLookups
    with_cost: bool
    errors: list[FieldError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    spot_price_warning: str = ""  # why there are no spot prices
    unread: dict[str, DeniedError] = field(default_factory=dict)  # what the login may not ask, by part

    async def build(self) -> LaunchPlan:
        request, known, region = self.request, self.lookups, self.ctx.session.region
        planned_at = self.ctx.clock()
        self.errors = field_errors(request)
        wrong = {error.field for error in self.errors}
        has_type = "type" not in wrong
        (kind, image), zones, keys, where, address, (prices, spot, _) = await asyncio.gather(
            self.find_type_and_image(),
            self.or_warning(known.zones(request.type), "The zones that offer it")
            if "type" not in wrong
            else no_read(None),
            self.or_warning(known.key_choices(), _KEY_PAIRS),
            self.or_field_error(self.or_warning(known.network(request.subnet_id), _NETWORK)),
            known.own_address() if request.address is None else no_read(None),
            asyncio.gather(
                known.prices() if self.with_cost else no_read(Prices()),
                self.read_spot_prices() if has_type else no_read({}),
                self.check_name() if "name" not in wrong else no_read(None),
            ),
        )
        volume_size = self.check_volume_size(image)
        volumes = launch_volumes(request, image, volume_size)
        if self.spot_price_warning and not any(error.field == "type" for error in self.errors):
            self.warnings.append(self.spot_price_warning)
        priced_zones = zone_prices(zones, where, request.subnet_id, spot)
        zone_subnets = plan_zones(request, zones, where, kind is not None, self.errors)
        zone_subnets = sort_zones_by_price(zone_subnets, priced_zones) if request.is_spot else zone_subnets
        key = group = None
        with self.field_error():
            unread = self.unread.get(_KEY_PAIRS)
            key = plan_key(request, keys, self.ctx.settings.key_file, region, self.warnings, unread)
            if key.private_key is not None and await asyncio.to_thread(is_open_to_others, key.private_key):
                error = open_key_file_error(key.private_key)
                self.warnings.append(f"{error.summary} {error.remedy}")
            if image is not None and image.is_windows:
                check_windows_key(key, keys)
        with self.field_error():
            group = plan_group(request, where, address, region, self.warnings, self.unread.get(_NETWORK))
        first_zone = next(iter(zone_subnets), None)
        on_demand = prices.in_zone(first_zone or "").on_demand.get(request.type)
        first_zone_price = next((one.price for one in priced_zones if one.zone == first_zone), None)
        return LaunchPlan(
            request,
            key=key,
            group=group,
            errors=_first_error_of_each_field(self.errors),
            warnings=tuple(dict.fromkeys(self.warnings)),
            image=image,
            type=kind,
            architecture=image.architecture if image else "",
            volume_size=volume_size,
            volumes=volumes,
            vpc_id=where.vpc_id if where else None,
            zones=tuple(zone_subnets),
            subnets=zone_subnets,
            cost=LaunchCost(
                first_zone_price if request.is_spot else on_demand,
                None if volumes is None else volumes_per_month(volumes, prices),
                ADDRESS_PER_HOUR,
            ),
            key_choices=keys,
            user=known_login_user(request, image),
            zone_prices=priced_zones,
            on_demand_per_hour=on_demand,
            purchase_text=purchase_text(request.market, kind is not None and bool(kind.local_disk)),
            planned_at=planned_at,
            is_price_pending=self.with_cost and self.lookups.is_reading_prices(request.type),
        )

    async def read_spot_prices(self) -> Mapping[str, Decimal]:
        """The spot prices by zone; waits for them if they order the zones, else only as long as for other prices."""
        decides = self.request.is_spot and not self.with_cost
        if not decides and not self.with_cost:
            return {}
        try:
            return await self.lookups.spot_prices(self.request.type, waits=decides)
        except Fe2Error as error:
            if self.request.is_spot:
                self.spot_price_warning = f"Spot prices are not known: {error.summary}"
            return {}

    async def or_warning(self, reading: Awaitable[_Answer], part: str) -> _Answer | None:
        """The answer, or None and a warning if the login may not ask."""
        try:
            return await reading
        except DeniedError as error:
            self.warnings.append(f"{part}: {error.summary}")
            self.unread[part] = error
            return None

    async def or_field_error(self, reading: Awaitable[_Answer]) -> _Answer | None:
        try:
            return await reading
        except FieldError as error:
            self.errors.append(error)
            return None

    @contextmanager
    def field_error(self) -> Iterator[None]:
        """A block whose FieldError is an error of the plan."""
        try:
            yield
        except FieldError as error:
            self.errors.append(error)

    async def find_type_and_image(self) -> tuple[InstanceType | None, Image | None]:
        request = self.request
        wrong = {error.field for error in self.errors}
        kind = None
        if "type" not in wrong:
            kind = await self.or_field_error(self.or_warning(self.lookups.instance_type(request.type), "The type"))
            self.errors += filter(None, [no_spot_error(request, kind)])
        if "image" in wrong:
            return kind, None
        is_word = request.image.strip() in IMAGE_WORDS
        architecture = _default_architecture(kind) if kind is not None or is_word else ""
        image = await self.or_field_error(self.lookups.image(request.image.strip(), architecture))
        if image is not None and kind is not None and image.architecture not in kind.architectures:
            wanted = _default_architecture(kind)
            summary = (
                f"{kind.name} is {_ARCHITECTURE_NAMES.get(wanted, wanted)}, "
                f"and {image.name or image.id} is for {image.architecture}."
            )
            self.errors.append(FieldError("image", summary, f"Choose an image for {wanted}, or another type."))
        return kind, image

    async def check_name(self) -> None:
        part = "Whether the name is free"
        held = await self.or_warning(self.lookups.instances_named(self.request.name), part)
        if held:
            state = f"{held[0].id} is {held[0].state}"
        elif just_now := await self.or_warning(self.lookups.launched_just_now(self.request.name), part):
            state = f"{just_now} was launched a moment ago"
        else:
            return
        remedy = "Choose another name, or terminate that instance, which frees the name."
        self.errors.append(FieldError("name", f"The name {self.request.name} is in use: {state}.", remedy))

    def check_volume_size(self, image: Image | None) -> int | None:
        least = image.root_size if image is not None else 0
        disk, iops = self.request.disk, self.request.iops
        if disk is None:
            disk = least or None
        elif image is not None and disk < least:
            summary = f"{image.name or image.id} needs a disk of at least {least} GiB."
            self.errors.append(FieldError("disk", summary, f"Type {least} or more."))
        if iops is None or disk is None or any(error.field == "disk" for error in self.errors):
            return disk
        if iops > (most := max(GP3_IOPS, IOPS_PER_GIB * disk)):
            summary = f"A gp3 disk of {disk} GiB has at most {most:,} IOPS."
            self.errors.append(FieldError("iops", summary, f"Type {most} or less."))
        return disk


_ARCHITECTURE_NAMES = {"arm64": "Arm", "x86_64": "Intel or AMD"}
_FIELD_ORDER = ("name", "image", "disk", "type", "key_name", "security_group", "address", "iops", "market")


def _first_error_of_each_field(errors: Sequence[FieldError]) -> tuple[FieldError, ...]:
    first = {error.field: error for error in reversed(errors)}
    fields = [*_FIELD_ORDER, *(error.field for error in errors if error.field not in _FIELD_ORDER)]
    return tuple(first[field] for field in dict.fromkeys(fields) if field in first)


def _default_architecture(kind: InstanceType | None) -> str:
    if kind is None or "x86_64" in kind.architectures or not kind.architectures:
        return "x86_64"
    return kind.architectures[0]


def launch_volumes(request: LaunchRequest, image: Image | None, disk: int | None) -> tuple[Volume, ...] | None:
    """The volumes that a launch creates, the root volume first; None while the image or the size is not known.

    The root volume is gp3, whatever the image has; IOPS and throughput of a gp3 image are kept. The image's further
    volumes stay as they are.
    """
    if image is None or disk is None:
        return None
    root = next((one for one in image.disks if one.device == image.root_device), None)
    gp3_root = root if root is not None and root.type == VOLUME_TYPE else None
    root_volume = Volume(
        "",
        disk,
        VOLUME_TYPE,
        "",
        "",
        iops=request.iops or (gp3_root.iops if gp3_root else None),
        throughput=gp3_root.throughput if gp3_root else None,
        device=image.root_device,
        delete_on_termination=True,
    )
    return root_volume, *(one for one in image.disks if one is not root)


def known_login_user(request: LaunchRequest, image: Image | None) -> str | None:
    """The login user, from the request, the image word or the image; None if it would be a guess."""
    if user := request.tags.get(USER_TAG):
        return user
    if request.image.strip() in IMAGE_WORDS:
        return IMAGE_WORDS[request.image.strip()].user
    return None if image is None else image.known_login_user


def run_instances_params(plan: LaunchPlan, key: str, group_id: str, zone: str) -> dict[str, Any]:
    """RunInstances' parameters for one zone, without the token."""
    request, image = plan.request, plan.image
    assert image is not None
    ebs: dict[str, Any] = {"VolumeType": VOLUME_TYPE, "DeleteOnTermination": True}
    root = plan.volumes[0] if plan.volumes else None  # the same values that were priced
    wanted = {
        "VolumeSize": plan.volume_size,
        "Iops": root.iops if root else request.iops,
        "Throughput": root.throughput if root else None,
    }
    ebs |= {key: value for key, value in wanted.items() if value is not None}
    tags = {**request.tags, "Name": request.name}
    on_instance = {**tags, USER_TAG: plan.user} if plan.user else tags
    call: dict[str, Any] = {
        "ImageId": image.id,
        "InstanceType": request.type,
        "MinCount": 1,
        "MaxCount": 1,
        "KeyName": key,
        "SecurityGroupIds": [group_id],
        "BlockDeviceMappings": [{"DeviceName": image.root_device, "Ebs": ebs}],
        "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
        "TagSpecifications": [_tag_specification("instance", on_instance), _tag_specification("volume", tags)],
    }
    if request.is_spot:
        call["InstanceMarketOptions"] = {"MarketType": "spot", "SpotOptions": dict(_SPOT_OPTIONS[request.market])}
        call["TagSpecifications"].append(_tag_specification("spot-instances-request", tags))
    if subnet := plan.subnets.get(zone):
        call["SubnetId"] = subnet
    elif zone:
        call["Placement"] = {"AvailabilityZone": zone}
    return call


# No maximum price: the on-demand price is the limit then. Source: EC2 API reference, data type SpotMarketOptions.
_SPOT_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "spot": {"SpotInstanceType": "persistent", "InstanceInterruptionBehavior": "stop"},
    "spot-once": {"SpotInstanceType": "one-time", "InstanceInterruptionBehavior": "terminate"},
}


def _tag_specification(resource: str, tags: Mapping[str, str]) -> dict[str, Any]:
    return {"ResourceType": resource, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
